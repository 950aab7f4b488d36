/* Release manifests: what the examples mean, every rule with its message, damaged input. */
#include "doc_tests.h"
#include "load_manifest.h"
#include "unit.h"

#include <otav/otav_config.h>

#include "manifest.h"
#include "yaml_doc.h"

#define RELEASE TEST_DATA_DIR "/../examples/release.yaml"
#define COMBO   TEST_DATA_DIR "/../examples/release-combo.yaml"
#define STOCK   TEST_DATA_DIR "/../examples/release-stock.yaml"
#define FOLDER  TEST_DATA_DIR "/../examples/"

static enum ox read_bytes(const char *text, size_t len, struct manifest *ret)
{
    struct yaml_doc *doc = NULL;
    enum ox ox = ydoc_load_bytes("m.yaml", text, len, &doc);

    if (ox == OX_OK) {
        ox = manifest_from_doc(doc, ret);
    }
    ydoc_free(doc);
    return ox;
}

static void load_ok(const char *path, const char *const *sets, unsigned set_count,
                    struct manifest *ret)
{
    catch_diagnostics();
    ck_assert_msg(load_manifest(path, sets, set_count, ret) == OX_OK, "%s", caught());
    ck_assert_str_eq(caught(), "");
}

START_TEST(test_manifest_full_example_read)
{
    static const uint8_t product[16] = {0x7d, 0x7c, 0x9f, 0x0e, 0x3b, 0x53, 0x4c, 0x1e,
                                        0x9a, 0x86, 0x0a, 0x8f, 0x5c, 0x1d, 0x2e, 0x3f};
    static const uint8_t iv[16] = {0x5a, 0x1d, 0x0c, 0x93, 0xe7, 0xf2, 0x4b, 0x68,
                                   0xa9, 0x0c, 0x3e, 0x5f, 0x71, 0xd2, 0xb4, 0x86};
    struct manifest m;

    load_ok(RELEASE, NULL, 0, &m);
    ck_assert_str_eq(m.path, RELEASE);
    ck_assert_str_eq(m.firmware_file, FOLDER "app.hex");
    ck_assert_int_eq(m.firmware_format, FW_AUTO);
    ck_assert_uint_eq(m.firmware_address, OTAV_FW_ADDRESS);
    ck_assert_uint_eq(m.version, 0x01040200);
    ck_assert_uint_eq(m.sequence, 7);
    ck_assert_uint_eq(m.image_id, 0x9B000000u);
    ck_assert_mem_eq(m.manufacturer, "MCHP", 4);
    ck_assert_uint_eq(m.method, OTAV_METHOD_ECDSA);
    ck_assert_str_eq(m.sign_key, "pkcs11:token=release;object=wbz451-app");
    ck_assert(m.encrypt);
    ck_assert_str_eq(m.encrypt_key, "file:" FOLDER "keys/aes.bin");
    ck_assert_mem_eq(m.encrypt_iv, iv, 16);
    ck_assert(m.has_attributes);
    ck_assert_mem_eq(m.product, product, 16);
    ck_assert_uint_eq(m.hardware_class, 0x102);
    ck_assert_uint_eq(m.hardware_min_revision, 1);
    ck_assert_uint_eq(m.hardware_max_revision, 4);
    ck_assert_uint_eq(m.security_counter, 3);
    ck_assert(m.has_min_installed);
    ck_assert_uint_eq(m.min_installed_version, 0x01020000);
    ck_assert_uint_eq(m.image_type, 1);
    ck_assert_uint_eq(m.activation, 1);
    ck_assert(m.has_min_battery);
    ck_assert_uint_eq(m.min_battery, 30);
    ck_assert_uint_eq(m.revoke_keys, 2);
    manifest_free(&m);
}
END_TEST

