/*
 * Arm semihosting: the emulator carries out what BKPT 0xAB asks for.
 * Layer: board. Numbers: Arm, "Semihosting for AArch32 and AArch64", section 6.
 */
#include "board.h"

enum {
    SYS_OPEN = 0x01,
    SYS_WRITE0 = 0x04,
    SYS_READ = 0x06,
    SYS_EXIT_EXTENDED = 0x20,
    MODE_RB = 1,
    APPLICATION_EXIT = 0x20026
};

static int32_t call(uint32_t number, const void *parameters)
{
    register uint32_t r0 __asm__("r0") = number;
    register const void *r1 __asm__("r1") = parameters;

    __asm__ volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory");
    return (int32_t)r0;
}

void board_print(const char *text)
{
    (void)call(SYS_WRITE0, text);
}

void board_print_number(uint32_t number)
{
    char text[11];
    char *at = text + sizeof text - 1;

    *at = '\0';
    do {
        *--at = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    board_print(at);
}

void board_exit(int code)
{
    const uint32_t parameters[] = {APPLICATION_EXIT, (uint32_t)code};

    for (;;) {
        (void)call(SYS_EXIT_EXTENDED, parameters);
    }
}

int32_t board_file_open(const char *path)
{
    uint32_t len = 0;

    while (path[len] != '\0') {
        len++;
    }
    return call(SYS_OPEN, (const uint32_t[]){(uint32_t)(uintptr_t)path, MODE_RB, len});
}

size_t board_file_read(int32_t handle, void *ret, size_t len)
{
    const uint32_t parameters[] = {(uint32_t)handle, (uint32_t)(uintptr_t)ret, len};

    return len - (size_t)call(SYS_READ, parameters); /* the call gives what is missing */
}
