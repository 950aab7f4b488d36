/*
 * The mailbox. Layer: above logs. Invariant: nothing is changed here, and nothing in it is a length
 * or an address.
 */
#include "boot_mailbox.h"

#include <string.h>

struct wanted {
    enum otab_mail type;
    uint32_t nonce;
    const uint8_t *id;
    struct otab_mail_count *count;
};

static enum otav_err count_record(struct otab_boot *boot, const uint8_t *record, void *arg)
{
    const struct wanted *wanted = arg;

    (void)boot;
    if (otav_load_u32(record + OTAB_MAIL_TYPE) != (uint32_t)wanted->type ||
        !otab_log_is_checked(record, OTAB_MAIL_CHECK)) {
        return OTAV_OK;
    }
    wanted->count->all++;
    if (memcmp(record + OTAB_MAIL_ID, wanted->id, OTAB_ID_LEN) == 0 &&
        (wanted->type != OTAB_MAIL_CONFIRM ||
         otav_load_u32(record + OTAB_MAIL_NONCE) == wanted->nonce)) {
        wanted->count->matching++;
    }
    return OTAV_OK;
}

enum otav_err otab_mailbox_count(struct otab_boot *boot, enum otab_mail type, uint32_t nonce,
                                 const uint8_t id[OTAB_ID_LEN], struct otab_mail_count *ret)
{
    struct wanted wanted = {type, nonce, id, ret};

    memset(ret, 0, sizeof *ret);
    return otab_log_each(boot, OTAB_MAILBOX_ADDRESS, OTAB_MAIL_LEN, count_record, &wanted);
}
