/*
 * otaimg send against the bootloader's own binary: the tool opens a terminal, behind which the
 * emulated chip serves serial DFU. What arrives is what the next boot installs, and a disturbed line
 * costs repetitions, not the image.
 */
#include "unit.h"

#include <fcntl.h>
#include <otav/otav_error.h>
#include <otav/otav_openssl.h>
#include <otav/otav_provision.h>
#include <sys/wait.h>
#include <unistd.h>

#include "boot.h"
#include "image_builder.h"
#include "pty_line.h"
#include "wbz451_inferred.h"

#define SLOT0 OTAV_SLOT0_ADDRESS
#define SLOT1 OTAV_SLOT1_ADDRESS

enum { APP_STACK = 0x2001F000, APP_ENTRY = 0x01000400, FW_LEN = 9008, PAGES = 3 };
enum { REQUESTS_BEFORE = 2, LEN = OTAV_META_LEN + FW_LEN }; /* version, id */

/* Version, first page's erase, another page's program, first page's program. */
static const unsigned disturbed[] = {1, 3, 5, 8};

enum { DISTURBED_COUNT = sizeof disturbed / sizeof disturbed[0] };

static struct chip *chip;
static struct image_key key;
static struct image old_image;
static struct image new_image;
static struct line line;
static char folder[] = "/tmp/otaimg-send-XXXXXX";
static char output[8192];
static char errors[8192];

/* ---- world ------------------------------------------------------------------------------------ */

static void make_image(struct image *image, uint32_t version, uint8_t fill)
{
    const uint32_t vectors[] = {APP_STACK, APP_ENTRY | 1};

    image_init(image, FW_LEN, true);
    image_write_area(image);
    otav_store_u32(image->meta + OTAV_META_FW_REVISION_OFF, version);
    for (unsigned i = 0; i < FW_LEN; i++) {
        image->fw[i] = (uint8_t)(i * 7 + i / 256 + fill);
    }
    memcpy(image->fw, vectors, sizeof vectors);
    image_sign(image, &key);
}

static void put_image(uint32_t slot, const struct image *image)
{
    chip_flash_write(chip, slot, image->meta, OTAV_META_LEN);
    chip_flash_write(chip, slot + OTAV_META_LEN, image->fw, image->fw_len);
}

static bool holds(uint32_t slot, const struct image *image)
{
    return memcmp(chip_flash(chip, slot), image->meta, OTAV_META_LEN) == 0 &&
           memcmp(chip_flash(chip, slot + OTAV_META_LEN), image->fw, image->fw_len) == 0;
}

static void write_file(const char *name, const void *bytes, size_t len)
{
    FILE *file = fopen(name, "wb");

    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes, 1, len, file), len);
    ck_assert_int_eq(fclose(file), 0);
}

static void write_ota(const char *name, bool encrypted)
{
    static struct image_file file;

    image_file_build(&file, &new_image, OTAV_FILE_BLE, encrypted, 0);
    write_file(name, file.bytes, file.len);
}

static void provision(void)
{
    struct otav_config config;
    uint8_t record[OTAV_PROVISION_LEN];

    image_config(&config, &key);
    config.has_installed = false;
    config.installed_version = 0;
    config.counter_floor = 0;
    ck_assert_int_eq(otav_provision_encode(&config, &otav_crypto_openssl, record), OTAV_OK);
    chip_flash_write(chip, OTAV_PROVISION_ADDRESS, record, sizeof record);
}

/* A device that runs the old image and was reset with its pin held. */
static void set_up(void)
{
    ck_assert_ptr_nonnull(mkdtemp(folder));
    ck_assert_int_eq(chdir(folder), 0);
    image_key_generate(&key);
    make_image(&old_image, 0x01000000, 1);
    make_image(&new_image, 0x02000000, 2);
    write_ota("new.ota", false);
    chip = chip_open(GUESTS "/wbz451/bootloader_wbz451.elf");
    ck_assert_ptr_nonnull(chip);
    chip_settings(chip)->limit = 400000000;
    provision();
    put_image(SLOT0, &old_image);
    put_image(SLOT1, &old_image); /* there is something to erase */
    chip_settings(chip)->pins_low = WBZ451_DFU_PIN;
    chip_settings(chip)->quiet_polls = 1000;
    chip_reset(chip, CHIP_POWER_ON);
    ck_assert_int_eq(chip_run(chip), CHIP_QUIET);
    line_open(&line, chip, "port");
}

