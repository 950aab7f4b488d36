/*
 * The assembly of the P-256 field in an emulator: for operands where carries begin and end and for
 * random ones it agrees with OpenSSL's big numbers, gives the very words of the portable C, keeps
 * the caller's registers and may write over its operands. Then the cost of each is printed, and
 * that of a whole u1 * G + u2 * Q.
 * Layer: test, host.
 */
#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "machine.h"
#include "p256_fast_internal.h"
#include "p256_oracle.h"

enum { ROUNDS = 120000, TARGETS = 4000, MEASURED = 200, SUMS = 8 };

struct run {
    struct machine *machine;
    struct oracle oracle;
    uint32_t function[OP_COUNT];
    unsigned long calls[OP_COUNT];
};

enum { CELL_RET, CELL_A, CELL_B, CELL_C };

/* Arguments of an operation whose result goes to a cell. */
static void arguments_of(enum field_op op, unsigned ret_cell, uint32_t ret[ARGUMENT_COUNT])
{
    const char *takes = field_ops[op].takes;

    memset(ret, 0, ARGUMENT_COUNT * sizeof *ret);
    ret[0] = machine_cell_address(ret_cell);
    for (unsigned i = 0; takes[i] != '\0'; i++) {
        ret[i + 1] = machine_cell_address(CELL_A + (unsigned)(takes[i] - 'a'));
    }
}

static bool check(struct run *run, enum field_op op, unsigned ret_cell,
                  const uint32_t a[P256_WORDS], const uint32_t b[P256_WORDS],
                  const uint32_t c[P256_WORDS])
{
    uint32_t arguments[ARGUMENT_COUNT];
    uint32_t here[P256_WORDS];
    const uint32_t *result = machine_cell(run->machine, ret_cell);

    memcpy(machine_cell(run->machine, CELL_A), a, OPERAND_LEN);
    memcpy(machine_cell(run->machine, CELL_B), b, OPERAND_LEN);
    memcpy(machine_cell(run->machine, CELL_C), c, OPERAND_LEN);
    arguments_of(op, ret_cell, arguments);
    field_op_here(op, here, a, b, c);
    run->calls[op]++;
    if (machine_call(run->machine, run->function[op], arguments) &&
        memcmp(result, here, OPERAND_LEN) == 0 &&
        oracle_agrees(&run->oracle, op, result, a, b, c)) {
        return true;
    }
    (void)fprintf(stderr, "arith: %s, result in cell %u\n", field_ops[op].symbol, ret_cell);
    for (int i = P256_WORDS - 1; i >= 0; i--) {
        (void)fprintf(stderr, "  a %08x  b %08x  c %08x  got %08x  expected %08x\n", a[i], b[i],
                      c[i], result[i], here[i]);
    }
    return false;
}

static bool check_all(struct run *run, unsigned ret_cell, const uint32_t a[P256_WORDS],
                      const uint32_t b[P256_WORDS], const uint32_t c[P256_WORDS])
{
    for (enum field_op op = 0; op < OP_COUNT; op++) {
        if (!check(run, op, ret_cell, a, b, c)) {
            return false;
        }
    }
    return true;
}

static bool check_edges(struct run *run)
{
    uint32_t a[P256_WORDS], b[P256_WORDS], c[P256_WORDS];

    for (unsigned i = 0; i < EDGE_COUNT * EDGE_COUNT * EDGE_COUNT; i++) {
        edge_operand(i % EDGE_COUNT, a);
        edge_operand(i / EDGE_COUNT % EDGE_COUNT, b);
        edge_operand(i / EDGE_COUNT / EDGE_COUNT, c);
        for (unsigned ret_cell = CELL_RET; ret_cell <= CELL_C; ret_cell++) {
            if (!check_all(run, ret_cell, a, b, c)) {
                return false;
            }
        }
    }
    return true;
}

static bool check_random(struct run *run)
{
    uint32_t a[P256_WORDS], b[P256_WORDS], c[P256_WORDS];
    uint64_t state = 20251;

    for (unsigned i = 0; i < ROUNDS; i++) {
        random_operand(&state, a);
        random_operand(&state, b);
        random_operand(&state, c);
        if (!check_all(run, CELL_RET, a, b, c)) {
            return false;
        }
    }
    return true;
}

