/*
 * The bootloader of the WBZ451: the portable core on this board.
 * Layer: program. Invariant: the token of the hand-over is made of what otab_boot() returned in this
 * very boot; a device without a provisioning record runs nothing.
 */
#include <otav/otav_error.h>
#include <otav/otav_provision.h>

#include "boot.h"
#include "boot_state.h"
#include "cpu.h"
#include "known.h"
#include "layout.h"
#include "wbz451_board.h"
#include "wbz451_inferred.h"
#include "wbz451_left.h"

/* For the linker script, which keeps the record's place free. */
__attribute__((section(".provision"), used)) static const uint8_t provision[OTAV_PROVISION_LEN];

_Static_assert(LAYOUT_PROVISION + sizeof provision == 0x5E00, "the record ends page 5");

static struct otab_boot boot;
static struct otav_config factory;
static struct wbz451_icm icm;

/* On the stack, because nothing else may be touched on this way. */
uint32_t wbz451_settled(void)
{
    struct otab_boot reader;
    struct known known;

    if (!known_read(&reader, &known)) {
        return OTAV_REJECT;
    }
    return OTAV_ACCEPT ^ known.phase ^ OTAB_IDLE;
}

/* What to do, from what the factory and the flash say. The pin comes last: by then no swap is open
 * that would need what serial DFU writes over. A trial is not spent on it. */
static uint32_t decide(struct wbz451_left *left)
{
    struct otav_crypto crypto;
    const struct otab_platform platform = {.crypto = &crypto,
                                           .read = wbz451_flash_read,
                                           .erase = wbz451_flash_erase,
                                           .program = wbz451_flash_program,
                                           .kick = wbz451_kick,
                                           .random = wbz451_random,
                                           .at = wbz451_flash_at};
    uint32_t action;

    wbz451_crypto_init(&icm, &crypto);
    left->provision = otav_provision_decode((const uint8_t *)LAYOUT_PROVISION, &crypto, &factory);
    if (left->provision != OTAV_OK) {
        return OTAB_SERIAL_DFU;
    }
    action = otab_boot(&boot, &platform, &factory, &left->report);
    if (action == OTAB_RUN_APPLICATION && left->report.state != OTAB_TRIAL && wbz451_dfu_pin()) {
        left->report.flags |= OTAB_ASKED_DFU;
        left->report.action = OTAB_SERIAL_DFU;
        return OTAB_SERIAL_DFU;
    }
    return action;
}

_Noreturn void wbz451_main(void)
{
    struct wbz451_left left = {.magic = WBZ451_LEFT_MAGIC, .reset_cause = wbz451_reset_cause};
    uint32_t action;
    uint32_t token;

    if (wbz451_clock_init()) {
        wbz451_cache_init();
    }
    action = decide(&left);
    /* Before the comparison, behind which the compiler would put the constant in its place. */
    token = WBZ451_HANDOVER ^ cpu_forget(action) ^ OTAB_RUN_APPLICATION;
    *WBZ451_LEFT = left;
    wbz451_forget_ram();
    if (action == OTAB_RUN_APPLICATION) {
        if (left.report.state == OTAB_TRIAL) {
            wbz451_watchdog_on();
        }
        wbz451_handover(token);
    }
    wbz451_serial_dfu(WBZ451_DFU_PATIENCE,
                      left.provision == OTAV_OK && (left.report.flags & OTAB_UNFINISHED) == 0);
}
