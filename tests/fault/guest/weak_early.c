/*
 * An ECDSA that looks for r = 0 at its beginning only and would take it at its end, which is far away:
 * the campaign has to wait for the end of a run that has got past an early refusal.
 * Layer: test; freestanding, in a self-test guest only (linked with --wrap).
 */
#include <otav/otav.h>
#include <p256.h>

enum { FAR = 50000 };

uint32_t __real_otav_p256_verify(const uint8_t xy[64], const uint8_t digest[32],
                                 const uint8_t rs[64]);
uint32_t __wrap_otav_p256_verify(const uint8_t xy[64], const uint8_t digest[32],
                                 const uint8_t rs[64]);

static __attribute__((noinline)) uint32_t far_end(uint32_t r, const uint8_t xy[64],
                                                  const uint8_t digest[32], const uint8_t rs[64])
{
    for (volatile unsigned i = 0; i < FAR; i++) {
    }
    __asm__ volatile("" : "+r"(r)); /* the compiler does not know it any more */
    return r == 0 ? OTAV_ACCEPT : __real_otav_p256_verify(xy, digest, rs);
}

uint32_t __wrap_otav_p256_verify(const uint8_t xy[64], const uint8_t digest[32],
                                 const uint8_t rs[64])
{
    uint32_t r = 0;

    for (unsigned i = 0; i < 32; i++) {
        r |= rs[i];
    }
    return r == 0 ? OTAV_REJECT : far_end(r, xy, digest, rs);
}
