/*
 * Inflate without a window in memory: a state machine over raw deflate (RFC 1951).
 * Layer: beside the verifier, which knows it by struct otav_decoder only. Guards: no byte of input is
 * trusted; never more output than announced; a step takes all of its bits or none, so that results do
 * not depend on how the input was cut.
 *
 *   HEAD -> STORED_LEN -> STORED_CHECK -> STORED -> HEAD
 *   HEAD [-> SIZES -> CODE_LENGTH -> LENGTH <-> REPEAT] -> LITERAL [-> COPY_LEN -> DISTANCE ->
 *   DISTANCE_EXTRA] -> LITERAL; LITERAL -> HEAD; the last block ends in DONE
 */
#include <otav/otav_inflate.h>

#include <otav/otav_format.h>
#include <stdbool.h>
#include <string.h>

#include "../src/secure.h"

/* What comes next: numbers of bit_count bits, then a symbol, then what compressed data consists of. */
enum state {
    HEAD,           /* of a block */
    STORED_LEN,     /* of a block that is not compressed */
    STORED_CHECK,   /* of that length */
    STORED,         /* a byte of such a block */
    SIZES,          /* of the codes that are sent with a block */
    CODE_LENGTH,    /* one of the code that those codes are sent in */
    REPEAT,         /* how often more a length of those codes is repeated */
    DONE,           /* nothing: the last block has ended */
    LENGTH,         /* one of the codes, or a run */
    LITERAL,        /* or length of a copy */
    LITERAL_EXTRA,  /* bits of that length */
    DISTANCE,       /* of the copy */
    DISTANCE_EXTRA, /* bits */
};

enum {
    CODE_BITS_MAX = 15,
    START_SHIFT = CODE_BITS_MAX - 5,
    END_OF_BLOCK = 256,
    LENGTH_SYMBOL_MAX = 285,
    COPY_LEN_MAX = 258,
    DISTANCE_COUNT_MAX = 30,
    CODE_LENGTH_COUNT = 19,
    COMPLETE = 1 << CODE_BITS_MAX,
    MISSING = -1 /* there are not enough bits; nothing was taken */
};

static void fail(struct otav_inflate *d, enum otav_err err)
{
    d->error = err;
}

static void expect(struct otav_inflate *d, enum state state, unsigned bit_count)
{
    d->state = state;
    d->bit_count = bit_count;
}

/* ---- input ------------------------------------------------------------------------------------ */

/* Takes bytes as long as there is room for another one. */
static void fill_hold(struct otav_inflate *d)
{
    const uint8_t *in = d->in;
    uint32_t hold = d->hold;
    uint32_t count = d->hold_count;

    while (count <= 24 && in < d->in_end) {
        hold |= (uint32_t)*in++ << count;
        count += 8;
    }
    d->in = in;
    d->hold = hold;
    d->hold_count = count;
}

/* Whether count bits are there, at most 25. */
static bool has_bits(struct otav_inflate *d, unsigned count)
{
    if (d->hold_count < count) {
        fill_hold(d);
    }
    return d->hold_count >= count;
}

static void drop_bits(struct otav_inflate *d, unsigned count)
{
    d->hold >>= count;
    d->hold_count -= count;
}

/* The next count bits, at most 16, or MISSING. */
static int take_bits(struct otav_inflate *d, unsigned count)
{
    uint32_t hold;

    if (!has_bits(d, count)) {
        return MISSING;
    }
    hold = d->hold;
    drop_bits(d, count);
    return (int)(hold & ((1u << count) - 1));
}

static uint32_t reversed(uint32_t word)
{
#if defined(__ARM_ARCH_ISA_THUMB) && __ARM_ARCH_ISA_THUMB >= 2
    __asm__("rbit %0, %0" : "+r"(word));
#else
    word = (word >> 1 & 0x55555555u) | (word & 0x55555555u) << 1;
    word = (word >> 2 & 0x33333333u) | (word & 0x33333333u) << 2;
    word = (word >> 4 & 0x0F0F0F0Fu) | (word & 0x0F0F0F0Fu) << 4;
    word = (word >> 8 & 0x00FF00FFu) | (word & 0x00FF00FFu) << 8;
    word = word >> 16 | word << 16;
#endif
    return word;
}

/* The next symbol, or MISSING; that as well when there is no such code. Bits that are not there yet
 * count as zeros: a code is right if all of it is there, and beyond the limit whatever comes. */
