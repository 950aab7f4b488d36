/* Manifests with variants: what each becomes, whose line an error is at, damaged input. */
#include "doc_tests.h"

#include "manifest_set.h"

#define VARIANTS TEST_DATA_DIR "/../examples/release-variants.yaml"
#define STOCK    TEST_DATA_DIR "/../examples/release-stock.yaml"
#define FOLDER   TEST_DATA_DIR "/../examples/"

#define HEAD                                                                                       \
    "otaimg: 1\n"                                                                                  \
    "device: wbz451\n"                                                                             \
    "firmware: {file: a.hex, version: 1.0.0.0, sequence: 7}\n"                                     \
    "sign: {key: \"file:a.pem\"}\n"

static const char *const two_files[] = {VARIANTS, STOCK};

static void read_ok(const char *text, const char *const *sets, unsigned set_count,
                    struct manifest_set *ret)
{
    struct yaml_doc *doc = NULL;

    catch_diagnostics();
    ck_assert_msg(ydoc_load_bytes("v.yaml", text, strlen(text), &doc) == OX_OK, "%s", caught());
    ck_assert_msg(manifest_set_from_doc(doc, sets, set_count, ret) == OX_OK, "%s", caught());
    ck_assert_str_eq(caught(), "");
    ydoc_free(doc);
}

static void load_ok(const char *const *paths, unsigned path_count, const char *const *sets,
                    unsigned set_count, struct manifest_set *ret)
{
    catch_diagnostics();
    ck_assert_msg(manifest_set_load(paths, path_count, sets, set_count, ret) == OX_OK, "%s",
                  caught());
    ck_assert_str_eq(caught(), "");
}

static enum ox check_set(struct yaml_doc *doc)
{
    struct manifest_set set;
    enum ox ox = manifest_set_from_doc(doc, NULL, 0, &set);

    if (ox == OX_OK) {
        manifest_set_free(&set);
    }
    return ox;
}

static const struct doc_reader reader = {"v.yaml", check_set};

/* ---- what a variant becomes ------------------------------------------------------------------- */

START_TEST(test_manifest_set_example_read_in_order)
{
    struct manifest_set set;

    load_ok(two_files, 1, NULL, 0, &set);
    ck_assert_uint_eq(set.count, 3);
    ck_assert_str_eq(set.items[0].variant, "lamp");
    ck_assert_str_eq(set.items[1].variant, "switch");
    ck_assert_str_eq(set.items[2].variant, "laboratory");
    for (unsigned i = 0; i < set.count; i++) {
        ck_assert_str_eq(set.items[i].path, VARIANTS);
        ck_assert_uint_eq(set.items[i].version, 0x01040200);
        ck_assert_uint_eq(set.items[i].security_counter, 3);
        ck_assert_str_eq(set.items[i].sbom_file, FOLDER "sbom.cdx.json");
    }
    manifest_set_free(&set);
}
END_TEST

START_TEST(test_manifest_set_nested_keys_laid_over)
{
    struct manifest_set set;

    load_ok(two_files, 1, NULL, 0, &set);
    ck_assert_uint_eq(set.items[0].hardware_class, 0x102);
    ck_assert_uint_eq(set.items[0].hardware_min_revision, 1);
    ck_assert_uint_eq(set.items[0].hardware_max_revision, 4);
    ck_assert_uint_eq(set.items[1].hardware_class, 0x103);
    ck_assert_uint_eq(set.items[1].hardware_min_revision, 1);
    ck_assert_uint_eq(set.items[1].hardware_max_revision, 2);
    ck_assert_uint_eq(set.items[2].hardware_class, 0x102);
    ck_assert_str_eq(set.items[1].firmware_file, FOLDER "app.hex");
    ck_assert_str_eq(set.items[2].firmware_file, FOLDER "app-debug.hex");
    ck_assert_uint_eq(set.items[2].sequence, 7);
    ck_assert_str_eq(set.items[0].sign_key, "pkcs11:token=release;object=wbz451-lamp");
    ck_assert_str_eq(set.items[2].sign_key, "file:" FOLDER "keys/laboratory.pem");
    ck_assert(set.items[0].production && !set.items[2].production);
    ck_assert_str_eq(set.items[1].output, FOLDER "switch.ota");
    manifest_set_free(&set);
}
END_TEST

