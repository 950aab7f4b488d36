/*
 * Who may include what, read from the sources, and what the verifier's archive may contain: no
 * writable data, no allocation, no standard I/O.
 */
#include "unit.h"

#include <dirent.h>
#include <libgen.h>
#include <limits.h>
#include <unistd.h>

#define ROOT TEST_DATA_DIR "/.."

/* A file of a folder may include the headers of its row only; "<" stands for system headers in
 * angle brackets, "otav/" for any public header of the verifier. */
struct rule {
    const char *folder;
    const char *file;       /* NULL: every other file of the folder */
    const char *allowed[8]; /* prefixes */
};

static const struct rule rules[] = {
    /* format */
    {"verifier/src", "der.c", {"otav/otav_format.h", "string.h"}},
    {"verifier/src", "fields.c", {"otav/otav_format.h"}},
    {"verifier/src", "fields_doc.c", {"otav/otav_config.h", "string.h"}},
    {"verifier/src", "secure.c", {"secure.h"}},
    {"verifier/src", "secure.h", {"stddef.h", "stdint.h"}},
    {"verifier/src", "strerror.c", {"otav/otav_error.h"}},
    /* attributes, above format */
    {"verifier/src", "attributes.c", {"otav/otav_attributes.h", "string.h"}},
    /* policy, above attributes */
    {"verifier/src", "policy.c", {"policy.h", "secure.h", "string.h"}},
    {"verifier/src", "policy.h", {"otav/otav.h"}},
    {"verifier/src", "recheck.c", {"policy.h", "string.h"}},
    /* above policy, beside the path of an image */
    {"verifier/src", "provision.c", {"otav/otav_provision.h", "policy.h", "secure.h", "string.h"}},
    /* context, above policy */
    {"verifier/src", "context.c", {"context.h", "policy.h", "secure.h", "string.h"}},
    {"verifier/src", "context.h", {"otav/otav.h"}},
    /* stream and commit, above context */
    {"verifier/src", "stream.c", {"stream.h", "string.h"}},
    {"verifier/src", "stream.h", {"context.h"}},
    {"verifier/src", "encoded.c", {"stream.h"}},
    {"verifier/src", "commit.c", {"stream.h", "secure.h", "string.h"}},
    /* above stream */
    {"verifier/src", "slot.c", {"context.h"}},
    {"verifier/src", "resume.c", {"otav/otav_resume.h", "stream.h", "string.h"}},
    {"verifier/src", "file.c", {"otav/otav_file.h", "stream.h", "string.h"}},
    /* public headers, bottom up */
    {"verifier/include/otav", "otav_format.h", {"std"}},
    {"verifier/include/otav", "otav_error.h", {"stdint.h"}},
    {"verifier/include/otav", "otav_attributes.h", {"otav_error.h", "otav_format.h"}},
    {"verifier/include/otav", "otav_port.h", {"otav_format.h", "std"}},
    {"verifier/include/otav", "otav_config.h", {"otav_format.h", "std"}},
    {"verifier/include/otav",
     "otav.h",
     {"otav_attributes.h", "otav_config.h", "otav_decoder.h", "otav_error.h", "otav_port.h"}},
    {"verifier/include/otav", "otav_decoder.h", {"otav_error.h", "std"}},
    {"verifier/include/otav", "otav_inflate.h", {"otav_decoder.h"}},
    {"verifier/include/otav", "otav_file.h", {"otav.h"}},
    {"verifier/include/otav", "otav_resume.h", {"otav.h"}},
    {"verifier/include/otav", "otav_provision.h", {"otav_config.h", "otav_error.h", "otav_port.h"}},
    {"verifier/include/otav", NULL, {"otav_port.h"}},
    /* knows the verifier by its decoder only */
    {"verifier/inflate",
     "inflate.c",
     {"otav/otav_inflate.h", "otav/otav_format.h", "../src/secure.h", "std", "string.h"}},
    /* crypto back ends know the port and their library */
    {"verifier/crypto", "openssl.c", {"otav/", "openssl/"}},
    {"verifier/crypto", "bearssl.c", {"otav/", "string.h", "bearssl.h"}},
    {"verifier/crypto", "mbedtls.c", {"otav/", "string.h", "mbedtls/"}},
    {"verifier/crypto", "wolfcrypt.c", {"otav/", "string.h", "wolfssl/"}},
    /* the manager knows neither the verifier nor the host */
    {"manager/include/otam", NULL, {"stdbool.h", "stddef.h", "stdint.h"}},
    {"manager/src", "wire.h", {"otam/otam.h"}},
    {"manager/src", NULL, {"otam/otam.h", "wire.h", "string.h"}},
};

#define RULE_COUNT (sizeof rules / sizeof rules[0])

static const struct rule *rule_for(const char *folder, const char *file)
{
    for (size_t i = 0; i < RULE_COUNT; i++) {
        if (strcmp(rules[i].folder, folder) == 0 &&
            (rules[i].file == NULL || strcmp(rules[i].file, file) == 0)) {
            return &rules[i];
        }
    }
    return NULL;
}

