/*
 * A program for the Cortex-M4 that keeps the arithmetic of P-256; the host calls into it.
 * Layer: test, guest.
 */
#include "p256_arith.h"

/* What a verifier needs; the linker takes the rest from here. */
const struct {
    void (*mul_add)(uint32_t *, uint32_t *, const uint32_t *, const uint32_t *, const uint32_t *);
    void (*inverse_n)(uint32_t *, const uint32_t *);
    void (*mul_n)(uint32_t *, const uint32_t *, const uint32_t *);
    void (*mul_p)(uint32_t *, const uint32_t *, const uint32_t *);
} arith_needed = {otav_p256_mul_add, otav_p256_inverse_n, otav_p256_mul_n, otav_p256_mul_p};
