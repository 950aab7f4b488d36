/*
 * The decision, case by case: what is installed, tried, confirmed, refused and reverted, what hostile
 * records and a bad flash can do.
 */
#include "unit.h"

#include <boot_floor.h>
#include <boot_image.h>
#include <boot_state.h>

#include "world.h"

static struct world world;
static struct world before; /* a state to go back to */
static struct boot_image old_image;
static struct boot_image new_image;

static const struct image_spec old_spec = {
    .version = 0x01010000, .counter = 3, .fw_len = 5008, .activation = ACTIVATION_TRIAL, .fill = 1};
static const struct image_spec new_spec = {
    .version = 0x01020000, .counter = 3, .fw_len = 9008, .activation = ACTIVATION_TRIAL, .fill = 2};

/* A device that runs the old image; slot 1 holds one as specified. */
static void set_up(enum otav_policy policy, const struct image_spec *spec)
{
    world_init(&world, policy, 1);
    image_make(&old_spec, &old_image);
    world_stage(&world, OTAV_SLOT0_ADDRESS, &old_image);
    ck_assert_uint_eq(world_boot(&world), OTAB_RUN_APPLICATION);
    image_make(spec, &new_image);
    world_stage(&world, OTAV_SLOT1_ADDRESS, &new_image);
}

static void boot_runs(const struct boot_image *image)
{
    ck_assert_uint_eq(world_boot(&world), OTAB_RUN_APPLICATION);
    ck_assert_ptr_null(world.sim.violation);
    ck_assert_uint_eq(world.report.action, OTAB_RUN_APPLICATION);
    ck_assert(world_holds(&world, OTAV_SLOT0_ADDRESS, image));
    ck_assert_mem_eq(world.report.id, image->id, OTAB_ID_LEN);
}

static void boot_says(const struct boot_image *image, enum otab_update_state state, uint32_t error)
{
    boot_runs(image);
    ck_assert_uint_eq(world.report.state, state);
    ck_assert_uint_eq(world.report.error, error);
}

static void confirm(void)
{
    world_mail(&world, OTAB_MAIL_CONFIRM, world.report.nonce, world.report.id);
}

static bool mailbox_is_blank(void)
{
    return otab_is_blank(world.sim.bytes[nvm_page(OTAB_MAILBOX_ADDRESS)], OTAV_PAGE_LEN);
}

/* ---- updates ---------------------------------------------------------------------------------- */

START_TEST(test_boot_trial_confirmed_stays)
{
    struct image_spec spec = new_spec;

    spec.counter = 5;
    set_up(OTAV_POLICY_STRICT, &spec);
    boot_says(&new_image, OTAB_TRIAL, 0);
    ck_assert_uint_eq(world.report.flags, OTAB_DID_INSTALL);
    ck_assert_uint_eq(world.report.version, old_spec.version);
    confirm();
    boot_says(&new_image, OTAB_UPDATED, 0);
    ck_assert_uint_eq(world.report.flags, OTAB_DID_CONFIRM | OTAB_DID_RAISE);
    ck_assert_uint_eq(world.report.version, new_spec.version);
    ck_assert_uint_eq(world.report.floor, 5);
    ck_assert(mailbox_is_blank());
    boot_says(&new_image, OTAB_READY, 0);
    ck_assert_uint_eq(world.report.erase_count, 0);
}
END_TEST

START_TEST(test_boot_trial_not_confirmed_reverts)
{
    set_up(OTAV_POLICY_STRICT, &new_spec);
    boot_says(&new_image, OTAB_TRIAL, 0);
    boot_says(&old_image, OTAB_REJECTED, OTAB_ERR_NOT_CONFIRMED);
    ck_assert_mem_eq(world.report.tried, new_image.id, OTAB_ID_LEN);
    ck_assert_uint_eq(world.report.floor, old_spec.counter);
    boot_says(&old_image, OTAB_READY, 0);
    /* Not tried again until asked for. */
    world_mail(&world, OTAB_MAIL_INSTALL, 0, new_image.id);
    boot_says(&new_image, OTAB_TRIAL, 0);
    confirm();
    boot_says(&new_image, OTAB_UPDATED, 0);
}
END_TEST

