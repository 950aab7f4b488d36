/*
 * The device's configuration.
 * Layer: test, host.
 */
#include "device.h"

#include <string.h>

#include "guest/guest.h"
#include "signing.h"

static void set_key(struct otav_config *config, enum guest_key key, uint8_t key_class, bool revoked)
{
    struct otav_key *k = &config->keys[key];

    signing_public_key(key, k->xy);
    k->key_class = key_class;
    k->roles = OTAV_ROLE_APPLICATION;
    k->revoked = revoked;
}

void device_config(struct otav_config *ret)
{
    static const uint8_t product[16] = GUEST_PRODUCT;

    memset(ret, 0, sizeof *ret);
    ret->policy = OTAV_POLICY_STRICT;
    ret->device_class = OTAV_CLASS_PRODUCTION;
    ret->image_types = OTAV_ROLE_APPLICATION;
    ret->key_count = KEY_TRUSTED_COUNT;
    set_key(ret, KEY_RELEASE, OTAV_CLASS_PRODUCTION, false);
    set_key(ret, KEY_REVOKED, OTAV_CLASS_PRODUCTION, true);
    set_key(ret, KEY_DEVELOPMENT, OTAV_CLASS_DEVELOPMENT, false);
    ret->has_identity = true;
    memcpy(ret->product, product, sizeof product);
    ret->hardware_class = GUEST_HARDWARE_CLASS;
    ret->hardware_revision = 2;
    memcpy(ret->manufacturer, "MCHP", sizeof ret->manufacturer);
    ret->has_installed = true;
    ret->installed_version = GUEST_INSTALLED;
    ret->counter_floor = GUEST_FLOOR;
}
