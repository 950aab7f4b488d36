/*
 * Memory, wiping and strict text conversion for the host tool.
 */
#include "util.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "vector_registers.h"

static unsigned long fail_countdown;

static void *check(void *p)
{
    if (p == NULL) {
        diag_set_thread_stream(NULL); /* nobody prints what a thread collected any more */
        exit((int)diag_fail(OX_INTERNAL, "out of memory"));
    }
    return p;
}

static bool fails_now(void)
{
    return fail_countdown > 0 && --fail_countdown == 0;
}

void xalloc_fail_at(unsigned long n)
{
    fail_countdown = n;
}

void *xmalloc(size_t len)
{
    return check(fails_now() ? NULL : malloc(len > 0 ? len : 1));
}

void *xcalloc(size_t count, size_t len)
{
    return check(fails_now() ? NULL : calloc(count > 0 ? count : 1, len > 0 ? len : 1));
}

void *xrealloc(void *p, size_t len)
{
    return check(fails_now() ? NULL : realloc(p, len > 0 ? len : 1));
}

char *xstrndup(const char *s, size_t len)
{
    char *copy = xmalloc(len + 1);

    memcpy(copy, s, len);
    copy[len] = '\0';
    return copy;
}

char *xstrdup(const char *s)
{
    return xstrndup(s, strlen(s));
}

char *xasprintf(const char *format, ...)
{
    char *text = NULL;
    va_list args;
    int len;

    va_start(args, format);
    len = fails_now() ? -1 : vasprintf(&text, format, args);
    va_end(args);
    return check(len < 0 ? NULL : text);
}

void wipe(void *p, size_t len)
{
    explicit_bzero(p, len);
    vector_registers_clear();
}

void wipe_free(void *p, size_t len)
{
    if (p != NULL) {
        wipe(p, len);
        free(p);
    }
}

void hex_encode(const uint8_t *bytes, size_t len, char *text)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < len; i++) {
        text[2 * i] = digits[bytes[i] >> 4];
        text[2 * i + 1] = digits[bytes[i] & 15];
    }
    text[2 * len] = '\0';
}

void put_printable(FILE *stream, const char *text)
{
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;

        if (c < 0x20 || c == 0x7F) {
            (void)fprintf(stream, "\\x%02x", c);
        } else {
            (void)fputc(c, stream);
        }
    }
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    if (c >= 'A' && c <= 'F') {
        return c - 'A' + 10;
    }
    return -1;
}