/* Padding block and stale pages behind an image without attributes; nobody ever confirms. */
static void stock_case(uint32_t fw_len)
{
    struct image_spec first = old_spec;
    struct image_spec spec = new_spec;
    uint8_t padding[OTAV_BLOCK_LEN];
    uint8_t stale[OTAV_PAGE_LEN];

    memset(padding, sizeof padding, sizeof padding);
    memset(stale, 0x5A, sizeof stale);
    first.stock = true;
    spec.stock = true;
    spec.fw_len = fw_len;
    world_init(&world, OTAV_POLICY_STOCK, 1);
    image_make(&first, &old_image);
    world_stage(&world, OTAV_SLOT0_ADDRESS, &old_image);
    boot_runs(&old_image);
    for (uint32_t off = 0; off < OTAV_SLOT_LEN; off += OTAV_PAGE_LEN) {
        nvm_put(&world.sim, OTAV_SLOT1_ADDRESS + off, stale, sizeof stale);
    }
    image_make(&spec, &new_image);
    world_stage(&world, OTAV_SLOT1_ADDRESS, &new_image);
    nvm_put(&world.sim, OTAV_SLOT1_ADDRESS + new_image.len, padding, sizeof padding);
    boot_says(&new_image, OTAB_UPDATED, 0);
    boot_says(&new_image, OTAB_READY, 0);
    ck_assert_uint_eq(world.report.version, spec.version);
}

START_TEST(test_boot_stock_image_counts_as_confirmed)
{
    stock_case(9008);
    stock_case(OTAV_SLOT_LEN - OTAV_META_LEN - OTAV_BLOCK_LEN);
}
END_TEST

/* It asks for a trial, and there is nothing to go back to. */
START_TEST(test_boot_first_image_counts_as_confirmed)
{
    world_init(&world, OTAV_POLICY_STRICT, 1);
    image_make(&old_spec, &old_image);
    world_stage(&world, OTAV_SLOT0_ADDRESS, &old_image);
    boot_says(&old_image, OTAB_UPDATED, 0);
    ck_assert_uint_eq(world.report.flags, OTAB_DID_RAISE);
    ck_assert_uint_eq(world.report.floor, old_spec.counter);
    ck_assert_uint_eq(world_floor(&world), old_spec.counter);
    boot_says(&old_image, OTAB_READY, 0);
    ck_assert_uint_eq(world.report.erase_count, 0);
}
END_TEST

START_TEST(test_boot_permanent_image_is_not_on_trial)
{
    struct image_spec spec = new_spec;

    spec.activation = ACTIVATION_PERMANENT;
    spec.counter = 8;
    set_up(OTAV_POLICY_STRICT, &spec);
    boot_says(&new_image, OTAB_UPDATED, 0);
    ck_assert_uint_eq(world.report.floor, 8);
    boot_says(&new_image, OTAB_READY, 0);
}
END_TEST

START_TEST(test_boot_largest_image_is_swapped_and_reverted)
{
    struct image_spec spec = new_spec;

    spec.fw_len = OTAV_SLOT_LEN - OTAV_META_LEN;
    set_up(OTAV_POLICY_STRICT, &spec);
    boot_says(&new_image, OTAB_TRIAL, 0);
    ck_assert(mailbox_is_blank());
    boot_says(&old_image, OTAB_REJECTED, OTAB_ERR_NOT_CONFIRMED);
    ck_assert(mailbox_is_blank());
}
END_TEST

START_TEST(test_boot_first_image_is_copied_into_empty_slot0)
{
    world_init(&world, OTAV_POLICY_STRICT, 1);
    ck_assert_uint_eq(world_boot(&world), OTAB_SERIAL_DFU);
    image_make(&new_spec, &new_image);
    world_stage(&world, OTAV_SLOT1_ADDRESS, &new_image);
    boot_runs(&new_image);
    ck_assert_uint_eq(world.report.flags, OTAB_DID_RECOVER);
    boot_says(&new_image, OTAB_READY, 0);
}
END_TEST