START_TEST(test_manifest_full_example_information_read)
{
    struct manifest m;

    load_ok(RELEASE, NULL, 0, &m);
    ck_assert(m.has_release);
    ck_assert_uint_eq(m.release_kind, 2);
    ck_assert(m.release_mandatory);
    ck_assert(m.has_support_end);
    ck_assert_uint_eq(m.support_end_days, 22644);
    ck_assert_str_eq(m.sbom_file, FOLDER "sbom.cdx.json");
    ck_assert_uint_eq(m.source_revision_len, 20);
    ck_assert_uint_eq(m.source_revision[0], 0x01);
    ck_assert_uint_eq(m.source_revision[19], 0x67);
    ck_assert_uint_eq(m.user_count, 2);
    ck_assert_uint_eq(m.user[0].type, 0x8801);
    ck_assert_uint_eq(m.user[0].len, 2);
    ck_assert_mem_eq(m.user[0].bytes, "\x00\xff", 2);
    ck_assert_uint_eq(m.user[1].type, 0x8802);
    ck_assert_uint_eq(m.user[1].len, 1);
    ck_assert_mem_eq(m.user[1].bytes, "\x01", 1);
    ck_assert_int_eq(m.file_type, FILE_TYPE_BLE);
    ck_assert(!m.has_zigbee);
    ck_assert_str_eq(m.output, FOLDER "app.ota");
    manifest_free(&m);
    manifest_free(&m);
}
END_TEST

START_TEST(test_manifest_zigbee_example_read)
{
    static const uint8_t destination[8] = {0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77};
    struct manifest m;

    load_ok(COMBO, NULL, 0, &m);
    ck_assert_int_eq(m.file_type, FILE_TYPE_COMBO);
    ck_assert(m.has_zigbee);
    ck_assert_uint_eq(m.zigbee_manufacturer_code, 0x1234);
    ck_assert_uint_eq(m.zigbee_image_type, 0x5678);
    ck_assert_uint_eq(m.zigbee_file_version, 1);
    ck_assert_uint_eq(m.zigbee_stack_version, 2);
    ck_assert_str_eq(m.zigbee_header_string, "Lamp 1.0");
    ck_assert(m.has_zigbee_credential);
    ck_assert_uint_eq(m.zigbee_credential_version, 1);
    ck_assert(m.has_zigbee_destination);
    ck_assert_mem_eq(m.zigbee_destination, destination, 8);
    ck_assert(m.has_zigbee_hardware);
    ck_assert_uint_eq(m.zigbee_min_hardware, 1);
    ck_assert_uint_eq(m.zigbee_max_hardware, 7);
    ck_assert(!m.encrypt);
    ck_assert(!m.has_attributes);
    manifest_free(&m);
}
END_TEST

START_TEST(test_manifest_left_out_keys_default)
{
    static const char text[] = "otaimg: 1\ndevice: wbz451\nauthentication: none\n"
                               "firmware: {file: a.elf, version: 0.0.0.0, sequence: 1}\n";
    struct manifest m;

    ck_assert_int_eq(read_bytes(text, strlen(text), &m), OX_OK);
    ck_assert_uint_eq(m.method, OTAV_METHOD_NONE);
    ck_assert_uint_eq(m.image_id, 0x9B000000u);
    ck_assert_mem_eq(m.manufacturer, "MCHP", 4);
    ck_assert_uint_eq(m.firmware_address, OTAV_FW_ADDRESS);
    ck_assert_ptr_null(m.sign_key);
    ck_assert_ptr_null(m.output);
    ck_assert_int_eq(m.file_type, FILE_TYPE_BLE);
    ck_assert_uint_eq(m.image_type, 1);
    ck_assert_uint_eq(m.activation, 1);
    ck_assert_uint_eq(m.revoke_keys, 0);
    ck_assert(!m.has_attributes && !m.encrypt && !m.has_zigbee);
    ck_assert_str_eq(m.firmware_file, "a.elf");
    manifest_free(&m);
}
END_TEST

