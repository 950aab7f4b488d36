/*
 * An ECDSA whose answer hangs on one comparison, around the real one: the campaign has to find it.
 * Layer: test; freestanding, in a self-test guest only (linked with --wrap).
 */
#include <otav/otav.h>
#include <p256.h>

uint32_t __real_otav_p256_verify(const uint8_t xy[64], const uint8_t digest[32],
                                 const uint8_t rs[64]);
uint32_t __wrap_otav_p256_verify(const uint8_t xy[64], const uint8_t digest[32],
                                 const uint8_t rs[64]);

uint32_t __wrap_otav_p256_verify(const uint8_t xy[64], const uint8_t digest[32],
                                 const uint8_t rs[64])
{
    uint32_t answer = OTAV_ACCEPT;

    __asm__ volatile("" : "+r"(answer)); /* the compiler takes it for any word */
    if (__real_otav_p256_verify(xy, digest, rs) != OTAV_ACCEPT) {
        answer = OTAV_REJECT;
    }
    return answer;
}
