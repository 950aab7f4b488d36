/*
 * Flash controller: erase, program, write protection.
 * Layer: board. Invariants: one key for one protected write, interrupts off from the key on; nothing
 * counts as done that was not read back; boot pages other than the floor's, and application data, are
 * never touched. spec: DS70005504 section 24; Programming Specification 6.1.8.
 */
#include <otav/otav_error.h>
#include <string.h>

#include "cpu.h"
#include "layout.h"
#include "wbz451_board.h"
#include "wbz451_inferred.h"

#define ERRORS (NVM_CON_WRERR | NVM_CON_LVDERR)

static void give_key(void)
{
    NVM_KEY = 0;
    NVM_KEY = WBZ451_UNLOCK_FIRST;
    NVM_KEY = WBZ451_UNLOCK_SECOND;
}

static void protected_write(volatile uint32_t *reg, uint32_t value)
{
    uint32_t primask = cpu_interrupts_off();

    give_key();
    *reg = value;
    cpu_interrupts_restore(primask);
}

static bool wait_ready(void)
{
    for (uint32_t i = 0; i < WBZ451_NVM_POLLS; i++) {
        if ((NVM_CON & NVM_CON_WR) == 0) {
            return true;
        }
    }
    return false;
}

/* The operation may be chosen only while writing is not enabled. */
static bool operate(enum nvm_operation operation)
{
    bool done;

    NVM_CON_CLR = NVM_CON_WREN;
    NVM_CON_CLR = NVM_CON_OP_MASK;
    NVM_CON_SET = operation;
    NVM_CON_SET = NVM_CON_WREN;
    protected_write(&NVM_CON_SET, NVM_CON_WR);
    done = wait_ready();
    NVM_CON_CLR = NVM_CON_WREN;
    return done && (NVM_CON & ERRORS) == 0;
}

/* Error flags survive everything but a power-on; only this operation clears them. */
void wbz451_flash_init(void)
{
    if (wait_ready() && (NVM_CON & ERRORS) != 0) {
        (void)operate(NVM_NO_OPERATION);
    }
}

static bool change(enum nvm_operation operation, uint32_t address)
{
    bool done;

    wbz451_kick(NULL);
    NVM_ADDR = address;
    done = operate(operation);
    if (!done) {
        wbz451_flash_init();
    }
    wbz451_cache_invalidate();
    return done;
}

static bool is_between(uint32_t address, uint32_t start, uint32_t end)
{
    return address >= start && address < end;
}

static bool is_update_page(uint32_t address)
{
    return is_between(address, LAYOUT_SLOT0, LAYOUT_SLOT0_END) ||
           is_between(address, LAYOUT_SLOT1, WBZ451_MAIN_FLASH + WBZ451_MAIN_FLASH_LEN);
}

static bool is_floor_page(uint32_t address)
{
    return is_between(address, LAYOUT_FLOOR, LAYOUT_FLOOR + WBZ451_FLASH_PAGE_LEN);
}

static bool is_blank(uint32_t address, uint32_t len)
{
    const volatile uint32_t *word = (const volatile uint32_t *)address;

    for (uint32_t i = 0; i < len / sizeof *word; i++) {
        if (word[i] != 0xFFFFFFFFu) {
            return false;
        }
    }
    return true;
}

uint32_t wbz451_flash_read(void *user, uint32_t address, uint8_t *ret_bytes, size_t len)
{
    (void)user;
    wbz451_cache_invalidate(); /* cells of an interrupted operation may read otherwise each time */
    memcpy(ret_bytes, (const void *)address, len);
    return OTAV_ACCEPT;
}

const uint8_t *wbz451_flash_at(void *user, uint32_t address, size_t len)
{
    (void)user;
    (void)len;
    wbz451_cache_invalidate();
    return (const uint8_t *)address;
}

uint32_t wbz451_flash_erase(void *user, uint32_t address)
{
    (void)user;
    if (!is_update_page(address) || address % WBZ451_FLASH_PAGE_LEN != 0 || !wait_ready() ||
        !change(NVM_ERASE_PAGE, address) || !is_blank(address, WBZ451_FLASH_PAGE_LEN)) {
        return OTAV_REJECT;
    }
    return OTAV_ACCEPT;
}

/* The four words are of the controller's byte order, which is the core's. */
static bool program_quad(uint32_t address, const uint8_t unit[OTAV_UNIT_LEN])
{
    uint32_t words[4];

    memcpy(words, unit, sizeof words);
    for (uint32_t i = 0; i < 4; i++) {
        NVM_DATA(i) = words[i];
    }
    return change(NVM_PROGRAM_QUAD, address);
}

/* With the floor's page open for as long as it takes. */
static bool program_floor(uint32_t address, const uint8_t unit[OTAV_UNIT_LEN])
{
    bool done;

    protected_write(&NVM_LBWP_CLR, WBZ451_BOOT_PAGE_BIT(address));
    done = program_quad(address, unit);
    protected_write(&NVM_LBWP_SET, WBZ451_BOOT_PAGE_BIT(address));
    return done;
}

uint32_t wbz451_flash_program(void *user, uint32_t address, const uint8_t unit[OTAV_UNIT_LEN])
{
    bool floor = is_floor_page(address);

    (void)user;
    if ((!floor && !is_update_page(address)) || address % WBZ451_FLASH_UNIT_LEN != 0 ||
        !is_blank(address, WBZ451_FLASH_UNIT_LEN) || !wait_ready() ||
        !(floor ? program_floor(address, unit) : program_quad(address, unit)) ||
        memcmp((const void *)address, unit, WBZ451_FLASH_UNIT_LEN) != 0) {
        return OTAV_REJECT;
    }
    return OTAV_ACCEPT;
}

/* The unlock bit is written last for boot flash: its pages are closed by then. */
void wbz451_flash_lock(void)
{
    protected_write(&NVM_LBWP_SET, NVM_LBWP_PAGES);
    protected_write(&NVM_LBWP_CLR, NVM_ULOCK);
    protected_write(&NVM_PWPLT, WBZ451_PROTECT_FIELD(LAYOUT_SLOT0_END));
    protected_write(&NVM_PWPGTE, WBZ451_PROTECT_FIELD(LAYOUT_RECORD));
}

uint32_t wbz451_flash_open_locks(void)
{
    return (NVM_LBWP ^ NVM_LBWP_PAGES) | (NVM_PWPLT ^ WBZ451_PROTECT_FIELD(LAYOUT_SLOT0_END)) |
           (NVM_PWPGTE ^ WBZ451_PROTECT_FIELD(LAYOUT_RECORD));
}
