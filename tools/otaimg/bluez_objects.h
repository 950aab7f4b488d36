/*
 * What BlueZ says there is: adapters, the device with one address, its OTA service. Read from D-Bus
 * messages; nothing is asked or changed here.
 */
#ifndef OTAIMG_BLUEZ_OBJECTS_H
#define OTAIMG_BLUEZ_OBJECTS_H

#include <otam/otam.h>

#include "sd_bus.h"

enum {
    BLUEZ_PATH_LEN = 128, /* longer object paths are passed over */
    BLUEZ_UUID_LEN = 37,
    BLUEZ_ADDRESS_LEN = 18,
    BLUEZ_OBJECT_MAX = 64
};

enum bluez_kind { BLUEZ_ADAPTER, BLUEZ_DEVICE, BLUEZ_SERVICE, BLUEZ_CHARACTERISTIC, BLUEZ_OTHER };

/* Properties of an object: texts that were not said are empty, flags are 1, 0 or, not said, -1. */
struct bluez_object {
    enum bluez_kind kind;
    char path[BLUEZ_PATH_LEN];
    char parent[BLUEZ_PATH_LEN]; /* adapter of a device, device of a service, ... */
    char uuid[BLUEZ_UUID_LEN];
    char address[BLUEZ_ADDRESS_LEN];
    int powered;
    int connected;
    int paired;
    int resolved;
    uint16_t mtu; /* 0: not said */
    bool has_value;
    uint8_t value[OTAM_VALUE_MAX_LEN];
    size_t value_len;
};

/* The objects that may matter, in the order of the message. */
struct bluez_objects {
    struct bluez_object list[BLUEZ_OBJECT_MAX];
    unsigned count;
};

/* The service and its characteristics, as BlueZ writes UUIDs. */
enum bluez_part { BLUEZ_FEATURE, BLUEZ_CONTROL, BLUEZ_DATA, BLUEZ_PART_COUNT };

/* The reply to GetManagedObjects. Kept are all adapters, devices with this address, OTA services and
 * their characteristics. false: not such a message, or too many of them. */
bool bluez_objects_read(sd_bus_message *reply, const char *address, struct bluez_objects *ret);

/* A PropertiesChanged signal. false: not such a message. */
bool bluez_changes_read(sd_bus_message *signal, struct bluez_object *ret);

/* The adapter of this name ("hci0"), or for NULL the first that is powered, or else any. NULL: none. */
const struct bluez_object *bluez_adapter(const struct bluez_objects *objects, const char *name);

/* The device at this adapter; NULL: not known to it. */
const struct bluez_object *bluez_device(const struct bluez_objects *objects,
                                        const struct bluez_object *adapter);

/* A characteristic of the device's OTA service; NULL: it has none. */
const struct bluez_object *bluez_part(const struct bluez_objects *objects,
                                      const struct bluez_object *device, enum bluez_part part);

#endif
