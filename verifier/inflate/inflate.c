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
#include <stddef.h>
#include <string.h>

#include "../src/secure.h"

/* What comes next: numbers of bit_count bits, then symbols. */
enum state {
    HEAD,           /* of a block */
    STORED_LEN,     /* of a block that is not compressed */
    STORED_CHECK,   /* of that length */
    STORED,         /* a byte of such a block */
    SIZES,          /* of the codes that are sent with a block */
    CODE_LENGTH,    /* one of the code that those codes are sent in */
    REPEAT,         /* how often more a length of those codes is repeated */
    DONE,           /* nothing: the last block has ended */
    LITERAL_EXTRA,  /* bits of the length of a copy */
    DISTANCE_EXTRA, /* bits */
    LITERAL,        /* or length of a copy, or the end of the block */
    LENGTH,         /* one of the codes, or a run */
    DISTANCE,       /* of a copy */
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
    NEED_MAX = 16, /* bits at a time */
    MISSING = -1   /* there are not enough bits; nothing was taken */
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

/* The input, in registers while it is read. */
struct bits {
    uint32_t hold;
    uint32_t count;
    const uint8_t *at, *end;
};

/* Bits of hold above count are those that come next, or zeros. */
static inline __attribute__((always_inline)) void fill(struct bits *in)
{
    if (in->count >= NEED_MAX) {
        return;
    }
    if (in->end - in->at >= 4) {
        in->hold |= otav_load_u32(in->at) << in->count;
        in->at += (31 - in->count) >> 3;
        in->count |= 24;
        return;
    }
    while (in->count <= 24 && in->at < in->end) {
        in->hold |= (uint32_t)*in->at++ << in->count;
        in->count += 8;
    }
}

static inline __attribute__((always_inline)) int take_bits(struct bits *in, unsigned count)
{
    uint32_t hold = in->hold;

    if (count > in->count) {
        return MISSING;
    }
    in->hold = hold >> count;
    in->count -= count;
    return (int)(hold & ((1u << count) - 1));
}

/* Up to the next byte. */
static void drop_bits(struct otav_inflate *d)
{
    d->hold >>= d->hold_count % 8;
    d->hold_count -= d->hold_count % 8;
}

static uint32_t reversed(uint32_t word)
{
#if defined(__ARM_ARCH_ISA_THUMB) && __ARM_ARCH_ISA_THUMB >= 2
    uint32_t result;

    __asm__("rbit %0, %1" : "=r"(result) : "r"(word));
    return result;
#else
    word = (word >> 1 & 0x55555555u) | (word & 0x55555555u) << 1;
    word = (word >> 2 & 0x33333333u) | (word & 0x33333333u) << 2;
    word = (word >> 4 & 0x0F0F0F0Fu) | (word & 0x0F0F0F0Fu) << 4;
    word = (word >> 8 & 0x00FF00FFu) | (word & 0x00FF00FFu) << 8;
    return word >> 16 | word << 16;
#endif
}

/* The next symbol, or MISSING; that as well when there is no such code. Bits that are not there yet
 * count as zeros or what comes: a code is right if all of it is there, and beyond the limit whatever
 * comes. */
static inline __attribute__((always_inline)) int
take_symbol(struct otav_inflate *d, const struct otav_inflate_code *code, struct bits *in)
{
    unsigned number = reversed(in->hold) >> (32 - CODE_BITS_MAX);
    unsigned len = code->start[number >> START_SHIFT];

    while (number >= code->limit[len]) {
        len++;
    }
    if (len > CODE_BITS_MAX) {
        fail(d, OTAV_ERR_DEFLATE);
        return MISSING;
    }
    if (len > in->count) {
        return MISSING;
    }
    in->hold >>= len;
    in->count -= len;
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

    memset(code, 0, offsetof(struct otav_inflate_code, start));
    memset(code->start, CODE_BITS_MAX + 1, sizeof code->start);
    for (unsigned i = 0; i < count; i++) {
        code->limit[lengths[i]]++; /* how many, so far */
    }
    for (unsigned len = 1; len <= CODE_BITS_MAX; len++) {
        code->base[len] = (int16_t)index; /* of the next symbol, so far */
        index += code->limit[len];
        limit += (unsigned)code->limit[len] << (CODE_BITS_MAX - len);
        if (limit > COMPLETE) {
            fail(d, OTAV_ERR_DEFLATE);
            return;
        }
        code->limit[len] = (uint16_t)limit;
        while (start << START_SHIFT < limit) {
            code->start[start++] = (uint8_t)len;
        }
    }
    code->limit[CODE_BITS_MAX + 1] = UINT16_MAX; /* ends every search */
    for (unsigned i = 0; i < count; i++) {
        if (lengths[i] > 0) {
            d->symbols[code->base[lengths[i]]++] = (uint16_t)i;
        }
    }
    for (unsigned len = 1; len <= CODE_BITS_MAX; len++) {
        code->base[len] = (int16_t)(code->base[len] - (code->limit[len] >> (CODE_BITS_MAX - len)));
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
    static const uint8_t runs[] = {8, 144, 9, 112, 7, 24, 8, 8, 5, 32};

    d->literal_count = OTAV_INFLATE_LITERAL_COUNT;
    d->length_count = OTAV_INFLATE_CODE_COUNT;
    d->index = 0;
    for (const uint8_t *run = runs; run < runs + sizeof runs; run += 2) {
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

    if (end % OTAV_DECODER_POINT_LEN == 0) {
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
    do {
        unsigned len = d->buffer_end - d->buffer_len;
        uint8_t *to = d->buffer + d->buffer_len;

        if (len == 0) {
            if (!has_room(d)) {
                return;
            }
            continue;
        }
        len = left < len ? left : len;
        if (distance > d->buffer_len) {
            unsigned written = distance - d->buffer_len;

            len = written < len ? written : len;
            d->error = d->io.read(d->io.user, d->written_len - written, to, len);
        } else {
            const uint8_t *end = to + len;

            do {
                *to = *(to - distance);
            } while (++to < end);
        }
        left -= len;
        d->buffer_len += len;
    } while (left > 0 && d->error == OTAV_OK);
}

/* ---- steps ------------------------------------------------------------------------------------ */

static __attribute__((noinline)) void end_block(struct otav_inflate *d)
{
    expect(d, HEAD, 3);
    if (d->is_last) {
        drop_bits(d);
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
        drop_bits(d);
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
static __attribute__((noinline)) unsigned value_of(struct otav_inflate *d, unsigned number,
                                                   unsigned bits)
{
    unsigned row = number >> bits;

    row -= row > 0;
    d->bit_count = row;
    return row == 0 ? number : (number - (row << bits)) << row;
}

static void begin_copy(struct otav_inflate *d, unsigned symbol)
{
    d->length = 3 + value_of(d, symbol - (END_OF_BLOCK + 1u), 2);
    if (symbol >= LENGTH_SYMBOL_MAX) {
        d->bit_count = 0;
        d->length = COPY_LEN_MAX;
        if (symbol > LENGTH_SYMBOL_MAX) {
            fail(d, OTAV_ERR_DEFLATE);
        }
    }
    d->state = d->bit_count > 0 ? LITERAL_EXTRA : DISTANCE;
}

/* Takes a number or symbol. */
static void take(struct otav_inflate *d, unsigned value)
{
    switch (d->state) {
    case LITERAL:
        if (value == END_OF_BLOCK) {
            end_block(d);
        } else {
            begin_copy(d, value);
        }
        break;
    case LITERAL_EXTRA:
        d->length += value;
        d->state = DISTANCE;
        break;
    case DISTANCE:
        if (value >= DISTANCE_COUNT_MAX) {
            fail(d, OTAV_ERR_DEFLATE);
        }
        d->distance = 1 + value_of(d, value, 1);
        d->state = DISTANCE_EXTRA;
        break;
    case DISTANCE_EXTRA:
        d->state = LITERAL;
        copy(d, d->distance + value, d->length);
        break;
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
            break;
        }
        if (d->length == 0) {
            pass_point(d);
        }
        go_on_stored(d);
        break;
    case STORED:
        if (has_room(d)) {
            d->buffer[d->buffer_len++] = (uint8_t)value;
            d->length--;
            go_on_stored(d);
        }
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
}

/* The next number, or symbol that is no literal: those go to the buffer. MISSING as well when there is no
 * room for one. */
static inline __attribute__((always_inline)) int take_next(struct otav_inflate *d, struct bits *in)
{
    for (;;) {
        int value;

        fill(in);
        if (d->state < LITERAL) {
            return take_bits(in, d->bit_count);
        }
        if (d->state > LITERAL) {
            return take_symbol(d, &d->distances, in);
        }
        value = take_symbol(d, &d->literals, in);
        if (value < 0 || value >= END_OF_BLOCK) {
            return value;
        }
        if (d->buffer_len == d->buffer_end && !has_room(d)) {
            return MISSING;
        }
        d->buffer[d->buffer_len++] = (uint8_t)value;
    }
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
    struct bits in = {d->hold, d->hold_count, bytes, bytes + len};

    d->in_end = in.end;
    d->fed_len += (uint32_t)len;
    while (d->error == OTAV_OK) {
        int value = take_next(d, &in);

        d->in = in.at;
        d->hold = in.hold;
        d->hold_count = in.count;
        if (value < 0) {
            break;
        }
        take(d, (unsigned)value);
        in.hold = d->hold;
        in.count = d->hold_count;
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
