/*
 * libsystemd's D-Bus client, loaded when a device is named by its BLE address: no other run needs it.
 */
#ifndef OTAIMG_SD_BUS_H
#define OTAIMG_SD_BUS_H

#include <systemd/sd-bus.h>

#include "exits.h"

/* The functions that are used, without their prefix sd_bus_. */
#define SD_BUS_FUNCTIONS(X)                                                                        \
    X(add_match)                                                                                   \
    X(call_async)                                                                                  \
    X(flush_close_unref)                                                                           \
    X(match_signal)                                                                                \
    X(message_append)                                                                              \
    X(message_append_array)                                                                        \
    X(message_enter_container)                                                                     \
    X(message_exit_container)                                                                      \
    X(message_get_error)                                                                           \
    X(message_get_path)                                                                            \
    X(message_new_method_call)                                                                     \
    X(message_peek_type)                                                                           \
    X(message_read_array)                                                                          \
    X(message_read_basic)                                                                          \
    X(message_skip)                                                                                \
    X(message_unref)                                                                               \
    X(open_system)                                                                                 \
    X(process)                                                                                     \
    X(slot_unref)                                                                                  \
    X(wait)

#define SD_BUS_FIELD(name) __typeof__ (&sd_bus_##name)(name);
struct sd_bus_functions {
    SD_BUS_FUNCTIONS(SD_BUS_FIELD)
};
#undef SD_BUS_FIELD

/* Valid after sd_bus_load(). */
extern struct sd_bus_functions sd;

/* OX_IO when the library is not there; any number of calls. */
enum ox sd_bus_load(void);

#endif
