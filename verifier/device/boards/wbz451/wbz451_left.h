/*
 * What the bootloader leaves for the application: at WBZ451_LEFT, in the last KB of RAM, which is the
 * bootloader's while stock applications run. Written at each full boot. Waking from deep sleep leaves
 * it alone: it says what it said before, or has no magic if that RAM was not retained.
 */
#ifndef WBZ451_LEFT_H
#define WBZ451_LEFT_H

#include "boot.h"

#define WBZ451_LEFT_ADDRESS 0x2001FC00u
#define WBZ451_LEFT         ((volatile struct wbz451_left *)WBZ451_LEFT_ADDRESS)
#define WBZ451_LEFT_MAGIC   UINT32_C(0x5B4F7441)

struct wbz451_left {
    uint32_t magic;
    uint32_t reset_cause; /* RCON, which is cleared */
    uint32_t provision;   /* enum otav_err: what the provisioning record says */
    struct otab_report report;
};

#endif