/* Lists and values are replaced as a whole, mappings key by key. */
START_TEST(test_manifest_set_lists_replaced_mappings_merged)
{
    static const char text[] =
        HEAD "attributes:\n"
             "  product: 00000000-0000-0000-0000-000000000001\n"
             "  hardware: {class: 1, min-revision: 0, max-revision: 1}\n"
             "  security-counter: 0\n"
             "  revoke-keys: [0, 1]\n"
             "  user: {0x8801: \"01\"}\n"
             "lint: {off: {no-sbom: \"none yet\"}}\n"
             "variants:\n"
             "- {name: a, attributes: {revoke-keys: [3]}, lint: {off: {zero-iv: stock}}}\n"
             "- {name: b, attributes: {user: {0x8802: \"02\"}}}\n";
    struct manifest_set set;

    read_ok(text, NULL, 0, &set);
    ck_assert_uint_eq(set.count, 2);
    ck_assert_uint_eq(set.items[0].revoke_keys, 1u << 3);
    ck_assert_uint_eq(set.items[1].revoke_keys, 3);
    ck_assert_uint_eq(set.items[0].user_count, 1);
    ck_assert_uint_eq(set.items[1].user_count, 2);
    ck_assert_str_eq(set.items[0].lint_off[LINT_NO_SBOM], "none yet");
    ck_assert_str_eq(set.items[0].lint_off[LINT_ZERO_IV], "stock");
    ck_assert_str_eq(set.items[1].lint_off[LINT_NO_SBOM], "none yet");
    ck_assert_ptr_null(set.items[1].lint_off[LINT_ZERO_IV]);
    manifest_set_free(&set);
}
END_TEST

/* A variant may give a mapping where a value stands above, and all of what a manifest needs. */
START_TEST(test_manifest_set_variant_may_give_everything)
{
    static const char text[] = "firmware: none\n"
                               "variants:\n"
                               "- name: a\n"
                               "  otaimg: 1\n"
                               "  device: wbz451\n"
                               "  authentication: none\n"
                               "  firmware: {file: a.bin, version: 0.0.0.1, sequence: 1}\n"
                               "- name: b\n"
                               "  otaimg: 1\n"
                               "  device: wbz451\n"
                               "  sign: {key: \"file:b.pem\"}\n"
                               "  firmware: {file: b.bin, version: 0.0.0.2, sequence: 2}\n";
    struct manifest_set set;

    read_ok(text, NULL, 0, &set);
    ck_assert_uint_eq(set.count, 2);
    ck_assert_str_eq(set.items[0].firmware_file, "a.bin");
    ck_assert_ptr_null(set.items[0].sign_key);
    ck_assert_uint_eq(set.items[1].version, 2);
    ck_assert_str_eq(set.items[1].sign_key, "file:b.pem");
    manifest_set_free(&set);
}
END_TEST

/* Where a file goes is for the command: --output may give it, lint needs none. */
START_TEST(test_manifest_set_outputs_may_lack_or_be_equal)
{
    static const char none[] = HEAD "variants: [{name: a}, {name: b, output: b.ota}]\n";
    static const char equal[] = HEAD "output: x.ota\nvariants: [{name: a}, {name: b}]\n";
    struct manifest_set set;

    read_ok(none, NULL, 0, &set);
    ck_assert_ptr_null(set.items[0].output);
    ck_assert_str_eq(set.items[1].output, "b.ota");
    manifest_set_free(&set);
    read_ok(equal, NULL, 0, &set);
    ck_assert_str_eq(set.items[0].output, "x.ota");
    ck_assert_str_eq(set.items[1].output, "x.ota");
    manifest_set_free(&set);
}
END_TEST

START_TEST(test_manifest_set_assignments_follow_variant)
{
    static const char *const sets[] = {"firmware.file=other.hex", "attributes.hardware.class=9"};
    static const char *const variants[] = {"variants=1"};
    static const char *const bad[] = {"firmware.sequence=0"};
    struct manifest_set set = {NULL, 42};

    load_ok(two_files, 1, sets, 2, &set);
    for (unsigned i = 0; i < set.count; i++) {
        ck_assert_str_eq(set.items[i].firmware_file, "other.hex");
        ck_assert_uint_eq(set.items[i].hardware_class, 9);
    }
    manifest_set_free(&set);
    set.count = 42;
    catch_diagnostics();
    ck_assert_int_eq(manifest_set_load(two_files, 1, variants, 1, &set), OX_USAGE);
    ck_assert_int_eq(strncmp(caught(), "otaimg: --set variants: unknown key 'variants'\n", 47), 0);
    catch_diagnostics();
    ck_assert_int_eq(manifest_set_load(two_files, 1, bad, 1, &set), OX_USAGE);
    ck_assert_str_eq(caught(), "otaimg: --set firmware.sequence: 'sequence' is 0, expected "
                               "1..4294967294\n");
    ck_assert_ptr_null(set.items);
    ck_assert_uint_eq(set.count, 42);
}
END_TEST

/* ---- several files, and picking --------------------------------------------------------------- */

/* A name is unique in its file only. */
START_TEST(test_manifest_set_files_in_order_with_equal_names)
{
    static const char *const paths[] = {STOCK, VARIANTS, VARIANTS};
    struct manifest_set set;

    load_ok(paths, 3, NULL, 0, &set);
    ck_assert_uint_eq(set.count, 7);
    ck_assert_ptr_null(set.items[0].variant);
    ck_assert_str_eq(set.items[1].variant, "lamp");
    ck_assert_str_eq(set.items[4].variant, "lamp");
    manifest_set_free(&set);
}
END_TEST

