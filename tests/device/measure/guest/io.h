/*
 * What the measuring program and the code in the emulator have in common. Both are little-endian and
 * lay it out alike.
 */
#ifndef MEASURE_IO_H
#define MEASURE_IO_H

#include <stdint.h>

#define MEASURE_IO_ADDRESS    UINT32_C(0x21000000)
#define MEASURE_STACK_ADDRESS UINT32_C(0x20000000)

enum { MEASURE_ROM_LEN = 0x8000, MEASURE_STACK_LEN = 0x4000, MEASURE_BYTES_MAX = 0x20000 };

/* Within the bytes of workload verify_slot. */
enum { MEASURE_SLOT_OFF = 0x200, MEASURE_CONTEXT_OFF = 0xE000 };

/* Within the bytes of workload inflate; what it needs beside the stack follows. */
enum {
    MEASURE_OUTPUT_OFF = 0x8000,
    MEASURE_OUTPUT_LEN = 0x7800,
    MEASURE_INFLATE_OFF = MEASURE_OUTPUT_OFF + MEASURE_OUTPUT_LEN
};

/* Of the result of workload inflate: the error, and how much memory that is. */
enum { MEASURE_ERROR_WORD = 0, MEASURE_RAM_WORD = 1 };

struct measure_io {
    uint64_t state[64];      /* of a port call, so that it is no part of the stack */
    uint8_t parameters[192]; /* keys and the like, as each workload says */
    uint8_t result[32];
    uint32_t len;      /* bytes that are used */
    uint32_t call_len; /* in calls of so many */
    uint8_t bytes[MEASURE_BYTES_MAX];
};

/* What is measured: one a guest. */
void workload(struct measure_io *io);

#endif
