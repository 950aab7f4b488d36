/*
 * The bootloader with real signatures: an update with confirm and one without, stopped at a sample of
 * the flash operations in every way.
 */
#include "unit.h"

#include <otav/otav_openssl.h>

#include <boot_image.h>
#include <boot_mailbox.h>
#include <boot_state.h>

#include "image_builder.h"
#include "nvm_sim.h"

enum { STEP = 5, BOOT_COUNT = 6 };

static struct image_key signer;
static struct otav_config config;
static struct nvm_sim sim;
static struct nvm_sim start;
static struct otab_boot boot;
static struct otab_report report;
static struct image image;
static uint8_t old_bytes[IMAGE_PLAIN_MAX];
static uint8_t new_bytes[IMAGE_PLAIN_MAX];
static size_t old_len;
static size_t new_len;

static size_t make(uint32_t version, uint32_t fw_len, uint8_t *ret)
{
    image_init(&image, fw_len, true);
    otav_store_u32(image.meta + OTAV_META_FW_REVISION_OFF, version);
    image_set_u32s(&image, OTAV_ATTR_ACTIVATION, 1, 0, 4);
    image_write_area(&image);
    memset(image.fw + 600, 0xFF, fw_len - 700); /* few operations */
    otav_store_u32(image.fw, OTAB_RAM_END);
    otav_store_u32(image.fw + 4, (OTAV_FW_ADDRESS + OTAB_VECTORS_LEN) | 1);
    image_sign(&image, &signer);
    return image_payload(&image, false, ret);
}

static void setup(void)
{
    image_key_load(&signer, "test-p256.pem");
    image_config(&config, &signer);
    old_len = make(0x01010000, 5008, old_bytes);
    new_len = make(0x01020000, 9008, new_bytes);
    nvm_init(&start, 3);
    nvm_put(&start, OTAV_SLOT0_ADDRESS, old_bytes, old_len);
    nvm_put(&start, OTAV_SLOT1_ADDRESS, new_bytes, new_len);
    sim = start;
}

static void teardown(void)
{
    image_key_free(&signer);
}

static bool holds(const uint8_t *bytes, size_t len)
{
    const uint8_t *slot = sim.bytes[nvm_page(OTAV_SLOT0_ADDRESS)];

    return memcmp(slot, bytes, len) == 0;
}

static void confirm(void)
{
    const uint8_t *page = sim.bytes[nvm_page(OTAB_MAILBOX_ADDRESS)];
    uint8_t record[OTAB_MAIL_LEN] = {0};

    ck_assert(otab_is_blank(page, OTAV_PAGE_LEN));
    otav_store_u32(record + OTAB_MAIL_TYPE, OTAB_MAIL_CONFIRM);
    otav_store_u32(record + OTAB_MAIL_NONCE, report.nonce);
    memcpy(record + OTAB_MAIL_ID, report.id, OTAB_ID_LEN);
    otav_store_u32(record + OTAB_MAIL_CHECK, otab_log_check(record, OTAB_MAIL_CHECK));
    otav_store_u32(record + OTAB_MAIL_CHECK_NOT, ~otab_log_check(record, OTAB_MAIL_CHECK));
    nvm_put(&sim, OTAB_MAILBOX_ADDRESS, record, sizeof record);
}

/* Boots until all is done; whether the new image stayed. */
static bool run(bool confirms)
{
    const struct otab_platform platform = nvm_platform(&sim, &otav_crypto_openssl);
    bool confirmed = false;

    for (unsigned boots = 0; boots < BOOT_COUNT; boots++) {
        uint32_t action = otab_boot(&boot, &platform, &config, &report);

        ck_assert_ptr_null(sim.violation);
        if (sim.powerless) {
            nvm_restart(&sim);
            continue;
        }
        ck_assert_uint_eq(action, OTAB_RUN_APPLICATION);
        ck_assert(holds(old_bytes, old_len) || holds(new_bytes, new_len));
        if (report.state == OTAB_TRIAL && confirms) {
            confirm();
            confirmed = true;
        }
    }
    ck_assert_uint_eq(boot.state.phase, OTAB_IDLE);
    ck_assert(holds(new_bytes, new_len) == confirmed);
    return confirmed;
}

/* From the loop: whether the application confirms. */
START_TEST(test_boot_openssl_recovers_from_sampled_stops)
{
    bool confirms = _i != 0;
    unsigned ops;
    unsigned stayed = 0;

    ck_assert(run(confirms) == confirms);
    ops = sim.op_count;
    ck_assert_uint_gt(ops, 200);
    for (unsigned at = 1; at <= ops; at += STEP) {
        for (unsigned how = 0; how < NVM_CUT_COUNT; how++) {
            nvm_restore(&sim, &start);
            sim.random += at * 64u + how * 2u;
            sim.cut_at = at;
            sim.cut = (enum nvm_cut)how;
            stayed += run(confirms) ? 1 : 0;
        }
    }
    ck_assert((stayed > 0) == confirms);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, test_boot_openssl_recovers_from_sampled_stops, 0, 2);
}

int main(void)
{
    return unit_main("boot_openssl", add_tests);
}
