/*
 * A swap that leaves out one mark in seven, for the linker to put around otab_journal_mark(): the test
 * of power cuts must find it. Layer: test.
 */
#include <boot_journal.h>

enum otav_err mark(struct otab_boot *boot) __asm__("__real_otab_journal_mark");
enum otav_err mark_or_not(struct otab_boot *boot) __asm__("__wrap_otab_journal_mark");

enum otav_err mark_or_not(struct otab_boot *boot)
{
    if (boot->journal_step % 7 != 3) {
        return mark(boot);
    }
    boot->journal_step++;
    return OTAV_OK;
}
