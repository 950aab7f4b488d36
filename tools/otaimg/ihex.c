/*
 * Intel HEX output.
 *
 * Layer: output. Bytes are collected until a record is full, so that the same data always gives the
 * same text. Invariant: no record crosses a multiple of 16, so none crosses a 64 KiB border.
 */
#include "ihex.h"

#include <stdio.h>
#include <string.h>

#include "util.h"

enum { TYPE_DATA = 0, TYPE_END = 1, TYPE_LINEAR = 4 };

/* ':', two digits for each of length, offset (two), type, data and checksum, LF, NUL. */
#define RECORD_TEXT_LEN (1 + 2 * (IHEX_DATA_LEN + 5) + 2)

static enum ox put_record(struct ihex_writer *w, unsigned type, unsigned offset,
                          const uint8_t *bytes, size_t len)
{
    char text[RECORD_TEXT_LEN];
    unsigned sum = (unsigned)len + (offset >> 8) + offset + type;
    size_t at = 9;
    enum ox rc;

    (void)snprintf(text, sizeof text, ":%02X%04X%02X", (unsigned)len, offset, type);
    for (size_t i = 0; i < len; i++, at += 2) {
        (void)snprintf(text + at, sizeof text - at, "%02X", bytes[i]);
        sum += bytes[i];
    }
    (void)snprintf(text + at, sizeof text - at, "%02X\n", (0u - sum) & 0xFF);
    rc = w->sink(w->user, text, at + 3);
    wipe(text, sizeof text); /* a provisioning record may hold a key */
    return rc;
}

static enum ox flush(struct ihex_writer *w)
{
    uint32_t upper = w->address >> 16;
    uint8_t base[2] = {(uint8_t)(upper >> 8), (uint8_t)upper};
    size_t len = w->pending_len;
    enum ox rc = OX_OK;

    if (len == 0) {
        return OX_OK;
    }
    if (w->upper != upper + 1) {
        rc = put_record(w, TYPE_LINEAR, 0, base, sizeof base);
        w->upper = upper + 1;
    }
    w->pending_len = 0;
    return rc == OX_OK ? put_record(w, TYPE_DATA, w->address & 0xFFFF, w->pending, len) : rc;
}

void ihex_begin(struct ihex_writer *w, ihex_sink *sink, void *user)
{
    memset(w, 0, sizeof *w);
    w->sink = sink;
    w->user = user;
}

enum ox ihex_write(struct ihex_writer *w, uint32_t address, const uint8_t *bytes, size_t len)
{
    enum ox rc = OX_OK;

    if (w->pending_len > 0 && w->address + (uint32_t)w->pending_len != address) {
        rc = flush(w);
    }
    while (rc == OX_OK && len > 0) {
        size_t room = IHEX_DATA_LEN - address % IHEX_DATA_LEN;
        size_t part = len < room ? len : room;

        if (w->pending_len == 0) {
            w->address = address;
        }
        memcpy(w->pending + w->pending_len, bytes, part);
        w->pending_len += part;
        address += (uint32_t)part;
        bytes += part;
        len -= part;
        if (part == room) {
            rc = flush(w);
        }
    }
    return rc;
}

enum ox ihex_end(struct ihex_writer *w)
{
    enum ox rc = flush(w);

    return rc == OX_OK ? put_record(w, TYPE_END, 0, NULL, 0) : rc;
}