START_TEST(test_boot_revocation_holds_but_never_for_the_signer)
{
    struct image_spec spec = new_spec;

    spec.revoke = 1u << KEY_REVOKED | 1u << KEY_RELEASE;
    set_up(OTAV_POLICY_STRICT, &spec);
    boot_runs(&new_image);
    ck_assert_uint_eq(world.boot.revoked, 0);
    confirm();
    boot_says(&new_image, OTAB_UPDATED, 0);
    ck_assert_uint_eq(world.boot.revoked, 1u << KEY_REVOKED);
    spec.key = KEY_REVOKED;
    spec.version++;
    image_make(&spec, &old_image);
    world_stage(&world, OTAV_SLOT1_ADDRESS, &old_image);
    boot_says(&new_image, OTAB_FAILED, OTAV_ERR_KEY_REVOKED);
}
END_TEST

/* ---- refusals --------------------------------------------------------------------------------- */

struct refusal {
    uint32_t error;
    enum guest_key key;
    uint32_t version;
    uint32_t counter;
    bool other_product;
};

static const struct refusal refusals[] = {
    {OTAV_ERR_METADATA_SIGNATURE, KEY_STRANGER, 0x01020000, 3, false},
    {OTAV_ERR_KEY_CLASS, KEY_DEVELOPMENT, 0x01020000, 3, false},
    {OTAV_ERR_PRODUCT, KEY_RELEASE, 0x01020000, 3, true},
    {OTAV_ERR_VERSION, KEY_RELEASE, 0x01010000, 3, false},
    {OTAV_ERR_VERSION, KEY_RELEASE, 0x01000000, 3, false},
    {OTAV_ERR_COUNTER, KEY_RELEASE, 0x01020000, 2, false},
};

/* The old image is permanent: its counter is the floor. */
START_TEST(test_boot_refuses_and_tries_again_only_when_asked)
{
    const struct refusal *refusal = &refusals[_i];
    struct image_spec spec = old_spec;

    spec.activation = ACTIVATION_PERMANENT;
    world_init(&world, OTAV_POLICY_STRICT, 1);
    image_make(&spec, &old_image);
    world_stage(&world, OTAV_SLOT0_ADDRESS, &old_image);
    boot_says(&old_image, OTAB_UPDATED, 0);
    ck_assert_uint_eq(world.report.floor, 3);
    spec = new_spec;
    spec.key = refusal->key;
    spec.version = refusal->version;
    spec.counter = refusal->counter;
    spec.other_product = refusal->other_product;
    image_make(&spec, &new_image);
    world_stage(&world, OTAV_SLOT1_ADDRESS, &new_image);
    boot_says(&old_image, OTAB_FAILED, refusal->error);
    ck_assert_mem_eq(world.report.tried, new_image.id, OTAB_ID_LEN);
    boot_says(&old_image, OTAB_READY, 0);
    world_mail(&world, OTAB_MAIL_INSTALL, 0, new_image.id);
    boot_says(&old_image, OTAB_FAILED, refusal->error);
    ck_assert(mailbox_is_blank());
    boot_says(&old_image, OTAB_READY, 0);
}
END_TEST

START_TEST(test_boot_broken_transfer_is_removed_and_may_come_again)
{
    const uint8_t damage = 0x77;

    set_up(OTAV_POLICY_STRICT, &new_spec);
    nvm_put(&world.sim, OTAV_SLOT1_ADDRESS + OTAV_META_LEN + 1, &damage, 1);
    boot_says(&old_image, OTAB_FAILED, OTAV_ERR_FIRMWARE_SIGNATURE);
    boot_says(&old_image, OTAB_READY, 0);
    world_stage(&world, OTAV_SLOT1_ADDRESS, &new_image);
    boot_says(&new_image, OTAB_TRIAL, 0);
}
END_TEST

/* A transfer that can go on later: its first unit is still erased. */
START_TEST(test_boot_leaves_an_unfinished_transfer_alone)
{
    uint8_t erased[OTAV_UNIT_LEN];

    memset(erased, 0xFF, sizeof erased);
    set_up(OTAV_POLICY_STRICT, &new_spec);
    nvm_put(&world.sim, OTAV_SLOT1_ADDRESS, erased, sizeof erased);
    boot_says(&old_image, OTAB_READY, 0);
    ck_assert_uint_eq(world.report.erase_count, 0);
}
END_TEST

START_TEST(test_boot_page4_full_refuses_what_needs_a_raise)
{
    struct image_spec spec = new_spec;

    set_up(OTAV_POLICY_STRICT, &spec);
    world_fill_floor(&world, 0);
    boot_says(&old_image, OTAB_FAILED, OTAB_ERR_FLOOR_FULL);
    spec.counter = 0;
    image_make(&spec, &new_image);
    world_stage(&world, OTAV_SLOT1_ADDRESS, &new_image);
    boot_says(&new_image, OTAB_TRIAL, 0);
}
END_TEST