static void tear_down(void)
{
    static const char *const names[] = {"new.ota", "encrypted.ota", "aes.key", "stdout", "stderr"};

    ck_assert_msg(chip_broken_rules(chip) == 0, "%s", chip_first_broken_rule(chip));
    line_close(&line);
    chip_close(chip);
    image_key_free(&key);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        (void)unlink(names[i]);
    }
    ck_assert_int_eq(rmdir(folder), 0);
}

static void read_text(const char *name, char *text, size_t max)
{
    FILE *file = fopen(name, "rb");
    size_t len;

    ck_assert_ptr_nonnull(file);
    len = fread(text, 1, max - 1, file);
    text[len] = '\0';
    ck_assert_int_eq(fclose(file), 0);
}

static void redirect(const char *name, int fd)
{
    int file = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    if (file < 0 || dup2(file, fd) < 0) {
        _exit(99);
    }
}

/* An answer that is never lost may take any time; one that is, is waited for. */
static const char *timeout_ms(void)
{
    bool is_lost = line.fault == LINE_LOSES_REPLY || line.fault == LINE_CUTS_REQUEST ||
                   line.fault == LINE_SILENT;

    return is_lost ? "1000" : "60000";
}

/* otaimg send FILE --serial port and three more words, NULL: none. */
static int send_more(const char *file, const char *a, const char *b, const char *c)
{
    const char *timeout = timeout_ms();
    pid_t process = fork();
    int code;

    ck_assert_int_ge(process, 0);
    if (process == 0) {
        redirect("stdout", STDOUT_FILENO);
        redirect("stderr", STDERR_FILENO);
        (void)execl(OTAIMG, "otaimg", "send", file, "--serial", "port", "--timeout", timeout, a, b,
                    c, (char *)NULL);
        _exit(99);
    }
    code = line_serve(&line, process);
    read_text("stdout", output, sizeof output);
    read_text("stderr", errors, sizeof errors);
    return code;
}

static int send_file(void)
{
    return send_more("new.ota", NULL, NULL, NULL);
}

static int send_over(enum line_fault fault, unsigned at)
{
    line.fault = fault;
    line.at = at;
    line.requests = 0;
    line.replies = 0;
    return send_file();
}

static void check_arrived(void)
{
    ck_assert(holds(SLOT1, &new_image));
    ck_assert_int_eq(line.outcome, CHIP_RESET);
    chip_settings(chip)->pins_low = 0;
    chip_reset(chip, CHIP_SOFTWARE_RESET);
    ck_assert_int_eq(chip_run(chip), CHIP_APPLICATION);
    ck_assert(holds(SLOT0, &new_image));
}

/* ---- good lines ------------------------------------------------------------------------------- */

START_TEST(test_send_updates_the_device)
{
    char expected[256];

    ck_assert_msg(send_more("new.ota", "--json", NULL, NULL) == 0, "%s", errors);
    ck_assert_str_eq(errors, "");
    (void)snprintf(expected, sizeof expected, "\"bytes\": %d", LEN);
    ck_assert_ptr_nonnull(strstr(output, expected));
    ck_assert_ptr_nonnull(strstr(output, "\"transport\": \"serial\""));
    ck_assert_ptr_nonnull(strstr(output, "\"device_id\": 536910735")); /* 0x20009B8F */
    ck_assert_ptr_nonnull(strstr(output, "\"pages\": 3"));
    ck_assert_ptr_nonnull(strstr(output, "\"repeated\": 0"));
    ck_assert_uint_eq(line.requests, REQUESTS_BEFORE + 2 * PAGES + 1);
    check_arrived();
}
END_TEST

START_TEST(test_send_decrypts)
{
    write_ota("encrypted.ota", true);
    write_file("aes.key", image_aes_key, sizeof image_aes_key);
    ck_assert_int_eq(send_more("encrypted.ota", NULL, NULL, NULL), OX_DECRYPT);
    ck_assert_uint_eq(line.requests, 0);
    ck_assert_msg(send_more("encrypted.ota", "--decrypt-key=file:aes.key",
                            "--decrypt-iv=00000000000000000000000000000000", NULL) == 0,
                  "%s", errors);
    check_arrived();
}
END_TEST

/* ---- disturbed lines -------------------------------------------------------------------------- */

static void check_repeats(enum line_fault fault, unsigned at)
{
    ck_assert_msg(send_over(fault, at) == 0, "fault %d at %u: %s", fault, at, errors);
    ck_assert_ptr_nonnull(strstr(output, " requests repeated"));
    ck_assert_ptr_null(strstr(output, " 0 requests repeated"));
    check_arrived();
}

START_TEST(test_send_repeats_when_a_reply_is_lost)
{
    check_repeats(LINE_LOSES_REPLY, disturbed[_i]);
}
END_TEST

