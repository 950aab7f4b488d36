/*
 * What the tests of the firmware loaders share: a folder of their own, files in it, and the two
 * questions to every parser - what does it say, and what does it do with any damaged file.
 */
#ifndef TEST_FW_UNIT_H
#define TEST_FW_UNIT_H

#include <fcntl.h>
#include <ftw.h>
#include <stdint.h>
#include <unistd.h>

#include "fw_image.h"
#include "unit.h"

static char temp_folder[] = "/tmp/otaimg-unit-XXXXXX";

static inline int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

/* Fixture: names in a test, and so in messages, are relative to an empty folder. */
static inline void enter_temp_folder(void)
{
    ck_assert_ptr_nonnull(mkdtemp(temp_folder));
    ck_assert_int_eq(chdir(temp_folder), 0);
}

static inline void leave_temp_folder(void)
{
    ck_assert_int_eq(chdir("/"), 0);
    ck_assert_int_eq(nftw(temp_folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS), 0);
}

static inline void put_file(const char *name, const void *bytes, size_t len)
{
    int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, bytes, len), (ssize_t)len);
    ck_assert_int_eq(close(fd), 0);
}

static inline void put_text(const char *name, const char *text)
{
    put_file(name, text, strlen(text));
}

/* The whole of a file; the caller frees it. */
static inline uint8_t *get_file(const char *name, size_t *ret_len)
{
    FILE *f = fopen(name, "rb");
    uint8_t *bytes;
    long len;

    ck_assert_msg(f != NULL, "cannot open '%s'", name);
    ck_assert_int_eq(fseek(f, 0, SEEK_END), 0);
    len = ftell(f);
    ck_assert_int_ge(len, 0);
    rewind(f);
    bytes = malloc((size_t)len + 1);
    ck_assert_ptr_nonnull(bytes);
    ck_assert_uint_eq(fread(bytes, 1, (size_t)len, f), (size_t)len);
    ck_assert_int_eq(fclose(f), 0);
    *ret_len = (size_t)len;
    return bytes;
}

static inline struct fw_image *load_ok(const char *name, enum fw_format format)
{
    struct fw_image *image = NULL;
    enum ox rc;

    catch_diagnostics();
    rc = fw_load(name, format, 0x01000200, &image);
    ck_assert_msg(rc == OX_OK, "%s", caught());
    ck_assert_str_eq(caught(), "");
    return image;
}

/* A failed load leaves the out-parameter alone and says exactly message. */
static inline void expect_fail(const char *name, enum fw_format format, enum ox code,
                               const char *message)
{
    struct fw_image *const untouched = (struct fw_image *)(void *)temp_folder;
    struct fw_image *image = untouched;

    catch_diagnostics();
    ck_assert_int_eq(fw_load(name, format, 0x01000200, &image), code);
    ck_assert_ptr_eq(image, untouched);
    ck_assert_str_eq(caught(), message);
}

static inline void expect_fail_text(const char *text, enum fw_format format, const char *message)
{
    put_text("f", text);
    expect_fail("f", format, OX_MALFORMED, message);
}

static inline void expect_bytes(const struct fw_image *image, uint32_t address, const void *bytes,
                                size_t len)
{
    uint8_t *got = malloc(len + 1);

    ck_assert_ptr_nonnull(got);
    got[len] = 0x5A;
    ck_assert_int_eq(fw_read(image, address, got, len), OX_OK);
    ck_assert_mem_eq(got, bytes, len);
    ck_assert_uint_eq(got[len], 0x5A);
    free(got);
}

/* Order, sizes and a digest of what fw_for_each() shows. */
struct seen {
    uint64_t next;   /* first address that may still come */
    uint64_t total;  /* bytes */
    size_t count;    /* calls */
    uint64_t digest; /* FNV-1a over addresses and bytes */
};

