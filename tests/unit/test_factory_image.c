/* What the factory programs: where each input may stand, and that the result is exactly all of them. */
#include "fw_unit.h"

#include "factory_image.h"
#include "image_builder.h"

enum { FW_LEN = 70000, DATA_LEN = FW_LEN - 5, MAX_BYTES = 0x7000 };

static const uint8_t vectors[8] = {0x00, 0x00, 0x01, 0x20, 0xC1};

/* ---- inputs ----------------------------------------------------------------------------------- */

static enum ox to_stream(void *user, const char *text, size_t len)
{
    return fwrite(text, 1, len, user) == len ? OX_OK : OX_IO;
}

struct hex {
    FILE *file;
    struct ihex_writer writer;
};

static void hex_begin(struct hex *hex, const char *name)
{
    hex->file = fopen(name, "w");
    ck_assert_ptr_nonnull(hex->file);
    ihex_begin(&hex->writer, to_stream, hex->file);
}

static void hex_put(struct hex *hex, uint32_t address, const uint8_t *bytes, size_t len)
{
    ck_assert_int_eq(ihex_write(&hex->writer, address, bytes, len), OX_OK);
}

static struct fw_image *hex_load(struct hex *hex, const char *name)
{
    ck_assert_int_eq(ihex_end(&hex->writer), OX_OK);
    ck_assert_int_eq(fclose(hex->file), 0);
    return load_ok(name, FW_AUTO);
}

/* Vectors, then len bytes at address. */
static struct fw_image *bootloader_with(uint32_t address, size_t len)
{
    static uint8_t bytes[MAX_BYTES];
    struct hex hex;

    memset(bytes, 0xB0, sizeof bytes);
    hex_begin(&hex, "boot.hex");
    hex_put(&hex, 0, vectors, sizeof vectors);
    hex_put(&hex, address, bytes, len);
    return hex_load(&hex, "boot.hex");
}

struct app {
    uint8_t bytes[OTAV_META_LEN + FW_LEN]; /* as in the slot */
};

/* An application file, unsigned: whoever calls factory_image.h has verified it. */
static void open_application(struct app *app, struct ota_file *ret)
{
    static struct image image;

    image_init(&image, 16, false);
    otav_store_u32(image.meta + OTAV_META_FW_LEN_OFF, FW_LEN);
    memcpy(app->bytes, image.meta, OTAV_META_LEN);
    for (size_t i = 0; i < FW_LEN; i++) {
        app->bytes[OTAV_META_LEN + i] = i < DATA_LEN ? (uint8_t)(i * 7 + (i >> 8) * 13) : 0xFF;
    }
    put_file("app.bin", app->bytes, sizeof app->bytes);
    ck_assert_int_eq(ota_file_open_whole("app.bin", ret), OX_OK);
    ck_assert_int_eq(ota_file_require(ret), OX_OK);
}

/* The build of that image, with one byte of each set of configuration words, and one piece more. */
static struct fw_image *load_build(const struct app *app, uint32_t extra, size_t extra_len)
{
    uint8_t words[16];
    struct hex hex;

    memset(words, 0xC0, sizeof words);
    hex_begin(&hex, "build.hex");
    if (extra < OTAV_FUSES_ADDRESS) {
        hex_put(&hex, extra, words, extra_len);
    }
    hex_put(&hex, OTAV_FUSES_ADDRESS, words, 1);
    hex_put(&hex, OTAV_FUSES_END - 1, words, 1);
    hex_put(&hex, OTAV_FW_ADDRESS, app->bytes + OTAV_META_LEN, DATA_LEN);
    if (extra > OTAV_FW_ADDRESS) {
        hex_put(&hex, extra, words, extra_len);
    }
    return hex_load(&hex, "build.hex");
}

/* ---- bootloader ------------------------------------------------------------------------------- */

static bool is_code(uint32_t address)
{
    return address < 0x4000 || (address >= 0x5000 && address < 0x5C80);
}

