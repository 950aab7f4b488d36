/*
 * Signatures, digests and keys that ECDSA has to refuse, each with a single defect, and a pair that it
 * takes.
 * Layer: test, host.
 */
#include <openssl/sha.h>
#include <string.h>

#include "samples.h"
#include "signing.h"

enum defect {
    NOTHING,
    DIGEST_OTHER,
    SIGNED_BY_OTHER,
    R_DAMAGED,
    S_DAMAGED,
    R_ZERO,
    S_ZERO,
    R_IS_ORDER,
    S_IS_ORDER,
    KEY_OFF_CURVE,
    KEY_ZERO,
    ALL_ZERO,
    DEFECT_COUNT
};

static const char *const names[DEFECT_COUNT] = {
    [NOTHING] = "good",
    [DIGEST_OTHER] = "other digest",
    [SIGNED_BY_OTHER] = "signed with another key",
    [R_DAMAGED] = "r damaged",
    [S_DAMAGED] = "s damaged",
    [R_ZERO] = "r is 0",
    [S_ZERO] = "s is 0",
    [R_IS_ORDER] = "r is n",
    [S_IS_ORDER] = "s is n",
    [KEY_OFF_CURVE] = "key off the curve",
    [KEY_ZERO] = "key is (0, 0)",
    [ALL_ZERO] = "all is 0",
};

/* spec: SP 800-186, 3.2.1.3 */
static const uint8_t order[32] = {0xFF, 0xFF, 0xFF, 0xFF, 0x00, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xFF,
                                  0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xBC, 0xE6, 0xFA, 0xAD, 0xA7, 0x17,
                                  0x9E, 0x84, 0xF3, 0xB9, 0xCA, 0xC2, 0xFC, 0x63, 0x25, 0x51};

static void damage(enum defect defect, struct guest_signature *s)
{
    switch (defect) {
    case DIGEST_OTHER:
        s->digest[7] ^= 0x10;
        break;
    case R_DAMAGED:
        s->rs[20] ^= 0x10;
        break;
    case S_DAMAGED:
        s->rs[52] ^= 0x10;
        break;
    case R_ZERO:
        memset(s->rs, 0, 32);
        break;
    case S_ZERO:
        memset(s->rs + 32, 0, 32);
        break;
    case R_IS_ORDER:
        memcpy(s->rs, order, sizeof order);
        break;
    case S_IS_ORDER:
        memcpy(s->rs + 32, order, sizeof order);
        break;
    case KEY_OFF_CURVE:
        s->xy[40] ^= 0x10;
        break;
    case KEY_ZERO:
        memset(s->xy, 0, sizeof s->xy);
        break;
    case ALL_ZERO:
        memset(s, 0, sizeof *s);
        break;
    case NOTHING:
    case SIGNED_BY_OTHER:
    case DEFECT_COUNT:
        break;
    }
}

bool sample_build(unsigned index, struct sample *ret)
{
    static const uint8_t message[] = "what was signed";
    struct guest_signature signature;

    if (index >= DEFECT_COUNT) {
        return false;
    }
    memset(ret, 0, sizeof *ret);
    ret->name = names[index];
    ret->at[PATH_ECDSA] = index == NOTHING ? RUN_GOOD : RUN_BAD;
    ret->len = sizeof signature;
    signing_public_key(KEY_RELEASE, signature.xy);
    (void)SHA256(message, sizeof message, signature.digest);
    signing_sign(index == SIGNED_BY_OTHER ? KEY_STRANGER : KEY_RELEASE, message, sizeof message,
                 signature.rs);
    damage((enum defect)index, &signature);
    memcpy(ret->bytes, &signature, sizeof signature);
    return true;
}
