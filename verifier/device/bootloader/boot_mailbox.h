/*
 * The mailbox: where the application asks. Untrusted: a confirm counts only with the nonce of the
 * locked boot record, a request only gets an image judged that stands in slot 1, or serial DFU once.
 * Layer: above logs.
 */
#ifndef OTAB_BOOT_MAILBOX_H
#define OTAB_BOOT_MAILBOX_H

#include "boot_log.h"

enum otab_mail {
    OTAB_MAIL_INSTALL = 0x4C54534E,
    OTAB_MAIL_CONFIRM = 0x4D464E43,
    OTAB_MAIL_DFU = 0x55464453 /* names no image: id and nonce are zero */
};

/* Fields of a record of 32 bytes at a multiple of 32, little-endian. */
enum {
    OTAB_MAIL_TYPE = 0,   /* u32 */
    OTAB_MAIL_NONCE = 4,  /* u32, of the trial; any in an install request */
    OTAB_MAIL_ID = 8,     /* 16 bytes */
    OTAB_MAIL_CHECK = 24, /* u32, otab_log_check() over the bytes before */
    OTAB_MAIL_CHECK_NOT = 28,
    OTAB_MAIL_LEN = 32
};

/* Counts in the whole mailbox: records of a type, and those of them that name id and, in a confirm,
 * nonce. Uses the buffer. OTAV_ERR_FLASH_READ */
struct otab_mail_count {
    uint32_t all;
    uint32_t matching;
};
enum otav_err otab_mailbox_count(struct otab_boot *boot, enum otab_mail type, uint32_t nonce,
                                 const uint8_t id[OTAB_ID_LEN], struct otab_mail_count *ret);

#endif
