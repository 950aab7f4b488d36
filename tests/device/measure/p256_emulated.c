/*
 * The P-256 verification and its arithmetic under their own names, carried out by the device's code in
 * the emulator: what the host's tests link instead of the library to test that code.
 * Layer: test, host. EMULATED_GUEST names the guest.
 */
#include <p256.h>
#include <p256_arith.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core.h"
#include "guest/p256_calls.h"

const uint32_t otav_p256_p[P256_WORDS] = {0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0x00000000,
                                          0x00000000, 0x00000000, 0x00000001, 0xFFFFFFFF};
const uint32_t otav_p256_n[P256_WORDS] = {0xFC632551, 0xF3B9CAC2, 0xA7179E84, 0xBCE6FAAD,
                                          0xFFFFFFFF, 0xFFFFFFFF, 0x00000000, 0xFFFFFFFF};

enum { NUMBER_LEN = 4 * P256_WORDS };

static struct measure_io io;
static size_t operands_len;

static void begin(enum p256_call function)
{
    io.len = function;
    operands_len = 0;
}

static void operand(const void *bytes, size_t len)
{
    memcpy(io.parameters + operands_len, bytes, len);
    operands_len += len;
}

/* One engine a process: the tests run in processes of their own. */
static void call(void)
{
    static struct core *core;
    struct core_run unused;

    if (core == NULL) {
        core = core_open(EMULATED_GUEST);
    }
    if (core == NULL || !core_call(core, &io, &unused)) {
        abort();
    }
}

static void result(uint32_t *ret, size_t number)
{
    memcpy(ret, io.bytes + number * NUMBER_LEN, NUMBER_LEN);
}

uint32_t otav_p256_verify(const uint8_t xy[64], const uint8_t digest[32], const uint8_t rs[64])
{
    uint32_t verdict;

    begin(CALL_VERIFY);
    operand(xy, 64);
    operand(digest, 32);
    operand(rs, 64);
    call();
    memcpy(&verdict, io.bytes, sizeof verdict);
    return verdict;
}

void otav_p256_mul_p(uint32_t ret[8], const uint32_t a[8], const uint32_t b[8])
{
    begin(CALL_MUL_P);
    operand(a, NUMBER_LEN);
    operand(b, NUMBER_LEN);
    call();
    result(ret, 0);
}

void otav_p256_mul_n(uint32_t ret[8], const uint32_t a[8], const uint32_t b[8])
{
    begin(CALL_MUL_N);
    operand(a, NUMBER_LEN);
    operand(b, NUMBER_LEN);
    call();
    result(ret, 0);
}

void otav_p256_inverse_n(uint32_t ret[8], const uint32_t s[8])
{
    begin(CALL_INVERSE_N);
    operand(s, NUMBER_LEN);
    call();
    result(ret, 0);
}

void otav_p256_mul_add(uint32_t ret_x[8], uint32_t ret_z[8], const uint32_t u1[8],
                       const uint32_t u2[8], const uint32_t q[16])
{
    begin(CALL_MUL_ADD);
    operand(u1, NUMBER_LEN);
    operand(u2, NUMBER_LEN);
    operand(q, (size_t)2 * NUMBER_LEN);
    call();
    result(ret_x, 0);
    result(ret_z, 1);
}