/* A b with a * b = target, or with no a the b whose square it is; zero if there is none. */
static void solve(struct oracle *o, const uint32_t *a, const BIGNUM *target,
                  uint32_t ret[P256_WORDS])
{
    memset(ret, 0, OPERAND_LEN);
    BN_mod_mul(o->b, target, o->r, o->p, o->ctx);
    if (a == NULL) {
        if (BN_mod_sqrt(o->b, o->b, o->p, o->ctx) != NULL) {
            oracle_words(o->b, ret);
        }
    } else if (BN_mod_inverse(o->a, oracle_number(a, o->a), o->p, o->ctx) != NULL) {
        BN_mod_mul(o->b, o->b, o->a, o->p, o->ctx);
        oracle_words(o->b, ret);
    }
    ERR_clear_error();
}

/* Products and squares that come out where carries begin and end, a little above 2^256 as well. */
static bool check_targets(struct run *run)
{
    uint32_t a[P256_WORDS], b[P256_WORDS], c[P256_WORDS];
    uint64_t state = 77;

    for (unsigned i = 0; i < TARGETS; i++) {
        random_operand(&state, c);
        oracle_number(c, run->oracle.c);
        if (i % 2 == 0) {
            BN_mask_bits(run->oracle.c, 1 + (int)(next_random(&state) % 255));
            BN_add(run->oracle.c, run->oracle.c, run->oracle.r);
        }
        random_operand(&state, a);
        solve(&run->oracle, a, run->oracle.c, b);
        if (!check(run, OP_MUL, CELL_RET, a, b, c) || !check(run, OP_MUL_SUB, CELL_RET, a, b, c)) {
            return false;
        }
        oracle_number(c, run->oracle.c);
        if (i % 2 == 0) {
            BN_mask_bits(run->oracle.c, 1 + (int)(next_random(&state) % 255));
            BN_add(run->oracle.c, run->oracle.c, run->oracle.r);
        }
        solve(&run->oracle, NULL, run->oracle.c, a);
        if (!check(run, OP_SQR, CELL_RET, a, b, c) ||
            !check(run, OP_SQR_SUB_TWICE, CELL_RET, a, b, c)) {
            return false;
        }
    }
    return true;
}

static void random_words(uint64_t *state, uint32_t *ret)
{
    for (unsigned i = 0; i < P256_WORDS; i++) {
        ret[i] = next_random(state);
    }
}

static bool measure_fields(struct run *run)
{
    for (enum field_op op = 0; op < OP_COUNT; op++) {
        uint64_t state = 1;
        uint64_t sum = 0;
        struct cost cost = {0};

        for (unsigned i = 0; i < MEASURED; i++) {
            uint32_t arguments[ARGUMENT_COUNT];

            for (unsigned cell = CELL_A; cell <= CELL_C; cell++) {
                random_words(&state, machine_cell(run->machine, cell));
            }
            arguments_of(op, CELL_RET, arguments);
            if (!machine_measure(run->machine, run->function[op], arguments, &cost)) {
                return false;
            }
            sum += cost.instructions;
        }
        (void)printf("%-24s %7lu calls agree, %7.1f instructions, %u bytes of stack\n",
                     field_ops[op].symbol, run->calls[op], (double)sum / MEASURED, cost.stack_len);
    }
    return true;
}

static void inverse_here(uint32_t *ret, const uint32_t *s, const uint32_t *unused)
{
    (void)unused;
    otav_p256_inverse_n(ret, s);
}

/* u1 * G + u2 * Q with the scalars in cells 2 and 3 and Q in cell 4; compared with this program's
 * own result, which other tests have compared with OpenSSL. */
static bool check_sum(struct run *run, struct cost *ret)
{
    uint32_t arguments[ARGUMENT_COUNT];
    uint32_t x[P256_WORDS], z[P256_WORDS];

    for (unsigned i = 0; i < ARGUMENT_COUNT; i++) {
        arguments[i] = machine_cell_address(i);
    }
    otav_p256_mul_add(x, z, machine_cell(run->machine, 2), machine_cell(run->machine, 3),
                      machine_cell(run->machine, 4));
    if (!machine_measure(run->machine, machine_symbol(run->machine, "otav_p256_mul_add"), arguments,
                         ret)) {
        return false;
    }
    if (memcmp(x, machine_cell(run->machine, 0), sizeof x) != 0 ||
        memcmp(z, machine_cell(run->machine, 1), sizeof z) != 0) {
        (void)fprintf(stderr, "arith: otav_p256_mul_add is wrong in the emulator\n");
        return false;
    }
    return true;
}

