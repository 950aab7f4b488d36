/*
 * What a file is verified against: a device, a public key, or (where that is allowed) nothing.
 */
#ifndef OTAIMG_TRUST_H
#define OTAIMG_TRUST_H

#include "ota_file.h"
#include "pubkey.h"

#define TRUST_OPTION_SPECS                                                                         \
    {"device", 'd', "DEVICE.yaml", "verify as this device would: its keys, policy, state", false}, \
    {                                                                                              \
        "verify-key", 0, "URI", "trust this public key: PATH, file:, pkcs11: or exec: URI", false  \
    }

struct trust {
    const char *device_path; /* --device, NULL = none */
    const char *key_uri;     /* --verify-key, NULL = none */
    bool none;               /* --allow-insecure without either: format and digests only */
    uint8_t purpose;         /* enum otav_purpose, with device_path */
    bool device_crypto;      /* ask the device's own crypto as well, with device_path */
};

/* Reads the options. Exactly one of --device and --verify-key; with none of them --allow-insecure,
 * where the command knows that option. OX_USAGE. */
enum ox trust_from_args(const struct args *args, struct trust *ret);

/* Verifies; opens the device's decryption key when the file needs one and has none yet.
 * ret_id (may be NULL): SHA-256 of the public key that verified; zeros with none. */
enum ox trust_check(const struct trust *trust, struct ota_file *file,
                    const struct key_options *keys, uint8_t ret_id[32]);

#endif
