/*
 * Nothing that was not verified runs: images with every kind of defect in slot 0 and in slot 1, in front
 * of the core with real signatures. A bad one in slot 1 leaves the old image running, in this boot and
 * the next, and a reason in the report; in slot 0, with nothing to recover from, nothing runs.
 * Layer: test, host. It prints how many there were.
 */
#include "unit.h"

#include <otav/otav_error.h>
#include <otav/otav_openssl.h>

#include "boot_images.h"
#include "device_file.h"
#include "nvm_sim.h"
#include "recipe.h"

enum {
    FW_LEN = 1008,
    OLD_VERSION = 0x01010000,
    NEW_VERSION = 0x01020000,
    COUNTER = 3,
    FW_BIT_STEP = 61, /* bits of firmware from one flip to the next */
    GOOD_MAX = 100
};

#define FLASH_END (NVM_MAIN_ADDRESS + NVM_MAIN_PAGES * OTAV_PAGE_LEN)

static struct otav_config config;
static struct nvm_sim sim;
static struct nvm_sim empty;   /* runs nothing: no image anywhere */
static struct nvm_sim settled; /* runs the old image, slot 1 is erased */
static struct otab_boot boot;
static struct otab_report report;
static struct boot_image old_image;
static struct boot_image new_image;
static unsigned refused;      /* with a reason */
static unsigned not_an_image; /* no offer at all: unlike metadata, so the report says nothing */

/* ---- world ------------------------------------------------------------------------------------ */

static uint8_t *flash(uint32_t address)
{
    return sim.bytes[nvm_page(address)] + address % OTAV_PAGE_LEN;
}

static uint32_t run(void)
{
    const struct otab_platform platform = nvm_platform(&sim, &otav_crypto_openssl);
    uint32_t action = otab_boot(&boot, &platform, &config, &report);

    ck_assert_ptr_null(sim.violation);
    return action;
}

static bool runs(const struct boot_image *image)
{
    return run() == OTAB_RUN_APPLICATION &&
           memcmp(flash(OTAV_SLOT0_ADDRESS), image->bytes, image->len) == 0;
}

static void put(uint32_t slot, const struct boot_image *image)
{
    nvm_put(&sim, slot, image->bytes, image->len);
}

static void settle(void)
{
    nvm_init(&empty, 1);
    sim = empty;
    put(OTAV_SLOT0_ADDRESS, &old_image);
    ck_assert(runs(&old_image));
    ck_assert(runs(&old_image));
    settled = sim;
}

static const struct image_spec old_spec = {
    .version = OLD_VERSION, .counter = COUNTER, .fw_len = FW_LEN, .fill = 1};
static const struct image_spec new_spec = {
    .version = NEW_VERSION, .counter = COUNTER, .fw_len = FW_LEN, .fill = 2};

static void set_up(void)
{
    image_device(OTAV_POLICY_STRICT, &config);
    image_make(&old_spec, &old_image);
    image_make(&new_spec, &new_image);
    settle();
    refused = 0;
    not_an_image = 0;
}

/* Slot 1 holds something bad: why it was refused, 0 if nobody took it for an image. */
static uint32_t refuse_slot1(const char *what, unsigned number)
{
    uint32_t error;
    bool looks_plain = otav_meta_looks_plain(flash(OTAV_SLOT1_ADDRESS));

    ck_assert_msg(runs(&old_image), "%s %u", what, number);
    error = report.error;
    ck_assert_msg((error != 0) == looks_plain, "%s %u: error 0x%04x", what, number, error);
    ck_assert_msg((report.state == OTAB_FAILED) == looks_plain, "%s %u", what, number);
    ck_assert_msg(runs(&old_image), "%s %u: the next boot", what, number);
    ck_assert_uint_eq(report.floor, COUNTER);
    refused += looks_plain ? 1 : 0;
    not_an_image += looks_plain ? 0 : 1;
    return error;
}

static uint32_t refuse_slot0(const char *what, unsigned number)
{
    ck_assert_msg(run() == OTAB_SERIAL_DFU, "%s %u", what, number);
    ck_assert_msg(report.error != 0, "%s %u: no reason", what, number);
    refused++;
    return report.error;
}

static void print_counts(const char *what)
{
    printf("%s: %u refused with a reason, %u not taken for an image\n", what, refused,
           not_an_image);
}

/* ---- bits ------------------------------------------------------------------------------------- */