START_TEST(test_boot_every_bit_of_metadata_counts)
{
    set_up(OTAV_POLICY_STRICT, &new_spec);
    nvm_wipe_page(&world.sim, OTAV_SLOT1_ADDRESS);
    before = world;
    for (uint32_t bit = 0; bit < (OTAV_META_LEN + 64) * 8; bit++) {
        uint8_t byte = (uint8_t)(old_image.bytes[bit / 8] ^ 1u << bit % 8);

        nvm_restore(&world.sim, &before.sim);
        nvm_put(&world.sim, OTAV_SLOT0_ADDRESS + bit / 8, &byte, 1);
        ck_assert_msg(world_boot(&world) == OTAB_SERIAL_DFU, "bit %u", bit);
        ck_assert_uint_ne(world.report.error, 0);
    }
}
END_TEST

/* ---- mail ------------------------------------------------------------------------------------- */

START_TEST(test_boot_request_for_another_image_is_reported)
{
    const uint8_t other[OTAB_ID_LEN] = {1, 2, 3};

    set_up(OTAV_POLICY_STRICT, &new_spec);
    nvm_wipe_page(&world.sim, OTAV_SLOT1_ADDRESS);
    world_mail(&world, OTAB_MAIL_INSTALL, 0, other);
    boot_says(&old_image, OTAB_READY, OTAB_ERR_REQUEST);
    ck_assert(mailbox_is_blank());
}
END_TEST

START_TEST(test_boot_request_for_the_fallback_is_ignored)
{
    set_up(OTAV_POLICY_STRICT, &new_spec);
    boot_runs(&new_image);
    confirm();
    boot_runs(&new_image);
    world_mail(&world, OTAB_MAIL_INSTALL, 0, old_image.id);
    boot_says(&new_image, OTAB_READY, 0);
}
END_TEST

START_TEST(test_boot_forged_confirm_reverts)
{
    uint8_t id[OTAB_ID_LEN];

    for (unsigned forged = 0; forged < 2; forged++) {
        set_up(OTAV_POLICY_STRICT, &new_spec);
        boot_says(&new_image, OTAB_TRIAL, 0);
        memcpy(id, new_image.id, sizeof id);
        id[OTAB_ID_LEN - 1] = (uint8_t)(id[OTAB_ID_LEN - 1] ^ forged);
        world_mail(&world, OTAB_MAIL_CONFIRM, world.report.nonce + 1 - forged, id);
        boot_says(&old_image, OTAB_REJECTED, OTAB_ERR_NOT_CONFIRMED);
    }
}
END_TEST

/* The old application guesses the nonce and confirms for the new one. */
START_TEST(test_boot_confirm_before_the_trial_is_worth_nothing)
{
    set_up(OTAV_POLICY_STRICT, &new_spec);
    before = world;
    boot_says(&new_image, OTAB_TRIAL, 0);
    nvm_restore(&world.sim, &before.sim);
    world_mail(&world, OTAB_MAIL_CONFIRM, world.report.nonce, new_image.id);
    boot_says(&new_image, OTAB_TRIAL, 0);
    boot_says(&old_image, OTAB_REJECTED, OTAB_ERR_NOT_CONFIRMED);
}
END_TEST

START_TEST(test_boot_confirm_without_a_trial_is_reported)
{
    set_up(OTAV_POLICY_STRICT, &new_spec);
    nvm_wipe_page(&world.sim, OTAV_SLOT1_ADDRESS);
    world_mail(&world, OTAB_MAIL_CONFIRM, 7, old_image.id);
    boot_says(&old_image, OTAB_READY, OTAB_ERR_CONFIRM);
    ck_assert(mailbox_is_blank());
}
END_TEST

START_TEST(test_boot_mailbox_of_junk_changes_nothing)
{
    uint8_t junk[OTAV_PAGE_LEN];

    set_up(OTAV_POLICY_STRICT, &new_spec);
    nvm_wipe_page(&world.sim, OTAV_SLOT1_ADDRESS);
    for (size_t i = 0; i < sizeof junk; i++) {
        junk[i] = (uint8_t)nvm_random(&world.sim);
    }
    nvm_put(&world.sim, OTAB_MAILBOX_ADDRESS, junk, sizeof junk);
    boot_says(&old_image, OTAB_READY, 0);
    ck_assert_uint_eq(world.report.erase_count, 0);
}
END_TEST

