/*
 * Public keys whose private half anyone can download, by SHA-256 of their SubjectPublicKeyInfo.
 *
 * Layer: data. Types that a device cannot use are listed too, so that a tool which meets one can
 * say what it is. Invariant: every private key under keys/test/ is in the table.
 */
#include "known_keys.h"

#include <string.h>

#include "diag.h"
#include "util.h"

struct known_entry {
    const char *id; /* hex */
    enum known_key kind;
    const char *name;
};

static const struct known_entry entries[] = {
    {"63f1a2c0da2da03e69641f2ebd479380bacdf839c453cd8fda65c0edebd7eba3", KNOWN_KEY_SAMPLE,
     "Microchip sample key java_friendly_private_key.pem"},
    {"1ab7b2edb62b6c56037a1d549a940fc927f6b4621b76e28b5db599bf84834bf6", KNOWN_KEY_SAMPLE,
     "Microchip sample key java_256r1_key.pem"},
    {"e0aa864454ffdaf28c3d7957c1a3c6f4a1d7ab533a1ae65fa67ca479bcca5e83", KNOWN_KEY_SAMPLE,
     "Microchip sample key java_384r1_key.pem"},
    {"e30466f6b8470c1f29070b17f1e2d3e94d445e3f608087fdc711e4382bb538b6", KNOWN_KEY_SAMPLE,
     "MCUboot sample key root-ec-p256"},
    {"6bcd1e16d80e5fe13a5307e6f1de8344c7e50e537d9962ce35ef6db5e642fae8", KNOWN_KEY_SAMPLE,
     "MCUboot sample key root-ec-p384"},
    {"c1907fa4eac7fae3840a78902b6f0710b037e9968e5c6274a12a28790c7d4e3c", KNOWN_KEY_SAMPLE,
     "MCUboot sample key root-ed25519"},
    {"a14bcb1bf9bb821146ba32838217e476f5412621320534ffe490a1890c994660", KNOWN_KEY_SAMPLE,
     "MCUboot sample key root-rsa-2048"},
    {"159d8b7930769d887f3ff0b4e9ec176b82313663f2ef76dc24f5e964da1bc482", KNOWN_KEY_SAMPLE,
     "MCUboot sample key root-rsa-3072"},
    {"3c23fc4e1d332a0c86e6a8bf6ecf26046d702302e135bf53fc04a009a33a78c5", KNOWN_KEY_SAMPLE,
     "MCUboot sample key enc-ec256"},
    {"bb868a727f0ef75e890a6a52bccd1d936fb34438afd6f237e8af259865742446", KNOWN_KEY_SAMPLE,
     "MCUboot sample key cypress-test-ec-p256"},
    {"258010176e1aea2eac8ed342170e904661afca61e8c79d38863892e804584bf3", KNOWN_KEY_SAMPLE,
     "pc-nrfutil test key"},
    {"cd1474a86373430b567c16f899bfb752db49fcb729d70378638d6aceaa1520c9", KNOWN_KEY_DEVELOPMENT,
     "public test key test-p256"},
    {"1a0dc571af3ea1d0ef06aa7b70c5e7ffec42bdbd4ac90af2b88aaaf9938d3d7e", KNOWN_KEY_DEVELOPMENT,
     "public test key test-p384"},
    {"5a7a78cca4a0f420d9bc62bb669c3c2759e39f723d3ae10dcbe0f0815a07ecd4", KNOWN_KEY_DEVELOPMENT,
     "public test key of RFC 6979"},
    {"d25a790e35444bc5102ce93a1553ebe9c62f93f12fa588349ab5ce0c82705891", KNOWN_KEY_DEVELOPMENT,
     "public test key dev-a"},
    {"08db9d545b1b0b12c9615bfac8e447afbd332ee2b50f516d9a4fd9f6912617e5", KNOWN_KEY_DEVELOPMENT,
     "public test key dev-b"},
};

enum known_key known_key_find(const uint8_t id[32], const char **ret_name)
{
    char text[65];

    hex_encode(id, 32, text);
    for (size_t i = 0; i < sizeof entries / sizeof entries[0]; i++) {
        if (strcmp(entries[i].id, text) == 0) {
            if (ret_name != NULL) {
                *ret_name = entries[i].name;
            }
            return entries[i].kind;
        }
    }
    return KNOWN_KEY_NO;
}

enum ox known_key_refuse_sample(const uint8_t id[32], const char *source,
                                const struct key_options *options)
{
    const char *name = NULL;

    if (options->allow_sample_key || known_key_find(id, &name) != KNOWN_KEY_SAMPLE) {
        return OX_OK;
    }
    (void)diag_fail(OX_POLICY, "'%s' is the published %s, expected a key of your own", source,
                    name);
    diag_hint("'otaimg keys generate' makes one; --allow-sample-key takes it all the same");
    return OX_POLICY;
}

bool known_aes_key(const uint8_t key[16])
{
    static const uint8_t stock_key[16] = {0xAA, 0xBB, 0xCC, 0xDD, 0xEE, 0xFF, 0x00, 0x11,
                                          0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99};

    return memcmp(key, stock_key, sizeof stock_key) == 0;
}
