/* Device files: what the examples mean, keys and their classes, every rule, damaged input. */
#include "doc_tests.h"

#include <unistd.h>

#include "device_file.h"
#include "pubkey.h"
#include "yaml_doc.h"

#define DEVICE TEST_DATA_DIR "/../examples/device.yaml"
#define STOCK  TEST_DATA_DIR "/../examples/device-stock.yaml"
#define KEYS   TEST_DATA_DIR "/../keys/test/"

static const struct key_options no_options = {-1, -1, NULL, false};

static enum ox read_bytes(const char *text, size_t len, struct device_file *ret)
{
    struct yaml_doc *doc = NULL;
    enum ox ox = ydoc_load_bytes("d.yaml", text, len, &doc);

    if (ox == OX_OK) {
        ox = device_file_from_doc(doc, ret);
    }
    ydoc_free(doc);
    return ox;
}

static void read_example(const char *path, struct device_file *ret)
{
    struct yaml_doc *doc = NULL;

    catch_diagnostics();
    ck_assert_msg(ydoc_load(path, &doc) == OX_OK, "%s", caught());
    ck_assert_msg(device_file_from_doc(doc, ret) == OX_OK, "%s", caught());
    ck_assert_str_eq(caught(), "");
    ydoc_free(doc);
}

START_TEST(test_device_file_full_example_read)
{
    static const uint8_t iv[16] = {0x5a, 0x1d, 0x0c, 0x93, 0xe7, 0xf2, 0x4b, 0x68,
                                   0xa9, 0x0c, 0x3e, 0x5f, 0x71, 0xd2, 0xb4, 0x86};
    struct device_file d;
    const struct otav_config *config = &d.config;

    read_example(DEVICE, &d);
    ck_assert_str_eq(d.path, DEVICE);
    ck_assert_uint_eq(config->policy, OTAV_POLICY_STRICT);
    ck_assert_uint_eq(config->device_class, OTAV_CLASS_PRODUCTION);
    ck_assert_uint_eq(config->image_types, OTAV_ROLE_APPLICATION);
    ck_assert_uint_eq(config->key_count, 2);
    ck_assert_str_eq(d.key_uri[0], TEST_DATA_DIR "/../examples/release.pub.pem");
    ck_assert_uint_eq(config->keys[0].key_class, OTAV_CLASS_PRODUCTION);
    ck_assert_uint_eq(config->keys[0].roles, OTAV_ROLE_APPLICATION);
    ck_assert(!config->keys[0].revoked);
    ck_assert_uint_eq(config->keys[1].roles, OTAV_ROLE_BOOTLOADER | OTAV_ROLE_SECONDARY);
    ck_assert(config->keys[1].revoked);
    ck_assert(config->has_identity);
    ck_assert_uint_eq(config->product[0], 0x7d);
    ck_assert_uint_eq(config->product[15], 0x3f);
    ck_assert_uint_eq(config->hardware_class, 0x102);
    ck_assert_uint_eq(config->hardware_revision, 2);
    ck_assert_mem_eq(config->manufacturer, "MCHP", 4);
    ck_assert(config->has_image_id);
    ck_assert_uint_eq(config->image_id, 0x9B000000u);
    ck_assert(config->has_installed);
    ck_assert_uint_eq(config->installed_version, 0x01040100);
    ck_assert_uint_eq(config->counter_floor, 3);
    ck_assert(!config->has_decrypt_key);
    ck_assert_mem_eq(config->decrypt_iv, iv, 16);
    ck_assert_str_eq(d.decrypt_key_uri, "file:" TEST_DATA_DIR "/../examples/keys/aes.bin");
    device_file_free(&d);
    device_file_free(&d);
}
END_TEST

