/* Command init: the files it writes load, belong together, and replace nothing unasked. */
#include "edit_text.h"
#include "load_manifest.h"
#include "unit.h"

#include <unistd.h>

#include "cmd_init.h"
#include "device_file.h"
#include "lint_facts.h"
#include "manifest.h"
#include "yaml_doc.h"

static char folder[32];
static char *manifest_path;
static char *device_path;

static void make_folder(void)
{
    strcpy(folder, "/tmp/otaimg-init-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    manifest_path = xasprintf("%s/release.yaml", folder);
    device_path = xasprintf("%s/device.yaml", folder);
}

static void remove_folder(void)
{
    unlink(manifest_path);
    unlink(device_path);
    rmdir(folder);
    free(manifest_path);
    free(device_path);
}

static void load_device(struct device_file *ret)
{
    struct yaml_doc *doc = NULL;

    ck_assert_msg(ydoc_load(device_path, &doc) == OX_OK, "%s", caught());
    ck_assert_msg(device_file_from_doc(doc, ret) == OX_OK, "%s", caught());
    ydoc_free(doc);
}

START_TEST(test_init_files_load_and_belong_together)
{
    struct device_file d;
    struct manifest m;

    catch_diagnostics();
    ck_assert_int_eq(init_write(manifest_path, device_path, false), OX_OK);
    ck_assert_msg(load_manifest(manifest_path, NULL, 0, &m) == OX_OK, "%s", caught());
    load_device(&d);
    ck_assert(m.has_attributes && d.config.has_identity);
    ck_assert_mem_eq(m.product, d.config.product, 16);
    ck_assert_uint_eq(m.product[6] >> 4, 4);
    ck_assert_uint_eq(m.product[8] >> 6, 2);
    ck_assert_uint_eq(m.hardware_class, d.config.hardware_class);
    ck_assert_uint_le(m.hardware_min_revision, d.config.hardware_revision);
    ck_assert_uint_ge(m.hardware_max_revision, d.config.hardware_revision);
    ck_assert_mem_eq(m.manufacturer, d.config.manufacturer, 4);
    manifest_free(&m);
    device_file_free(&d);
}
END_TEST

START_TEST(test_init_product_is_new_each_time)
{
    struct manifest first;
    struct manifest second;

    catch_diagnostics();
    ck_assert_int_eq(init_write(manifest_path, NULL, false), OX_OK);
    ck_assert_int_eq(access(device_path, F_OK), -1);
    ck_assert_int_eq(load_manifest(manifest_path, NULL, 0, &first), OX_OK);
    ck_assert_int_eq(unlink(manifest_path), 0); /* one run does not replace what it has read */
    ck_assert_int_eq(init_write(manifest_path, NULL, false), OX_OK);
    ck_assert_int_eq(load_manifest(manifest_path, NULL, 0, &second), OX_OK);
    ck_assert_mem_ne(first.product, second.product, 16);
    manifest_free(&first);
    manifest_free(&second);
}
END_TEST

START_TEST(test_init_existing_file_refused_and_kept)
{
    char *message = xasprintf("otaimg: %s: exists already, expected a new file\n"
                              "hint: --force overwrites it\n",
                              device_path);
    FILE *file = fopen(device_path, "w");
    char *text;

    ck_assert_ptr_nonnull(file);
    fputs("mine", file);
    fclose(file);
    catch_diagnostics();
    ck_assert_int_eq(init_write(manifest_path, device_path, false), OX_IO);
    ck_assert_str_eq(caught(), message);
    ck_assert_int_eq(access(manifest_path, F_OK), -1);
    text = read_text(device_path);
    ck_assert_str_eq(text, "mine");
    free(text);
    ck_assert_int_eq(init_write(manifest_path, device_path, true), OX_OK);
    text = read_text(device_path);
    ck_assert_ptr_nonnull(strstr(text, "otaimg-device: 1\n"));
    free(text);
    free(message);
}
END_TEST

START_TEST(test_init_dangling_link_counts_as_existing)
{
    catch_diagnostics();
    ck_assert_int_eq(symlink("nowhere", manifest_path), 0);
    ck_assert_int_eq(init_write(manifest_path, NULL, false), OX_IO);
    ck_assert_ptr_nonnull(strstr(caught(), "exists already"));
}
END_TEST

/* Each optional line becomes valid when its comment sign goes. */
START_TEST(test_init_commented_keys_are_right)
{
    static const char *const names[] = {
        "  # format: ",      "  # min-installed-version: ", "  # image-type: ",
        "  # min-battery: ", "  # revoke-keys: ",           "  # release: ",
        "  # sbom: ",        "  # source-revision: ",       "  # user: "};
    char *text;

    catch_diagnostics();
    ck_assert_int_eq(init_write(manifest_path, NULL, false), OX_OK);
    text = read_text(manifest_path);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char *without = xasprintf("  %s", names[i] + 4);
        char *changed = replace_once(text, names[i], without);
        char *newer = replace_once(changed, "\n  version: 1.0.0.0", "\n  version: 2.0.0.0");
        struct yaml_doc *doc = NULL;
        struct manifest m;

        ck_assert_msg(ydoc_load_bytes("m.yaml", newer, strlen(newer), &doc) == OX_OK, "%s",
                      caught());
        ck_assert_msg(manifest_from_doc(doc, &m) == OX_OK, "%s", caught());
        manifest_free(&m);
        ydoc_free(doc);
        free(newer);
        free(changed);
        free(without);
    }
    free(text);
}
END_TEST