static int take_symbol(struct otav_inflate *d, const struct otav_inflate_code *code)
{
    unsigned number;
    unsigned len;

    (void)has_bits(d, CODE_BITS_MAX);
    number = reversed(d->hold) >> (32 - CODE_BITS_MAX);
    len = code->start[number >> START_SHIFT];
    while (number >= code->limit[len]) {
        len++;
    }
    if (len > CODE_BITS_MAX) {
        fail(d, OTAV_ERR_DEFLATE);
        return MISSING;
    }
    if (len > d->hold_count) {
        return MISSING;
    }
    drop_bits(d, len);
    return d->symbols[code->base[len] + (int)(number >> (CODE_BITS_MAX - len))];
}

/* ---- codes ------------------------------------------------------------------------------------ */

/* Makes a code of the lengths of count symbols. It must be complete, or be a single code of one bit, or
 * none at all: what zlib takes, whose code for lengths has to be complete; if it is not, theirs are not. */
static void make_code(struct otav_inflate *d, struct otav_inflate_code *code,
                      const uint8_t *lengths, unsigned count)
{
    unsigned first = code == &d->literals ? 0 : OTAV_INFLATE_LITERAL_COUNT;
    unsigned index = first;
    unsigned limit = 0;
    unsigned start = 0;

    memset(code->start, CODE_BITS_MAX + 1, sizeof code->start);
    code->limit[CODE_BITS_MAX + 1] = UINT16_MAX; /* ends every search */
    for (unsigned len = 1; len <= CODE_BITS_MAX; len++) {
        unsigned shift = CODE_BITS_MAX - len;

        code->base[len] = (int16_t)(index - (limit >> shift));
        for (unsigned i = 0; i < count; i++) {
            if (lengths[i] == len) {
                d->symbols[index++] = (uint16_t)i;
                limit += 1u << shift;
            }
        }
        if (limit > COMPLETE) {
            fail(d, OTAV_ERR_DEFLATE);
            return;
        }
        code->limit[len] = (uint16_t)limit;
        while (start << START_SHIFT < limit) {
            code->start[start++] = (uint8_t)len;
        }
    }
    if (limit != COMPLETE && limit != (index - first) * (COMPLETE / 2)) {
        fail(d, OTAV_ERR_DEFLATE);
    }
}

/* The next count lengths of the codes for a block. */
static void take_lengths(struct otav_inflate *d, unsigned length, unsigned count)
{
    if (count > d->length_count - d->index) {
        fail(d, OTAV_ERR_DEFLATE);
        return;
    }
    memset(d->lengths + d->index, (int)length, count);
    d->index += count;
    d->state = LENGTH;
    if (d->index == d->length_count) {
        d->state = LITERAL;
        if (d->lengths[END_OF_BLOCK] == 0) {
            fail(d, OTAV_ERR_DEFLATE);
            return;
        }
        make_code(d, &d->literals, d->lengths, d->literal_count);
        make_code(d, &d->distances, d->lengths + d->literal_count,
                  d->length_count - d->literal_count);
    }
}

/* spec: RFC 1951, 3.2.6 */
static void make_fixed_codes(struct otav_inflate *d)
{
    static const uint8_t runs[][2] = {{8, 144}, {9, 112}, {7, 24}, {8, 8}, {5, 32}};

    d->literal_count = OTAV_INFLATE_LITERAL_COUNT;
    d->length_count = OTAV_INFLATE_CODE_COUNT;
    d->index = 0;
    for (const uint8_t *run = runs[0]; run < runs[0] + sizeof runs; run += 2) {
        take_lengths(d, run[0], run[1]);
    }
    d->is_fixed = true;
}

/* ---- output ----------------------------------------------------------------------------------- */

static void write_buffer(struct otav_inflate *d)
{
    uint32_t len = d->buffer_len;

    d->written_len += len;
    d->decoded_len -= len;
    d->buffer_len = 0;
    d->buffer_end = d->decoded_len < sizeof d->buffer ? d->decoded_len : sizeof d->buffer;
    if (len > 0) {
        d->error = d->io.write(d->io.user, d->buffer, len);
    }
}

/* Whether there is room in the buffer, if need be by writing what is in it. */
static bool has_room(struct otav_inflate *d)
{
    if (d->buffer_len < d->buffer_end) {
        return true;
    }
    if (d->buffer_len == d->decoded_len) {
        fail(d, OTAV_ERR_DEFLATE);
        return false;
    }
    write_buffer(d);
    return d->error == OTAV_OK;
}

/* Behind an empty stored block: what comes next needs no bit of what came before. */
static void pass_point(struct otav_inflate *d)
{
    uint32_t end = OTAV_META_LEN + d->written_len + d->buffer_len;

    if (d->buffer_len > 0 && end % OTAV_DECODER_POINT_LEN == 0) {
        write_buffer(d);
        d->point.encoded_len = d->fed_len - (uint32_t)(d->in_end - d->in) - d->hold_count / 8;
        d->point.decoded_len = d->written_len;
    }
}

