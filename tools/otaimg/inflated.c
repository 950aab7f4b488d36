/*
 * A decoder around the device's inflate that keeps the window. Layer: below the readers of files.
 * Invariant: it adds nothing to what the device's code decides.
 */
#include "inflated.h"

#include <string.h>

#include "util.h"

/* Bytes at offset up to the end of the window, at most len. */
static size_t part_at(uint32_t offset, size_t len)
{
    size_t room = INFLATED_WINDOW_LEN - offset % INFLATED_WINDOW_LEN;

    return len < room ? len : room;
}

static enum otav_err keep_and_pass(void *user, const uint8_t *bytes, size_t len)
{
    struct inflated *inflated = user;
    const struct otav_decoder_io io = inflated->io;

    for (size_t at = 0; at < len;) {
        size_t part = part_at(inflated->written_len, len - at);

        memcpy(inflated->window + inflated->written_len % INFLATED_WINDOW_LEN, bytes + at, part);
        inflated->written_len += (uint32_t)part;
        at += part;
    }
    return io.write(io.user, bytes, len);
}

static enum otav_err read_back(void *user, uint32_t offset, uint8_t *ret_bytes, size_t len)
{
    const struct inflated *inflated = user;

    for (size_t at = 0; at < len;) {
        size_t part = part_at(offset, len - at);

        memcpy(ret_bytes + at, inflated->window + offset % INFLATED_WINDOW_LEN, part);
        offset += (uint32_t)part;
        at += part;
    }
    return OTAV_OK;
}

static void begin(void *state, const struct otav_decoder_io *io, uint32_t decoded_len)
{
    struct inflated *inflated = state;
    const struct otav_decoder_io kept = {inflated, keep_and_pass, read_back};

    inflated->io = *io;
    inflated->written_len = 0;
    otav_inflate_begin(&inflated->inflate, &kept, decoded_len);
}

static enum otav_err feed(void *state, const uint8_t *bytes, size_t len)
{
    struct inflated *inflated = state;

    return otav_inflate_feed(&inflated->inflate, bytes, len);
}

static enum otav_err end(void *state)
{
    struct inflated *inflated = state;

    return otav_inflate_end(&inflated->inflate);
}

static void wipe_state(void *state)
{
    struct inflated *inflated = state;

    otav_inflate_wipe(&inflated->inflate);
    wipe(inflated->window, sizeof inflated->window);
}

void inflated_init(struct inflated *inflated)
{
    inflated->decoder = (struct otav_decoder){
        .state = inflated, .begin = begin, .feed = feed, .end = end, .wipe = wipe_state};
}