START_TEST(test_send_repeats_behind_noise)
{
    check_repeats(LINE_ADDS_NOISE, disturbed[_i]);
}
END_TEST

/* Requests that change something; a question that was damaged is one the device does not know. */
START_TEST(test_send_repeats_a_damaged_page)
{
    static const unsigned programs[PAGES] = {5, 7, 8};

    check_repeats(LINE_FLIPS_BIT, programs[_i]);
}
END_TEST

START_TEST(test_send_repeats_half_a_request)
{
    check_repeats(LINE_CUTS_REQUEST, disturbed[_i]);
}
END_TEST

START_TEST(test_send_goes_on_when_the_port_is_back)
{
    ck_assert_msg(send_over(LINE_BREAKS, disturbed[_i]) == 0, "%s", errors);
    ck_assert_ptr_nonnull(strstr(errors, "warning: port: lost, waiting"));
    check_arrived();
}
END_TEST

/* ---- failures --------------------------------------------------------------------------------- */

/* The old image runs, and slot 1 holds nothing, or what it held. */
static void check_refused(int code, const char *message)
{
    ck_assert_int_eq(code, OX_IO);
    ck_assert_msg(strstr(errors, message) != NULL, "%s", errors);
    ck_assert_str_eq(output, "");
    ck_assert(!holds(SLOT1, &new_image));
}

START_TEST(test_send_second_run_after_a_broken_line_updates)
{
    check_refused(send_over(LINE_BREAKS_FOR_GOOD, 6), "the port was lost");
    line_open(&line, chip, "port");
    ck_assert_msg(send_file() == 0, "%s", errors);
    check_arrived();
}
END_TEST

START_TEST(test_send_tells_what_went_wrong)
{
    check_refused(send_over(LINE_SILENT, 0), "no answer to 'version', expected a device in serial");
    ck_assert(holds(SLOT1, &old_image));
    check_refused(send_over(LINE_NOT_KNOWN, 1), "does not know 'version'");
    check_refused(send_over(LINE_NOT_KNOWN, 3), "does not know 'erase'");
    check_refused(send_over(LINE_FAILS, 3), "the device failed to erase 4 times");
    check_refused(send_over(LINE_FAILS, 5), "the device failed to erase 4 times");
    ck_assert_uint_eq(chip_flash(chip, SLOT1)[0], 0xFF); /* the first page comes last */
    ck_assert_int_eq(send_over(LINE_GOOD, 0), 0);
    check_arrived();
}
END_TEST

START_TEST(test_send_refuses_another_device)
{
    ck_assert_int_eq(send_over(LINE_OTHER_DEVICE, 0), OX_WRONG_DEVICE);
    ck_assert_msg(strstr(errors, "device id is 0x20009b0f, expected 0x....9b8f (WBZ451)") != NULL,
                  "%s", errors);
    ck_assert_uint_eq(line.requests, REQUESTS_BEFORE);
    ck_assert(holds(SLOT1, &old_image));
}
END_TEST

/* The image may be there already: it is no failure. */
START_TEST(test_send_warns_when_the_reset_is_not_answered)
{
    ck_assert_int_eq(send_over(LINE_LOSES_REPLY, REQUESTS_BEFORE + 2 * PAGES + 1), 0);
    ck_assert_ptr_nonnull(strstr(errors, "warning: port: no answer to 'reset'"));
    check_arrived();
}
END_TEST

/* All places of a fault; where series are thinned one, which differs from fault to fault. */
static void add_places(TCase *tcase, const TTest *test, int count)
{
    static int turn;
    int first = TEST_STEP > 1 ? turn++ % count : 0;

    tcase_add_loop_test(tcase, test, first, TEST_STEP > 1 ? first + 1 : count);
}

static void add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, test_send_updates_the_device);
    tcase_add_test(tcase, test_send_decrypts);
    add_places(tcase, test_send_repeats_when_a_reply_is_lost, DISTURBED_COUNT);
    add_places(tcase, test_send_repeats_behind_noise, DISTURBED_COUNT);
    add_places(tcase, test_send_repeats_a_damaged_page, PAGES);
    add_places(tcase, test_send_repeats_half_a_request, DISTURBED_COUNT);
    add_places(tcase, test_send_goes_on_when_the_port_is_back, DISTURBED_COUNT);
    tcase_add_test(tcase, test_send_second_run_after_a_broken_line_updates);
    tcase_add_test(tcase, test_send_tells_what_went_wrong);
    tcase_add_test(tcase, test_send_refuses_another_device);
    tcase_add_test(tcase, test_send_warns_when_the_reset_is_not_answered);
}

int main(void)
{
    return unit_main("chip_send", add_tests);
}