static bool is_allowed(const struct rule *rule, const char *header)
{
    for (size_t i = 0; i < 8 && rule->allowed[i] != NULL; i++) {
        if (strncmp(header, rule->allowed[i], strlen(rule->allowed[i])) == 0) {
            return true;
        }
    }
    return false;
}

/* The header that a line includes, without its brackets; false for any other line. */
static bool included(char *line, char **ret_header)
{
    char *start = line + strspn(line, " \t");
    char *end;

    if (*start != '#') {
        return false;
    }
    start += 1 + strspn(start + 1, " \t");
    if (strncmp(start, "include", 7) != 0) {
        return false;
    }
    start += 7 + strspn(start + 7, " \t");
    end = strpbrk(start + 1, ">\"");
    ck_assert_msg(end != NULL, "odd include: %s", line);
    *end = '\0';
    *ret_header = start + 1;
    return true;
}

static bool is_source(const char *name)
{
    size_t len = strlen(name);

    return len > 2 && (strcmp(name + len - 2, ".c") == 0 || strcmp(name + len - 2, ".h") == 0);
}

typedef void take_include(const char *folder, const char *file, const char *header);

/* Calls take for every include line of every source in a folder; returns how many files. */
static unsigned for_each_include(const char *folder, take_include *take)
{
    char path[PATH_MAX];
    DIR *dir;
    const struct dirent *entry;
    unsigned files = 0;

    snprintf(path, sizeof path, "%s/%s", ROOT, folder);
    dir = opendir(path);
    if (dir == NULL) {
        return 0;
    }
    while ((entry = readdir(dir)) != NULL) {
        char line[4096];
        char *header;
        FILE *in;

        if (!is_source(entry->d_name)) {
            continue;
        }
        snprintf(path, sizeof path, "%s/%s/%s", ROOT, folder, entry->d_name);
        in = fopen(path, "r");
        ck_assert_ptr_nonnull(in);
        while (fgets(line, sizeof line, in) != NULL) {
            if (included(line, &header)) {
                take(folder, entry->d_name, header);
            }
        }
        fclose(in);
        files++;
    }
    closedir(dir);
    return files;
}

static void check_rule(const char *folder, const char *file, const char *header)
{
    const struct rule *rule = rule_for(folder, file);

    ck_assert_msg(rule != NULL, "%s/%s belongs to no layer: add it to this test", folder, file);
    ck_assert_msg(is_allowed(rule, header), "%s/%s must not include %s", folder, file, header);
}

START_TEST(test_layering_manager_needs_nothing)
{
    ck_assert_uint_ge(for_each_include("manager/include/otam", check_rule), 1);
    ck_assert_uint_ge(for_each_include("manager/src", check_rule), 4);
}
END_TEST

START_TEST(test_layering_verifier_includes_only_what_is_below)
{
    ck_assert_uint_ge(for_each_include("verifier/src", check_rule), 14);
    ck_assert_uint_ge(for_each_include("verifier/include/otav", check_rule), 8);
    ck_assert_uint_ge(for_each_include("verifier/crypto", check_rule), 1);
    ck_assert_uint_ge(for_each_include("verifier/inflate", check_rule), 1);
}
END_TEST