/* Copies left bytes from distance back. */
static void copy(struct otav_inflate *d, unsigned distance, unsigned left)
{
    if (distance > d->written_len + d->buffer_len) {
        fail(d, OTAV_ERR_DEFLATE);
        return;
    }
    while (left > 0 && d->error == OTAV_OK && has_room(d)) {
        unsigned len = d->buffer_end - d->buffer_len;
        uint8_t *to = d->buffer + d->buffer_len;

        len = left < len ? left : len;
        if (distance > d->buffer_len) {
            unsigned written = distance - d->buffer_len;

            len = written < len ? written : len;
            d->error = d->io.read(d->io.user, d->written_len - written, to, len);
        } else {
            for (const uint8_t *end = to + len; to < end; to++) {
                *to = *(to - distance);
            }
        }
        left -= len;
        d->buffer_len += len;
    }
}

/* ---- steps ------------------------------------------------------------------------------------ */

static void end_block(struct otav_inflate *d)
{
    expect(d, HEAD, 3);
    if (d->is_last) {
        drop_bits(d, d->hold_count % 8);
        expect(d, DONE, 8);
        if (d->buffer_len == d->decoded_len) {
            write_buffer(d);
        } else {
            fail(d, OTAV_ERR_DEFLATE);
        }
    }
}

static void begin_block(struct otav_inflate *d, unsigned head)
{
    d->is_last = head & 1;
    switch (head >> 1) {
    case 0:
        drop_bits(d, d->hold_count % 8);
        expect(d, STORED_LEN, 16);
        break;
    case 1:
        d->state = LITERAL;
        if (!d->is_fixed) {
            make_fixed_codes(d);
        }
        break;
    case 2:
        d->is_fixed = false;
        expect(d, SIZES, 14);
        break;
    default:
        fail(d, OTAV_ERR_DEFLATE);
    }
}

/* A block of bytes goes on, or ends. */
static void go_on_stored(struct otav_inflate *d)
{
    if (d->length == 0) {
        end_block(d);
    } else {
        expect(d, STORED, 8);
    }
}

static void begin_codes(struct otav_inflate *d, unsigned sizes)
{
    d->literal_count = 257 + (sizes & 31);
    d->length_count = d->literal_count + 1 + (sizes >> 5 & 31);
    d->code_length_count = 4 + (sizes >> 10);
    if ((sizes & 31) > 29 || (sizes >> 5 & 31) > 29) {
        fail(d, OTAV_ERR_DEFLATE);
    }
    d->index = 0;
    memset(d->lengths, 0, CODE_LENGTH_COUNT);
    expect(d, CODE_LENGTH, 3);
}

static void take_code_length(struct otav_inflate *d, unsigned length)
{
    /* spec: RFC 1951, 3.2.7 */
    static const uint8_t order[CODE_LENGTH_COUNT] = {16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
                                                     11, 4,  12, 3, 13, 2, 14, 1, 15};

    d->lengths[order[d->index++]] = (uint8_t)length;
    if (d->index == d->code_length_count) {
        make_code(d, &d->distances, d->lengths, CODE_LENGTH_COUNT);
        d->index = 0;
        d->state = LENGTH;
    }
}

/* spec: RFC 1951, 3.2.7 */
static void take_length(struct otav_inflate *d, unsigned length)
{
    if (length < 16) {
        take_lengths(d, length, 1);
        return;
    }
    d->length = 0;
    d->repeat = 3;
    expect(d, REPEAT, length - 14);
    if (length == 18) {
        d->repeat = 11;
        d->bit_count = 7;
    } else if (length == 16 && d->index == 0) {
        fail(d, OTAV_ERR_DEFLATE);
    } else if (length == 16) {
        d->length = d->lengths[d->index - 1];
    }
}

/* spec: RFC 1951, 3.2.5. From 2^(bits + 1) on, 2^bits numbers in a row have as many extra bits, and
 * each row one more. Returns the least value that number stands for, counted from 0. */
static unsigned value_of(struct otav_inflate *d, unsigned number, unsigned bits)
{
    unsigned row = number >> bits;

    row -= row > 0;
    d->bit_count = row;
    return row == 0 ? number : (number - (row << bits)) << row;
}