START_TEST(test_manifest_class_and_lint_read)
{
    static const char *const sets[] = {"sign.class=development", "lint.off.zero-iv=stock device"};
    static const char *const production[] = {"sign.class=production"};
    struct manifest m;

    load_ok(RELEASE, NULL, 0, &m);
    ck_assert(m.production);
    for (int i = 0; i < LINT_RULE_COUNT; i++) {
        ck_assert_ptr_null(m.lint_off[i]);
    }
    manifest_free(&m);
    load_ok(RELEASE, production, 1, &m);
    ck_assert(m.production);
    manifest_free(&m);
    load_ok(RELEASE, sets, 2, &m);
    ck_assert(!m.production);
    ck_assert_str_eq(m.lint_off[LINT_ZERO_IV], "stock device");
    ck_assert_ptr_null(m.lint_off[LINT_NO_SBOM]);
    manifest_free(&m);
}
END_TEST

/* Without a key there is nothing that a production device would trust. */
START_TEST(test_manifest_without_key_is_no_production_release)
{
    static const char text[] = "otaimg: 1\ndevice: wbz451\nauthentication: none\n"
                               "firmware: {file: a.elf, version: 0.0.0.0, sequence: 1}\n";
    struct manifest m;

    ck_assert_int_eq(read_bytes(text, strlen(text), &m), OX_OK);
    ck_assert(!m.production);
    manifest_free(&m);
}
END_TEST

START_TEST(test_manifest_raw_binary_address_read)
{
    static const char *const sets[] = {"firmware.address=0x01000000",
                                       "firmware.manufacturer=AB",
                                       "sign.key=file:other.pem",
                                       "attributes.image-type=secondary",
                                       "attributes.activation=permanent",
                                       "attributes.product=00000000-0000-0000-0000-000000000001",
                                       "attributes.hardware.class=5",
                                       "attributes.hardware.min-revision=6",
                                       "attributes.hardware.max-revision=6",
                                       "attributes.security-counter=0xFFFEFFFF",
                                       "output=here.ota"};
    struct manifest m;

    load_ok(STOCK, sets, sizeof sets / sizeof sets[0], &m);
    ck_assert_int_eq(m.firmware_format, FW_BIN);
    ck_assert_uint_eq(m.firmware_address, 0x01000000);
    ck_assert_mem_eq(m.manufacturer, "AB\0\0", 4);
    ck_assert_str_eq(m.sign_key, "file:other.pem");
    ck_assert_uint_eq(m.image_type, 3);
    ck_assert_uint_eq(m.activation, 2);
    ck_assert_uint_eq(m.product[15], 1);
    ck_assert_uint_eq(m.hardware_class, 5);
    ck_assert_uint_eq(m.security_counter, 0xFFFEFFFFu);
    ck_assert(!m.has_release && !m.has_min_battery && !m.has_min_installed);
    ck_assert_str_eq(m.output, "here.ota");
    manifest_free(&m);
}
END_TEST

/* ---- rules ------------------------------------------------------------------------------------ */

static enum ox check_manifest(struct yaml_doc *doc)
{
    struct manifest m;
    enum ox ox = manifest_from_doc(doc, &m);

    if (ox == OX_OK) {
        manifest_free(&m);
    }
    return ox;
}

static const struct doc_reader reader = {"m.yaml", check_manifest};