START_TEST(test_device_file_stock_example_defaults)
{
    struct device_file d;

    read_example(STOCK, &d);
    ck_assert_uint_eq(d.config.policy, OTAV_POLICY_STOCK);
    ck_assert_uint_eq(d.config.device_class, OTAV_CLASS_DEVELOPMENT);
    ck_assert_uint_eq(d.config.image_types, OTAV_ROLE_APPLICATION);
    ck_assert_uint_eq(d.config.key_count, 1);
    ck_assert_uint_eq(d.config.keys[0].key_class, OTAV_CLASS_DEVELOPMENT);
    ck_assert(!d.config.has_identity && !d.config.has_image_id && !d.config.has_installed);
    ck_assert_uint_eq(d.config.counter_floor, 0);
    ck_assert_mem_eq(d.config.manufacturer, "MCHP", 4);
    ck_assert_ptr_null(d.decrypt_key_uri);
    device_file_free(&d);
}
END_TEST

START_TEST(test_device_file_left_out_policy_and_class_are_strict)
{
    char *example = read_text(DEVICE);
    char *no_policy = replace_once(example, "policy: strict\n", "");
    char *text = replace_once(no_policy, "class: production\nkeys", "keys");
    struct device_file d;

    ck_assert_int_eq(read_bytes(text, strlen(text), &d), OX_OK);
    ck_assert_uint_eq(d.config.policy, OTAV_POLICY_STRICT);
    ck_assert_uint_eq(d.config.device_class, OTAV_CLASS_PRODUCTION);
    device_file_free(&d);
    free(text);
    free(no_policy);
    free(example);
}
END_TEST

/* ---- rules ------------------------------------------------------------------------------------ */

static enum ox check_device(struct yaml_doc *doc)
{
    struct device_file d;
    enum ox ox = device_file_from_doc(doc, &d);

    if (ox == OX_OK) {
        device_file_free(&d);
    }
    return ox;
}

static const struct doc_reader reader = {"d.yaml", check_device};

START_TEST(test_device_file_broken_rule_refused)
{
    static const struct doc_rule rules[] = {
        {"otaimg-device: 1", "otaimg-device: 2", "2:16: 'otaimg-device' is 2, expected 1"},
        {"device: wbz451", "device: bz3", "3:9: 'device' is 'bz3', expected wbz451"},
        {"policy: strict", "policy: lax", "4:9: 'policy' is 'lax', expected strict or stock"},
        {"class: production\nkeys", "class: test\nkeys",
         "5:8: 'class' is 'test', expected production or development"},
        {"roles: [application]", "roles: []",
         "7:57: 'roles' is an empty list, expected application, bootloader or secondary"},
        {"roles: [application]", "roles: [application, application]",
         "7:71: item is 'application', expected each image type once"},
        {"roles: [application]", "roles: [app]",
         "7:58: item is 'app', expected application, bootloader or secondary"},
        {"public: release.pub.pem, ", "", "7:5: 'public' is missing"},
        {"release.pub.pem", "\"exec:sign\"",
         "7:14: the exec: URI names no public key, expected exec:PROGRAM?public=PATH"},
        {"\"file:keys/aes.bin\"", "\"exec:sign?public=k.pem\"",
         "15:16: 'exec:sign?public=k.pem' signs and does not encrypt, expected file:PATH or "
         "pkcs11:..."},
        {"revoked: true", "revoked: no", "8:91: 'revoked' is 'no', expected true or false"},
        {"revoked: true", "expired: true",
         "8:82: unknown key 'expired'\nhint: known keys here: public, class, roles, revoked"},
        {"product: 7d7c9f0e-3b53-4c1e-9a86-0a8f5c1d2e3f\n", "", "2:1: 'product' is missing"},
        {"hardware: {class: 0x00000102, revision: 2}\n", "", "2:1: 'hardware' is missing"},
        {", revision: 2", "", "10:11: 'revision' is missing in 'hardware'"},
        {"image-types: [application]", "image-types: []",
         "13:14: 'image-types' is an empty list, expected application, bootloader or secondary"},
        {", security-counter: 3", "", "14:12: 'security-counter' is missing in 'installed'"},
        {"security-counter: 3", "security-counter: 0xFFFF0000",
         "14:49: 'security-counter' is 0xFFFF0000, expected 0..4294901759"},
        {", iv: \"5a1d0c93e7f24b68a90c3e5f71d2b486\"", "", "15:10: 'iv' is missing in 'decrypt'"},
        {"manufacturer: MCHP", "manufacturer: MCHP0",
         "11:15: 'manufacturer' is 'MCHP0', expected 1..4 printable ASCII characters"},
        {"image-id: 0x9B000000", "image-idd: 0x9B000000",
         "12:1: unknown key 'image-idd'\nhint: did you mean 'image-id'?"},
    };

    doc_check_rules(&reader, DEVICE, rules, sizeof rules / sizeof rules[0]);
}
END_TEST

