/*
 * Workload: one function of the P-256 verification, which one by len. Operands follow each other in the
 * parameters as in the prototype; the results go to the start of bytes. Layer: test; freestanding.
 */
#include "p256_calls.h"

#include <p256.h>
#include <p256_arith.h>

#include "io.h"

void workload(struct measure_io *io)
{
    const uint32_t *words = (const uint32_t *)(const void *)io->parameters;
    uint32_t *ret = (uint32_t *)(void *)io->bytes;

    switch (io->len) {
    case CALL_VERIFY:
        *ret = otav_p256_verify(io->parameters, io->parameters + 64, io->parameters + 96);
        break;
    case CALL_MUL_P:
        otav_p256_mul_p(ret, words, words + P256_WORDS);
        break;
    case CALL_MUL_N:
        otav_p256_mul_n(ret, words, words + P256_WORDS);
        break;
    case CALL_INVERSE_N:
        otav_p256_inverse_n(ret, words);
        break;
    default:
        otav_p256_mul_add(ret, ret + P256_WORDS, words, words + P256_WORDS, words + 2 * P256_WORDS);
        break;
    }
}