/* The image on trial overwrites what it would be reverted to. */
START_TEST(test_boot_without_fallback_runs_on_unconfirmed)
{
    struct image_spec spec = new_spec;

    spec.counter = 9;
    set_up(OTAV_POLICY_STRICT, &spec);
    boot_says(&new_image, OTAB_TRIAL, 0);
    nvm_wipe_page(&world.sim, OTAV_SLOT1_ADDRESS);
    boot_runs(&new_image);
    ck_assert_uint_eq(world.report.error, OTAB_ERR_FALLBACK_LOST);
    ck_assert_uint_eq(world.report.floor, old_spec.counter);
    ck_assert_uint_eq(world.report.version, old_spec.version);
    boot_says(&new_image, OTAB_READY, 0);
    confirm(); /* its word counts all the same */
    boot_says(&new_image, OTAB_UPDATED, 0);
    ck_assert_uint_eq(world.report.flags, OTAB_DID_CONFIRM | OTAB_DID_RAISE);
    ck_assert_uint_eq(world.report.floor, 9);
    ck_assert_uint_eq(world.report.version, new_spec.version);
    boot_says(&new_image, OTAB_READY, 0);
}
END_TEST

/* What did not confirm is nothing that others would have to beat. */
START_TEST(test_boot_version_of_an_unconfirmed_image_does_not_count)
{
    struct image_spec between = new_spec;

    set_up(OTAV_POLICY_STRICT, &new_spec);
    boot_says(&new_image, OTAB_TRIAL, 0);
    nvm_wipe_page(&world.sim, OTAV_SLOT1_ADDRESS);
    boot_runs(&new_image);
    between.version = old_spec.version + 1;
    image_make(&between, &old_image);
    world_stage(&world, OTAV_SLOT1_ADDRESS, &old_image);
    boot_says(&old_image, OTAB_TRIAL, 0);
}
END_TEST

START_TEST(test_boot_vectors_fit_inside_their_bounds_only)
{
    enum { FW_LEN = 64 };
    static const struct {
        uint32_t stack, entry;
        bool fit;
    } cases[] = {{0x20000004, OTAV_FW_ADDRESS | 1, true},
                 {0x20020000, (OTAV_FW_ADDRESS + FW_LEN - 2) | 1, true},
                 {0, OTAV_FW_ADDRESS | 1, false},
                 {0x20000000, OTAV_FW_ADDRESS | 1, false},
                 {0x20020004, OTAV_FW_ADDRESS | 1, false},
                 {0x20010002, OTAV_FW_ADDRESS | 1, false},
                 {0x20010000, OTAV_FW_ADDRESS, false},
                 {0x20010000, OTAV_FW_ADDRESS - 1, false},
                 {0x20010000, (OTAV_FW_ADDRESS + FW_LEN) | 1, false},
                 {0x20010000, OTAV_SLOT1_ADDRESS | 1, false},
                 {UINT32_MAX, UINT32_MAX, false}};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t vectors[OTAB_VECTORS_LEN];

        otav_store_u32(vectors, cases[i].stack);
        otav_store_u32(vectors + 4, cases[i].entry);
        ck_assert_msg(otab_vectors_fit(vectors, FW_LEN) == cases[i].fit, "case %zu", i);
    }
}
END_TEST

/* Signed and accepted, but no core could start it: neither installed nor run, and recovered from. */
START_TEST(test_boot_unfit_vectors_are_refused)
{
    struct image_spec spec = new_spec;

    spec.entry = OTAV_FW_ADDRESS + spec.fw_len;
    set_up(OTAV_POLICY_STRICT, &spec);
    boot_says(&old_image, OTAB_FAILED, OTAB_ERR_VECTORS);
    ck_assert_mem_eq(world.report.tried, new_image.id, OTAB_ID_LEN);
    boot_says(&old_image, OTAB_READY, 0);
    world_init(&world, OTAV_POLICY_STRICT, 1);
    world_stage(&world, OTAV_SLOT0_ADDRESS, &new_image);
    ck_assert_uint_eq(world_boot(&world), OTAB_SERIAL_DFU);
    ck_assert_uint_eq(world.report.error, OTAB_ERR_VECTORS);
    world_stage(&world, OTAV_SLOT1_ADDRESS, &old_image);
    boot_runs(&old_image);
    ck_assert_uint_ne(world.report.flags & OTAB_DID_RECOVER, 0);
}
END_TEST

