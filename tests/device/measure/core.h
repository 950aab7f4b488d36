/* An emulated Cortex-M4 that runs one function of an ELF file and counts. */
#ifndef MEASURE_CORE_H
#define MEASURE_CORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "guest/io.h"

struct core;

struct core_run {
    uint64_t instructions; /* from the first of workload() to its return */
    uint32_t stack_len;    /* bytes below the first stack pointer that were written */
    uint64_t trace;        /* hash of every branch taken and every address accessed, in order */
};

/* Loads a guest. NULL with a message on stderr. */
struct core *core_open(const char *elf_path);
void core_close(struct core *core);

/* Bytes of the sections that the guest's flash would hold. */
size_t core_flash_len(const struct core *core);

/* Calls workload(io). False with a message on stderr when it does not return. */
bool core_call(struct core *core, struct measure_io *io, struct core_run *ret);

/* What the last call left on the stack: MEASURE_STACK_LEN bytes, valid until the next call. */
const uint8_t *core_stack(const struct core *core);

#endif