static void flip(uint32_t slot, unsigned bit)
{
    uint8_t byte = (uint8_t)(*flash(slot + bit / 8) ^ 1u << bit % 8);

    nvm_put(&sim, slot + bit / 8, &byte, 1);
}

static unsigned next_bit(unsigned bit)
{
    return bit + 1 < OTAV_META_LEN * 8 ? bit + 1 : bit + FW_BIT_STEP;
}

START_TEST(test_refusals_every_flipped_bit_in_slot1)
{
    for (unsigned bit = 0; bit < new_image.len * 8; bit = next_bit(bit)) {
        nvm_restore(&sim, &settled);
        put(OTAV_SLOT1_ADDRESS, &new_image);
        flip(OTAV_SLOT1_ADDRESS, bit);
        (void)refuse_slot1("bit", bit);
    }
    print_counts("flipped bits in slot 1");
}
END_TEST

/* The record names the image that was there. */
START_TEST(test_refusals_every_flipped_bit_in_slot0)
{
    for (unsigned bit = 0; bit < old_image.len * 8; bit = next_bit(bit)) {
        nvm_restore(&sim, &settled);
        flip(OTAV_SLOT0_ADDRESS, bit);
        (void)refuse_slot0("bit", bit);
    }
    print_counts("flipped bits in slot 0");
}
END_TEST

/* ---- policy ----------------------------------------------------------------------------------- */

static const struct {
    struct image_spec spec;
    uint32_t at_install;
    uint32_t at_boot; /* 0: it may run once it is there */
} defects[] = {
    {{.version = NEW_VERSION, .counter = COUNTER, .fw_len = FW_LEN, .key = KEY_STRANGER},
     OTAV_ERR_METADATA_SIGNATURE,
     OTAV_ERR_METADATA_SIGNATURE},
    {{.version = NEW_VERSION, .counter = COUNTER, .fw_len = FW_LEN, .key = KEY_DEVELOPMENT},
     OTAV_ERR_KEY_CLASS,
     OTAV_ERR_KEY_CLASS},
    {{.version = OLD_VERSION - 1, .counter = COUNTER, .fw_len = FW_LEN}, OTAV_ERR_VERSION, 0},
    {{.version = OLD_VERSION, .counter = COUNTER, .fw_len = FW_LEN, .fill = 9},
     OTAV_ERR_VERSION,
     0},
    {{.version = NEW_VERSION, .counter = COUNTER - 1, .fw_len = FW_LEN},
     OTAV_ERR_COUNTER,
     OTAV_ERR_COUNTER},
    {{.version = NEW_VERSION, .counter = COUNTER, .fw_len = FW_LEN, .other_product = true},
     OTAV_ERR_PRODUCT,
     OTAV_ERR_PRODUCT},
    {{.version = NEW_VERSION, .counter = COUNTER, .fw_len = FW_LEN, .stock = true},
     OTAV_ERR_ATTRIBUTE_MISSING,
     OTAV_ERR_ATTRIBUTE_MISSING},
};

enum { DEFECT_COUNT = sizeof defects / sizeof defects[0] };

START_TEST(test_refusals_policy)
{
    for (unsigned i = 0; i < DEFECT_COUNT; i++) {
        image_make(&defects[i].spec, &new_image);
        nvm_restore(&sim, &settled);
        put(OTAV_SLOT1_ADDRESS, &new_image);
        ck_assert_uint_eq(refuse_slot1("defect", i), defects[i].at_install);
        if (defects[i].at_boot != 0) {
            nvm_restore(&sim, &settled);
            nvm_wipe_page(&sim, OTAV_SLOT0_ADDRESS);
            put(OTAV_SLOT0_ADDRESS, &new_image);
            ck_assert_uint_eq(refuse_slot0("defect", i), defects[i].at_boot);
        }
    }
    print_counts("policy");
}
END_TEST

/* ---- lengths ---------------------------------------------------------------------------------- */

static void sign(const uint8_t *bytes, size_t len, uint8_t *ret_len, uint8_t *ret_der)
{
    uint8_t rs[OTAV_SIGNATURE_LEN];
    uint8_t der[72] = {0};

    image_sign_bytes(KEY_RELEASE, bytes, len, rs);
    *ret_len = (uint8_t)otav_der_encode(rs, der);
    memcpy(ret_der, der, sizeof der);
}