START_TEST(test_manifest_broken_rule_refused)
{
    static const struct doc_rule rules[] = {
        {"otaimg: 1\n", "otaimg: 2\n", "2:9: 'otaimg' is 2, expected 1"},
        {"otaimg: 1\n", "", "2:1: 'otaimg' is missing"},
        {"device: wbz451", "device: wbz452", "3:9: 'device' is 'wbz452', expected wbz451"},
        {"sequence: 7", "sequence: 0", "7:13: 'sequence' is 0, expected 1..4294967294"},
        {"sequence: 7", "sequense: 7",
         "7:3: unknown key 'sequense'\nhint: did you mean 'sequence'?"},
        {"  sequence: 7\n", "", "5:3: 'sequence' is missing in 'firmware'"},
        {"  file: app.hex\n", "  file: app.hex\n  format: ihex\n  address: 0\n",
         "7:3: 'address' given with format 'ihex', expected format bin"},
        {"  file: app.hex\n", "  file: app.hex\n  format: uf2\n",
         "6:11: 'format' is 'uf2', expected elf, ihex, srec or bin"},
        {"manufacturer: MCHP", "manufacturer: MCHPX",
         "9:17: 'manufacturer' is 'MCHPX', expected 1..4 printable ASCII characters"},
        {"authentication: ecdsa-p256-sha256", "authentication: none",
         "11:1: 'sign' given with authentication 'none', expected ecdsa-p256-sha256"},
        {"sign:\n  key: \"pkcs11:token=release;object=wbz451-app\"\n", "",
         "2:1: 'sign' is missing"},
        {"method: aes-128-cbc", "method: aes-256-cbc",
         "14:11: 'method' is 'aes-256-cbc', expected aes-128-cbc"},
        {"\"file:keys/aes.bin\"", "\"exec:sign?public=k.pem\"",
         "15:8: 'exec:sign?public=k.pem' signs and does not encrypt, expected file:PATH or "
         "pkcs11:..."},
        {"iv: \"5a1d0c93e7f24b68a90c3e5f71d2b486\"", "iv: \"00\"",
         "16:7: 'iv' is 2 characters, expected 32 hex digits"},
        {"file-type: ble", "file-type: hex",
         "13:1: 'encrypt' given with file-type 'hex', which holds the plaintext of the slot, "
         "expected ble, zigbee or combo"},
        {"file-type: ble", "file-type: image",
         "13:1: 'encrypt' given with file-type 'image', which holds the plaintext of the slot, "
         "expected ble, zigbee or combo"},
        {"file-type: ble", "file-type: zigbee", "2:1: 'zigbee' is missing"},
        {"file-type: ble", "file-type: BLE",
         "31:12: 'file-type' is 'BLE', expected ble, zigbee, combo, image or hex"},
        {"compress: none", "compress: zip", "30:11: 'compress' is 'zip', expected none or deflate"},
        {"compress: none", "compress: {method: zip}",
         "30:20: 'method' is 'zip', expected none or deflate"},
        {"compress: none", "compress: {keep: true}", "30:11: 'method' is missing in 'compress'"},
        {"compress: none", "compress: {method: deflate, keep: 1}",
         "30:35: 'keep' is 1, expected true or false"},
        {"compress: none", "compress: {method: deflate, level: 9}",
         "30:29: unknown key 'level'\nhint: known keys here: method, keep"},
        {"output: app.ota", "outptu: app.ota",
         "32:1: unknown key 'outptu'\nhint: did you mean 'output'?"},
        {"output: app.ota", "output: app.ota\nfrobnicate: 1",
         "33:1: unknown key 'frobnicate'\nhint: known keys here: otaimg, device, firmware, "
         "authentication, sign, file-type, encrypt, attributes, zigbee, lint, compress, output, "
         "log"},
    };

    doc_check_rules(&reader, RELEASE, rules, sizeof rules / sizeof rules[0]);
}
END_TEST

START_TEST(test_manifest_broken_lint_rule_refused)
{
    static const struct doc_rule rules[] = {
        {"object=wbz451-app\"", "object=wbz451-app\"\n  class: test",
         "13:10: 'class' is 'test', expected production or development"},
        {"output: app.ota", "lint: {off: {frob: \"x\"}}",
         "32:14: 'frob' is not a lint rule, expected its id\n"
         "hint: otaimg(1) lists the rules; 'otaimg lint' names those that a release breaks"},
        {"output: app.ota", "lint: {off: {zero-iv: \"\"}}",
         "32:23: 'zero-iv' is '', expected the reason for turning the rule off"},
        {"output: app.ota", "lint: {off: {zero-iv: \" \\t\\n\"}}",
         "32:23: 'zero-iv' is ' \\x09\\x0a', expected the reason for turning the rule off"},
        {"output: app.ota", "lint: {off: {zero-iv: [a]}}",
         "32:23: 'zero-iv' is a list, expected text"},
        {"output: app.ota", "lint: {off: [zero-iv]}", "32:13: 'off' is a list, expected a mapping"},
        {"output: app.ota", "lint: {}", "32:7: 'off' is missing in 'lint'"},
        {"output: app.ota", "lint: {off: {}, on: {}}",
         "32:17: unknown key 'on'\nhint: known keys here: off"},
    };

    doc_check_rules(&reader, RELEASE, rules, sizeof rules / sizeof rules[0]);
}
END_TEST

