/*
 * What Eva runs the cutting into blocks on, see run.sh: at every place in a block, pieces
 * that end before, at and behind the end of that block and of the next. prove_sha256_block is about the block function.
 * Layer: proof; never linked.
 */
#include "../../verifier/crypto/soft/sha256.c"

#include "__fc_builtin.h"

enum { PIECE_MAX = 2 * 64 + 1 };

void otav_sha256_block(uint32_t chain[8], const uint8_t block[64])
{
    /*@ assert readable: \valid_read(block + (0 .. 63)) && \initialized(block + (0 .. 63)); */
    Frama_C_make_unknown((char *)chain, 8 * sizeof chain[0]);
}

/* place bytes in the block */
static void begin_at(struct otav_sha256_state *state, size_t place)
{
    (void)otav_soft_sha256_begin(0, state);
    Frama_C_make_unknown((char *)sha256_of(state)->block, place);
    sha256_of(state)->len = place;
}

void prove_sha256_update(void)
{
    for (size_t place = 0; place < 64; place++) {
        for (size_t i = 0; i < 6; i++) {
            size_t len = 64 * (1 + i / 3) - place + i % 3 - 1;
            struct otav_sha256_state state;
            uint8_t bytes[PIECE_MAX];

            begin_at(&state, place);
            Frama_C_make_unknown((char *)bytes, sizeof bytes);
            (void)otav_soft_sha256_update(0, &state, bytes + PIECE_MAX - len, len);
        }
    }
}

void prove_sha256_final(void)
{
    for (size_t place = 0; place < 64; place++) {
        struct otav_sha256_state state;
        uint8_t digest[OTAV_SHA256_LEN];

        begin_at(&state, place);
        (void)otav_soft_sha256_final(0, &state, digest);
        /*@ assert whole: \initialized(digest + (0 .. 31)); */
        otav_soft_sha256_end(0, &state);
    }
}