/* ---- hostile records -------------------------------------------------------------------------- */

static bool runs_known_image(uint32_t action)
{
    return action != OTAB_RUN_APPLICATION || world_holds(&world, OTAV_SLOT0_ADDRESS, &old_image) ||
           world_holds(&world, OTAV_SLOT0_ADDRESS, &new_image);
}

/* Every TEST_STEP-th byte of a page, one at a time, from the state in `before`. */
static void mutate_page(uint32_t page)
{
    for (uint32_t off = 0; off < OTAV_PAGE_LEN; off += TEST_STEP) {
        uint8_t byte = (uint8_t)(before.sim.bytes[nvm_page(page)][off] ^
                                 (uint8_t)(1 + nvm_random(&world.sim) % 255));

        nvm_restore(&world.sim, &before.sim);
        nvm_put(&world.sim, page + off, &byte, 1);
        for (unsigned boots = 0; boots < 2; boots++) {
            uint32_t action = world_boot(&world);

            ck_assert_msg(world.sim.violation == NULL, "0x%x: %s", page + off, world.sim.violation);
            ck_assert_msg(runs_known_image(action), "0x%x: something else runs", page + off);
            ck_assert_msg(action != OTAB_RUN_APPLICATION || world.report.floor >= 3,
                          "0x%x: the floor fell", page + off);
        }
    }
}

static void mutate_all(void)
{
    before = world;
    mutate_page(OTAB_RECORD_ADDRESS);
    mutate_page(OTAB_JOURNAL0_ADDRESS);
    mutate_page(OTAB_JOURNAL1_ADDRESS);
    mutate_page(OTAB_MAILBOX_ADDRESS);
    mutate_page(OTAB_FLOOR_ADDRESS);
}

static void set_up_with_floor(void)
{
    struct image_spec spec = old_spec;

    spec.activation = ACTIVATION_PERMANENT;
    world_init(&world, OTAV_POLICY_STRICT, 1);
    image_make(&spec, &old_image);
    world_stage(&world, OTAV_SLOT0_ADDRESS, &old_image);
    boot_says(&old_image, OTAB_UPDATED, 0);
    image_make(&new_spec, &new_image);
    world_stage(&world, OTAV_SLOT1_ADDRESS, &new_image);
}

START_TEST(test_boot_mutated_records_on_trial_run_nothing_else)
{
    set_up_with_floor();
    boot_says(&new_image, OTAB_TRIAL, 0);
    confirm();
    mutate_all();
}
END_TEST

START_TEST(test_boot_mutated_records_in_open_swap_run_nothing_else)
{
    set_up_with_floor();
    world.sim.cut_at = world.sim.op_count + 90;
    ck_assert_uint_eq(world_boot(&world), OTAB_SERIAL_DFU);
    ck_assert_uint_eq(world.boot.state.phase, OTAB_SWAPPING);
    nvm_restart(&world.sim);
    mutate_all();
}
END_TEST

/* ---- cuts in a row ---------------------------------------------------------------------------- */

/* One cut after the other, at random places in random ways: it always goes on. */
START_TEST(test_boot_survives_hundreds_of_cuts_in_a_row)
{
    set_up_with_floor();
    before = world;
    for (unsigned seed = 0; seed < 40; seed++) {
        nvm_restore(&world.sim, &before.sim);
        world.sim.random = seed * 2 + 1;
        for (unsigned cuts = 0; cuts < 200; cuts++) {
            uint32_t action;

            world.sim.cut_at = world.sim.op_count + 1 + (unsigned)(nvm_random(&world.sim) % 60);
            world.sim.cut = (enum nvm_cut)(nvm_random(&world.sim) % NVM_TORN_BOOT);
            action = world_boot(&world);
            ck_assert_msg(world.sim.violation == NULL, "%u: %s", seed, world.sim.violation);
            ck_assert_msg(world.sim.powerless || action == OTAB_RUN_APPLICATION, "%u", seed);
            ck_assert_msg(world.sim.powerless || runs_known_image(action), "%u", seed);
            nvm_restart(&world.sim);
        }
        ck_assert_uint_eq(world_boot(&world), OTAB_RUN_APPLICATION);
        ck_assert(runs_known_image(OTAB_RUN_APPLICATION));
        ck_assert_uint_ge(world.report.floor, 3);
    }
}
END_TEST

