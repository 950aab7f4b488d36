/*
 * An emulated Cortex-M4 with the guest in it: runs, stops at a chosen instruction, keeps and brings
 * back its whole state, leaves instructions out.
 *
 * A "point" is an instruction that execution can be stopped in front of: any but those inside an IT
 * block, which the emulator neither stops at nor reports reliably.
 */
#ifndef FAULT_MACHINE_H
#define FAULT_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "guest/guest.h"

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

/* Loads an ELF file. NULL with a message on stderr. */
struct machine *machine_open(const char *elf_path);
void machine_close(struct machine *machine);

/* Address of a symbol; ends the program when the guest has none. *ret_len (may be NULL): its size. */
uint32_t machine_symbol(const struct machine *machine, const char *name, uint32_t *ret_len);
/* "function+0x12", valid until the next call. */
const char *machine_where(const struct machine *machine, uint32_t address);

/* Power-on: the input is what is given, the slot holds the image for PATH_BOOT and is full of an
 * older one's bytes otherwise. */
void machine_reset(struct machine *machine, enum guest_path path, const uint8_t *image,
                   uint32_t image_len);

/* Runs on from the current place, or from another one, until something of enum outcome happens;
 * OUTCOME_STOPPED after points further points, in front of the next (0 = never). */
enum outcome machine_run(struct machine *machine, uint32_t points);
void machine_jump(struct machine *machine, uint32_t address);

uint32_t machine_pc(const struct machine *machine);

/* Length in bytes of the instruction at address, and of the block it governs if it is an IT. */
uint32_t machine_insn_len(const struct machine *machine, uint32_t address);
uint32_t machine_it_block_len(const struct machine *machine, uint32_t address);

/* For instructions inside an IT block: from now on, those in [start, end) do nothing; undone by
 * machine_restore_code(). */
void machine_blank_code(struct machine *machine, uint32_t start, uint32_t end);
void machine_restore_code(struct machine *machine);

/* Whether the unit that makes the slot bootable was written. */
bool machine_slot_committed(const struct machine *machine);

struct snapshot *snapshot_new(struct machine *machine);
void snapshot_free(struct snapshot *snapshot);
void machine_save(const struct machine *machine, struct snapshot *ret);
void machine_load(struct machine *machine, const struct snapshot *snapshot);

#endif