/* The file with each of these lines, given without "# ", made valid; caller frees. */
static char *read_uncommented(const char *path, const char *const *lines, size_t count)
{
    char *text = read_text(path);

    for (size_t i = 0; i < count; i++) {
        char *from = xasprintf("\n# %s", lines[i]);
        char *to = xasprintf("\n%s", lines[i]);
        char *changed = replace_once(text, from, to);

        free(from);
        free(to);
        free(text);
        text = changed;
    }
    return text;
}

static void write_whole(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");

    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs(text, file), 0);
    ck_assert_int_eq(fclose(file), 0);
}

static void make_encrypted(struct manifest *ret_manifest, struct device_file *ret_device)
{
    static const char *const encrypt[] = {"encrypt:", "  method:", "  key:", "  iv:"};
    static const char *const decrypt[] = {"decrypt:"};
    char *manifest;
    char *device;

    (void)unlink(manifest_path); /* one run does not replace what it has read */
    (void)unlink(device_path);
    ck_assert_int_eq(init_write(manifest_path, device_path, false), OX_OK);
    manifest = read_uncommented(manifest_path, encrypt, 4);
    device = read_uncommented(device_path, decrypt, 1);
    write_whole(manifest_path, manifest);
    write_whole(device_path, device);
    ck_assert_msg(load_manifest(manifest_path, NULL, 0, ret_manifest) == OX_OK, "%s", caught());
    load_device(ret_device);
    free(manifest);
    free(device);
}

/* A random one, so that lint has nothing against it, and the same in both files. */
START_TEST(test_init_encryption_has_one_new_iv)
{
    struct manifest first;
    struct manifest second;
    struct device_file d;

    catch_diagnostics();
    make_encrypted(&first, &d);
    ck_assert(first.encrypt);
    ck_assert(!lint_facts_of(&first).has_zero_iv);
    ck_assert_mem_eq(first.encrypt_iv, d.config.decrypt_iv, 16);
    device_file_free(&d);
    make_encrypted(&second, &d);
    ck_assert_mem_ne(first.encrypt_iv, second.encrypt_iv, 16);
    manifest_free(&first);
    manifest_free(&second);
    device_file_free(&d);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, make_folder, remove_folder);
    tcase_add_test(tcase, test_init_files_load_and_belong_together);
    tcase_add_test(tcase, test_init_product_is_new_each_time);
    tcase_add_test(tcase, test_init_existing_file_refused_and_kept);
    tcase_add_test(tcase, test_init_dangling_link_counts_as_existing);
    tcase_add_test(tcase, test_init_commented_keys_are_right);
    tcase_add_test(tcase, test_init_encryption_has_one_new_iv);
}

int main(void)
{
    return unit_main("init", add_tests);
}
