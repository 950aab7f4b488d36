/*
 * Calls of functions of a Cortex-M4 program in an emulator: what they return, what they leave in the
 * registers that are the caller's, how many instructions and how much stack they take.
 */
#ifndef TEST_ARITH_MACHINE_H
#define TEST_ARITH_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CELL_LEN = 64, CELL_COUNT = 8, ARGUMENT_COUNT = 5 };

struct machine;

/* Loads a program; NULL after a message if it cannot be had. */
struct machine *machine_open(const char *elf);

void machine_close(struct machine *m);

/* A piece of the guest's memory that arguments can be in, index below CELL_COUNT; written by the host
 * and by calls. */
uint32_t *machine_cell(struct machine *m, unsigned index);

/* Where that is for the guest. */
uint32_t machine_cell_address(unsigned index);

/* Address of a function; the program ends with a message if there is none. */
uint32_t machine_symbol(const struct machine *m, const char *name);

/* Calls a function with five words of arguments. False, after a message: it did not come back, or not
 * with r4..r11 and sp as they had been. */
bool machine_call(struct machine *m, uint32_t function, const uint32_t arguments[ARGUMENT_COUNT]);

struct cost {
    uint64_t instructions; /* those of an IT block that are not carried out are counted, too */
    uint32_t stack_len;
};

/* The same, and what it takes. Slower by far. */
bool machine_measure(struct machine *m, uint32_t function, const uint32_t arguments[ARGUMENT_COUNT],
                     struct cost *ret);

#endif
