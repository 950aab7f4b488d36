/*
 * What Eva runs the way of a slot's bytes on: every configuration, every answer of the ports, every
 * judgement, firmware of up to three parts, read or mapped. The policy is what policy.c is about; here it
 * is functions that may answer anything.
 * Layer: proof; never linked.
 */
#include "../../verifier/src/slot.c"
#include "../../verifier/src/context.c"

#include "ports.h"

enum { FW_MAX = 3 * OTAV_WORK_LEN };

/* What it is, without the assembly that keeps a compiler from dropping it. */
void otav_wipe(void *p, size_t len)
{
    memset(p, 0, len);
}

enum otav_err otav_config_check(const struct otav_config *config)
{
    return any_bool() ? OTAV_OK : OTAV_ERR_CONFIG;
}

enum otav_err otav_policy_judge(const struct otav_config *config, const struct otav_crypto *port,
                                const struct otav_transfer *transfer,
                                const uint8_t metadata[OTAV_META_LEN],
                                struct otav_sha256_state *state, struct otav_judgement *ret,
                                uint16_t *ret_detail)
{
    /*@ assert complete: \initialized(metadata + (0 .. OTAV_META_LEN - 1)); */
    fill(state, sizeof *state);
    if (any_bool()) {
        *ret_detail = (uint16_t)Frama_C_interval(0, 0xFFFF);
        return OTAV_ERR_METADATA;
    }
    ret->key_index = (uint8_t)Frama_C_interval(0, OTAV_KEY_MAX_COUNT - 1);
    ret->fw_len = Frama_C_unsigned_int_interval(1, FW_MAX);
    ret->token = any_word();
    return OTAV_OK;
}

enum otav_err otav_policy_judge_firmware(const struct otav_config *config,
                                         const struct otav_crypto *port,
                                         const uint8_t metadata[OTAV_META_LEN], uint8_t key_index,
                                         const uint8_t digest[OTAV_SHA256_LEN], uint32_t *ret_token)
{
    /*@ assert complete: \initialized(digest + (0 .. OTAV_SHA256_LEN - 1)); */
    *ret_token = any_word();
    return any_bool() ? OTAV_OK : OTAV_ERR_FIRMWARE_SIGNATURE;
}

static void prove(const struct otav_flash *flash)
{
    static struct otav_context ctx;
    struct otav_config config;

    any_config(&config);
    (void)otav_verify_slot(&ctx, &config, &crypto, flash, any_bool() ? OTAV_BOOT : OTAV_INSTALL);
    (void)otav_verdict(&ctx);
    (void)otav_get_metadata(&ctx);
    otav_close(&ctx);
}

void prove_slot(void)
{
    const struct otav_flash flash = {.read = any_read};

    prove(&flash);
}

/* Eva does not see that the last part ends where the firmware does; test_slot looks at that. */
static uint8_t mapped[OTAV_META_LEN + FW_MAX + OTAV_WORK_LEN];

static const uint8_t *any_place(void *user, uint32_t offset, size_t len)
{
    (void)user;
    (void)len;
    return mapped + offset;
}

void prove_mapped_slot(void)
{
    const struct otav_flash flash = {.read = any_read, .at = any_place};

    fill(mapped, sizeof mapped);
    prove(&flash);
}
