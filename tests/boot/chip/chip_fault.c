/*
 * Instruction skips on the bootloader's own binary: each place on the way of a boot is left out once,
 * with 2 to 10 bytes, and nothing bad may come of it, in this boot or in the next one.
 * Layer: test, host, program. Invariants: what happened is judged by the place that the core reached,
 * by flash and by the locks; the undisturbed run ends as it should, with the real signature check.
 *
 * On the way to a place and behind it OpenSSL stands in for otav_p256_verify(), whose answer depends on
 * its arguments only; --places attacks that many places inside of it, and then it goes on for real.
 */
#include <otav/otav_error.h>
#include <otav/otav_openssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fault_world.h"

/* spec: ARM DDI 0403, T1 encodings of IT and NOP, T2 of NOP. */
enum { IT_OPCODE = 0xBF00, NOP = 0xBF00, NOP_W_FIRST = 0xF3AF, NOP_W_LAST = 0x8000 };

enum { SKIP_MIN = 2, SKIP_MAX = 10, IT_BLOCK_MAX = 4 * 4 };

/* Turns of a loop that are attacked without --all. */
enum { TURNS_AT_EACH_END = 1, TURN_STEP = 64 };
enum { PREFIX_PART = 8 }; /* with --part: reading the records takes longest and decides little */

enum { HOLES_SHOWN = 20, SEEN_MAX = 1 << 16, RUN_SPARE = 200000 };

/* What the watch stops in front of, beside what every run ends at. */
enum mode { PASS, COUNT, AT_PLACES, AT_NEXT, AT_COUNTDOWN };

struct options {
    const char *scenario; /* the beginning of a name; NULL: all */
    unsigned places;      /* inside the arithmetic, of each signature check */
    unsigned part;        /* one place of so many; in front of the first signature check fewer; all
                           * between the decision and the jump */
    uint32_t random;
    bool all, one_is_enough;
};

static struct options options = {.random = 1, .part = 1};
static struct chip *chip;
static struct chip_snapshot *origin; /* of the scenario, before its reset */
static struct chip_snapshot *call;   /* of a signature check */
static struct chip_snapshot *here;   /* of the fault */
static uint32_t verify, dfu, forget_ram, handover, bss_start;
static uint32_t program, program_len; /* wbz451_main, and what is inlined there */

/* of the run */
static enum mode mode;
static bool resumed; /* it stands in front of the instruction already */
static uint32_t it_start, it_len;
static uint64_t countdown;

/* of the scenario, by halfword of code */
static const struct fault_scenario *scenario;
static unsigned scenario_index;
static bool decisive; /* a signature was checked, or the hand-over has begun */
static uint32_t visits[CHIP_BOOT_LEN / 2];
static uint32_t visited[CHIP_BOOT_LEN / 2];
static uint64_t seen[SEEN_MAX];

static unsigned long reached, attacked, trials, second_boots, holes;
static unsigned long ended[CHIP_LIMIT + 1];
static unsigned long forbidden; /* faults of which the MPU made a jump to data */

/* ---- code ------------------------------------------------------------------------------------- */

