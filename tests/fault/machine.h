/*
 * An emulated Cortex-M4 with the guest in it: runs, stops at a chosen instruction, keeps and brings
 * back its whole state, leaves instructions out.
 *
 * A "point" is an instruction that execution can be stopped in front of: one that is watched, and not
 * inside an IT block, which the emulator neither stops in nor reports reliably.
 */
#ifndef FAULT_MACHINE_H
#define FAULT_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "guest/guest.h"
#include "program.h"

struct machine;
struct snapshot;

enum outcome {
    OUTCOME_STOPPED,  /* in front of the point asked for */
    OUTCOME_ACCEPTED, /* accepted() was reached */
    OUTCOME_REFUSED,  /* refused() was reached */
    OUTCOME_FAULT,    /* an access or instruction that the chip traps */
    OUTCOME_LIMIT,    /* goes round in circles: a watchdog's business */
    OUTCOME_COUNT
};

/* In the order of struct flip's index. */
enum machine_register { REGISTER_SP = 13, REGISTER_LR = 14, REGISTER_FLAGS = 15, REGISTER_COUNT };

/* Loads an ELF file. NULL with a message on stderr. */
struct machine *machine_open(const char *elf_path);
void machine_close(struct machine *machine);

/* What it runs; the machine's own. */
const struct program *machine_program(const struct machine *machine);

/* Whether the instructions in [start, end) are watched; none is to begin with. */
void machine_watch(struct machine *machine, uint32_t start, uint32_t end, bool watched);
bool machine_is_watched(const struct machine *machine, uint32_t address);

/* How often each halfword of the ROM was executed as the start of an instruction outside IT blocks. */
void machine_clear_visits(struct machine *machine);
const uint32_t *machine_visits(const struct machine *machine);

/* Gives the device its configuration; before the first reset. */
void machine_provision(struct machine *machine, const struct otav_config *config);

/* Power-on: the input is what is given, the slot holds the image for PATH_BOOT and is full of an
 * older one's bytes otherwise. */
void machine_reset(struct machine *machine, enum guest_path path, const uint8_t *image,
                   uint32_t image_len);

/* Runs on from the current place, or from another one, until something of enum outcome happens;
 * OUTCOME_STOPPED after points further points, in front of the next (0 = never); the instruction that
 * it stands in front of is the first of them, watched or not. */
enum outcome machine_run(struct machine *machine, uint32_t points);
void machine_jump(struct machine *machine, uint32_t address);

/* From now on a run of more instructions than these is OUTCOME_LIMIT; and those of the last run. */
void machine_limit(struct machine *machine, uint32_t instructions);
uint32_t machine_executed(const struct machine *machine);

uint32_t machine_pc(const struct machine *machine);

/* Length in bytes of the instruction at address, and of the block it governs if it is an IT. */
uint32_t machine_insn_len(const struct machine *machine, uint32_t address);
uint32_t machine_it_block_len(const struct machine *machine, uint32_t address);

/* From now on the instructions in [start, end) do nothing; of a long one at the end that is only half
 * in it, the other half remains. One stretch at a time; undone by machine_restore_code(). */
void machine_blank_code(struct machine *machine, uint32_t start, uint32_t end);
void machine_restore_code(struct machine *machine);

/* One bit of one register: r0..r12, SP, LR, and the flags N, Z, C, V as one register. */
struct flip {
    const char *name; /* of the register */
    enum machine_register reg;
    uint32_t bit;
};
unsigned machine_flip_count(void);
struct flip machine_flip_at(unsigned index);
/* Turns the bit over; only while the machine stands in front of an instruction. */
void machine_flip(struct machine *machine, struct flip flip);
/* Where LR points. */
uint32_t machine_lr(const struct machine *machine);

/* Whether the unit that makes the slot bootable was written. */
bool machine_slot_committed(const struct machine *machine);

struct snapshot *snapshot_new(struct machine *machine);
void snapshot_free(struct snapshot *snapshot);
void machine_save(const struct machine *machine, struct snapshot *ret);
void machine_load(struct machine *machine, const struct snapshot *snapshot);

#endif
