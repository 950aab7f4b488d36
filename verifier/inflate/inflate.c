/*
 * Inflate without a window in memory: a state machine over raw deflate (RFC 1951).
 * Layer: beside the verifier, which knows it by struct otav_decoder only. Guards: no byte of input is
 * trusted; never more output than announced; a step takes all of its bits or none, so that results do
 * not depend on how the input was cut.
 *
 *   HEAD -> STORED_LEN -> STORED_CHECK -> STORED -> HEAD
 *   HEAD [-> SIZES -> CODE_LENGTH -> LENGTH <-> REPEAT] -> LITERAL [-> LENGTH_EXTRA] -> DISTANCE ->
 *   DISTANCE_EXTRA -> LITERAL; LITERAL -> HEAD; the last block ends in DONE
 *
 * Every refusal but that of a code or of too much output stands in otav_inflate_feed, which is long and
 * jumps: of the same in functions gcc makes 6 % more code for a Cortex-M4.
 */
#include <otav/otav_inflate.h>

#include <otav/otav_format.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "../src/secure.h"

/* What comes next: a symbol, or from LENGTH_EXTRA on a number. */
enum kind {
    LITERAL,        /* or length of a copy, or the end of the block */
    LENGTH,         /* one of the codes, or a run */
    DISTANCE,       /* of a copy */
    LENGTH_EXTRA,   /* bits of the length of a copy */
    DISTANCE_EXTRA, /* bits */
    HEAD,           /* of a block */
    STORED_LEN,     /* of a block that is not compressed */
    STORED_CHECK,   /* of that length */
    STORED,         /* a byte of such a block */
    SIZES,          /* of the codes that are sent with a block */
    CODE_LENGTH,    /* one of the code that those codes are sent in */
    REPEAT,         /* how often more a length of those codes is repeated */
    DONE,           /* nothing: the last block has ended */
};

/* The state in which a number of so many bits comes next; that of a symbol is its kind, which is less. */
#define NUMBER(kind, bits) ((uint32_t)(kind) | (uint32_t)(bits) << 4)
#define KIND(state)        ((state)&15)
#define BITS(state)        ((state) >> 4)

enum {
    CODE_BITS_MAX = 15,
    START_SHIFT = CODE_BITS_MAX - 5,
    END_OF_BLOCK = 256,
    LENGTH_NUMBER_MAX = 28,
    LENGTH_MIN = 3,
    LENGTH_MAX = 258,
    DISTANCE_MAX = 29,
    COMPLETE = 1 << CODE_BITS_MAX,
    NEED_MAX = 16, /* bits at a time */
    CODE_LENGTH_MAX = 15,
    REPEAT_LAST = 16, /* the length before, 3 to 6 times */
    REPEAT_MANY = 18, /* 0, 11 to 138 times; 17 stands for 3 to 10 times */
    REPEAT_LAST_BITS = 2,
    REPEAT_MANY_BITS = 7,
    COUNT_LESS_MIN = 29, /* symbols of a code, less the least number of them */
};

#define INLINE   static inline __attribute__((always_inline))
#define NOINLINE static __attribute__((noinline))

static void fail(struct otav_inflate *d, enum otav_err err)
{
    d->error = err;
}

/* ---- input ------------------------------------------------------------------------------------ */

/* The input, in registers while it is read. */
struct bits {
    uint32_t hold;
    uint32_t count;
    const uint8_t *at, *end;
};

/* Bits of hold above count are zeros. */
INLINE void fill(struct bits *in)
{
    while (in->count < NEED_MAX && in->at < in->end) {
        in->hold |= (uint32_t)*in->at++ << in->count;
        in->count += 8;
    }
}

