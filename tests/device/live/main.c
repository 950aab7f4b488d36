/*
 * The live application: looks at how the bootloader left the machine, takes exceptions, prints a
 * line, and does what its copy is told to.
 *
 *   NUMBER: clean, exceptions work, STATE, version V, report STATE error E flags F
 *
 * Layer: test, device; the application's side of the bootloader.
 */
#include <otab_app.h>
#include <otav/otav_error.h>
#include <otav/otav_soft.h>

#include "board_boot.h"
#include "entry.h"
#include "live.h"

static struct otab_app app;

static uint32_t word_of_table(uint32_t offset)
{
    return *(const volatile uint32_t *)(LAYOUT_APPLICATION + offset);
}

static void print_field(const char *name, uint32_t number)
{
    board_print(name);
    board_print_number(number);
}

static _Noreturn void stop(const char *complaint)
{
    board_print(complaint);
    board_print("\n");
    board_exit(LIVE_EXIT_BROKEN);
}

static void check(const char *complaint)
{
    if (complaint[0] != '\0') {
        stop(complaint);
    }
}

static void print_state(const struct otab_app_status *status)
{
    const volatile struct board_left *left = (const volatile struct board_left *)LAYOUT_LEFT;

    if (left->magic != BOARD_LEFT_MAGIC || left->report.action != OTAB_RUN_APPLICATION ||
        left->provision != OTAV_OK) {
        stop("nothing is left by the bootloader");
    }
    board_print(otab_state_name(status->state));
    print_field(", version ", status->version >> 24);
    board_print(", report ");
    board_print(otab_state_name(left->report.state));
    print_field(" error ", left->report.error);
    print_field(" flags ", left->report.flags);
    board_print("\n");
}

static void behave(uint32_t conduct)
{
    switch ((enum live_conduct)conduct) {
    case LIVE_CONFIRM:
        if (otab_app_confirm(&app) != OTAV_OK) {
            stop("it cannot confirm");
        }
        board_system_reset();
    case LIVE_RESET:
        board_system_reset();
    case LIVE_FAULT:
        entry_fault();
    case LIVE_HANG:
        entry_hang();
    case LIVE_STUCK:
        entry_fault_and_hang();
    case LIVE_STOP:
    case LIVE_COUNT:
    default:
        break;
    }
}

void live_main(void)
{
    static const struct otab_platform platform = {.crypto = &otav_crypto_soft_no_aes,
                                                  .read = board_flash_read,
                                                  .program = board_flash_program};
    struct otab_app_status status;

    if (word_of_table(LIVE_CONDUCT_OFF) == LIVE_COUNT) {
        print_field("counter ", entry.counter);
        board_print("\n");
        board_exit(LIVE_EXIT_STOP);
    }
    print_field("", word_of_table(LIVE_NUMBER_OFF));
    board_print(": ");
    check(entry_complaint());
    board_print("clean, ");
    check(exceptions_complaint());
    board_print("exceptions work, ");
    otab_app_init(&app, &platform);
    if (otab_app_status(&app, &status) != OTAV_OK) {
        stop("it cannot read its state");
    }
    print_state(&status);
    if (status.state == OTAB_TRIAL) {
        behave(word_of_table(LIVE_CONDUCT_OFF));
    }
    board_exit(LIVE_EXIT_STOP);
}