/* ---- a bad port ------------------------------------------------------------------------------- */

/* The nth operation fails in an update with confirm; how many boots then run an application. */
static unsigned run_with_bad_port(enum nvm_op op, unsigned nth, bool forever)
{
    unsigned runs = 0;

    nvm_restore(&world.sim, &before.sim);
    memset(world.sim.calls, 0, sizeof world.sim.calls);
    world.sim.fail_op = op;
    world.sim.fail_nth = nth;
    world.sim.fail_forever = forever;
    for (unsigned boots = 0; boots < 6; boots++) {
        uint32_t action = world_boot(&world);

        ck_assert_msg(world.sim.violation == NULL, "%s", world.sim.violation);
        ck_assert(runs_known_image(action));
        if (action == OTAB_RUN_APPLICATION) {
            runs++;
            ck_assert_uint_ge(world.report.floor, 3);
            if (world.report.state == OTAB_TRIAL) {
                confirm();
            }
        }
    }
    return runs;
}

START_TEST(test_boot_bad_flash_port_runs_nothing_else)
{
    const enum nvm_op op = (enum nvm_op)_i;
    unsigned nth;

    set_up_with_floor();
    before = world;
    for (nth = 1; nth < 10000; nth += TEST_STEP) {
        ck_assert_msg(run_with_bad_port(op, nth, false) >= 3, "%u", nth);
        if (world.sim.calls[op] < nth) {
            break;
        }
        (void)run_with_bad_port(op, nth, true);
    }
    ck_assert_uint_gt(nth, 5);
}
END_TEST

/* ---- worn pages ------------------------------------------------------------------------------- */

static void wear_out(uint32_t address)
{
    world.sim.worn_page = nvm_page(address);
}

/* From the loop: the page of slot 1. Tried again once, in case the failure was a passing one. */
START_TEST(test_boot_worn_slot1_gives_the_update_up)
{
    set_up(OTAV_POLICY_STRICT, &new_spec);
    wear_out(OTAV_SLOT1_ADDRESS + (uint32_t)_i * OTAV_PAGE_LEN);
    ck_assert_uint_eq(world_boot(&world), OTAB_SERIAL_DFU);
    ck_assert_uint_eq(world.report.error, OTAV_ERR_FLASH_ERASE);
    ck_assert_uint_ne(world.report.flags & OTAB_UNFINISHED, 0);
    boot_says(&old_image, OTAB_FAILED, OTAV_ERR_FLASH_ERASE);
    ck_assert_mem_eq(world.report.tried, new_image.id, OTAB_ID_LEN);
    boot_runs(&old_image);
    ck_assert_uint_eq(world.report.version, old_spec.version);
}
END_TEST

/* The way back is blocked: what is on trial runs on, and may confirm later. */
START_TEST(test_boot_worn_slot1_gives_a_revert_up)
{
    set_up(OTAV_POLICY_STRICT, &new_spec);
    boot_says(&new_image, OTAB_TRIAL, 0);
    wear_out(OTAV_SLOT1_ADDRESS + OTAV_PAGE_LEN);
    ck_assert_uint_eq(world_boot(&world), OTAB_SERIAL_DFU);
    boot_runs(&new_image);
    ck_assert_uint_eq(world.report.version, old_spec.version);
    boot_runs(&new_image);
    confirm();
    boot_says(&new_image, OTAB_UPDATED, 0);
}
END_TEST

START_TEST(test_boot_worn_mailbox_keeps_nothing_from_running)
{
    set_up(OTAV_POLICY_STRICT, &new_spec);
    wear_out(OTAB_MAILBOX_ADDRESS);
    boot_says(&new_image, OTAB_TRIAL, 0);
    confirm();
    boot_says(&new_image, OTAB_UPDATED, OTAV_ERR_FLASH_ERASE);
    boot_says(&new_image, OTAB_READY, OTAV_ERR_FLASH_ERASE);
}
END_TEST

