/*
 * The stock format: every file that the vendor's generator wrote, made again from its input and
 * settings, must come out byte for byte; and what reads files must agree about each of them.
 *
 * Layer: test of the whole tool, in process.
 */
#include "load_manifest.h"
#include "unit.h"

#include <dirent.h>
#include <unistd.h>

#include "fw_image.h"
#include "inspection.h"
#include "release.h"
#include "trust.h"
#include "util.h"

#define VENDOR_DIR  GOLDEN_DIR "/microchip/"
#define DEFAULT_KEY "AABBCCDDEEFF00112233445566778899"
#define DEFAULT_IV  "00000000000000000000000000000000"
#define ZIGBEE_DEFAULT                                                                             \
    "manufacturer-code: 0xFFFF, image-type: 0xFFFF, file-version: 0, header-string: MCHP"
#define ZIGBEE_ALL                                                                                 \
    "manufacturer-code: 0x4321, image-type: 0x8765, file-version: 0x01020304, stack-version: 2, "  \
    "header-string: \"otaimg test\", security-credential-version: 1, "                             \
    "destination: 0x8899AABBCCDDEEFF, min-hardware-version: 1, max-hardware-version: 7"

/* NULL: the generator's default of that setting. */
struct vendor_file {
    const char *name;  /* below bz2/ */
    const char *input; /* below inputs/, without .hex */
    const char *type;  /* file-type */
    uint8_t method;    /* OTAV_METHOD_* */
    bool encrypted;
    const char *zigbee;   /* options of the Zigbee header */
    const char *identity; /* version, sequence, image id and manufacturer */
    const char *aes_key;
    const char *iv;
};

#define IDENTITY "version: 2.7.1.30, sequence: 5, image-id: 0x9B000000, manufacturer: MCHP"
#define ECDSA    OTAV_METHOD_ECDSA

static const struct vendor_file files[] = {
    {"ble_plain_none_777.bin", "app_777", "ble", OTAV_METHOD_NONE, false, NULL, NULL, NULL, NULL},
    {"ble_enc_none_777.bin", "app_777", "ble", OTAV_METHOD_NONE, true, NULL, NULL, NULL, NULL},
    {"ble_plain_sha256_777.bin", "app_777", "ble", OTAV_METHOD_SHA256, false, NULL, NULL, NULL,
     NULL},
    {"ble_enc_sha256_777.bin", "app_777", "ble", OTAV_METHOD_SHA256, true, NULL, NULL, NULL, NULL},
    {"ble_plain_ecdsa_777.bin", "app_777", "ble", ECDSA, false, NULL, NULL, NULL, NULL},
    {"ble_enc_ecdsa_777.bin", "app_777", "ble", ECDSA, true, NULL, NULL, NULL, NULL},
    {"ble_enc_ecdsa_16.bin", "app_16", "ble", ECDSA, true, NULL, NULL, NULL, NULL},
    {"ble_enc_ecdsa_2048.bin", "app_2048", "ble", ECDSA, true, NULL, NULL, NULL, NULL},
    {"ble_enc_ecdsa_20001.bin", "app_20001", "ble", ECDSA, true, NULL, NULL, NULL, NULL},
    {"ble_enc_ecdsa_gap.bin", "app_gap", "ble", ECDSA, true, NULL, NULL, NULL, NULL},
    {"ble_enc_ecdsa_customkey_777.bin", "app_777", "ble", ECDSA, true, NULL,
     "version: 9.250.3.128, sequence: 0xFFFE, image-id: 0x12345678, manufacturer: ACME",
     "0F0E0D0C0B0A09080706050403020100", "00112233445566778899AABBCCDDEEFF"},
    {"zigbee_plain_ecdsa_777.bin", "app_777", "zigbee", ECDSA, false, ZIGBEE_DEFAULT, NULL, NULL,
     NULL},
    {"zigbee_enc_ecdsa_777.bin", "app_777", "zigbee", ECDSA, true, ZIGBEE_DEFAULT, NULL, NULL,
     NULL},
    {"zigbee_enc_ecdsa_allopt_777.bin", "app_777", "zigbee", ECDSA, true, ZIGBEE_ALL, NULL, NULL,
     NULL},
    {"combo_plain_ecdsa_777.bin", "app_777", "combo", ECDSA, false, ZIGBEE_DEFAULT, NULL, NULL,
     NULL},
    {"combo_enc_ecdsa_777.bin", "app_777", "combo", ECDSA, true, ZIGBEE_DEFAULT, NULL, NULL, NULL},
    {"combo_enc_ecdsa_allopt_777.bin", "app_777", "combo", ECDSA, true, ZIGBEE_ALL, NULL, NULL,
     NULL},
    {"ble_plain_ecdsa_sig69.bin", "app_sig69", "ble", ECDSA, false, NULL, NULL, NULL, NULL},
    {"ble_plain_ecdsa_sig70.bin", "app_sig70", "ble", ECDSA, false, NULL, NULL, NULL, NULL},
    {"ble_plain_ecdsa_sig71.bin", "app_sig71", "ble", ECDSA, false, NULL, NULL, NULL, NULL},
    {"ble_plain_ecdsa_sig72.bin", "app_sig72", "ble", ECDSA, false, NULL, NULL, NULL, NULL},
    {"project.signed.bin", "app_777", "image", ECDSA, false, NULL, NULL, NULL, NULL},
    {"project.signed.hex", "app_777", "hex", ECDSA, false, NULL, NULL, NULL, NULL},
};