static void judge_range(uint32_t address, size_t len)
{
    struct fw_image *image = bootloader_with(address, len);
    uint32_t bad = address;
    char text[16];
    enum ox ox;

    while (bad < address + len && is_code(bad)) {
        bad++;
    }
    catch_diagnostics();
    ox = factory_check_bootloader(image);
    ck_assert_int_eq(ox, bad == address + len ? OX_OK : OX_MALFORMED);
    if (ox == OX_OK) {
        ck_assert_str_eq(caught(), "");
    } else {
        (void)snprintf(text, sizeof text, "0x%08x is ", bad);
        ck_assert_msg(strstr(caught(), text) != NULL, "%s: %s", text, caught());
    }
    fw_free(image);
}

START_TEST(test_factory_every_byte_of_a_bootloader_is_judged_by_its_place)
{
    static const uint32_t borders[] = {0x4000, 0x5000, 0x5C80, 0x5E00, 0x6000, 0x7000};

    for (size_t i = 0; i < sizeof borders / sizeof borders[0]; i++) {
        for (uint32_t address = borders[i] - 3; address < borders[i] + 3; address++) {
            for (size_t len = 1; len <= 4; len++) {
                judge_range(address, len);
            }
        }
    }
    for (uint32_t address = 8; address < 0x6000; address += 97) {
        judge_range(address, 1);
    }
    judge_range(8, 0x3FF8);
    judge_range(8, 0x3FF9);
    judge_range(8, 0x6000);
    judge_range(0x5000, 0xC80);
    judge_range(0x5000, 0xC81);
    judge_range(OTAV_FUSES_ADDRESS, 4);
    judge_range(OTAV_FW_ADDRESS, 4);
    judge_range(0xFFFFFFF0, 15);
}
END_TEST

START_TEST(test_factory_bootloader_needs_its_vectors)
{
    for (size_t len = 1; len <= sizeof vectors; len++) {
        for (uint32_t start = 0; start + len <= sizeof vectors; start++) {
            struct fw_image *image;
            struct hex hex;

            hex_begin(&hex, "boot.hex");
            hex_put(&hex, start, vectors + start, len);
            hex_put(&hex, 0x40, vectors, sizeof vectors);
            image = hex_load(&hex, "boot.hex");
            catch_diagnostics();
            ck_assert_int_eq(factory_check_bootloader(image),
                             len == sizeof vectors ? OX_OK : OX_MALFORMED);
            fw_free(image);
        }
    }
}
END_TEST

/* ---- the application's build ------------------------------------------------------------------- */

START_TEST(test_factory_build_is_the_signed_one)
{
    static struct app app;
    struct ota_file application;
    struct fw_image *build;

    open_application(&app, &application);
    build = load_build(&app, 0x100, 16); /* a stock bootloader in it is not looked at */
    catch_diagnostics();
    ck_assert_msg(factory_check_app_hex(build, &application) == OX_OK, "%s", caught());
    fw_free(build);
    for (size_t i = 0; i < DATA_LEN; i += 6997) {
        app.bytes[OTAV_META_LEN + i] ^= 1;
        build = load_build(&app, 0x100, 16);
        catch_diagnostics();
        ck_assert_int_eq(factory_check_app_hex(build, &application), OX_MALFORMED);
        ck_assert_ptr_nonnull(strstr(caught(), "differs from the signed application"));
        app.bytes[OTAV_META_LEN + i] ^= 1;
        fw_free(build);
    }
    ota_file_close(&application);
}
END_TEST

START_TEST(test_factory_build_outside_its_places_is_refused)
{
    static const struct {
        uint32_t address;
        const char *text;
    } cases[] = {{OTAV_FUSES_ADDRESS - 1, "data at 0x00045e7f is outside the slot"},
                 {OTAV_FW_ADDRESS + FW_LEN, "data up to 0x01011370, expected at most the 70000"},
                 {0x0107C000, "the application data area"},
                 {0x01080000, "slot 1"}};
    static struct app app;
    struct ota_file application;

    open_application(&app, &application);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fw_image *build = load_build(&app, cases[i].address, 1);

        catch_diagnostics();
        ck_assert_int_eq(factory_check_app_hex(build, &application), OX_MALFORMED);
        ck_assert_msg(strstr(caught(), cases[i].text) != NULL, "%s", caught());
        fw_free(build);
    }
    ota_file_close(&application);
}
END_TEST