/* Both signatures are right over what the flash holds up to that length, or to its end. */
static void put_with_length(uint32_t slot, uint32_t fw_len)
{
    uint32_t room = FLASH_END - slot - OTAV_META_LEN;
    uint8_t *meta = new_image.bytes;

    put(slot, &new_image);
    otav_store_u32(meta + OTAV_META_FW_LEN_OFF, fw_len);
    sign(flash(slot + OTAV_META_LEN), fw_len < room ? fw_len : room,
         meta + OTAV_META_FW_SIG_LEN_OFF, meta + OTAV_META_FW_SIG_OFF);
    memset(meta + OTAV_META_SIG_LEN_OFF, 0, OTAV_META_LEN - OTAV_META_SIG_LEN_OFF);
    sign(meta + OTAV_META_SIGNED_OFF, OTAV_META_LEN - OTAV_META_SIGNED_OFF,
         meta + OTAV_META_SIG_LEN_OFF, meta + OTAV_META_SIG_OFF);
    nvm_put(&sim, slot, meta, OTAV_META_LEN);
}

enum { ROOM = OTAV_SLOT_LEN - OTAV_META_LEN };

/* One unit more than the slot has is application data behind slot 0, the mailbox behind slot 1. */
static const uint32_t bad_lengths[] = {0,
                                       1,
                                       15,
                                       17,
                                       OTAV_FW_LEN_FORBIDDEN,
                                       FW_LEN + 1,
                                       ROOM - 1,
                                       ROOM + 1,
                                       ROOM + 16,
                                       OTAV_SLOT_LEN,
                                       ROOM + 4 * OTAV_PAGE_LEN,
                                       0x7FFFFFF0,
                                       0x80000000,
                                       0xFFFFFDF0,
                                       0xFFFFFE00,
                                       0xFFFFFFF0,
                                       0xFFFFFFFF};

enum { LENGTH_COUNT = sizeof bad_lengths / sizeof bad_lengths[0] };

START_TEST(test_refusals_lengths)
{
    for (unsigned i = 0; i < LENGTH_COUNT; i++) {
        nvm_restore(&sim, &settled);
        put_with_length(OTAV_SLOT1_ADDRESS, bad_lengths[i]);
        ck_assert_uint_eq(refuse_slot1("length", bad_lengths[i]), OTAV_ERR_FW_LENGTH);
        nvm_restore(&sim, &settled);
        nvm_wipe_page(&sim, OTAV_SLOT0_ADDRESS);
        put_with_length(OTAV_SLOT0_ADDRESS, bad_lengths[i]);
        ck_assert_uint_eq(refuse_slot0("length", bad_lengths[i]), OTAV_ERR_FW_LENGTH);
    }
    print_counts("lengths");
}
END_TEST

START_TEST(test_refusals_lengths_at_the_bounds_are_good)
{
    static const uint32_t good_lengths[] = {16, 32, ROOM - 16, ROOM};

    for (size_t i = 0; i < sizeof good_lengths / sizeof good_lengths[0]; i++) {
        nvm_restore(&sim, &settled);
        put_with_length(OTAV_SLOT1_ADDRESS, good_lengths[i]);
        ck_assert_uint_eq(run(), OTAB_RUN_APPLICATION);
        ck_assert_uint_ne(report.flags & OTAB_DID_INSTALL, 0);
    }
}
END_TEST

/* ---- corpus ----------------------------------------------------------------------------------- */

struct row {
    const char *name, *recipe, *device, *options;
};

/* The next line of an index about a plain file for the production device. */
static bool next_row(FILE *index, char **line, size_t *capacity, struct row *ret)
{
    while (getline(line, capacity, index) > 0) {
        char *rest = *line;

        ret->name = strsep(&rest, "\t");
        ret->recipe = strsep(&rest, "\t");
        ret->device = strsep(&rest, "\t");
        ret->options = strsep(&rest, "\t");
        if ((*line)[0] != '#' && ret->options != NULL && strcmp(ret->device, "production") == 0 &&
            strcmp(ret->options, "-") == 0 && strstr(ret->recipe, "enc") == NULL) {
            return true;
        }
    }
    return false;
}

