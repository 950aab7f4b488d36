/*
 * The MPS2 board in QEMU with its bootloader: a file that is its flash, images of the live
 * application, and runs from power-on to power-off.
 */
#ifndef QEMU_BENCH_H
#define QEMU_BENCH_H

#include "../unit/unit.h"

#include <sys/types.h>

#include "../device/live/live.h"
#include "board_boot.h"
#include "image_builder.h"

/* What one instruction takes of the emulator's clock. */
enum { BENCH_ICOUNT_SHIFT = 6, BENCH_INSTRUCTION_NS = 1 << BENCH_ICOUNT_SHIFT };

struct bench {
    int fd;         /* of the file */
    uint8_t *psram; /* its content, shared with the emulator */
    struct image_key key;
    bool counts;       /* the emulator's clock is exact; set before a run */
    char output[4096]; /* of the last run, without what did not fit */
    int exit_code;     /* of the last run; -1: it was killed */
};

/* Programs of the preset `device`, for all benches. */
void bench_use(const char *bootloader, const char *live);
const char *bench_bootloader(void);

/* A device with provisioning record and application data, and nothing in its slots. */
void bench_open(struct bench *bench);
void bench_close(struct bench *bench);

/* A signed image for a trial: number is printed, and is the first part of the version. */
void bench_image(const struct bench *bench, unsigned number, enum live_conduct conduct,
                 struct image *ret);
/* slot: OTAV_SLOT0_ADDRESS or OTAV_SLOT1_ADDRESS, erased before. */
void bench_put(struct bench *bench, uint32_t slot, const struct image *image);
bool bench_holds(const struct bench *bench, uint32_t slot, const struct image *image);

/* Bytes of the flash, by the chip's address. */
uint8_t *bench_flash(const struct bench *bench, uint32_t address);
volatile struct board_flash_control *bench_control(const struct bench *bench);

/* Power on, until the emulator ends. */
void bench_run(struct bench *bench);
/* The same; killed as soon as that many operations of the flash were begun. */
void bench_run_until(struct bench *bench, uint32_t operations);

/* The device kept the flash's rules and its application data. */
void bench_check(const struct bench *bench);

#endif