static void begin_copy(struct otav_inflate *d, unsigned symbol)
{
    d->state = LITERAL_EXTRA;
    d->length = 3 + value_of(d, symbol - (END_OF_BLOCK + 1u), 2);
    if (symbol >= LENGTH_SYMBOL_MAX) {
        d->bit_count = 0;
        d->length = COPY_LEN_MAX;
        if (symbol > LENGTH_SYMBOL_MAX) {
            fail(d, OTAV_ERR_DEFLATE);
        }
    }
}

/* Takes compressed data; false when bits are missing or something is wrong. */
static bool take_data(struct otav_inflate *d)
{
    int value;

    switch (d->state) {
    case LITERAL:
        while ((value = take_symbol(d, &d->literals)) < END_OF_BLOCK) {
            if (value < 0 || !has_room(d)) {
                return false;
            }
            d->buffer[d->buffer_len++] = (uint8_t)value;
        }
        if (value == END_OF_BLOCK) {
            end_block(d);
            return true;
        }
        begin_copy(d, (unsigned)value);
        /* fall through */
    case LITERAL_EXTRA:
        value = take_bits(d, d->bit_count);
        if (value < 0) {
            return false;
        }
        d->length += (unsigned)value;
        d->state = DISTANCE;
        /* fall through */
    case DISTANCE:
        value = take_symbol(d, &d->distances);
        if (value < 0) {
            return false;
        }
        if (value >= DISTANCE_COUNT_MAX) {
            fail(d, OTAV_ERR_DEFLATE);
        }
        d->distance = 1 + value_of(d, (unsigned)value, 1);
        d->state = DISTANCE_EXTRA;
        /* fall through */
    default:
        value = take_bits(d, d->bit_count);
        if (value < 0) {
            return false;
        }
        d->state = LITERAL;
        copy(d, d->distance + (unsigned)value, d->length);
        return true;
    }
}

/* Takes what else there is; false as above. */
static bool take_structure(struct otav_inflate *d)
{
    int taken = d->state == LENGTH ? take_symbol(d, &d->distances) : take_bits(d, d->bit_count);
    unsigned value = (unsigned)taken;

    if (taken < 0) {
        return false;
    }
    switch (d->state) {
    case HEAD:
        begin_block(d, value);
        break;
    case STORED_LEN:
        d->length = value;
        d->state = STORED_CHECK;
        break;
    case STORED_CHECK:
        if ((value ^ d->length) != UINT16_MAX) {
            fail(d, OTAV_ERR_DEFLATE);
            return false;
        }
        if (d->length == 0) {
            pass_point(d);
        }
        go_on_stored(d);
        break;
    case STORED:
        if (!has_room(d)) {
            return false;
        }
        d->buffer[d->buffer_len++] = (uint8_t)value;
        d->length--;
        go_on_stored(d);
        break;
    case SIZES:
        begin_codes(d, value);
        break;
    case CODE_LENGTH:
        take_code_length(d, value);
        break;
    case REPEAT:
        take_lengths(d, d->length, d->repeat + value);
        break;
    case LENGTH:
        take_length(d, value);
        break;
    default:
        fail(d, OTAV_ERR_TRAILING);
    }
    return true;
}

/* ---- interface -------------------------------------------------------------------------------- */

void otav_inflate_begin(void *state, const struct otav_decoder_io *io, uint32_t decoded_len)
{
    struct otav_inflate *d = state;

    memset(d, 0, sizeof *d);
    d->io = *io;
    d->decoded_len = decoded_len;
    d->error = OTAV_OK;
    expect(d, HEAD, 3);
}

enum otav_err otav_inflate_feed(void *state, const uint8_t *bytes, size_t len)
{
    struct otav_inflate *d = state;

    d->in = bytes;
    d->in_end = bytes + len;
    d->fed_len += (uint32_t)len;
    while (d->error == OTAV_OK && (d->state >= LITERAL ? take_data(d) : take_structure(d))) {
    }
    return (enum otav_err)d->error;
}

enum otav_err otav_inflate_end(void *state)
{
    struct otav_inflate *d = state;

    if (d->error == OTAV_OK && d->state != DONE) {
        fail(d, OTAV_ERR_TRUNCATED);
    }
    return (enum otav_err)d->error;
}

void otav_inflate_point(const void *state, struct otav_decoder_point *ret)
{
    *ret = ((const struct otav_inflate *)state)->point;
}

void otav_inflate_resume(void *state, const struct otav_decoder_point *point)
{
    struct otav_inflate *d = state;

    d->fed_len = point->encoded_len;
    d->written_len = point->decoded_len;
    d->decoded_len -= point->decoded_len;
}

void otav_inflate_wipe(void *state)
{
    otav_wipe(state, sizeof(struct otav_inflate));
}
