/*
 * An application for a virtual device of which only its state is known: an image of that version and
 * security counter with the device's identity. Nobody signed it: the device's crypto takes its two
 * signatures, and only for its two digests.
 */
#ifndef SIMULATOR_PLACEHOLDER_H
#define SIMULATOR_PLACEHOLDER_H

#include <otav/otav.h>

enum { PLACEHOLDER_FW_LEN = 1024, PLACEHOLDER_LEN = OTAV_META_LEN + PLACEHOLDER_FW_LEN };

struct placeholder {
    bool made;
    uint8_t firmware_digest[OTAV_SHA256_LEN];
    uint8_t metadata_digest[OTAV_SHA256_LEN];
};

/* The image for a device in the state that config describes: installed_version (0 without one) and
 * counter_floor. False when the crypto port fails. */
bool placeholder_make(struct placeholder *ret, const struct otav_config *config,
                      const struct otav_crypto *crypto, uint8_t ret_image[PLACEHOLDER_LEN]);

/* Whether rs is the placeholder's signature and digest one of its two. */
bool placeholder_signed(const struct placeholder *placeholder,
                        const uint8_t digest[OTAV_SHA256_LEN],
                        const uint8_t rs[OTAV_SIGNATURE_LEN]);

#endif
