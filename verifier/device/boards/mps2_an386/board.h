/*
 * The MPS2 AN386 board as QEMU has it (-M mps2-an386), for programs that are run and measured there.
 * Output, files and exit go through Arm semihosting.
 */
#ifndef BOARD_H
#define BOARD_H

#include <stddef.h>
#include <stdint.h>

/* 16 MiB that survive a reset; whoever starts the machine may fill them. */
#define BOARD_PSRAM     0x21000000u
#define BOARD_PSRAM_LEN 0x01000000u

/* The program; called with the FPU on and .bss cleared. Its result ends the emulator. */
int board_main(void);

void board_print(const char *text);
/* Decimal. */
void board_print_number(uint32_t number);
_Noreturn void board_exit(int code);

/* A file of the machine that runs the emulator. Handle, negative if it cannot be opened. */
int32_t board_file_open(const char *path);
/* Bytes read; fewer than len only at the end of the file. */
size_t board_file_read(int32_t handle, void *ret, size_t len);

/* Instructions since board_count_start(), to the next 40: with -icount shift=0 one instruction takes
 * 1 ns of the emulator's time, and SysTick counts that at 25 MHz. Up to 671 million. */
void board_count_start(void);
uint32_t board_count(void);

/* Fills the unused stack; later: bytes of it that were used since, below the caller of paint. */
void board_stack_paint(void);
uint32_t board_stack_used(void);

#endif
