/*
 * What may be in a YAML file at all: UTF-8 without control characters.
 *
 * Checked before libyaml sees a byte, so that the position is always known, no value contains a
 * NUL byte and lines are what editors count (CR, LF or CR LF).
 */
#include "yaml_tree.h"

/* Length of the character at p (len > 0 bytes left), 0 if it is not UTF-8. Overlong forms,
 * surrogates and values over 0x10FFFF are not. */
static size_t utf8_decode(const uint8_t *p, size_t len, uint32_t *ret)
{
    static const uint32_t lowest[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t count = p[0] < 0x80 ? 1 : p[0] < 0xC0 ? 0 : p[0] < 0xE0 ? 2 : p[0] < 0xF0 ? 3 : 4;
    uint32_t c;

    if (count == 0 || count > len || p[0] >= 0xF8) {
        return 0;
    }
    c = count == 1 ? p[0] : p[0] & (0x7Fu >> count);
    for (size_t i = 1; i < count; i++) {
        if ((p[i] & 0xC0) != 0x80) {
            return 0;
        }
        c = c << 6 | (p[i] & 0x3Fu);
    }
    if (c < lowest[count] || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF)) {
        return 0;
    }
    *ret = c;
    return count;
}

/* The Unicode line and paragraph separators are left out because editors do not count them. */
static bool is_text(uint32_t c)
{
    if (c == '\t' || c == '\n' || c == '\r') {
        return true;
    }
    return c >= 0x20 && (c < 0x7F || c > 0x9F) && c != 0x2028 && c != 0x2029 && c != 0xFEFF &&
           c != 0xFFFE && c != 0xFFFF;
}

enum ox text_check(const struct src_pos *start, const char *bytes, size_t len)
{
    const uint8_t *p = (const uint8_t *)bytes;
    struct src_pos pos = *start;

    for (size_t i = 0; i < len;) {
        uint32_t c = 0;
        size_t count = utf8_decode(p + i, len - i, &c);

        if (count == 0) {
            return diag_fail_at(OX_USAGE, &pos, "byte 0x%02x is not valid here, expected UTF-8",
                                p[i]);
        }
        if (!is_text(c)) {
            return diag_fail_at(OX_USAGE, &pos, "control character U+%04X, expected text", c);
        }
        i += count;
        if (pos.line > 0 && (c == '\n' || (c == '\r' && (i == len || p[i] != '\n')))) {
            pos.line++;
            pos.column = 1;
        } else {
            pos.column++;
        }
    }
    return OX_OK;
}
