/* The core as the application finds it, and its exceptions. */
#ifndef LIVE_ENTRY_H
#define LIVE_ENTRY_H

#include <stdint.h>

/* Taken by the first instructions, in this order. */
struct entry {
    uint32_t counter; /* of the FPGA */
    uint32_t sp;
    uint32_t primask;
    uint32_t faultmask;
    uint32_t basepri;
    uint32_t control;
    uint32_t ipsr;
};
extern struct entry entry;

/* What this application asks of its bootloader, as text: "" when the core is as promised. */
const char *entry_complaint(void);

/* Takes SVC, PendSV, SysTick and an interrupt through the vectors as the bootloader left them, then through
 * others of its own. "" when each came as often as it was asked for. */
const char *exceptions_complaint(void);

/* A HardFault, whose handler resets. */
_Noreturn void entry_fault(void);
/* Both wait for ever, the second one in the HardFault handler: only the watchdog helps. */
_Noreturn void entry_hang(void);
_Noreturn void entry_fault_and_hang(void);

_Noreturn void live_main(void);

#endif
