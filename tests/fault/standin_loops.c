/*
 * Inner loops of the stand-in crypto. A file of their own: the compiler must not know that comparing
 * twice gives the same result twice.
 * Layer: test; freestanding.
 */
#include "standin_loops.h"

/* In registers: the emulator is slow at storing. */
void standin_mix(struct otav_sha256_state *state, const uint8_t *bytes, size_t len)
{
    struct standin_state *s = (struct standin_state *)(void *)state->opaque;
    uint32_t a = s->a;
    uint32_t b = s->b;

    for (size_t i = 0; i < len; i++) {
        a = (a ^ bytes[i]) * 0x01000193u;
        b = (b + a) ^ (b >> 13);
    }
    s->a = a;
    s->b = b;
    s->len += (uint32_t)len;
}

void standin_blend(const struct standin_state *state, uint8_t ret_digest[OTAV_SHA256_LEN])
{
    uint32_t word = state->len;

    for (unsigned i = 0; i < OTAV_SHA256_LEN; i += sizeof word) {
        word = (word + (i % 8 == 0 ? state->a : state->b)) * 0x85EBCA6Bu;
        word ^= word >> 15;
        otav_store_u32(ret_digest + i, word);
    }
}

uint32_t standin_compare(const uint8_t xy[OTAV_PUBLIC_KEY_LEN],
                         const uint8_t digest[OTAV_SHA256_LEN],
                         const uint8_t rs[OTAV_SIGNATURE_LEN])
{
    uint32_t difference = 0;

    for (unsigned i = 0; i < OTAV_SIGNATURE_LEN; i++) {
        difference |= (uint32_t)(rs[i] ^ xy[i] ^ digest[i % OTAV_SHA256_LEN]);
    }
    return OTAV_ACCEPT ^ (0 - ((0 - difference) >> 31));
}
