/*
 * The device's recorded state for those who only look: the way out of deep sleep, the authenticate
 * entry. Layer: program, above the core's records. Invariant: a flash that refuses to change stands
 * behind the core, so that whatever it would repair is an error here.
 */
#include "known.h"

#include <otav/otav_error.h>
#include <string.h>

#include "boot_floor.h"
#include "wbz451_board.h"

static uint32_t read_flash(void *user, uint32_t address, uint8_t *ret_bytes, size_t len)
{
    (void)user;
    memcpy(ret_bytes, (const void *)address, len);
    return OTAV_ACCEPT;
}

static uint32_t refuse_erase(void *user, uint32_t address)
{
    (void)user;
    (void)address;
    return OTAV_REJECT;
}

static uint32_t refuse_program(void *user, uint32_t address, const uint8_t unit[OTAV_UNIT_LEN])
{
    (void)user;
    (void)address;
    (void)unit;
    return OTAV_REJECT;
}

static const struct otab_platform platform = {.crypto = &otav_crypto_soft_no_aes,
                                              .read = read_flash,
                                              .erase = refuse_erase,
                                              .program = refuse_program,
                                              .kick = wbz451_kick};

bool known_read(struct otab_boot *reader, struct known *ret)
{
    struct otab_report report = {0};
    bool solid = false;

    memset(reader, 0, offsetof(struct otab_boot, ctx));
    reader->platform = &platform;
    reader->report = &report;
    if (otab_state_load(reader, &solid) != OTAV_OK || !solid || reader->state.sequence == 0 ||
        otab_floor_load(reader, false) != OTAV_OK) {
        return false;
    }
    *ret = (struct known){.phase = reader->state.phase,
                          .version = reader->state.version,
                          .floor = reader->config.counter_floor,
                          .revoked = reader->revoked};
    return true;
}