/* An image of the slot's length was in that page, which therefore has to go. */
START_TEST(test_boot_worn_mailbox_gives_the_largest_update_up)
{
    struct image_spec spec = new_spec;

    spec.fw_len = OTAV_SLOT_LEN - OTAV_META_LEN;
    set_up(OTAV_POLICY_STRICT, &spec);
    wear_out(OTAB_MAILBOX_ADDRESS);
    ck_assert_uint_eq(world_boot(&world), OTAB_SERIAL_DFU);
    boot_says(&old_image, OTAB_FAILED, OTAV_ERR_FLASH_ERASE);
}
END_TEST

START_TEST(test_boot_worn_slot1_is_no_obstacle_to_a_refusal)
{
    set_up(OTAV_POLICY_STRICT, &new_spec);
    new_image.bytes[new_image.len - 1] ^= 1;
    world_stage(&world, OTAV_SLOT1_ADDRESS, &new_image);
    wear_out(OTAV_SLOT1_ADDRESS);
    boot_says(&old_image, OTAB_FAILED, OTAV_ERR_FLASH_ERASE);
    boot_says(&old_image, OTAB_FAILED, OTAV_ERR_FLASH_ERASE);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, test_boot_version_of_an_unconfirmed_image_does_not_count);
    tcase_add_test(tc, test_boot_vectors_fit_inside_their_bounds_only);
    tcase_add_test(tc, test_boot_unfit_vectors_are_refused);
    tcase_add_loop_test(tc, test_boot_worn_slot1_gives_the_update_up, 0, 4);
    tcase_add_test(tc, test_boot_worn_slot1_gives_a_revert_up);
    tcase_add_test(tc, test_boot_worn_mailbox_keeps_nothing_from_running);
    tcase_add_test(tc, test_boot_worn_mailbox_gives_the_largest_update_up);
    tcase_add_test(tc, test_boot_worn_slot1_is_no_obstacle_to_a_refusal);
    tcase_add_test(tc, test_boot_trial_confirmed_stays);
    tcase_add_test(tc, test_boot_trial_not_confirmed_reverts);
    tcase_add_test(tc, test_boot_stock_image_counts_as_confirmed);
    tcase_add_test(tc, test_boot_first_image_counts_as_confirmed);
    tcase_add_test(tc, test_boot_permanent_image_is_not_on_trial);
    tcase_add_test(tc, test_boot_largest_image_is_swapped_and_reverted);
    tcase_add_test(tc, test_boot_first_image_is_copied_into_empty_slot0);
    tcase_add_test(tc, test_boot_revocation_holds_but_never_for_the_signer);
    tcase_add_loop_test(tc, test_boot_refuses_and_tries_again_only_when_asked, 0,
                        sizeof refusals / sizeof refusals[0]);
    tcase_add_test(tc, test_boot_broken_transfer_is_removed_and_may_come_again);
    tcase_add_test(tc, test_boot_leaves_an_unfinished_transfer_alone);
    tcase_add_test(tc, test_boot_page4_full_refuses_what_needs_a_raise);
    tcase_add_test(tc, test_boot_every_bit_of_metadata_counts);
    tcase_add_test(tc, test_boot_request_for_another_image_is_reported);
    tcase_add_test(tc, test_boot_request_for_the_fallback_is_ignored);
    tcase_add_test(tc, test_boot_forged_confirm_reverts);
    tcase_add_test(tc, test_boot_confirm_before_the_trial_is_worth_nothing);
    tcase_add_test(tc, test_boot_confirm_without_a_trial_is_reported);
    tcase_add_test(tc, test_boot_mailbox_of_junk_changes_nothing);
    tcase_add_test(tc, test_boot_without_fallback_runs_on_unconfirmed);
    tcase_add_test(tc, test_boot_mutated_records_on_trial_run_nothing_else);
    tcase_add_test(tc, test_boot_mutated_records_in_open_swap_run_nothing_else);
    tcase_add_test(tc, test_boot_survives_hundreds_of_cuts_in_a_row);
    tcase_add_loop_test(tc, test_boot_bad_flash_port_runs_nothing_else, NVM_READ, NVM_OP_COUNT);
}

int main(void)
{
    return unit_main("boot", add_tests);
}
