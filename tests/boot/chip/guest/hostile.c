/*
 * The hostile application: opens locks, turns the MPU to its liking, erases and programs every page of
 * boot flash, slot 0, boot record and journals, fills the mailbox with confirms and requests that are
 * not true. Its own code is under attack, too: what goes through shows as a changed word or a crash.
 * Layer: test; freestanding, with the board's driver for what an application may do.
 */
#include "hostile.h"

#include <otav/otav_error.h>

#include "boot_mailbox.h"
#include "cpu.h"
#include "layout.h"
#include "raw_flash.h"
#include "wbz451_board.h"
#include "wbz451_left.h"

enum { BOOT_PAGES = 6, PATTERN = 0x0BADC0DE };

#define APP_STACK 0x2001F000u
#define FLASH_END (WBZ451_MAIN_FLASH + WBZ451_MAIN_FLASH_LEN)
#define LOG       ((volatile struct hostile_log *)HOSTILE_LOG)
/* Read and write and run, all of the memory. */
#define MPU_RASR_ALL 0x0300003Fu

_Noreturn void hostile_reset(void);

__attribute__((section(".hostile_vectors"), used)) static const struct {
    uint32_t stack;
    void (*handlers[7])(void);
    uint32_t conduct;
} vectors = {APP_STACK, {hostile_reset}, HOSTILE_RESET};

/* ---- locks ------------------------------------------------------------------------------------ */

static void write_protected(volatile uint32_t *reg, uint32_t value)
{
    uint32_t primask = cpu_interrupts_off();

    NVM_KEY = 0;
    NVM_KEY = WBZ451_UNLOCK_FIRST;
    NVM_KEY = WBZ451_UNLOCK_SECOND;
    *reg = value;
    cpu_interrupts_restore(primask);
}

static void open_locks(void)
{
    write_protected(&NVM_LBWP, NVM_ULOCK);
    write_protected(&NVM_LBWP_SET, NVM_ULOCK);
    write_protected(&NVM_LBWP_CLR, NVM_LBWP_PAGES);
    write_protected(&NVM_PWPLT, NVM_ULOCK);
    write_protected(&NVM_PWPGTE, NVM_ULOCK | NVM_LBWP_PAGES);
    MPU_CTRL = 0;
    MPU_RBAR = MPU_RBAR_REGION;
    MPU_RASR = MPU_RASR_ALL;
    MPU_CTRL = MPU_CTRL_ON;
    LOG->opened = wbz451_flash_open_locks();
}

/* ---- pages ------------------------------------------------------------------------------------ */

static uint32_t sum(uint32_t page)
{
    const volatile uint32_t *word = (const volatile uint32_t *)page;
    uint32_t hash = 0;

    for (uint32_t i = 0; i < WBZ451_FLASH_PAGE_LEN / sizeof *word; i++) {
        if (page != LAYOUT_AUTHENTICATE || i < 0xE00 / sizeof *word) {
            hash = (hash ^ word[i]) * 0x01000193u;
        }
    }
    return hash;
}

static void attack_page(uint32_t page)
{
    uint32_t before = sum(page);

    guest_operate(page, NVM_ERASE_PAGE);
    guest_operate(page, NVM_NO_OPERATION); /* clears the error */
    for (uint32_t i = 0; i < 4; i++) {
        NVM_DATA(i) = PATTERN;
    }
    guest_operate(page + WBZ451_FLASH_PAGE_LEN / 2, NVM_PROGRAM_QUAD);
    guest_operate(page, NVM_NO_OPERATION);
    wbz451_cache_invalidate();
    LOG->attempts += 2;
    LOG->changes += sum(page) != before ? 1 : 0;
    wbz451_kick(NULL);
}

static void attack_pages(uint32_t start, uint32_t end)
{
    for (uint32_t page = start; page < end; page += WBZ451_FLASH_PAGE_LEN) {
        attack_page(page);
    }
}

/* ---- mail ------------------------------------------------------------------------------------- */

/* Confirms of other trials and other images, requests for what was never staged. */
static void forge(uint32_t index, uint8_t ret[OTAB_MAIL_LEN])
{
    struct otab_report report = WBZ451_LEFT->report;
    uint32_t check;

    report.id[0] ^= (uint8_t)(index & 1);
    otav_store_u32(ret + OTAB_MAIL_TYPE, index % 4 == 3 ? OTAB_MAIL_INSTALL : OTAB_MAIL_CONFIRM);
    otav_store_u32(ret + OTAB_MAIL_NONCE, report.nonce + 1 + index / 2);
    for (unsigned i = 0; i < OTAB_ID_LEN; i++) {
        ret[OTAB_MAIL_ID + i] = report.id[i];
    }
    check = otab_log_check(ret, OTAB_MAIL_CHECK);
    otav_store_u32(ret + OTAB_MAIL_CHECK, check);
    otav_store_u32(ret + OTAB_MAIL_CHECK_NOT, ~check);
}

static void fill_mailbox(void)
{
    uint8_t mail[OTAB_MAIL_LEN];

    (void)wbz451_flash_erase(NULL, OTAB_MAILBOX_ADDRESS);
    for (uint32_t i = 0; i < OTAV_PAGE_LEN / OTAB_MAIL_LEN; i++) {
        uint32_t address = OTAB_MAILBOX_ADDRESS + i * OTAB_MAIL_LEN;

        forge(i, mail);
        if (wbz451_flash_program(NULL, address, mail) == OTAV_ACCEPT &&
            wbz451_flash_program(NULL, address + OTAV_UNIT_LEN, mail + OTAV_UNIT_LEN) ==
                OTAV_ACCEPT) {
            LOG->mails++;
        }
    }
}

__attribute__((section(".hostile_entry"))) _Noreturn void hostile_reset(void)
{
    *LOG = (struct hostile_log){0};
    open_locks();
    attack_pages(0, BOOT_PAGES * WBZ451_FLASH_PAGE_LEN);
    attack_pages(LAYOUT_SLOT0, LAYOUT_SLOT0_END);
    attack_pages(LAYOUT_RECORD, FLASH_END);
    fill_mailbox();
    if (*(const volatile uint32_t *)(LAYOUT_APPLICATION + HOSTILE_CONDUCT_OFF) == HOSTILE_RESET) {
        wbz451_software_reset();
    }
    for (;;) {
    }
}
