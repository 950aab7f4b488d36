/*
 * An application that attacks what the bootloader locked, then does what a word in its vector table
 * says. It runs in slot 0, behind the bootloader. Shared with the host.
 */
#ifndef HOSTILE_H
#define HOSTILE_H

#include <stdint.h>

enum {
    HOSTILE_ENTRY_OFF = 0x200,  /* of its first instruction */
    HOSTILE_CONDUCT_OFF = 0x20, /* u32, enum hostile_conduct; Armv7-M reserves it */
    HOSTILE_LOG = 0x2001F800    /* struct hostile_log in RAM, above its stack */
};

enum hostile_conduct { HOSTILE_RESET, HOSTILE_HANG };

struct hostile_log {
    uint32_t attempts; /* operations on pages that are locked */
    uint32_t changes;  /* pages of those that read differently than before */
    uint32_t opened;   /* bits of the locks that it opened */
    uint32_t mails;    /* forged, in the mailbox */
};

#endif