START_TEST(test_device_file_broken_stock_rule_refused)
{
    static const char keys[] =
        "keys: [{public: developer.pub.pem, class: development, roles: [application]}]\n";
    static const struct doc_rule rules[] = {
        {"policy: stock", "policy: strict", "2:1: 'product' is missing"},
        {"policy: stock", "policy: stock\nhardware: {class: 1, revision: 1}",
         "2:1: 'product' is missing"},
        {"policy: stock", "policy: stock\nproduct: 7d7c9f0e-3b53-4c1e-9a86-0a8f5c1d2e3f",
         "2:1: 'hardware' is missing"},
        {keys, "", "2:1: 'keys' is missing"},
        {keys, "keys: []\n", "6:7: 'keys' is an empty list, expected 1..4 keys"},
        {keys, "keys: [a.pem]\n",
         "6:8: item is 'a.pem', expected {public: PATH, class: production, roles: [application]}"},
        {keys, "keys:\n- &k {public: a, class: production, roles: [application]}\n- *k\n",
         "7:3: anchor '&k' not supported, expected a plain value"},
        {keys,
         "keys:\n"
         "- {public: a, class: production, roles: [application]}\n"
         "- {public: b, class: production, roles: [application]}\n"
         "- {public: c, class: production, roles: [application]}\n"
         "- {public: d, class: production, roles: [application]}\n"
         "- {public: e, class: production, roles: [application]}\n",
         "11:3: too many keys, expected 1..4"},
    };

    doc_check_rules(&reader, STOCK, rules, sizeof rules / sizeof rules[0]);
}
END_TEST

/* ---- keys ------------------------------------------------------------------------------------- */

/* A device file in the folder of the test keys would change the tree, so paths are absolute. */
static char *write_device(const char *first, const char *second)
{
    char *path = xstrdup("/tmp/otaimg-device-XXXXXX");
    int fd = mkstemp(path);
    FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;

    ck_assert_ptr_nonnull(file);
    fprintf(file,
            "otaimg-device: 1\ndevice: wbz451\npolicy: stock\nkeys:\n"
            "- {public: \"%s\", class: production, roles: [application]}\n"
            "- {public: \"%s\", class: development, roles: [bootloader]}\n",
            first, second);
    ck_assert_int_eq(fclose(file), 0);
    return path;
}

START_TEST(test_device_file_test_keys_loaded_as_development)
{
    char *path = write_device(KEYS "dev-a.pub.pem", "file:" KEYS "dev-b.pub.pem");
    uint8_t a[64];
    uint8_t b[64];
    struct device_file d;

    catch_diagnostics();
    ck_assert_int_eq(pubkey_load(KEYS "dev-a.pub.pem", &no_options, a), OX_OK);
    ck_assert_int_eq(pubkey_load(KEYS "dev-b.pub.pem", &no_options, b), OX_OK);
    ck_assert_msg(device_file_load(path, &no_options, &d) == OX_OK, "%s", caught());
    ck_assert_uint_eq(d.config.key_count, 2);
    ck_assert_mem_eq(d.config.keys[0].xy, a, 64);
    ck_assert_mem_eq(d.config.keys[1].xy, b, 64);
    ck_assert_uint_eq(d.config.keys[0].key_class, OTAV_CLASS_DEVELOPMENT);
    ck_assert_uint_eq(d.config.keys[1].key_class, OTAV_CLASS_DEVELOPMENT);
    ck_assert_uint_eq(d.config.keys[0].roles, OTAV_ROLE_APPLICATION);
    ck_assert_uint_eq(d.config.keys[1].roles, OTAV_ROLE_BOOTLOADER);
    device_file_free(&d);
    unlink(path);
    free(path);
}
END_TEST