static bool starts(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

static bool ends(const char *text, const char *suffix)
{
    size_t len = strlen(text);
    size_t suffix_len = strlen(suffix);

    return len >= suffix_len && strcmp(text + len - suffix_len, suffix) == 0;
}

static bool may_use_openssl(const char *file)
{
    return ends(file, "_file.c") || starts(file, "pubkey") || strcmp(file, "key_ec.c") == 0 ||
           strcmp(file, "key_generate.c") == 0 || strcmp(file, "crypto_memory.c") == 0;
}

static bool may_use_p11kit(const char *file)
{
    return starts(file, "p11") || strcmp(file, "signer_pkcs11.c") == 0 ||
           strcmp(file, "cipher_pkcs11.c") == 0 || strcmp(file, "token_keys.c") == 0;
}

static void check_tool(const char *folder, const char *file, const char *header)
{
    (void)folder;
    ck_assert_msg(strncmp(header, "..", 2) != 0 && strstr(header, "verifier") == NULL,
                  "%s reaches around the public headers: %s", file, header);
    ck_assert_msg(!starts(header, "openssl/") || may_use_openssl(file),
                  "%s must not include %s: OpenSSL is not for this file", file, header);
    ck_assert_msg(strcmp(header, "yaml.h") != 0 || strcmp(file, "yaml_parse.c") == 0,
                  "%s must not include yaml.h", file);
    ck_assert_msg(strcmp(header, "zlib.h") != 0 || strcmp(file, "deflated.c") == 0,
                  "%s must not include zlib.h", file);
    ck_assert_msg(!starts(header, "p11-kit/") || may_use_p11kit(file), "%s must not include %s",
                  file, header);
    ck_assert_msg(!starts(header, "systemd/") || strcmp(file, "sd_bus.h") == 0,
                  "%s must not include %s", file, header);
    ck_assert_msg(strcmp(header, "policy.h") != 0 && strcmp(header, "stream.h") != 0 &&
                      strcmp(header, "secure.h") != 0,
                  "%s must not include a private header of the verifier: %s", file, header);
}

START_TEST(test_layering_tool_keeps_libraries_in_their_files)
{
    ck_assert_uint_ge(for_each_include("tools/otaimg", check_tool), 10);
}
END_TEST

static void check_device(const char *folder, const char *file, const char *header)
{
    ck_assert_msg(!starts(header, "openssl/") && !starts(header, "stdio") &&
                      !starts(header, "stdlib"),
                  "%s/%s must not include %s", folder, file, header);
    ck_assert_msg(strstr(header, "src/") == NULL && strcmp(header, "policy.h") != 0 &&
                      strcmp(header, "secure.h") != 0,
                  "%s/%s must not include a private header: %s", folder, file, header);
}

START_TEST(test_layering_device_uses_public_headers)
{
    (void)for_each_include("verifier/crypto/soft", check_device);
    (void)for_each_include("verifier/device/bootloader", check_device);
    ck_assert_uint_ge(for_each_include("verifier/device/application", check_device), 2);
    (void)for_each_include("verifier/device/ota_service", check_device);
    ck_assert_uint_ge(for_each_include("simulator", check_device), 8);
}
END_TEST

/* ---- the archive ------------------------------------------------------------------------------ */

/* Undefined symbols of the libraries, besides their own. */
static const char *const external[] = {
    "memcpy", "memset", "memcmp", "strcmp", "_GLOBAL_OFFSET_TABLE_", "__stack_chk_fail"};

static bool is_external(const char *name)
{
    for (size_t i = 0; i < sizeof external / sizeof external[0]; i++) {
        if (strcmp(name, external[i]) == 0) {
            return true;
        }
    }
    return strncmp(name, "otav_", 5) == 0 || strncmp(name, "otam_", 5) == 0;
}

/* Sanitizers and coverage bring symbols and counters of their own. */
static bool is_instrumented(const char *name)
{
    return strstr(name, "asan") != NULL || strstr(name, "ubsan") != NULL ||
           strstr(name, "gcov") != NULL || strstr(name, "sanitizer") != NULL;
}

/* nm -f sysv: name | value | class | type | size | line | section. Constants with relocations stand
 * in .data.rel.ro, which is read-only after loading. */
static void check_symbol(char *line, bool *ret_instrumented)
{
    char name[256];
    char kind = 0;
    const char *section = strrchr(line, '|');

    if (section == NULL || sscanf(line, "%255[^| ] |%*[^|]|%*[ ]%c", name, &kind) != 2) {
        return;
    }
    *ret_instrumented = *ret_instrumented || is_instrumented(name);
    if (*ret_instrumented) {
        return;
    }
    section++;
    ck_assert_msg(kind != 'U' || is_external(name), "a library uses %s", name);
    ck_assert_msg(kind != 'C' && kind != 'c', "%s is common data", name);
    ck_assert_msg(!starts(section, ".bss"), "%s is writable", name);
    ck_assert_msg(!starts(section, ".data") || starts(section, ".data.rel.ro"), "%s is writable",
                  name);
}

/* archive: its path from the build folder. */
static void check_archive(const char *archive)
{
    char exe[PATH_MAX] = "";
    char command[PATH_MAX + 64];
    char line[1024];
    bool instrumented = false;
    unsigned lines = 0;
    FILE *nm;

    ck_assert_int_gt(readlink("/proc/self/exe", exe, sizeof exe - 1), 0);
    snprintf(command, sizeof command, "nm -f sysv '%s/../%s'", dirname(exe), archive);
    nm = popen(command, "r");
    ck_assert_ptr_nonnull(nm);
    while (fgets(line, sizeof line, nm) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        check_symbol(line, &instrumented);
        lines++;
    }
    ck_assert_int_eq(pclose(nm), 0);
    ck_assert_uint_gt(lines, 50);
    if (instrumented) {
        printf("SKIPPED: the archive is instrumented, its symbols say nothing\n");
    }
}

START_TEST(test_layering_archive_has_no_globals_and_no_libc)
{
    check_archive("verifier/libotav.a");
}
END_TEST

START_TEST(test_layering_manager_archive_has_no_globals_and_no_libc)
{
    check_archive("manager/libotam.a");
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, test_layering_verifier_includes_only_what_is_below);
    tcase_add_test(tc, test_layering_manager_needs_nothing);
    tcase_add_test(tc, test_layering_tool_keeps_libraries_in_their_files);
    tcase_add_test(tc, test_layering_device_uses_public_headers);
    tcase_add_test(tc, test_layering_archive_has_no_globals_and_no_libc);
    tcase_add_test(tc, test_layering_manager_archive_has_no_globals_and_no_libc);
}

int main(void)
{
    return unit_main("layering", add_tests);
}