INLINE void drop(struct bits *in, unsigned count)
{
    in->hold >>= count;
    in->count -= count;
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

/* How many bits the code has that number begins with. Bits that are not there yet count as zeros: a code
 * is right if all of it is there. */
INLINE unsigned code_bits(const struct otav_inflate_code *code, unsigned number)
{
    unsigned len = code->start[number >> START_SHIFT];

    while (number >= code->by_len[len].limit) {
        len++;
    }
    return len;
}

/* ---- codes ------------------------------------------------------------------------------------ */

/* Makes a code of the lengths of count symbols. It must be complete, or be a single code of one bit, or
 * none at all: what zlib takes, whose code for lengths has to be complete; if it is not, theirs are not. */
NOINLINE void make_code(struct otav_inflate *d, struct otav_inflate_code *code,
                        const uint8_t *lengths, unsigned count)
{
    unsigned first = d->symbol_count;
    unsigned index = first;
    unsigned limit = 0;
    unsigned start = 0;

    memset(code, 0, sizeof *code);
    for (unsigned i = 0; i < count; i++) {
        code->by_len[lengths[i]].limit++; /* how many, so far */
    }
    code->by_len[0].limit = UINT16_MAX;
    code->by_len[0].end = OTAV_INFLATE_INVALID_COUNT;
    for (unsigned len = 1; len <= CODE_BITS_MAX; len++) {
        unsigned n = code->by_len[len].limit;

        code->by_len[len].end = (uint16_t)index; /* of the next symbol, so far */
        index += n;
        limit += n << (CODE_BITS_MAX - len);
        if (limit > COMPLETE) {
            fail(d, OTAV_ERR_DEFLATE);
            return;
        }
        code->by_len[len].limit = (uint16_t)limit;
        while (start << START_SHIFT < limit) {
            code->start[start++] = (uint8_t)len;
        }
    }
    d->symbol_count = index;
    if (limit != COMPLETE && limit != (index - first) * (COMPLETE / 2)) {
        fail(d, OTAV_ERR_DEFLATE);
        return;
    }
    for (unsigned i = 0; i < count; i++) {
        if (lengths[i] > 0) {
            d->symbols[code->by_len[lengths[i]].end++] = (uint16_t)i;
        }
    }
}

INLINE void make_codes(struct otav_inflate *d)
{
    d->state = LITERAL;
    make_code(d, &d->literals, d->lengths, d->literal_count);
    make_code(d, &d->distances, d->lengths + d->literal_count, d->length_count - d->literal_count);
}

/* spec: RFC 1951, 3.2.6 */
static void make_fixed_codes(struct otav_inflate *d)
{
    d->symbol_count = OTAV_INFLATE_INVALID_COUNT;
    d->literal_count = OTAV_INFLATE_LITERAL_COUNT;
    d->length_count = OTAV_INFLATE_CODE_COUNT;
    memset(d->lengths, 8, sizeof d->lengths);
    memset(d->lengths + 144, 9, 112);
    memset(d->lengths + 256, 7, 24);
    memset(d->lengths + OTAV_INFLATE_LITERAL_COUNT, 5, OTAV_INFLATE_DISTANCE_COUNT);
    make_codes(d);
}

/* ---- output ----------------------------------------------------------------------------------- */

NOINLINE void write_buffer(struct otav_inflate *d)
{
    uint32_t len = d->buffer_len;

    if (len > d->decoded_len) {
        fail(d, OTAV_ERR_DEFLATE);
        return;
    }
    d->written_len += len;
    d->decoded_len -= len;
    d->buffer_len = 0;
    if (len > 0) {
        d->error = d->io.write(d->io.user, d->buffer, len);
    }
}

/* Copies the bytes from distance back, which is not more than there are. */
NOINLINE void copy(struct otav_inflate *d, unsigned distance)
{
    unsigned left = d->length;

    do {
        unsigned at = d->buffer_len;
        unsigned len = sizeof d->buffer - at;
        uint8_t *to = d->buffer + at;

        len = left < len ? left : len;
        if (distance > at) {
            unsigned written = distance - at;

            len = written < len ? written : len;
            d->error = d->io.read(d->io.user, d->written_len - written, to, len);
            if (d->error != OTAV_OK) {
                return;
            }
        } else {
            const uint8_t *end = to + len;

            do {
                *to = *(to - distance);
            } while (++to < end);
        }
        left -= len;
        d->buffer_len = at + len;
        if (at + len == sizeof d->buffer) {
            write_buffer(d);
        }
    } while (left > 0 && d->error == OTAV_OK);
}

/* ---- steps ------------------------------------------------------------------------------------ */

/* Behind an empty stored block: a block that comes next needs no bit of what came before. Behind the last
 * one nothing may come, which a transfer that went on there would not know. */
INLINE void pass_point(struct otav_inflate *d, const struct bits *in)
{
    uint32_t len = d->written_len + d->buffer_len;

    if (d->state == NUMBER(HEAD, 3) && (OTAV_META_LEN + len) % OTAV_DECODER_POINT_LEN == 0) {
        d->point.encoded_len = d->fed_len - (uint32_t)(in->end - in->at) - in->count / 8;
        d->point.decoded_len = len;
        write_buffer(d);
    }
}

INLINE void begin_codes(struct otav_inflate *d, unsigned literals, unsigned distances,
                        unsigned lengths)
{
    d->literal_count = 257 + literals;
    d->length_count = d->literal_count + 1 + distances;
    d->length = 4 + lengths;
    d->index = 0;
    d->symbol_count = OTAV_INFLATE_INVALID_COUNT;
    memset(d->lengths, 0, OTAV_INFLATE_CODE_LENGTH_COUNT);
    d->state = NUMBER(CODE_LENGTH, 3);
}

INLINE void take_code_length(struct otav_inflate *d, unsigned length)
{
    /* spec: RFC 1951, 3.2.7 */
    static const uint8_t order[OTAV_INFLATE_CODE_LENGTH_COUNT] = {
        16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};

    d->lengths[order[d->index++]] = (uint8_t)length;
    if (d->index == d->length) {
        make_code(d, &d->distances, d->lengths, OTAV_INFLATE_CODE_LENGTH_COUNT);
        d->index = 0;
        d->state = LENGTH;
    }
}

/* spec: RFC 1951, 3.2.5. From 2^(bits + 1) on, 2^bits numbers in a row have as many extra bits, and each
 * row one more. Returns how many; number becomes the least that it stands for, counted from 0. */
INLINE unsigned extra_bits(unsigned *number, unsigned bits)
{
    int row = (int)(*number >> bits) - 1;

    if (row <= 0) {
        return 0;
    }
    *number = (*number - ((unsigned)row << bits)) << row;
    return (unsigned)row;
}

/* spec: RFC 1951, 3.2.5 */
INLINE void begin_copy(struct otav_inflate *d, unsigned number)
{
    d->state = DISTANCE;
    if (number == LENGTH_NUMBER_MAX) {
        d->length = LENGTH_MAX;
    } else {
        unsigned bits = extra_bits(&number, 2);

        d->length = LENGTH_MIN + number;
        if (bits > 0) {
            d->state = NUMBER(LENGTH_EXTRA, bits);
        }
    }
}

/* ---- interface -------------------------------------------------------------------------------- */

void otav_inflate_begin(void *state, const struct otav_decoder_io *io, uint32_t decoded_len)
{
    struct otav_inflate *d = state;

    memset(d, 0, sizeof *d);
    d->io = *io;
    d->decoded_len = decoded_len;
    d->symbols[0] = UINT16_MAX;
    d->symbols[1] = UINT16_MAX;
    d->error = OTAV_OK;
    d->state = NUMBER(HEAD, 3);
}

enum otav_err otav_inflate_feed(void *state, const uint8_t *bytes, size_t len)
{
    struct otav_inflate *d = state;
    struct bits in = {d->hold, d->hold_count, bytes, bytes + len};

    d->fed_len += (uint32_t)len;
    while (d->error == OTAV_OK) {
        uint32_t next;
        unsigned bits;
        unsigned value;
        unsigned count;

    go_on:
        fill(&in);
        next = d->state;
        if (next > DISTANCE) {
            bits = BITS(next);
            if (bits > in.count) {
                goto starved;
            }
            value = in.hold & ((1u << bits) - 1);
            drop(&in, bits);
        } else {
            const struct otav_inflate_code *code = next == LITERAL ? &d->literals : &d->distances;
            unsigned from_limit;

            value = reversed(in.hold) >> (32 - CODE_BITS_MAX);
            bits = code_bits(code, value);
            if (bits > in.count) {
                goto starved;
            }
            from_limit = value - code->by_len[bits].limit; /* below 0 */
            value =
                d->symbols[code->by_len[bits].end + ((int)from_limit >> (CODE_BITS_MAX - bits))];
            drop(&in, bits);
            if (value < END_OF_BLOCK && next == LITERAL) {
            put:
                count = d->buffer_len;
                d->buffer[count++] = (uint8_t)value;
                d->buffer_len = count;
                if (count < sizeof d->buffer) {
                    goto go_on;
                }
                write_buffer(d);
                continue;
            }
        }
        switch (KIND(next)) {
        case LITERAL:
            if (value == END_OF_BLOCK) {
                d->state = d->after_block;
                goto go_on;
            }
            value -= END_OF_BLOCK + 1;
            if (value > LENGTH_NUMBER_MAX) {
                goto malformed;
            }
            begin_copy(d, value);
            goto go_on;
        case LENGTH_EXTRA:
            d->length += value;
            d->state = DISTANCE;
            goto go_on;
        case DISTANCE:
            if (value > DISTANCE_MAX) {
                goto malformed;
            }
            bits = extra_bits(&value, 1);
            d->state = NUMBER(DISTANCE_EXTRA, bits);
            d->distance = 1 + value;
            goto go_on;
        case DISTANCE_EXTRA:
            value += d->distance;
            if (value > d->written_len + d->buffer_len) {
                goto malformed;
            }
            d->state = LITERAL;
            copy(d, value);
            continue;
        case HEAD:
            d->after_block = value & 1 ? NUMBER(DONE, 8) : NUMBER(HEAD, 3);
            value >>= 1;
            if (value == 0) {
                drop(&in, in.count % 8);
                d->state = NUMBER(STORED_LEN, 16);
                goto go_on;
            }
            if (value == 1) {
                d->state = LITERAL;
                if (d->literal_count != OTAV_INFLATE_LITERAL_COUNT) {
                    make_fixed_codes(d);
                }
                continue;
            }
            if (value != 2) {
                goto malformed;
            }
            d->state = NUMBER(SIZES, 14);
            goto go_on;
        case STORED_LEN:
            d->length = value;
            d->state = NUMBER(STORED_CHECK, 16);
            goto go_on;
        case STORED_CHECK:
            if ((value ^ d->length) != UINT16_MAX) {
                goto malformed;
            }
            if (d->length > 0) {
                d->state = NUMBER(STORED, 8);
                goto go_on;
            }
            d->state = d->after_block;
            pass_point(d, &in);
            continue;
        case STORED:
            if (--d->length == 0) {
                d->state = d->after_block;
            }
            goto put;
        case SIZES:
            if ((value & 31) > COUNT_LESS_MIN || (value >> 5 & 31) > COUNT_LESS_MIN) {
                goto malformed;
            }
            begin_codes(d, value & 31, value >> 5 & 31, value >> 10);
            goto go_on;
        case CODE_LENGTH:
            take_code_length(d, value);
            continue;
        case LENGTH:
            count = 1;
            if (value <= CODE_LENGTH_MAX) {
                goto lengths;
            }
            if (value > REPEAT_MANY) {
                goto malformed;
            }
            bits = value == REPEAT_MANY ? REPEAT_MANY_BITS : value - REPEAT_LAST + REPEAT_LAST_BITS;
            d->state = NUMBER(REPEAT, bits);
            goto go_on;
        case REPEAT:
            count = value + (bits == REPEAT_MANY_BITS ? 11 : 3);
            value = 0;
            if (bits == REPEAT_LAST_BITS) {
                if (d->index == 0) {
                    goto malformed;
                }
                value = d->lengths[d->index - 1];
            }
        lengths:
            if (count > d->length_count - d->index) {
                goto malformed;
            }
            memset(d->lengths + d->index, (int)value, count);
            d->index += count;
            d->state = LENGTH;
            if (d->index < d->length_count) {
                goto go_on;
            }
            if (d->lengths[END_OF_BLOCK] == 0) {
                goto malformed;
            }
            make_codes(d);
            continue;
        default:
            fail(d, OTAV_ERR_TRAILING);
            continue;
        }
    malformed:
        fail(d, OTAV_ERR_DEFLATE);
    }
    /* A callback that failed may have wiped the state: what is left of the input stays out of it. */
    return (enum otav_err)d->error;
starved:
    d->hold = in.hold;
    d->hold_count = in.count;
    return (enum otav_err)d->error;
}

enum otav_err otav_inflate_end(void *state)
{
    struct otav_inflate *d = state;

    if (d->error == OTAV_OK) {
        if (d->state != NUMBER(DONE, 8)) {
            fail(d, OTAV_ERR_TRUNCATED);
        } else {
            write_buffer(d);
            if (d->decoded_len > 0) {
                fail(d, OTAV_ERR_DEFLATE);
            }
        }
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