bool hex_decode(const char *text, uint8_t *bytes, size_t len)
{
    if (strlen(text) != 2 * len) {
        return false;
    }
    for (size_t i = 0; i < 2 * len; i++) {
        if (hex_digit(text[i]) < 0) {
            return false;
        }
    }
    for (size_t i = 0; i < len; i++) {
        unsigned high = (unsigned)hex_digit(text[2 * i]);
        unsigned low = (unsigned)hex_digit(text[2 * i + 1]);

        bytes[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

bool parse_u64(const char *text, uint64_t max, uint64_t *ret)
{
    bool hex = text[0] == '0' && text[1] == 'x';
    const char *p = hex ? text + 2 : text;
    uint64_t base = hex ? 16 : 10;
    uint64_t value = 0;

    if (*p == '\0' || (!hex && p[0] == '0' && p[1] != '\0') || (hex && strlen(p) > 16)) {
        return false;
    }
    for (; *p != '\0'; p++) {
        int digit = hex_digit(*p);

        if (digit < 0 || (uint64_t)digit >= base) {
            return false;
        }
        if (value > (UINT64_MAX - (uint64_t)digit) / base) {
            return false;
        }
        value = value * base + (uint64_t)digit;
    }
    if (value > max) {
        return false;
    }
    *ret = value;
    return true;
}

/* A decimal number without leading zeros; moves *text behind it. */
static bool take_decimal(const char **text, uint32_t max, uint32_t *ret)
{
    const char *p = *text;
    uint32_t value = 0;

    if (*p < '0' || *p > '9' || (p[0] == '0' && p[1] >= '0' && p[1] <= '9')) {
        return false;
    }
    for (; *p >= '0' && *p <= '9'; p++) {
        value = value * 10 + (uint32_t)(*p - '0');
        if (value > max) {
            return false;
        }
    }
    *text = p;
    *ret = value;
    return true;
}

bool parse_version(const char *text, uint32_t *ret)
{
    uint32_t version = 0;

    for (int i = 0; i < 4; i++) {
        uint32_t part;

        if ((i > 0 && *text++ != '.') || !take_decimal(&text, 255, &part)) {
            return false;
        }
        version = version << 8 | part;
    }
    if (*text != '\0') {
        return false;
    }
    *ret = version;
    return true;
}

void format_version(uint32_t version, char text[VERSION_TEXT_LEN])
{
    (void)snprintf(text, VERSION_TEXT_LEN, "%u.%u.%u.%u", version >> 24, version >> 16 & 255,
                   version >> 8 & 255, version & 255);
}

#define LETTERS    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS     "0123456789"
#define HEX_DIGITS DIGITS "abcdefABCDEF"

bool is_uri(const char *text)
{
    const char *next = text + strspn(text, LETTERS DIGITS "+-.");

    if (strspn(text, LETTERS) == 0 || next[0] != ':' || next[1] == '\0') {
        return false;
    }
    while (*next != '\0') {
        next += strspn(next, LETTERS DIGITS "-._~:/?#[]@!$&'()*+,;=");
        if (*next == '%' && strspn(next + 1, HEX_DIGITS) >= 2) {
            next += 3;
        } else if (*next != '\0') {
            return false;
        }
    }
    return true;
}

bool parse_uuid(const char *text, uint8_t ret[16])
{
    char digits[33];
    size_t count = 0;

    if (strlen(text) != UUID_TEXT_LEN - 1) {
        return false;
    }
    for (size_t i = 0; i < UUID_TEXT_LEN - 1; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;

        if (dash != (text[i] == '-')) {
            return false;
        }
        if (!dash) {
            digits[count++] = text[i];
        }
    }
    digits[count] = '\0';
    return hex_decode(digits, ret, 16);
}

void format_uuid(const uint8_t uuid[16], char text[UUID_TEXT_LEN])
{
    char digits[33];

    hex_encode(uuid, 16, digits);
    (void)snprintf(text, UUID_TEXT_LEN, "%.8s-%.4s-%.4s-%.4s-%.12s", digits, digits + 8,
                   digits + 12, digits + 16, digits + 20);
}

/* Days since 1970-01-01 of a civil date: years counted from March, 400-year eras of 146097 days. */
static int64_t days_from_civil(int64_t year, unsigned month, unsigned day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = y / 400;
    int64_t year_of_era = y - era * 400;
    int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year -
           719468;
}

static void civil_from_days(uint32_t days, unsigned *year, unsigned *month, unsigned *day)
{
    int64_t z = (int64_t)days + 719468;
    int64_t era = z / 146097;
    int64_t day_of_era = z - era * 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t march_month = (5 * day_of_year + 2) / 153;

    *day = (unsigned)(day_of_year - (153 * march_month + 2) / 5 + 1);
    *month = (unsigned)(march_month < 10 ? march_month + 3 : march_month - 9);
    *year = (unsigned)(year_of_era + era * 400 + (*month <= 2 ? 1 : 0));
}

bool parse_date(const char *text, uint32_t *ret_days)
{
    unsigned part[3] = {0, 0, 0};
    unsigned year;
    unsigned month;
    unsigned day;
    int64_t days;

    if (strlen(text) != 10) {
        return false;
    }
    for (unsigned i = 0, field = 0; i < 10; i++) {
        if (i == 4 || i == 7) {
            if (text[i] != '-') {
                return false;
            }
            field++;
        } else if (text[i] < '0' || text[i] > '9') {
            return false;
        } else {
            part[field] = part[field] * 10 + (unsigned)(text[i] - '0');
        }
    }
    if (part[0] < 1970 || part[1] < 1 || part[1] > 12 || part[2] < 1 || part[2] > 31) {
        return false;
    }
    days = days_from_civil(part[0], part[1], part[2]);
    /* 31 April and the like come back as another date. */
    civil_from_days((uint32_t)days, &year, &month, &day);
    if (year != part[0] || month != part[1] || day != part[2]) {
        return false;
    }
    *ret_days = (uint32_t)days;
    return true;
}

void format_date(uint32_t days, char text[DATE_TEXT_LEN])
{
    unsigned year;
    unsigned month;
    unsigned day;

    civil_from_days(days, &year, &month, &day);
    (void)snprintf(text, DATE_TEXT_LEN, "%04u-%02u-%02u", year, month, day);
}

char *path_beside(const char *base_file, const char *path)
{
    const char *slash = base_file != NULL ? strrchr(base_file, '/') : NULL;

    if (path[0] == '/' || slash == NULL) {
        return xstrdup(path);
    }
    return xasprintf("%.*s/%s", (int)(slash - base_file), base_file, path);
}

char *path_real(const char *path)
{
    char *real = realpath(path, NULL);
    const char *slash = strrchr(path, '/');
    char *folder;
    char *real_folder;

    if (real != NULL) {
        return real;
    }
    folder = slash != NULL ? xstrndup(path, (size_t)(slash - path) + 1) : xstrdup(".");
    real_folder = realpath(folder, NULL);
    real = xasprintf("%s/%s", real_folder != NULL ? real_folder : folder,
                     slash != NULL ? slash + 1 : path);
    free(real_folder);
    free(folder);
    return real;
}