START_TEST(test_device_file_same_key_twice_refused)
{
    char *path = write_device(KEYS "dev-a.pub.pem", KEYS "dev-a.pem");
    char *message = xasprintf("otaimg: %s: key '%s' is the same as '%s', expected each key once\n",
                              path, KEYS "dev-a.pem", KEYS "dev-a.pub.pem");
    struct device_file d;

    catch_diagnostics();
    ck_assert_int_eq(device_file_load(path, &no_options, &d), OX_USAGE);
    ck_assert_str_eq(caught(), message);
    unlink(path);
    free(message);
    free(path);
}
END_TEST

START_TEST(test_device_file_missing_key_is_key_error)
{
    char *path = write_device(KEYS "dev-a.pub.pem", KEYS "no-such.pem");
    struct device_file d;

    catch_diagnostics();
    ck_assert_int_eq(device_file_load(path, &no_options, &d), OX_KEY);
    ck_assert_ptr_nonnull(strstr(caught(), KEYS "no-such.pem"));
    unlink(path);
    free(path);
}
END_TEST

/* A published sample key, which is not part of this repository. */
#define SAMPLE TEST_SHARED_VECTORS "/vendor/sample-key.pub.pem"

START_TEST(test_device_file_sample_key_needs_option)
{
    struct key_options allowed = no_options;
    char *path = write_device(SAMPLE, KEYS "dev-a.pub.pem");
    struct device_file d;

    catch_diagnostics();
    ck_assert_int_eq(device_file_load(path, &no_options, &d), OX_POLICY);
    ck_assert_ptr_nonnull(strstr(caught(), "Microchip sample key"));
    ck_assert_ptr_nonnull(strstr(caught(), "--allow-sample-key"));
    allowed.allow_sample_key = true;
    ck_assert_int_eq(device_file_load(path, &allowed, &d), OX_OK);
    ck_assert_uint_eq(d.config.keys[0].key_class, OTAV_CLASS_PRODUCTION);
    device_file_free(&d);
    unlink(path);
    free(path);
}
END_TEST

/* ---- damaged input ---------------------------------------------------------------------------- */

START_TEST(test_device_file_truncated_anywhere_clean)
{
    doc_check_truncated_anywhere(&reader, DEVICE);
}
END_TEST

START_TEST(test_device_file_any_byte_replaced_clean)
{
    doc_check_any_byte_replaced(&reader, DEVICE);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_test(tcase, test_device_file_full_example_read);
    tcase_add_test(tcase, test_device_file_stock_example_defaults);
    tcase_add_test(tcase, test_device_file_left_out_policy_and_class_are_strict);
    tcase_add_test(tcase, test_device_file_broken_rule_refused);
    tcase_add_test(tcase, test_device_file_broken_stock_rule_refused);
    tcase_add_test(tcase, test_device_file_test_keys_loaded_as_development);
    tcase_add_test(tcase, test_device_file_same_key_twice_refused);
    tcase_add_test(tcase, test_device_file_missing_key_is_key_error);
    if (access(SAMPLE, R_OK) == 0) {
        tcase_add_test(tcase, test_device_file_sample_key_needs_option);
    } else {
        puts("test_device_file_sample_key_needs_option skipped: no " SAMPLE);
    }
    tcase_add_test(tcase, test_device_file_truncated_anywhere_clean);
    tcase_add_test(tcase, test_device_file_any_byte_replaced_clean);
}

int main(void)
{
    return unit_main("device_file", add_tests);
}
