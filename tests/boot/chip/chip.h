/*
 * An emulated WBZ451: the core by libunicorn, memory with its true map, and the peripherals that a
 * bootloader uses, with the rules of their data sheets. The program in boot flash is a real one.
 *
 * Three things are kept apart: where a run ended (enum chip_outcome), what the program did that the
 * chip lets pass but its data sheet forbids (chip_broken_rules), and what the chip has become (flash,
 * locks). Flash and the retained part of RAM survive a reset, everything else does not.
 */
#ifndef CHIP_H
#define CHIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    CHIP_BOOT_LEN = 0x6000,
    CHIP_BOOT_CODE_END = 0x5E00, /* configuration words follow */
    CHIP_MAIN = 0x01000000,
    CHIP_MAIN_LEN = 0x100000,
    CHIP_RAM = 0x20000000,
    CHIP_RAM_LEN = 0x20000,
    CHIP_RETAINED_LEN = 0x8000,
    CHIP_PAGE_LEN = 4096,
    CHIP_UNIT_LEN = 16
};

/* Causes of a reset, bits of RCON. */
enum {
    CHIP_POWER_ON = 1 << 0,
    CHIP_WATCHDOG_RESET = 1 << 4,
    CHIP_SOFTWARE_RESET = 1 << 6,
    CHIP_DEEP_SLEEP = 1 << 10
};

enum chip_outcome {
    CHIP_APPLICATION, /* the core fetches from main flash, unless settings.runs_application */
    CHIP_REACHED,     /* the place of chip_stop_at() */
    CHIP_RETURNED,    /* from the function of chip_call() */
    CHIP_RESET,       /* the program asked for it */
    CHIP_WATCHDOG,    /* not kicked in time */
    CHIP_POWER_CUT,   /* as chip_cut_at() asked for */
    CHIP_FAULT,       /* what the chip traps; chip_message() tells */
    CHIP_QUIET,       /* settings.quiet_polls looks at a line without bytes */
    CHIP_LIMIT        /* more instructions than settings.limit */
};

/* How an operation of the flash controller is cut off. */
enum chip_cut {
    CHIP_CUT_NONE,
    CHIP_CUT_BEFORE,   /* nothing of it happened */
    CHIP_CUT_TORN,     /* some bits have changed, others not */
    CHIP_CUT_UNSTABLE, /* the same, and they read differently each time */
    CHIP_CUT_AFTER     /* all of it happened, the program never knew */
};

struct chip_settings {
    uint32_t busy_polls;       /* times that anything says "not yet" */
    uint64_t watchdog;         /* instructions between kicks, 0: off */
    bool watchdog_by_software; /* off from a reset until it is switched on: WDTEN is 0 */
    uint64_t limit;            /* instructions of one run */
    uint32_t quiet_polls;      /* 0: waits for ever */
    uint32_t low_voltage_at;   /* operation that the controller gives up with LVDERR; 0: none */
    bool runs_application;     /* no end where the core first fetches from main flash */
    bool track_stack;          /* chip_end.lowest_sp counts; slow */
    bool no_pll;               /* the radio's PLL never locks */
    bool icm_dead;             /* the ICM never gets done */
    bool icm_bus_error;        /* it reports an error instead */
    bool trng_dead;
    uint32_t pins_low;   /* of port B, held from outside */
    uint32_t pin_glitch; /* look at port B that reads all pins low; counted from 1, 0: none */
};

/* What the core and the chip are like when the run ends. */
struct chip_end {
    uint32_t pc, sp, vtor, control, primask;
    uint32_t lbwp, pwplt, pwpgte;
    bool uart_on, code_cache_on, stale; /* stale: a cache still holds what flash was before */
    bool port_b_changed;                /* not as after a reset */
    bool watchdog_on;                   /* by software */
    uint32_t lowest_sp;                 /* since the run began */
    uint64_t instructions;
    uint64_t icm_blocks; /* of 64 bytes, hashed in this run */
    uint64_t longest_without_kick;
};

struct chip;