START_TEST(test_manifest_set_later_file_fails_nothing_handed_out)
{
    static const char *const paths[] = {VARIANTS, FOLDER "no-such.yaml"};
    struct manifest_set set = {NULL, 42};

    catch_diagnostics();
    ck_assert_int_eq(manifest_set_load(paths, 2, NULL, 0, &set), OX_IO);
    ck_assert_str_eq(caught(), "otaimg: " FOLDER "no-such.yaml: cannot be opened: No such file or "
                               "directory\n");
    ck_assert_ptr_null(set.items);
    ck_assert_uint_eq(set.count, 42);
}
END_TEST

START_TEST(test_manifest_set_pick_keeps_order_of_manifest)
{
    static const char *const names[] = {"laboratory", "lamp", "lamp"};
    struct manifest_set set;

    load_ok(two_files, 2, NULL, 0, &set);
    ck_assert_int_eq(manifest_set_pick(&set, names, 0), OX_OK);
    ck_assert_uint_eq(set.count, 4);
    ck_assert_int_eq(manifest_set_pick(&set, names, 3), OX_OK);
    ck_assert_uint_eq(set.count, 2);
    ck_assert_str_eq(set.items[0].variant, "lamp");
    ck_assert_str_eq(set.items[1].variant, "laboratory");
    manifest_set_free(&set);
}
END_TEST

START_TEST(test_manifest_set_pick_unknown_name_keeps_all)
{
    static const char *const names[] = {"lamp", "Lamp"};
    struct manifest_set set;

    load_ok(two_files, 2, NULL, 0, &set);
    ck_assert_int_eq(manifest_set_pick(&set, names, 2), OX_USAGE);
    ck_assert_str_eq(caught(), "otaimg: --variant is 'Lamp', expected a name from 'variants'\n");
    ck_assert_uint_eq(set.count, 4);
    manifest_set_free(&set);
}
END_TEST

START_TEST(test_manifest_set_label_names_variant)
{
    struct manifest_set set;

    read_ok(HEAD "variants: [{name: a}]\n", NULL, 0, &set);
    ck_assert_str_eq(set.items[0].label, "v.yaml (a)");
    manifest_set_free(&set);
    read_ok(HEAD, NULL, 0, &set);
    ck_assert_str_eq(set.items[0].label, "v.yaml");
    manifest_set_free(&set);
}
END_TEST

/* ---- rules ------------------------------------------------------------------------------------ */

#define NAME_64       "0123456789abcdef0123456789ABCDEF0123456789-_.xyz0123456789abcdef"
#define NAME_EXPECTED ", expected 1..64 letters, digits, '.', '_' and '-'"

START_TEST(test_manifest_set_longest_name_taken)
{
    struct manifest_set set;

    read_ok(HEAD "variants: [{name: \"" NAME_64 "\"}]\n", NULL, 0, &set);
    ck_assert_uint_eq(strlen(set.items[0].variant), VARIANT_NAME_MAX_LEN);
    manifest_set_free(&set);
}
END_TEST

START_TEST(test_manifest_set_broken_name_refused)
{
    static const struct doc_rule rules[] = {
        {"name: switch", "name: lamp", "16:11: repeated variant 'lamp', expected another name"},
        {"name: laboratory", "name: lamp", "22:11: repeated variant 'lamp', expected another name"},
        {"name: switch", "name: \"\"", "16:11: 'name' is ''" NAME_EXPECTED},
        {"name: switch", "name: a b", "16:11: 'name' is 'a b'" NAME_EXPECTED},
        {"name: switch", "name: a/b", "16:11: 'name' is 'a/b'" NAME_EXPECTED},
        {"name: switch", "name: \"\xc3\xa9\"", "16:11: 'name' is '\xc3\xa9'" NAME_EXPECTED},
        {"name: switch", "name: " NAME_64 "x",
         "16:11: 'name' is "
         "'0123456789abcdef0123456789ABCDEF0123456789-_.xyz0123456789ab...'" NAME_EXPECTED},
        {"name: switch", "name: [switch]", "16:11: 'name' is a list, expected text"},
        {"name: switch", "name:", "16:10: 'name' is empty, expected text"},
        {"  - name: switch\n    sign", "  - sign", "16:5: 'name' is missing"},
    };

    doc_check_rules(&reader, VARIANTS, rules, sizeof rules / sizeof rules[0]);
}
END_TEST