static uint32_t halfword(uint32_t address)
{
    const uint8_t *bytes = chip_flash(chip, address);

    return address + 1 < CHIP_BOOT_LEN ? (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 : 0;
}

/* spec: ARM DDI 0403, A5.1: 0b11101, 0b11110 and 0b11111 begin a 32-bit instruction. */
static uint32_t insn_len(uint32_t address)
{
    return halfword(address) >> 11 >= 0x1D ? 4 : 2;
}

/* Bytes that an IT at this address governs, 0 if it is none. */
static uint32_t it_block_len(uint32_t address)
{
    uint32_t opcode = halfword(address);
    uint32_t len = 0;

    if ((opcode & 0xFF00u) != IT_OPCODE || (opcode & 0xFu) == 0) {
        return 0;
    }
    for (int i = 4 - __builtin_ctz(opcode & 0xFu); i > 0; i--) {
        len += insn_len(address + 2 + len);
    }
    return len;
}

/* ---- runs ------------------------------------------------------------------------------------- */

static bool is_worth_it(uint32_t pc)
{
    uint32_t turn = visited[pc / 2]++;

    reached++;
    if (options.part > 1 && pc - program >= program_len &&
        (pc / 2 + scenario_index) % (decisive ? options.part : PREFIX_PART * options.part) != 0) {
        return false;
    }
    return options.all || turn < TURNS_AT_EACH_END || turn % TURN_STEP == 0 ||
           turn + TURNS_AT_EACH_END >= visits[pc / 2];
}

static bool is_asked_for(uint32_t pc)
{
    switch (mode) {
    case PASS:
    case COUNT:
        return false;
    case AT_PLACES:
        return is_worth_it(pc);
    case AT_NEXT:
        return true;
    case AT_COUNTDOWN:
        return countdown-- == 0;
    }
    return false;
}

static bool on_watch(void *user, uint32_t pc)
{
    (void)user;
    if (pc - it_start < it_len) {
        return false;
    }
    decisive = decisive || (mode == AT_PLACES && pc == handover);
    if (!resumed && (pc == verify || pc == dfu || pc == forget_ram || is_asked_for(pc))) {
        return true;
    }
    resumed = false;
    visits[pc / 2] += mode == COUNT;
    it_start = pc + 2;
    it_len = it_block_len(pc);
    return false;
}

/* From a place that the watch has stopped at, or from one that it has not seen yet. */
static enum chip_outcome step(void)
{
    enum chip_outcome outcome;

    it_len = 0;
    outcome = chip_run(chip);
    resumed = true;
    return outcome;
}

static void go_to(uint32_t address)
{
    chip_jump(chip, address);
    resumed = false;
}

/* Whatever an address points to, or NULL. */
static const uint8_t *memory(uint32_t address, uint32_t len)
{
    if (address - CHIP_RAM < CHIP_RAM_LEN - len) {
        return chip_ram(chip, address);
    }
    if (address - CHIP_MAIN < CHIP_MAIN_LEN - len || address < CHIP_BOOT_LEN - len) {
        return chip_flash(chip, address);
    }
    return NULL;
}

/* Answers for otav_p256_verify(); with arguments that point nowhere it goes on by itself. */
static void stand_in(void)
{
    const uint8_t *xy = memory(chip_register(chip, 0), OTAV_PUBLIC_KEY_LEN);
    const uint8_t *digest = memory(chip_register(chip, 1), OTAV_SHA256_LEN);
    const uint8_t *rs = memory(chip_register(chip, 2), OTAV_SIGNATURE_LEN);
    const struct otav_crypto *crypto = &otav_crypto_openssl;

    if (xy == NULL || digest == NULL || rs == NULL) {
        return;
    }
    chip_set_register(chip, 0, crypto->ecdsa_p256_verify(crypto->user, xy, digest, rs));
    go_to(chip_register(chip, 14));
}

/* RAM is cleared at once; what the function's own frame holds of it matters to nobody. */
static void clear_ram(void)
{
    uint32_t end = chip_register(chip, 13);

    if (end - bss_start < CHIP_RAM_LEN) {
        memset(chip_ram(chip, bss_start), 0, (end - bss_start) & ~15u);
    }
    go_to(chip_register(chip, 14));
}

/* From here to an end, or to the next place that is asked for: CHIP_REACHED at another place than
 * serial DFU. */
static enum chip_outcome run(void)
{
    for (;;) {
        enum chip_outcome outcome = step();
        uint32_t pc = chip_pc(chip);

        if (outcome != CHIP_REACHED || (pc != verify && pc != forget_ram)) {
            return outcome;
        }
        if (pc == verify) {
            stand_in();
        } else if (mode == PASS) {
            clear_ram();
        }
    }
}

static void reset(uint32_t causes)
{
    chip_reset(chip, causes);
    resumed = false;
}

static enum chip_outcome pass(void)
{
    mode = PASS;
    return run();
}

static enum chip_outcome boot(void)
{
    reset(CHIP_POWER_ON);
    return pass();
}

/* xorshift: never zero */
static uint64_t next_random(void)
{
    options.random ^= options.random << 13;
    options.random ^= options.random >> 17;
    options.random ^= options.random << 5;
    return options.random;
}

/* ---- judgement -------------------------------------------------------------------------------- */

/* Whether a flash was seen before, and from now on it was. */
static bool is_seen(uint64_t flash)
{
    uint32_t i = (uint32_t)(flash % SEEN_MAX);

    while (seen[i] != 0 && seen[i] != flash) {
        i = (i + 1) % SEEN_MAX;
    }
    if (seen[i] == flash) {
        return true;
    }
    seen[i] = flash;
    return false;
}

static bool object(enum chip_outcome outcome, uint32_t address, uint32_t len, const char *when)
{
    const char *objection = fault_world_objection(chip, outcome);

    if (objection == NULL) {
        return false;
    }
    if (++holes <= HOLES_SHOWN) {
        (void)printf("  hole: %s: %u bytes left out at %s: %s%s", scenario->name, len,
                     chip_where(chip, address), objection, when);
        (void)printf(" at 0x%08x from %s\n", chip_end(chip)->pc,
                     chip_where(chip, chip_register(chip, 14)));
    }
    return true;
}

/* A fault may also leave something behind for the next boot. */
static void judge(enum chip_outcome outcome, uint32_t address, uint32_t len)
{
    trials++;
    ended[outcome]++;
    forbidden += outcome == CHIP_FAULT && strncmp(chip_message(chip), "the MPU", 7) == 0;
    if (!object(outcome, address, len, "") && !is_seen(fault_world_flash(chip))) {
        second_boots++;
        reset(CHIP_POWER_ON);
        (void)object(pass(), address, len, " by the next boot");
    }
}

static bool is_done(void)
{
    return options.one_is_enough && holes > 0;
}

/* ---- faults ----------------------------------------------------------------------------------- */

/* Of the same lengths, because an IT counts instructions. */
static void put_nops(uint16_t *ret, uint32_t start, uint32_t end)
{
    for (uint32_t at = start; at < end; at += insn_len(at)) {
        bool is_wide = insn_len(at) == 4;

        *ret++ = is_wide ? NOP_W_FIRST : NOP;
        if (is_wide) {
            *ret++ = NOP_W_LAST;
        }
    }
}

/* Inside an IT block instructions are blanked while the block runs, whole ones only: a jump would
 * take the conditions along. Each start, each end. */
static void skip_in_block(uint32_t block, uint32_t block_len)
{
    uint16_t nops[IT_BLOCK_MAX / 2];
    uint32_t end;

    for (uint32_t start = block; start < block + block_len; start += insn_len(start)) {
        for (end = start + insn_len(start); end <= block + block_len; end += insn_len(end)) {
            enum chip_outcome outcome;

            put_nops(nops, start, end);
            chip_load(here);
            chip_patch_code(chip, start, nops, end - start);
            resumed = true;
            mode = AT_NEXT;
            outcome = run();
            chip_restore_code(chip);
            judge(outcome == CHIP_REACHED && chip_pc(chip) != dfu ? pass() : outcome, start,
                  end - start);
        }
    }
}

/* All skips at the place where the run stands, which stays there. */
static void attack(void)
{
    uint32_t address = chip_pc(chip);
    uint32_t block_len = it_block_len(address);
    enum mode before = mode;

    attacked++;
    chip_save(here);
    for (uint32_t len = SKIP_MIN; len <= SKIP_MAX; len += 2) {
        chip_load(here);
        go_to(address + len);
        judge(pass(), address, len);
    }
    skip_in_block(address + 2, block_len);
    chip_load(here);
    resumed = true;
    mode = before;
}

/* Of the signature check that the run is about to begin: places chosen at random. */
static void attack_arithmetic(void)
{
    uint64_t limit = chip_settings(chip)->limit; /* of runs with the stand-in */
    uint64_t points;

    if (options.places == 0) {
        return;
    }
    chip_save(call);
    chip_stop_at(chip, chip_register(chip, 14) & ~1u);
    chip_settings(chip)->limit = UINT64_MAX;
    mode = AT_COUNTDOWN;
    countdown = UINT64_MAX;
    (void)step();
    points = UINT64_MAX - countdown;
    chip_stop_at(chip, UINT32_MAX);
    chip_settings(chip)->limit = limit + 2 * points;
    for (unsigned i = 0; i < options.places && !is_done(); i++) {
        chip_load(call);
        countdown = next_random() * points >> 32;
        if (step() == CHIP_REACHED) {
            attack();
        }
    }
    chip_load(call);
    chip_settings(chip)->limit = limit;
    mode = AT_PLACES;
}

/* ---- scenarios -------------------------------------------------------------------------------- */

static void walk(void)
{
    while (!is_done() && step() == CHIP_REACHED && chip_pc(chip) != dfu) {
        if (chip_pc(chip) == verify) {
            decisive = true;
            attack_arithmetic();
            stand_in();
        } else if (chip_pc(chip) != forget_ram) {
            attack();
        }
    }
}

static void expect(enum chip_outcome outcome)
{
    bool runs = outcome == CHIP_APPLICATION;
    bool waits = outcome == CHIP_REACHED && chip_pc(chip) == dfu;

    if (fault_world_objection(chip, outcome) != NULL || !(scenario->runs ? runs : waits)) {
        (void)fprintf(stderr, "chip_fault: %s: ends with %d without any fault %s\n", scenario->name,
                      (int)outcome, chip_message(chip));
        exit(EXIT_FAILURE);
    }
}

/* With the real arithmetic, then with the stand-in: the same end, the same flash. */
static void check_undisturbed(void)
{
    uint64_t flash;

    chip_settings(chip)->limit = UINT64_MAX;
    fault_world_set_up(scenario, chip, boot);
    chip_save(origin);
    chip_watch(chip, NULL, NULL);
    chip_stop_at(chip, dfu);
    reset(scenario->causes);
    expect(chip_run(chip));
    flash = fault_world_flash(chip);
    chip_stop_at(chip, UINT32_MAX);
    chip_watch(chip, on_watch, NULL);

    chip_load(origin);
    memset(visits, 0, sizeof visits);
    reset(scenario->causes);
    mode = COUNT;
    expect(run());
    if (fault_world_flash(chip) != flash) {
        (void)fprintf(stderr, "chip_fault: %s: the stand-in makes a difference\n", scenario->name);
        exit(EXIT_FAILURE);
    }
    chip_settings(chip)->limit = 2 * chip_end(chip)->instructions + RUN_SPARE;
}

static void attack_scenario(void)
{
    unsigned long before = trials;

    memset(seen, 0, sizeof seen);
    check_undisturbed();
    (void)is_seen(fault_world_flash(chip));
    chip_load(origin);
    (void)is_seen(fault_world_flash(chip));
    memset(visited, 0, sizeof visited);
    decisive = false;
    reset(scenario->causes);
    mode = AT_PLACES;
    walk();
    (void)printf("%s: %lu trials\n", scenario->name, trials - before);
}

static bool is_chosen(void)
{
    return options.scenario == NULL ||
           strncmp(scenario->name, options.scenario, strlen(options.scenario)) == 0;
}

static void report(void)
{
    (void)printf(
        "%lu of %lu instructions attacked, %lu trials: %lu waited for serial DFU, %lu reset, %lu "
        "faults (%lu by the MPU), %lu without end, %lu ran the good image; %lu second boots; %lu "
        "holes\n",
        attacked, reached, trials, ended[CHIP_REACHED], ended[CHIP_RESET], ended[CHIP_FAULT],
        forbidden, ended[CHIP_LIMIT], ended[CHIP_APPLICATION], second_boots, holes);
}

/* ---- program ---------------------------------------------------------------------------------- */

static int usage(void)
{
    (void)fprintf(stderr, "usage: chip_fault BOOTLOADER.elf [--scenario NAME] [--all] [--part N]\n"
                          "       [--places N [--seed N]] [--expect-hole]\n");
    return 2;
}

static bool parse_value(const char *name, const char *value)
{
    if (value == NULL) {
        return false;
    }
    if (strcmp(name, "--scenario") == 0) {
        options.scenario = value;
    } else if (strcmp(name, "--places") == 0) {
        options.places = (unsigned)strtoul(value, NULL, 0);
    } else if (strcmp(name, "--part") == 0) {
        options.part = (unsigned)strtoul(value, NULL, 0);
    } else if (strcmp(name, "--seed") == 0) {
        options.random = (uint32_t)strtoul(value, NULL, 0);
    } else {
        return false;
    }
    return true;
}

static bool parse_options(char **argv)
{
    for (; *argv != NULL; argv++) {
        if (strcmp(*argv, "--expect-hole") == 0) {
            options.one_is_enough = true;
        } else if (strcmp(*argv, "--all") == 0) {
            options.all = true;
        } else if (parse_value(*argv, argv[1])) {
            argv++;
        } else {
            return false;
        }
    }
    return options.random != 0 && options.part != 0;
}

static bool open_chip(const char *elf)
{
    chip = chip_open(elf);
    if (chip == NULL) {
        return false;
    }
    program = chip_symbol(chip, "wbz451_main") & ~1u;
    while (strncmp(chip_where(chip, program + program_len), "wbz451_main", 11) == 0) {
        program_len += 2;
    }
    verify = chip_symbol(chip, "otav_p256_verify") & ~1u;
    dfu = chip_symbol(chip, "wbz451_serial_dfu") & ~1u;
    forget_ram = chip_symbol(chip, "wbz451_forget_ram") & ~1u;
    handover = chip_symbol(chip, "wbz451_handover") & ~1u;
    bss_start = chip_symbol(chip, "wbz451_bss_start");
    origin = chip_snapshot_new(chip);
    call = chip_snapshot_new(chip);
    here = chip_snapshot_new(chip);
    return true;
}

int main(int argc, char **argv)
{
    if (argc < 2 || !parse_options(argv + 2)) {
        return usage();
    }
    if (!open_chip(argv[1])) {
        return EXIT_FAILURE;
    }
    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    fault_world_open();
    chip_watch(chip, on_watch, NULL);
    for (; !is_done() && (scenario = fault_scenario_at(scenario_index)) != NULL; scenario_index++) {
        if (is_chosen()) {
            attack_scenario();
        }
    }
    report();
    chip_snapshot_free(here);
    chip_snapshot_free(call);
    chip_snapshot_free(origin);
    chip_close(chip);
    return (holes > 0) == options.one_is_enough && trials > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
