/*
 * Small helpers every module may use: memory that cannot fail, wiping, hex text, strict numbers.
 */
#ifndef OTAIMG_UTIL_H
#define OTAIMG_UTIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Allocation: never returns NULL. When memory runs out: one message, temporary output files are
 * removed, exit 70. Free with free(). */
void *xmalloc(size_t len);
void *xcalloc(size_t count, size_t len);
void *xrealloc(void *p, size_t len);
char *xstrdup(const char *s);
char *xstrndup(const char *s, size_t len);
char *xasprintf(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Test hook: the n-th allocation from now on fails (0 = off). */
void xalloc_fail_at(unsigned long n);

/* Overwrites len bytes in a way that the compiler keeps, and what copying them left in registers. */
void wipe(void *p, size_t len);

/* wipe() then free(); NULL is fine. */
void wipe_free(void *p, size_t len);

/* Lower-case hex of len bytes into text (2 * len + 1 characters). */
void hex_encode(const uint8_t *bytes, size_t len, char *text);

/* Exactly len bytes from exactly 2 * len hex digits (either case); false otherwise, bytes untouched. */
bool hex_decode(const char *text, uint8_t *bytes, size_t len);

/* Writes text so that it is safe on a terminal: control characters as \xNN. */
void put_printable(FILE *stream, const char *text);

/* Strict unsigned number: decimal without leading zeros or 0x and 1..16 hex digits, nothing around
 * it, at most max. False otherwise, *ret untouched. */
bool parse_u64(const char *text, uint64_t max, uint64_t *ret);

/* "a.b.c.d", each 0..255 without leading zeros: a << 24 | b << 16 | c << 8 | d. */
bool parse_version(const char *text, uint32_t *ret);
#define VERSION_TEXT_LEN 16
void format_version(uint32_t version, char text[VERSION_TEXT_LEN]);

/* Whether text is an absolute URI by its characters: a scheme, a colon, and at least one of those
 * that RFC 3986 allows behind it. */
bool is_uri(const char *text);

/* UUID text 8-4-4-4-12, either case; bytes in text order. */
bool parse_uuid(const char *text, uint8_t ret[16]);
#define UUID_TEXT_LEN 37
void format_uuid(const uint8_t uuid[16], char text[UUID_TEXT_LEN]);

/* "YYYY-MM-DD" (proleptic Gregorian, 1970-01-01 or later) to days since 1970-01-01, and back. */
bool parse_date(const char *text, uint32_t *ret_days);
#define DATE_TEXT_LEN 16
void format_date(uint32_t days, char text[DATE_TEXT_LEN]);

/* Path relative to the folder of base_file (or to the working directory when base_file is NULL);
 * absolute paths stay. Caller frees. */
char *path_beside(const char *base_file, const char *path);

/* The path without symbolic links and detours: two paths of one file, which need not exist yet, give
 * the same text. Caller frees. */
char *path_real(const char *path);

#endif