START_TEST(test_manifest_broken_attribute_refused)
{
    static const struct doc_rule rules[] = {
        {"max-revision: 4", "max-revision: 0", "19:64: 'max-revision' is 0, expected 1..65535"},
        {"min-revision: 1, ", "", "19:13: 'min-revision' is missing in 'hardware'"},
        {"class: 0x00000102, ", "", "19:13: 'class' is missing in 'hardware'"},
        {"security-counter: 3", "security-counter: 0xFFFF0000",
         "20:21: 'security-counter' is 0xFFFF0000, expected 0..4294901759"},
        {"min-installed-version: 1.2.0.0", "min-installed-version: 1.4.2.0",
         "21:26: 'min-installed-version' is '1.4.2.0', expected a version below the firmware's, "
         "1.4.2.0"},
        {"min-installed-version: 1.2.0.0", "min-installed-version: 2.0.0.0",
         "21:26: 'min-installed-version' is '2.0.0.0', expected a version below the firmware's, "
         "1.4.2.0"},
        {"image-type: application", "image-type: modem",
         "22:15: 'image-type' is 'modem', expected application, bootloader or secondary"},
        {"activation: trial", "activation: 1",
         "23:15: 'activation' is 1, expected trial or permanent"},
        {"min-battery: 30", "min-battery: 101", "24:16: 'min-battery' is 101, expected 0..100"},
        {"revoke-keys: [1]", "revoke-keys: [1, 4]", "25:20: item is 4, expected 0..3"},
        {"revoke-keys: [1]", "revoke-keys: [1, 0x1]", "25:20: item is 0x1, expected each key once"},
        {"revoke-keys: [1]", "revoke-keys: []",
         "25:16: 'revoke-keys' is an empty list, expected key numbers 0..3"},
        {"revoke-keys: [1]", "revoke-keys: 1", "25:16: 'revoke-keys' is 1, expected a list"},
        {"kind: security", "kind: bugfix",
         "26:19: 'kind' is 'bugfix', expected feature, security or both"},
        {"mandatory: true", "mandatory: yes",
         "26:40: 'mandatory' is 'yes', expected true or false"},
        {"0123456789abcdef0123456789abcdef01234567", "012345",
         "28:20: 'source-revision' is '012345', expected 40 or 64 hex digits"},
        {"user: {0x8802: \"01\"", "user: {0x8700: \"01\"",
         "29:10: '0x8700' is not the type of a user attribute, expected 0x8800..0x8FFF"},
        {"user: {0x8802: \"01\"", "user: {0x08801: \"01\"",
         "29:25: repeated key '0x8801', expected each type once"},
        {"user: {0x8802: \"01\"", "user: {0x8802: \"1\"",
         "29:18: '0x8802' is '1', expected 0..314 bytes as pairs of hex digits"},
        {"user: {0x8802: \"01\"", "user: {0x8802: [1]", "29:18: '0x8802' is a list, expected text"},
        {"authentication: ecdsa-p256-sha256\nsign:\n  key: "
         "\"pkcs11:token=release;object=wbz451-app\"\n",
         "authentication: sha256\n",
         "15:1: 'attributes' need a signature, expected authentication ecdsa-p256-sha256"},
        {"  product: 7d7c9f0e-3b53-4c1e-9a86-0a8f5c1d2e3f\n", "",
         "18:3: 'product' is missing in 'attributes'"},
    };

    doc_check_rules(&reader, RELEASE, rules, sizeof rules / sizeof rules[0]);
}
END_TEST