/* With vectors, so that what is wrong is what the recipe says. */
static size_t payload_of(const char *recipe, struct boot_image *ret)
{
    char words[4096];
    struct recipe_file file;
    size_t len;

    ck_assert_int_lt(snprintf(words, sizeof words, "%s begin=0000022009020001", recipe),
                     sizeof words);
    file = recipe_make(GOLDEN_DIR, TEST_KEY_DIR, words);
    len = file.len > file.payload_off ? file.len - file.payload_off : 0;

    ck_assert_uint_le(len, sizeof ret->bytes);
    memset(ret->bytes, 0xFF, OTAV_META_LEN);
    memcpy(ret->bytes, file.bytes + file.payload_off, len);
    ret->len = (uint32_t)len;
    free(file.bytes);
    return len;
}

static struct {
    uint8_t bytes[2048];
    size_t len;
} good[GOOD_MAX];
static unsigned good_count;

static FILE *open_index(const char *set)
{
    char path[sizeof GOLDEN_DIR + 32];
    FILE *index;

    (void)snprintf(path, sizeof path, "%s/%s/index.tsv", GOLDEN_DIR, set);
    index = fopen(path, "r");
    ck_assert_msg(index != NULL, "%s", path);
    return index;
}

static void add_good(const char *recipe)
{
    size_t len = payload_of(recipe, &new_image);

    ck_assert(len <= sizeof good[0].bytes && good_count < GOOD_MAX);
    memcpy(good[good_count].bytes, new_image.bytes, len);
    good[good_count++].len = len;
}

static void collect_good(void)
{
    FILE *index = open_index("good");
    char *line = NULL;
    size_t capacity = 0;
    struct row row;

    while (next_row(index, &line, &capacity, &row)) {
        add_good(row.recipe);
    }
    /* What they say is about the way to the device: how it was sent, the image id in its request. */
    add_good("attr:10=0100000030000000");
    add_good("attr:3=070000000100009b");
    add_good("attr:3=070000000000009e");
    free(line);
    (void)fclose(index);
}

/* What is wrong with its file stands in front of the image, or behind it; or it is what runs already. */
static bool is_good(const struct boot_image *image)
{
    if (memcmp(image->bytes, old_image.bytes, old_image.len) == 0) {
        return true;
    }
    for (unsigned i = 0; i < good_count; i++) {
        if (image->len >= good[i].len && memcmp(image->bytes, good[i].bytes, good[i].len) == 0) {
            return true;
        }
    }
    return false;
}

static void set_up_production(void)
{
    const struct key_options options = {.pin_fd = -1, .passphrase_fd = -1};
    struct device_file device;

    ck_assert_int_eq(device_file_load(GOLDEN_DIR "/devices/production.yaml", &options, &device),
                     OX_OK);
    config = device.config;
    device_file_free(&device);
    (void)payload_of("minimal version=1.4.1.0", &old_image);
    settle();
}

START_TEST(test_refusals_corpus)
{
    FILE *index = open_index("bad");
    char *line = NULL;
    size_t capacity = 0;
    unsigned whole = 0;
    struct row row;

    set_up_production();
    collect_good();
    for (unsigned i = 0; i < good_count; i++) {
        nvm_restore(&sim, &settled);
        nvm_put(&sim, OTAV_SLOT1_ADDRESS, good[i].bytes, good[i].len);
        ck_assert_uint_eq(run(), OTAB_RUN_APPLICATION);
        ck_assert_msg((report.flags & OTAB_DID_INSTALL) != 0, "good image %u: 0x%04x", i,
                      report.error);
    }
    while (next_row(index, &line, &capacity, &row)) {
        (void)payload_of(row.recipe, &new_image);
        if (is_good(&new_image)) {
            whole++;
            continue;
        }
        nvm_restore(&sim, &settled);
        put(OTAV_SLOT1_ADDRESS, &new_image);
        (void)refuse_slot1(row.name, 1);
    }
    free(line);
    (void)fclose(index);
    printf("corpus: %u good images installed, %u bad files whose image is good\n", good_count,
           whole);
    print_counts("corpus");
    ck_assert_uint_gt(refused, 100);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_checked_fixture(tc, set_up, NULL);
    tcase_add_test(tc, test_refusals_every_flipped_bit_in_slot1);
    tcase_add_test(tc, test_refusals_every_flipped_bit_in_slot0);
    tcase_add_test(tc, test_refusals_policy);
    tcase_add_test(tc, test_refusals_lengths);
    tcase_add_test(tc, test_refusals_lengths_at_the_bounds_are_good);
    tcase_add_test(tc, test_refusals_corpus);
}

int main(void)
{
    return unit_main("boot_refusals", add_tests);
}
