/*
 * DER ECDSA signatures to and from r || s: one encoding per signature, nothing else accepted.
 * Layer: format.
 */
#include <otav/otav_format.h>

#include <string.h>

enum { TAG_SEQUENCE = 0x30, TAG_INTEGER = 0x02, HALF = OTAV_SIGNATURE_LEN / 2 };

/* One INTEGER at *pos to 32 bytes; false unless it is positive, minimal and at most 32 bytes. */
static bool take_integer(const uint8_t *der, size_t end, size_t *pos, uint8_t ret[HALF])
{
    const uint8_t *p = der + *pos;
    size_t len;

    if (end - *pos < 3 || p[0] != TAG_INTEGER) {
        return false;
    }
    len = p[1];
    if (len == 0 || len > HALF + 1 || len > end - *pos - 2) {
        return false;
    }
    p += 2;
    *pos += 2 + len;
    if ((p[0] & 0x80) != 0) {
        return false; /* negative */
    }
    if (p[0] == 0 && len > 1) {
        if ((p[1] & 0x80) == 0) {
            return false; /* a leading zero that is not needed */
        }
        p++;
        len--;
    }
    if (len > HALF) {
        return false;
    }
    memset(ret, 0, HALF);
    memcpy(ret + HALF - len, p, len);
    return true;
}

bool otav_der_decode(const uint8_t *der, size_t cap, size_t der_len,
                     uint8_t ret_rs[OTAV_SIGNATURE_LEN])
{
    uint8_t rs[OTAV_SIGNATURE_LEN];
    size_t pos = 2;

    if (der_len < 8 || der_len > cap || der[0] != TAG_SEQUENCE || der[1] != der_len - 2) {
        return false;
    }
    if (!otav_bytes_are(der, der_len, cap, 0) || !take_integer(der, der_len, &pos, rs) ||
        !take_integer(der, der_len, &pos, rs + HALF) || pos != der_len) {
        return false;
    }
    memcpy(ret_rs, rs, sizeof rs);
    return true;
}

static size_t put_integer(const uint8_t value[HALF], uint8_t *ret)
{
    size_t skip = 0;
    size_t len;
    size_t pad;

    while (skip < HALF - 1 && value[skip] == 0) {
        skip++;
    }
    pad = (value[skip] & 0x80) != 0 ? 1 : 0;
    len = HALF - skip + pad;
    ret[0] = TAG_INTEGER;
    ret[1] = (uint8_t)len;
    ret[2] = 0;
    memcpy(ret + 2 + pad, value + skip, HALF - skip);
    return 2 + len;
}

size_t otav_der_encode(const uint8_t rs[OTAV_SIGNATURE_LEN], uint8_t ret_der[72])
{
    size_t len = 2;

    memset(ret_der, 0, 72);
    len += put_integer(rs, ret_der + len);
    len += put_integer(rs + HALF, ret_der + len);
    ret_der[0] = TAG_SEQUENCE;
    ret_der[1] = (uint8_t)(len - 2);
    return len;
}