static inline enum ox see(void *user, uint32_t address, const uint8_t *bytes, size_t len)
{
    struct seen *seen = user;

    ck_assert_uint_ge(address, seen->next);
    ck_assert_uint_ge(len, 1);
    ck_assert_uint_le(len, 65536);
    for (size_t i = 0; i < len; i++) {
        seen->digest = (seen->digest ^ bytes[i]) * 0x100000001B3u;
        seen->digest = (seen->digest ^ (address + i)) * 0x100000001B3u;
    }
    seen->next = (uint64_t)address + len;
    seen->total += len;
    seen->count++;
    ck_assert_uint_le(seen->next, (uint64_t)UINT32_MAX + 1);
    return OX_OK;
}

static inline struct seen see_all(const struct fw_image *image)
{
    struct seen seen = {0, 0, 0, 0xCBF29CE484222325u};

    ck_assert_int_eq(fw_for_each(image, see, &seen), OX_OK);
    return seen;
}

/* Loads damaged bytes: an image that can be walked (true, what it shows) or one message (false). */
static inline bool load_any(const uint8_t *bytes, size_t len, enum fw_format format,
                            struct seen *ret_seen)
{
    struct fw_image *image = NULL;
    const char *text;
    enum ox rc;

    put_file("damaged", bytes, len);
    catch_diagnostics();
    rc = fw_load("damaged", format, 0x01000200, &image);
    text = caught();
    if (rc != OX_OK) {
        ck_assert_int_eq(rc, OX_MALFORMED);
        ck_assert_ptr_null(image);
        ck_assert_ptr_eq(strstr(text, "otaimg: "), text);
        ck_assert_ptr_eq(strchr(text, '\n'), text + strlen(text) - 1);
        return false;
    }
    ck_assert_str_eq(text, "");
    *ret_seen = see_all(image);
    fw_free(image);
    return true;
}

static inline struct seen see_file(const uint8_t *bytes, size_t len, enum fw_format format)
{
    struct seen seen = {0};

    ck_assert(load_any(bytes, len, format, &seen));
    return seen;
}

/* Every truncation; the number that still loads, which must show the same. */
static inline unsigned count_valid_truncations(const uint8_t *bytes, size_t len,
                                               enum fw_format format)
{
    struct seen whole = see_file(bytes, len, format);
    unsigned valid = 0;

    for (size_t cut = 0; cut < len; cut++) {
        struct seen seen = {0};

        if (load_any(bytes, cut, format, &seen)) {
            ck_assert_uint_eq(seen.digest, whole.digest);
            valid++;
        }
    }
    return valid;
}

/* Every byte with each of its bits flipped and with some values that mean something to a parser;
 * the number of mutants that load and show something else than the original. */
static inline unsigned count_silent_mutants(const uint8_t *bytes, size_t len, enum fw_format format)
{
    static const uint8_t values[] = {0x00, 0xFF, '\n', '\r', ' ', '0', 'F', ':', 'S'};
    struct seen whole = see_file(bytes, len, format);
    uint8_t *copy = malloc(len);
    unsigned silent = 0;

    ck_assert_ptr_nonnull(copy);
    for (size_t i = 0; i < len * (8 + sizeof values); i++) {
        size_t at = i / (8 + sizeof values);
        size_t kind = i % (8 + sizeof values);
        struct seen seen = {0};

        memcpy(copy, bytes, len);
        copy[at] = (uint8_t)(kind < 8 ? bytes[at] ^ 1u << kind : values[kind - 8]);
        if (load_any(copy, len, format, &seen)) {
            silent += seen.digest != whole.digest;
        }
    }
    free(copy);
    return silent;
}

/* Whether a tool for a cross-check is there; says so when not. */
static inline bool have_tool(const char *name)
{
    char command[200];

    (void)snprintf(command, sizeof command, "command -v %s >/dev/null 2>&1", name);
    if (system(command) == 0) {
        return true;
    }
    (void)printf("skipped: %s is not installed\n", name);
    return false;
}

#endif
