/* The port of the device's crypto ties the right parts together. ECDSA is replaced: what is asked is
 * whether its arguments and its verdict pass through. */
#include "unit.h"

#include <otav/otav_error.h>
#include <otav/otav_soft.h>

#include "p256.h"

static const struct otav_crypto *const port = &otav_crypto_soft;

static const uint8_t *seen[3];
static uint32_t verdict;

uint32_t otav_p256_verify(const uint8_t xy[64], const uint8_t digest[32], const uint8_t rs[64])
{
    seen[0] = xy;
    seen[1] = digest;
    seen[2] = rs;
    return verdict;
}

START_TEST(test_soft_port_signature_verdict_passes_through)
{
    static const uint8_t xy[64], digest[32], rs[64];
    static const uint32_t verdicts[] = {OTAV_ACCEPT, OTAV_REJECT, 0};

    verdict = verdicts[_i];
    ck_assert_uint_eq(port->ecdsa_p256_verify(port->user, xy, digest, rs), verdict);
    ck_assert_ptr_eq(seen[0], xy);
    ck_assert_ptr_eq(seen[1], digest);
    ck_assert_ptr_eq(seen[2], rs);
}
END_TEST

/* spec: FIPS 180-4 example, "abc" */
START_TEST(test_soft_port_hashes)
{
    static const uint8_t want[32] = {0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea,
                                     0x41, 0x41, 0x40, 0xde, 0x5d, 0xae, 0x22, 0x23,
                                     0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17, 0x7a, 0x9c,
                                     0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad};
    struct otav_sha256_state state;
    uint8_t got[32];

    ck_assert_uint_eq(port->sha256_begin(port->user, &state), OTAV_ACCEPT);
    ck_assert_uint_eq(port->sha256_update(port->user, &state, (const uint8_t *)"abc", 3),
                      OTAV_ACCEPT);
    ck_assert_uint_eq(port->sha256_final(port->user, &state, got), OTAV_ACCEPT);
    port->sha256_end(port->user, &state);
    ck_assert_mem_eq(got, want, sizeof want);
}
END_TEST

/* spec: SP 800-38A, F.2.2, first block */
START_TEST(test_soft_port_decrypts)
{
    static const uint8_t key[16] = {0x2b, 0x7e, 0x15, 0x16, 0x28, 0xae, 0xd2, 0xa6,
                                    0xab, 0xf7, 0x15, 0x88, 0x09, 0xcf, 0x4f, 0x3c};
    static const uint8_t iv[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    static const uint8_t want[16] = {0x6b, 0xc1, 0xbe, 0xe2, 0x2e, 0x40, 0x9f, 0x96,
                                     0xe9, 0x3d, 0x7e, 0x11, 0x73, 0x93, 0x17, 0x2a};
    uint8_t bytes[16] = {0x76, 0x49, 0xab, 0xac, 0x81, 0x19, 0xb2, 0x46,
                         0xce, 0xe9, 0x8e, 0x9b, 0x12, 0xe9, 0x19, 0x7d};
    struct otav_aes_state state;

    ck_assert_uint_eq(port->aes_cbc_begin(port->user, &state, key, iv), OTAV_ACCEPT);
    ck_assert_uint_eq(port->aes_cbc_decrypt(port->user, &state, bytes, sizeof bytes), OTAV_ACCEPT);
    port->aes_cbc_end(port->user, &state);
    ck_assert_mem_eq(bytes, want, sizeof want);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_loop_test(tc, test_soft_port_signature_verdict_passes_through, 0, 3);
    tcase_add_test(tc, test_soft_port_hashes);
    tcase_add_test(tc, test_soft_port_decrypts);
}

int main(void)
{
    return unit_main("soft_port", add_tests);
}
