/*
 * libp11-kit, loaded when the first key on a token is named: most runs need none, and loading it
 * takes them a tenth of their time.
 */
#ifndef OTAIMG_P11_KIT_H
#define OTAIMG_P11_KIT_H

#include <p11-kit/p11-kit.h>
#include <p11-kit/uri.h>

#include "exits.h"

/* The functions that are used, without their prefix p11_kit_. */
#define P11_KIT_FUNCTIONS(X)                                                                       \
    X(be_quiet)                                                                                    \
    X(message)                                                                                     \
    X(module_load)                                                                                 \
    X(module_release)                                                                              \
    X(uri_any_unrecognized)                                                                        \
    X(uri_format)                                                                                  \
    X(uri_free)                                                                                    \
    X(uri_get_attribute)                                                                           \
    X(uri_get_module_name)                                                                         \
    X(uri_get_module_path)                                                                         \
    X(uri_get_pin_source)                                                                          \
    X(uri_get_slot_id)                                                                             \
    X(uri_get_slot_info)                                                                           \
    X(uri_get_token_info)                                                                          \
    X(uri_get_vendor_query)                                                                        \
    X(uri_match_module_info)                                                                       \
    X(uri_match_token_info)                                                                        \
    X(uri_new)                                                                                     \
    X(uri_parse)                                                                                   \
    X(uri_set_attribute)                                                                           \
    X(uri_set_module_path)                                                                         \
    X(uri_set_vendor_query)

#define P11_KIT_FIELD(name) __typeof__ (&p11_kit_##name)(name);
struct p11_kit {
    P11_KIT_FUNCTIONS(P11_KIT_FIELD)
};
#undef P11_KIT_FIELD

/* Valid after p11_kit_load(), which p11_uri_parse() calls: nobody has a P11KitUri before. */
extern struct p11_kit p11_kit;

/* OX_KEY when the library is not there; any number of calls. */
enum ox p11_kit_load(void);

#endif