/* A chip with the program of an ELF file in boot flash and everything else erased. NULL with a message
 * on stderr. Ends the program when the emulator fails. */
struct chip *chip_open(const char *elf_path);
void chip_close(struct chip *chip);

struct chip_settings *chip_settings(struct chip *chip);
uint32_t chip_symbol(const struct chip *chip, const char *name);
const char *chip_where(const struct chip *chip, uint32_t address);

/* Flash as a programmer writes it: any place, any number of times. */
void chip_flash_write(struct chip *chip, uint32_t address, const void *bytes, size_t len);
void chip_flash_fill(struct chip *chip, uint32_t address, uint8_t byte, size_t len);
/* What the cells hold, whatever a cache says. */
const uint8_t *chip_flash(const struct chip *chip, uint32_t address);
uint8_t *chip_ram(struct chip *chip, uint32_t address);

/* Reset with its causes; RAM gets another content than it had, but for the retained part on a wake
 * from deep sleep. The program starts at the next chip_run(). */
void chip_reset(struct chip *chip, uint32_t causes);
enum chip_outcome chip_run(struct chip *chip);
/* The place where chip_run() stops with CHIP_REACHED; one at a time, until the next call. */
void chip_stop_at(struct chip *chip, uint32_t address);
/* Runs one function of the program on the stack as it is; *ret_result (may be NULL) is its result. */
enum chip_outcome chip_call(struct chip *chip, const char *function, const uint32_t *args,
                            size_t arg_count, uint32_t *ret_result);

/* From now on the core is on its process stack, as the thread of an operating system. */
void chip_use_process_stack(struct chip *chip, uint32_t sp);

/* Asked in front of every instruction of boot flash, but not of those in an IT block whose condition is
 * false; true: the run stops there with CHIP_REACHED. Never inside an IT block, where the core cannot be
 * stopped. NULL: nobody is asked. */
void chip_watch(struct chip *chip, bool (*watch)(void *user, uint32_t pc), void *user);
/* Where the next chip_run() goes on; and another place for that, behind a stop only. */
uint32_t chip_pc(const struct chip *chip);
void chip_jump(struct chip *chip, uint32_t address);
/* r0..r12, SP, LR by their numbers. */
uint32_t chip_register(const struct chip *chip, unsigned number);
void chip_set_register(struct chip *chip, unsigned number, uint32_t value);
/* Other code for the core, in boot flash whose cells stay as they are; until chip_restore_code(). One
 * stretch at a time. */
void chip_patch_code(struct chip *chip, uint32_t address, const void *code, uint32_t len);
void chip_restore_code(struct chip *chip);

/* All that a chip is between two instructions, cells included, but for what chip_cut_at() left half
 * done. Cheap where little changed since the last save or load. */
struct chip_snapshot;
struct chip_snapshot *chip_snapshot_new(struct chip *chip);
void chip_snapshot_free(struct chip_snapshot *snapshot);
void chip_save(struct chip_snapshot *ret);
void chip_load(struct chip_snapshot *snapshot);

const struct chip_end *chip_end(const struct chip *chip);
/* Why the last run faulted; "" otherwise. */
const char *chip_message(const struct chip *chip);
/* How many rules were broken since chip_open() or chip_forget_broken_rules(), and the first. */
unsigned chip_broken_rules(const struct chip *chip);
const char *chip_first_broken_rule(const struct chip *chip);
void chip_forget_broken_rules(struct chip *chip);

/* The controller's operations since the last reset, counted from 1, and pages erased since open. */
uint32_t chip_operations(const struct chip *chip);
uint32_t chip_erases(const struct chip *chip, uint32_t address);
uint32_t chip_kicks(const struct chip *chip);
/* Power fails during that operation (of the runs until the next reset). */
void chip_cut_at(struct chip *chip, uint32_t operation, enum chip_cut cut, uint32_t seed);

/* The wire: bytes to the program, and what it sent so far. */
void chip_uart_send(struct chip *chip, const void *bytes, size_t len);
size_t chip_uart_receive(struct chip *chip, void *ret_bytes, size_t max_len);

#endif
