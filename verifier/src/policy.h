/* The judgement over metadata, inside the verifier only. */
#ifndef OTAV_POLICY_H
#define OTAV_POLICY_H

#include <otav/otav.h>

struct otav_judgement {
    uint8_t key_index; /* of the key that verified */
    uint32_t fw_len;
    uint32_t
        token; /* OTAV_TOKEN_METADATA bound to crypto (otav_bind) when every check was passed */
};

/* Whether a configuration makes sense. OTAV_ERR_CONFIG. */
enum otav_err otav_config_check(const struct otav_config *config);

/* Judges the 512 bytes of plaintext metadata in the documented order. state is scratch for hashing.
 * On failure *ret is untouched and *ret_detail says where (see otav_get_detail()). */
enum otav_err otav_policy_judge(const struct otav_config *config, const struct otav_crypto *crypto,
                                const struct otav_transfer *transfer,
                                const uint8_t metadata[OTAV_META_LEN],
                                struct otav_sha256_state *state, struct otav_judgement *ret,
                                uint16_t *ret_detail);

/* recheck.c: the rules for what the device and its keys accept once more, other than structure and
 * signature. 0 when all are kept, else any other word. */
uint32_t otav_policy_recheck(const struct otav_config *config, const struct otav_transfer *transfer,
                             const uint8_t metadata[OTAV_META_LEN], uint8_t key_index);

/* Checks the firmware signature of accepted metadata against a digest; OTAV_TOKEN_FIRMWARE,
 * bound to crypto, in *ret_token when it verifies under the key of the metadata signature, and a word
 * that never becomes that token when it does not. OTAV_ERR_FIRMWARE_SIGNATURE. */
enum otav_err otav_policy_judge_firmware(const struct otav_config *config,
                                         const struct otav_crypto *crypto,
                                         const uint8_t metadata[OTAV_META_LEN], uint8_t key_index,
                                         const uint8_t digest[OTAV_SHA256_LEN],
                                         uint32_t *ret_token);

#endif