/* ---- all of it -------------------------------------------------------------------------------- */

struct fixture {
    struct app app;
    struct ota_file application;
    struct fw_image *bootloader;
    struct fw_image *build;
    uint8_t record[OTAV_PROVISION_LEN];
    struct factory_image factory;
};

static void open_all(struct fixture *f)
{
    open_application(&f->app, &f->application);
    f->bootloader = bootloader_with(0x5000, 0xC80);
    f->build = load_build(&f->app, 0x5000, 16);
    for (size_t i = 0; i < sizeof f->record; i++) {
        f->record[i] = (uint8_t)(i * 7 + 1);
    }
    f->factory = (struct factory_image){f->bootloader, f->record, f->build, &f->application};
}

static void close_all(struct fixture *f)
{
    fw_free(f->bootloader);
    fw_free(f->build);
    ota_file_close(&f->application);
}

START_TEST(test_factory_result_is_each_input_in_its_place)
{
    static struct fixture f;
    struct factory_sizes sizes;
    struct seen seen = {0};
    struct fw_image *result;
    FILE *file = fopen("factory.hex", "w");

    open_all(&f);
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(factory_write(&f.factory, to_stream, file, &sizes), OX_OK);
    ck_assert_int_eq(fclose(file), 0);
    result = load_ok("factory.hex", FW_IHEX);
    ck_assert_uint_eq(sizes.bootloader, sizeof vectors + 0xC80);
    ck_assert_uint_eq(sizes.config_words, 2);
    ck_assert_uint_eq(sizes.application, OTAV_META_LEN + FW_LEN);
    expect_bytes(result, 0, vectors, sizeof vectors);
    ck_assert_uint_eq(OTAV_PROVISION_ADDRESS, 0x5C80);
    expect_bytes(result, 0x5C80, f.record, sizeof f.record);
    expect_bytes(result, 0x5C7F, "\xB0", 1);
    expect_bytes(result, 0x45E80, "\xC0\xFF", 2);
    expect_bytes(result, 0x45FBE, "\xFF\xC0", 2);
    expect_bytes(result, 0x01000000, f.app.bytes, OTAV_META_LEN + FW_LEN);
    ck_assert_int_eq(fw_for_each(result, see, &seen), OX_OK);
    ck_assert_uint_eq(seen.total, sizes.bootloader + sizeof f.record + 2 + sizes.application);
    fw_free(result);
    close_all(&f);
}
END_TEST

/* Takes that many records, then fails. */
static enum ox take_some(void *user, const char *text, size_t len)
{
    unsigned *left = user;

    (void)text;
    (void)len;
    if (*left == 0) {
        return OX_IO;
    }
    (*left)--;
    return OX_OK;
}

START_TEST(test_factory_failing_output_is_reported)
{
    static struct fixture f;
    struct factory_sizes sizes = {.application = 1};
    unsigned count = 0;

    open_all(&f);
    for (unsigned left = 0; left < 10000; left += left < 250 ? 1 : 499) {
        unsigned rest = left;

        if (factory_write(&f.factory, take_some, &rest, &sizes) == OX_OK) {
            ck_assert_uint_gt(count, 250);
            close_all(&f);
            return;
        }
        ck_assert_uint_eq(rest, 0);
        ck_assert_uint_eq(sizes.application, 1);
        count++;
    }
    ck_abort_msg("never written");
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_unchecked_fixture(tcase, enter_temp_folder, leave_temp_folder);
    tcase_add_test(tcase, test_factory_every_byte_of_a_bootloader_is_judged_by_its_place);
    tcase_add_test(tcase, test_factory_bootloader_needs_its_vectors);
    tcase_add_test(tcase, test_factory_build_is_the_signed_one);
    tcase_add_test(tcase, test_factory_build_outside_its_places_is_refused);
    tcase_add_test(tcase, test_factory_result_is_each_input_in_its_place);
    tcase_add_test(tcase, test_factory_failing_output_is_reported);
}

int main(void)
{
    return unit_main("factory_image", add_tests);
}
