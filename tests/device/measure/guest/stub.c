/*
 * Every function that a workload calls, as one return instruction: what is linked with this instead of
 * a candidate has the size of everything but the candidate. Layer: test; freestanding.
 */
#define STUB(name) ".global " name "\n.thumb_func\n" name ":\n"

/* clang-format off */
__asm__(".text\n.thumb\n"
        STUB("otav_soft_sha256_begin")
        STUB("otav_soft_sha256_update")
        STUB("otav_soft_sha256_final")
        STUB("otav_soft_sha256_end")
        STUB("otav_soft_aes_cbc_begin")
        STUB("otav_soft_aes_cbc_decrypt")
        STUB("otav_soft_aes_cbc_end")
        STUB("otav_p256_verify")
        STUB("otav_p256_mul_p")
        STUB("otav_p256_mul_n")
        STUB("otav_p256_inverse_n")
        STUB("otav_p256_mul_add")
        STUB("otav_verify_slot")
        STUB("otav_verdict")
        STUB("otav_crypto_soft_no_aes")
        STUB("otav_inflate_begin")
        STUB("otav_inflate_feed")
        STUB("otav_inflate_end")
        "bx lr\n");
/* clang-format on */
