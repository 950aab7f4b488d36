/*
 * Records of the mailbox page as they are written; boot_mailbox.h has their layout, and the bootloader
 * reads them. For the application's side and for the OTA service.
 */
#ifndef OTAB_MAIL_H
#define OTAB_MAIL_H

#include "boot_mailbox.h"

/* A record with its check words; little-endian. The unit that holds them must be programmed last. */
void otab_mail_encode(uint32_t type, uint32_t nonce, const uint8_t id[OTAB_ID_LEN],
                      uint8_t ret[OTAB_MAIL_LEN]);

#endif