START_TEST(test_manifest_broken_zigbee_rule_refused)
{
    static const struct doc_rule rules[] = {
        {"file-type: combo", "file-type: ble",
         "7:1: 'zigbee' given with file-type 'ble', expected zigbee or combo"},
        {"  max-hardware-version: 7\n", "", "8:3: 'max-hardware-version' is missing in 'zigbee'"},
        {"  min-hardware-version: 1\n", "", "8:3: 'min-hardware-version' is missing in 'zigbee'"},
        {"max-hardware-version: 7", "max-hardware-version: 0",
         "16:25: 'max-hardware-version' is 0, expected 1..65535"},
        {"0x1234", "0x12345", "8:22: 'manufacturer-code' is 0x12345, expected 0..65535"},
        {"\"Lamp 1.0\"", "\"0123456789abcdef0123456789abcdefX\"",
         "12:18: 'header-string' is '0123456789abcdef0123456789abcdefX', expected 0..32 printable "
         "ASCII characters"},
        {"0x0011223344556677", "0x00112233445566778",
         "14:16: 'destination' is '0x00112233445566778', expected 0..18446744073709551615"},
    };

    doc_check_rules(&reader, COMBO, rules, sizeof rules / sizeof rules[0]);
}
END_TEST

START_TEST(test_manifest_bad_set_names_option)
{
    static const char *const sequence[] = {"firmware.sequence=0"};
    static const char *const through[] = {"firmware.version.x=1"};
    static const char *const unknown[] = {"firmware.sequnce=1"};
    struct manifest m;

    catch_diagnostics();
    ck_assert_int_eq(load_manifest(RELEASE, sequence, 1, &m), OX_USAGE);
    ck_assert_str_eq(caught(), "otaimg: --set firmware.sequence: 'sequence' is 0, expected "
                               "1..4294967294\n");
    catch_diagnostics();
    ck_assert_int_eq(load_manifest(RELEASE, through, 1, &m), OX_USAGE);
    ck_assert_str_eq(caught(), "otaimg: --set firmware.version.x: 'version' is not a mapping\n");
    catch_diagnostics();
    ck_assert_int_eq(load_manifest(RELEASE, unknown, 1, &m), OX_USAGE);
    ck_assert_str_eq(caught(), "otaimg: --set firmware.sequnce: unknown key 'sequnce'\n"
                               "hint: did you mean 'sequence'?\n");
}
END_TEST

/* ---- damaged input ---------------------------------------------------------------------------- */

static const char *const all_examples[] = {RELEASE, COMBO, STOCK};

START_TEST(test_manifest_truncated_anywhere_clean)
{
    doc_check_truncated_anywhere(&reader, all_examples[_i]);
}
END_TEST

START_TEST(test_manifest_any_byte_replaced_clean)
{
    doc_check_any_byte_replaced(&reader, all_examples[_i]);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_test(tcase, test_manifest_full_example_read);
    tcase_add_test(tcase, test_manifest_full_example_information_read);
    tcase_add_test(tcase, test_manifest_zigbee_example_read);
    tcase_add_test(tcase, test_manifest_left_out_keys_default);
    tcase_add_test(tcase, test_manifest_class_and_lint_read);
    tcase_add_test(tcase, test_manifest_without_key_is_no_production_release);
    tcase_add_test(tcase, test_manifest_raw_binary_address_read);
    tcase_add_test(tcase, test_manifest_broken_rule_refused);
    tcase_add_test(tcase, test_manifest_broken_lint_rule_refused);
    tcase_add_test(tcase, test_manifest_broken_attribute_refused);
    tcase_add_test(tcase, test_manifest_broken_zigbee_rule_refused);
    tcase_add_test(tcase, test_manifest_bad_set_names_option);
    tcase_add_loop_test(tcase, test_manifest_truncated_anywhere_clean, 0, 3);
    tcase_add_loop_test(tcase, test_manifest_any_byte_replaced_clean, 0, 3);
}

int main(void)
{
    return unit_main("manifest", add_tests);
}
