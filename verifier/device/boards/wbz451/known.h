/* What flash says about the device beside its provisioning record, read without changing any of it. */
#ifndef WBZ451_KNOWN_H
#define WBZ451_KNOWN_H

#include "boot_state.h"

struct known {
    uint8_t phase; /* enum otab_phase */
    uint32_t version;
    uint32_t floor;
    uint32_t revoked; /* bit n: key n */
};

/* reader is working memory of the caller, of which ctx is not touched. false: there is no record, or something in flash must be
 * repaired first, which only a boot does. */
bool known_read(struct otab_boot *reader, struct known *ret);

#endif