/* At the line of whoever gave the value; a missing key at the start of the manifest. */
START_TEST(test_manifest_set_broken_rule_refused)
{
    static const struct doc_rule rules[] = {
        {"version: 1.4.2.0", "version: 1.4.2",
         "5:36: 'version' is '1.4.2', expected a version a.b.c.d, each 0..255"},
        {"max-revision: 2", "max-revision: 0", "20:51: 'max-revision' is 0, expected 1..65535"},
        {"min-revision: 1", "min-revision: 3", "20:51: 'max-revision' is 2, expected 3..65535"},
        {"{file: app-debug.hex}", "{sequence: 0}",
         "23:26: 'sequence' is 0, expected 1..4294967294"},
        {"{file: app-debug.hex}", "app-debug.hex",
         "23:15: 'firmware' is 'app-debug.hex', expected a mapping"},
        {"{file: app-debug.hex}", "{fil: a.hex}",
         "23:16: unknown key 'fil'\nhint: did you mean 'file'?"},
        {"output: switch.ota", "outptu: switch.ota",
         "21:5: unknown key 'outptu'\nhint: did you mean 'output'?"},
        {"output: switch.ota", "output: switch.ota\n    variants: []",
         "22:5: unknown key 'variants'\nhint: known keys here: otaimg, device, firmware, "
         "authentication, sign, file-type, encrypt, attributes, zigbee, lint, compress, output, "
         "log"},
        {"security-counter: 3", "security-count: 3",
         "7:3: 'security-counter' is missing in 'attributes'"},
        {"    sign: {key: \"pkcs11:token=release;object=wbz451-switch\"}\n", "",
         "3:1: 'sign' is missing"},
        {"otaimg: 1\n", "", "3:1: 'otaimg' is missing"},
        {"file: app.hex, ", "", "5:11: 'file' is missing in 'firmware'"},
    };

    doc_check_rules(&reader, VARIANTS, rules, sizeof rules / sizeof rules[0]);
}
END_TEST

#define LINT "lint: {off: {no-attributes: \"stock devices ignore them\"}}"

START_TEST(test_manifest_set_broken_list_refused)
{
    static const struct doc_rule rules[] = {
        {LINT, "variants: []", "6:11: 'variants' is an empty list, expected at least one variant"},
        {LINT, "variants:", "6:10: 'variants' is empty, expected a list"},
        {LINT, "variants: {name: a}", "6:11: 'variants' is a mapping, expected a list"},
        {LINT, "variants: a", "6:11: 'variants' is 'a', expected a list"},
        {LINT, "variants: [[a]]",
         "6:12: item is a list, expected a mapping with 'name' and the keys that differ"},
        {LINT, "variants: [{name: a}, b]",
         "6:23: item is 'b', expected a mapping with 'name' and the keys that differ"},
        {LINT, "name: a",
         "6:1: unknown key 'name'\nhint: known keys here: otaimg, device, firmware, "
         "authentication, sign, file-type, encrypt, attributes, zigbee, lint, compress, output, "
         "log"},
    };

    doc_check_rules(&reader, STOCK, rules, sizeof rules / sizeof rules[0]);
}
END_TEST

/* ---- damaged input ---------------------------------------------------------------------------- */

START_TEST(test_manifest_set_truncated_anywhere_clean)
{
    doc_check_truncated_anywhere(&reader, VARIANTS);
}
END_TEST

START_TEST(test_manifest_set_any_byte_replaced_clean)
{
    doc_check_any_byte_replaced(&reader, VARIANTS);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_test(tcase, test_manifest_set_example_read_in_order);
    tcase_add_test(tcase, test_manifest_set_nested_keys_laid_over);
    tcase_add_test(tcase, test_manifest_set_lists_replaced_mappings_merged);
    tcase_add_test(tcase, test_manifest_set_variant_may_give_everything);
    tcase_add_test(tcase, test_manifest_set_outputs_may_lack_or_be_equal);
    tcase_add_test(tcase, test_manifest_set_assignments_follow_variant);
    tcase_add_test(tcase, test_manifest_set_files_in_order_with_equal_names);
    tcase_add_test(tcase, test_manifest_set_later_file_fails_nothing_handed_out);
    tcase_add_test(tcase, test_manifest_set_pick_keeps_order_of_manifest);
    tcase_add_test(tcase, test_manifest_set_pick_unknown_name_keeps_all);
    tcase_add_test(tcase, test_manifest_set_label_names_variant);
    tcase_add_test(tcase, test_manifest_set_longest_name_taken);
    tcase_add_test(tcase, test_manifest_set_broken_name_refused);
    tcase_add_test(tcase, test_manifest_set_broken_rule_refused);
    tcase_add_test(tcase, test_manifest_set_broken_list_refused);
    tcase_add_test(tcase, test_manifest_set_truncated_anywhere_clean);
    tcase_add_test(tcase, test_manifest_set_any_byte_replaced_clean);
}

int main(void)
{
    return unit_main("manifest_set", add_tests);
}