/* Small multiples of G and of Q = G or Q = 3G: equal points, and infinity where u2 is -1. */
static bool check_small_sums(struct run *run)
{
    struct cost cost;

    for (unsigned i = 0; i < 5 * 5 * 2; i++) {
        uint32_t *const u2 = machine_cell(run->machine, 3);

        memset(machine_cell(run->machine, 2), 0, OPERAND_LEN);
        memset(u2, 0, OPERAND_LEN);
        *machine_cell(run->machine, 2) = i / 5 % 5;
        *u2 = i % 5;
        if (i % 5 == 4) {
            memcpy(u2, otav_p256_n, OPERAND_LEN);
            u2[0]--;
        }
        memcpy(machine_cell(run->machine, 4), otav_p256_fast_g_table[i / 25], 2 * OPERAND_LEN);
        if (!check_sum(run, &cost)) {
            return false;
        }
    }
    return true;
}

static bool measure_sum(struct run *run)
{
    uint64_t state = 2;
    uint64_t sum = 0;
    struct cost cost = {0};

    for (unsigned i = 0; i < SUMS; i++) {
        random_words(&state, machine_cell(run->machine, 2));
        random_words(&state, machine_cell(run->machine, 3));
        memcpy(machine_cell(run->machine, 4), otav_p256_fast_g_table[i], 2 * OPERAND_LEN);
        if (!check_sum(run, &cost)) {
            return false;
        }
        sum += cost.instructions;
    }
    (void)printf("otav_p256_mul_add             %7.0f instructions, %u bytes of stack\n",
                 (double)sum / SUMS, cost.stack_len);
    return true;
}

/* Functions of two operands, or one, that are made of others here: compared with this program's. */
static const struct {
    const char *name;
    void (*here)(uint32_t *, const uint32_t *, const uint32_t *);
} small[] = {{"otav_p256_inverse_n", inverse_here},
             {"otav_p256_mul_n", otav_p256_mul_n},
             {"otav_p256_mul_p", otav_p256_mul_p}};

static bool measure_small(struct run *run)
{
    const uint32_t arguments[ARGUMENT_COUNT] = {
        machine_cell_address(CELL_RET), machine_cell_address(CELL_A), machine_cell_address(CELL_B)};

    for (unsigned k = 0; k < sizeof small / sizeof small[0]; k++) {
        const uint32_t function = machine_symbol(run->machine, small[k].name);
        uint64_t state = 3;
        uint64_t sum = 0;
        struct cost cost = {0};

        for (unsigned i = 0; i < MEASURED; i++) {
            uint32_t *const a = machine_cell(run->machine, CELL_A);
            uint32_t *const b = machine_cell(run->machine, CELL_B);
            uint32_t expected[P256_WORDS];

            random_words(&state, a);
            random_words(&state, b);
            if (i < EDGE_COUNT) {
                edge_operand(i, a);
            }
            otav_p256_mul_n(a, a, b); /* below n */
            small[k].here(expected, a, b);
            if (!machine_measure(run->machine, function, arguments, &cost)) {
                return false;
            }
            if (memcmp(machine_cell(run->machine, CELL_RET), expected, sizeof expected) != 0) {
                (void)fprintf(stderr, "arith: %s is wrong in the emulator\n", small[k].name);
                return false;
            }
            sum += cost.instructions;
        }
        (void)printf("%-24s %7.0f instructions, %u bytes of stack\n", small[k].name,
                     (double)sum / MEASURED, cost.stack_len);
    }
    return true;
}

int main(int argc, char **argv)
{
    struct run run = {0};
    bool ok;

    if (argc != 2) {
        (void)fprintf(stderr, "usage: arith_field GUEST.elf\n");
        return EXIT_FAILURE;
    }
    run.machine = machine_open(argv[1]);
    if (run.machine == NULL) {
        return EXIT_FAILURE;
    }
    oracle_init(&run.oracle);
    for (enum field_op op = 0; op < OP_COUNT; op++) {
        run.function[op] = machine_symbol(run.machine, field_ops[op].symbol);
    }
    ok = check_edges(&run) && check_random(&run) && check_targets(&run) && check_small_sums(&run) &&
         measure_fields(&run) && measure_small(&run) && measure_sum(&run);
    oracle_free(&run.oracle);
    machine_close(run.machine);
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
