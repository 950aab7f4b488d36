/*
 * Which encoding a signature has is never a guess: binary is tried first, and text that is both hex
 * and base64 cannot have the length of a signature in both.
 */
#include "signature_text.h"

#include <string.h>

#include <otav/otav_format.h>

#include "util.h"

enum { DER_MAX = 72, TEXT_MAX = 2 * DER_MAX };

static bool read_binary(const uint8_t *bytes, size_t len, uint8_t ret_rs[64])
{
    if (len == OTAV_SIGNATURE_LEN) {
        memcpy(ret_rs, bytes, OTAV_SIGNATURE_LEN);
        return true;
    }
    return len <= DER_MAX && otav_der_decode(bytes, len, len, ret_rs);
}

/* Text without white space; false when it is too long or has other bytes than printable ones. */
static bool squeeze(const uint8_t *bytes, size_t len, char text[TEXT_MAX + 1])
{
    size_t n = 0;

    for (size_t i = 0; i < len; i++) {
        if (strchr(" \t\r\n", bytes[i]) != NULL && bytes[i] != '\0') {
            continue;
        }
        if (bytes[i] < '!' || bytes[i] > '~' || n == TEXT_MAX) {
            return false;
        }
        text[n++] = (char)bytes[i];
    }
    text[n] = '\0';
    return true;
}

static bool read_hex(const char *text, uint8_t ret_rs[64])
{
    uint8_t bytes[DER_MAX] = {0};
    size_t len = strlen(text) / 2;

    return strlen(text) % 2 == 0 && len <= sizeof bytes && hex_decode(text, bytes, len) &&
           read_binary(bytes, len, ret_rs);
}

/* The standard and the URL alphabet, which must not be mixed. */
static int base64_value(char c, bool url)
{
    static const char common[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    const char *at = strchr(common, c);

    if (c == (url ? '-' : '+')) {
        return 62;
    }
    if (c == (url ? '_' : '/')) {
        return 63;
    }
    return at != NULL && c != '\0' ? (int)(at - common) : -1;
}

static bool read_base64(const char *text, uint8_t ret_rs[64])
{
    bool url = strpbrk(text, "-_") != NULL;
    size_t digits = strcspn(text, "=");
    size_t pad = strlen(text + digits);
    uint8_t bytes[DER_MAX + 3] = {0};
    uint32_t bits = 0;
    size_t len = 0;

    if (strspn(text + digits, "=") != pad || digits % 4 == 1 ||
        (pad > 0 && (pad > 2 || (digits + pad) % 4 != 0)) || digits / 4 * 3 > DER_MAX) {
        return false;
    }
    for (size_t i = 0; i < digits; i++) {
        int value = base64_value(text[i], url);

        if (value < 0) {
            return false;
        }
        bits = bits << 6 | (uint32_t)value;
        if (i % 4 != 0) {
            bytes[len++] = (uint8_t)(bits >> (6 - 2 * (i % 4)));
        }
    }
    /* Bits that belong to no byte must be zero: one text per signature. */
    if ((digits % 4 == 2 && (bits & 15) != 0) || (digits % 4 == 3 && (bits & 3) != 0)) {
        return false;
    }
    return read_binary(bytes, len, ret_rs);
}

bool signature_text_read(const uint8_t *bytes, size_t len, uint8_t ret_rs[64])
{
    char text[TEXT_MAX + 1] = "";

    return read_binary(bytes, len, ret_rs) ||
           (squeeze(bytes, len, text) && (read_hex(text, ret_rs) || read_base64(text, ret_rs)));
}