enum { FILE_COUNT = sizeof files / sizeof files[0] };

static char folder[64];
static const struct key_options no_options = {.pin_fd = -1, .passphrase_fd = -1};

/* ---- files in a folder of our own ------------------------------------------------------------- */

static char *in_folder(const char *name)
{
    return xasprintf("%s/%s", folder, name);
}

static void put_text(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");

    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs(text, file), 0);
    ck_assert_int_eq(fclose(file), 0);
}

static uint8_t *get_bytes(const char *path, size_t *ret_len)
{
    FILE *file = fopen(path, "rb");
    uint8_t *bytes;
    long len;

    ck_assert_msg(file != NULL, "cannot open %s", path);
    ck_assert_int_eq(fseek(file, 0, SEEK_END), 0);
    len = ftell(file);
    ck_assert_int_ge(len, 0);
    rewind(file);
    bytes = xmalloc((size_t)len);
    ck_assert_uint_eq(fread(bytes, 1, (size_t)len, file), (size_t)len);
    ck_assert_int_eq(fclose(file), 0);
    *ret_len = (size_t)len;
    return bytes;
}

static void make_folder(void)
{
    strcpy(folder, "/tmp/otaimg-golden-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    catch_diagnostics();
}

static void remove_folder(void)
{
    static const char *const names[] = {"release.yaml", "device.yaml", "aes.hex", "out"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char *path = in_folder(names[i]);

        (void)unlink(path);
        free(path);
    }
    ck_assert_int_eq(rmdir(folder), 0);
}

/* ---- settings to manifest and device ---------------------------------------------------------- */

static const char *or_default(const char *text, const char *otherwise)
{
    return text != NULL ? text : otherwise;
}

static void put_manifest(const struct vendor_file *v, const char *path)
{
    static const char *const methods[] = {"none", "sha256", "ecdsa-p256-sha256"};
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    fprintf(out, "otaimg: 1\ndevice: wbz451\nfile-type: %s\n", v->type);
    fprintf(out, "firmware: {file: \"%sinputs/%s.hex\", %s}\n", VENDOR_DIR, v->input,
            or_default(v->identity, IDENTITY));
    fprintf(out, "authentication: %s\n", methods[v->method]);
    if (v->method == ECDSA) {
        fprintf(out, "sign: {key: \"file:" TEST_KEY_DIR "/test-p256.pem\", class: development}\n");
    }
    if (v->encrypted) {
        fprintf(out, "encrypt: {method: aes-128-cbc, key: \"file:aes.hex\", iv: \"%s\"}\n",
                or_default(v->iv, DEFAULT_IV));
    }
    if (v->zigbee != NULL) {
        fprintf(out, "zigbee: {%s}\n", v->zigbee);
    }
    fclose(out);
    put_text(path, text);
    free(text);
}

static void put_device(const struct vendor_file *v, const char *path)
{
    char *text = xasprintf("otaimg-device: 1\ndevice: wbz451\npolicy: stock\nclass: development\n"
                           "keys: [{public: \"" TEST_KEY_DIR "/test-p256.pub.pem\", "
                           "class: development, roles: [application]}]\n"
                           "manufacturer: %s\n"
                           "installed: {version: 2.7.1.29, security-counter: 0}\n"
                           "decrypt: {key: \"file:aes.hex\", iv: \"%s\"}\n",
                           v->identity != NULL ? "ACME" : "MCHP", or_default(v->iv, DEFAULT_IV));

    put_text(path, text);
    free(text);
}

static void put_settings(const struct vendor_file *v)
{
    char *manifest = in_folder("release.yaml");
    char *device = in_folder("device.yaml");
    char *aes = in_folder("aes.hex");

    put_manifest(v, manifest);
    put_device(v, device);
    put_text(aes, or_default(v->aes_key, DEFAULT_KEY));
    free(manifest);
    free(device);
    free(aes);
}

/* ---- building --------------------------------------------------------------------------------- */

static enum ox build(const char *output, bool allow_insecure)
{
    struct release_options options = {.keys = no_options, .allow_insecure = allow_insecure};
    struct key_ring *ring = key_ring_new(&options.keys);
    struct release_result result;
    struct manifest m;
    char *path = in_folder("release.yaml");
    enum ox ox = load_manifest(path, NULL, 0, &m);

    ck_assert_msg(ox == OX_OK, "%s", caught());
    ox = release_build(&m, output, &options, ring, &result);
    key_ring_free(ring);
    manifest_free(&m);
    free(path);
    return ox;
}

struct slot_bytes {
    const struct fw_image *other;
    size_t len;
};

static enum ox same_in_other(void *user, uint32_t address, const uint8_t *bytes, size_t len)
{
    struct slot_bytes *s = user;
    uint8_t *theirs = xmalloc(len);

    ck_assert_int_eq(fw_read(s->other, address, theirs, len), OX_OK);
    ck_assert_msg(memcmp(bytes, theirs, len) == 0, "bytes differ near 0x%08X", address);
    s->len += len;
    free(theirs);
    return OX_OK;
}

/* Record layout is not format: what counts is which byte goes where. */
static void assert_same_hex(const char *ours, const char *theirs)
{
    struct fw_image *a = NULL;
    struct fw_image *b = NULL;
    struct slot_bytes forth = {NULL, 0};
    struct slot_bytes back = {NULL, 0};

    ck_assert_int_eq(fw_load(ours, FW_IHEX, 0, &a), OX_OK);
    ck_assert_int_eq(fw_load(theirs, FW_IHEX, 0, &b), OX_OK);
    forth.other = b;
    back.other = a;
    ck_assert_int_eq(fw_for_each(a, same_in_other, &forth), OX_OK);
    ck_assert_int_eq(fw_for_each(b, same_in_other, &back), OX_OK);
    ck_assert_uint_eq(forth.len, back.len);
    ck_assert_uint_eq(forth.len, OTAV_META_LEN + 777);
    fw_free(a);
    fw_free(b);
}

static void assert_same_bytes(const char *ours, const char *theirs)
{
    size_t our_len = 0;
    size_t their_len = 0;
    uint8_t *a = get_bytes(ours, &our_len);
    uint8_t *b = get_bytes(theirs, &their_len);

    ck_assert_uint_eq(our_len, their_len);
    for (size_t i = 0; i < our_len; i++) {
        ck_assert_msg(a[i] == b[i], "%s: byte %zu is 0x%02X, the generator wrote 0x%02X", theirs, i,
                      a[i], b[i]);
    }
    free(a);
    free(b);
}

START_TEST(test_build_vendor_settings_gives_vendor_bytes)
{
    const struct vendor_file *v = &files[_i];
    char *theirs = xasprintf("%sbz2/%s", VENDOR_DIR, v->name);
    char *ours = in_folder("out");

    put_settings(v);
    if (v->method != ECDSA) {
        ck_assert_int_eq(build(ours, false), OX_POLICY);
        ck_assert_int_eq(access(ours, F_OK), -1);
    }
    ck_assert_msg(build(ours, true) == OX_OK, "%s", caught());
    if (strcmp(v->type, "hex") == 0) {
        assert_same_hex(ours, theirs);
    } else {
        assert_same_bytes(ours, theirs);
    }
    free(ours);
    free(theirs);
}
END_TEST

/* ---- reading ---------------------------------------------------------------------------------- */

static void open_vendor(const struct vendor_file *v, bool with_key, struct ota_file *ret)
{
    char *path = xasprintf("%sbz2/%s", VENDOR_DIR, v->name);

    ck_assert_int_eq(ota_file_open_whole(path, ret), OX_OK);
    if (with_key && v->encrypted) {
        char *uri = xasprintf("file:%s/aes.hex", folder);

        ck_assert(hex_decode(or_default(v->iv, DEFAULT_IV), ret->iv, sizeof ret->iv));
        ck_assert_int_eq(cipher_open(uri, &no_options, &ret->cipher), OX_OK);
        free(uri);
    }
    free(path);
}

static void assert_no_problem(const struct vendor_file *v, bool with_key)
{
    bool readable = with_key || !v->encrypted;
    enum finding expected = !readable || v->method == OTAV_METHOD_NONE ? FINDING_NONE : FINDING_OK;
    struct inspection i;
    struct ota_file file;
    uint8_t xy[PUBKEY_LEN];

    ck_assert_int_eq(pubkey_load(TEST_KEY_DIR "/test-p256.pub.pem", &no_options, xy), OX_OK);
    open_vendor(v, with_key, &file);
    ck_assert_int_eq(inspection_make(&file, xy, &i), OX_OK);
    ck_assert_msg(i.problem == NULL, "%s: %s", v->name, i.problem);
    ck_assert_int_eq(i.checksum, file.file.has_otau ? FINDING_OK : FINDING_NONE);
    ck_assert_int_eq(i.length, readable ? FINDING_OK : FINDING_NONE);
    ck_assert_int_eq(i.metadata_signature, expected);
    ck_assert_int_eq(i.firmware_signature, expected);
    inspection_free(&i);
    ota_file_close(&file);
}

START_TEST(test_inspect_vendor_file_finds_no_problem)
{
    put_settings(&files[_i]);
    assert_no_problem(&files[_i], true);
    assert_no_problem(&files[_i], false);
}
END_TEST

START_TEST(test_verify_vendor_file_takes_only_signed_ones)
{
    const struct vendor_file *v = &files[_i];
    char *device = in_folder("device.yaml");
    struct trust trust = {.device_path = device, .purpose = OTAV_INSTALL};
    struct ota_file file;

    put_settings(v);
    open_vendor(v, false, &file);
    if (v->method == ECDSA) {
        ck_assert_msg(trust_check(&trust, &file, &no_options, NULL) == OX_OK, "%s", caught());
    } else {
        ck_assert_int_eq(trust_check(&trust, &file, &no_options, NULL), OX_POLICY);
        ck_assert_ptr_nonnull(strstr(caught(), "expected ecdsa-p256-sha256 (OTAV_ERR_METHOD)"));
    }
    ota_file_close(&file);
    free(device);
}
END_TEST

struct firmware_bytes {
    uint8_t *bytes;
    size_t len;
};

static enum ox keep_piece(void *user, uint32_t offset, const uint8_t *bytes, size_t len)
{
    struct firmware_bytes *f = user;

    ck_assert_uint_eq(offset, f->len);
    f->bytes = xrealloc(f->bytes, f->len + len);
    memcpy(f->bytes + f->len, bytes, len);
    f->len += len;
    return OX_OK;
}

/* The input's bytes at the place of the firmware, gaps and padding as erased flash. */
static uint8_t *expected_firmware(const struct vendor_file *v, size_t len)
{
    char *path = xasprintf("%sinputs/%s.hex", VENDOR_DIR, v->input);
    uint8_t *bytes = xmalloc(len);
    struct fw_image *image = NULL;

    ck_assert_int_eq(fw_load(path, FW_IHEX, 0, &image), OX_OK);
    ck_assert_int_eq(fw_read(image, OTAV_FW_ADDRESS, bytes, len), OX_OK);
    fw_free(image);
    free(path);
    return bytes;
}

START_TEST(test_extract_vendor_file_gives_input)
{
    const struct vendor_file *v = &files[_i];
    char *key = xstrdup(TEST_KEY_DIR "/test-p256.pub.pem");
    struct trust trust = {.key_uri = v->method == ECDSA ? key : NULL, .none = v->method != ECDSA};
    struct firmware_bytes firmware = {NULL, 0};
    uint8_t metadata[OTAV_META_LEN];
    struct ota_file file;
    uint8_t *expected;

    put_settings(v);
    open_vendor(v, true, &file);
    ck_assert_msg(trust_check(&trust, &file, &no_options, NULL) == OX_OK, "%s", caught());
    ck_assert_int_eq(ota_file_metadata(&file, metadata), OX_OK);
    ck_assert_int_eq(ota_file_for_each_firmware(&file,
                                                otav_load_u32(metadata + OTAV_META_FW_LEN_OFF),
                                                keep_piece, &firmware),
                     OX_OK);
    expected = expected_firmware(v, firmware.len);
    ck_assert_mem_eq(firmware.bytes, expected, firmware.len);
    ck_assert_uint_eq(firmware.len, otav_load_u32(metadata + OTAV_META_FW_LEN_OFF));
    free(expected);
    free(firmware.bytes);
    free(key);
    ota_file_close(&file);
}
END_TEST

/* ---- the signature lengths that the inputs were picked for ------------------------------------ */

START_TEST(test_vendor_files_cover_all_der_lengths)
{
    for (uint8_t len = 69; len <= 72; len++) {
        char *path = xasprintf("%sbz2/ble_plain_ecdsa_sig%u.bin", VENDOR_DIR, len);
        size_t file_len = 0;
        uint8_t *bytes = get_bytes(path, &file_len);

        ck_assert_uint_gt(file_len, OTAV_OTAU_LEN + OTAV_META_LEN);
        ck_assert_uint_eq(bytes[OTAV_OTAU_LEN + OTAV_META_FW_SIG_LEN_OFF], len);
        free(bytes);
        free(path);
    }
}
END_TEST

START_TEST(test_vendor_files_are_all_in_the_table)
{
    DIR *dir = opendir(VENDOR_DIR "bz2");
    const struct dirent *entry;
    unsigned count = 0;

    ck_assert_ptr_nonnull(dir);
    while ((entry = readdir(dir)) != NULL) {
        count += entry->d_name[0] != '.' ? 1 : 0;
    }
    closedir(dir);
    ck_assert_uint_eq(count, FILE_COUNT);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_checked_fixture(tc, make_folder, remove_folder);
    tcase_add_loop_test(tc, test_build_vendor_settings_gives_vendor_bytes, 0, FILE_COUNT);
    tcase_add_loop_test(tc, test_inspect_vendor_file_finds_no_problem, 0, FILE_COUNT);
    tcase_add_loop_test(tc, test_verify_vendor_file_takes_only_signed_ones, 0, FILE_COUNT);
    tcase_add_loop_test(tc, test_extract_vendor_file_gives_input, 0, FILE_COUNT);
    tcase_add_test(tc, test_vendor_files_cover_all_der_lengths);
    tcase_add_test(tc, test_vendor_files_are_all_in_the_table);
}

int main(void)
{
    printf("vendor files: %d\n", FILE_COUNT);
    return unit_main("microchip", add_tests);
}
