/*
 * How a record of the mailbox page is written.
 * Layer: application's side, on the bootloader's formats. Invariant: every byte of the record is set.
 */
#include "otab_mail.h"

#include <string.h>

void otab_mail_encode(uint32_t type, uint32_t nonce, const uint8_t id[OTAB_ID_LEN],
                      uint8_t ret[OTAB_MAIL_LEN])
{
    uint32_t check;

    otav_store_u32(ret + OTAB_MAIL_TYPE, type);
    otav_store_u32(ret + OTAB_MAIL_NONCE, nonce);
    memcpy(ret + OTAB_MAIL_ID, id, OTAB_ID_LEN);
    check = otab_log_check(ret, OTAB_MAIL_CHECK);
    otav_store_u32(ret + OTAB_MAIL_CHECK, check);
    otav_store_u32(ret + OTAB_MAIL_CHECK_NOT, ~check);
}
