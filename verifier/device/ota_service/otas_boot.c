/*
 * The bridge to the bootloader. Layer: above the application's side of it. Invariant: only reads.
 */
#include "otas_boot.h"

static struct otas_status map(uint8_t state, uint32_t reason)
{
    struct otas_status status = {OTAS_NOTHING, 0, 0, 0};

    switch ((enum otab_update_state)state) {
    case OTAB_READY:
    case OTAB_CANDIDATE:
        break;
    case OTAB_WRITING:
        status.event = OTAS_SUSPENDED;
        break;
    case OTAB_STAGED:
        status.event = OTAS_STAGED;
        break;
    case OTAB_TRIAL:
        status.event = OTAS_ON_TRIAL;
        break;
    case OTAB_UPDATED:
        status.event = OTAS_COMPLETED;
        break;
    case OTAB_FAILED:
        status.event = OTAS_FAILED;
        status.code = reason;
        break;
    case OTAB_REJECTED:
        status.event = OTAS_REVERTED;
        status.code = reason;
        break;
    }
    return status;
}

uint32_t otas_boot_status(struct otab_app *app, struct otas_status *ret)
{
    struct otab_app_status status;
    uint32_t err = otab_app_status(app, &status);

    if (err == OTAV_OK) {
        *ret = map(status.state, status.reason);
    }
    return err;
}

void otas_boot_report(const struct otab_report *report, struct otas_status *ret)
{
    *ret = map(report->state, report->error);
}

uint32_t otas_boot_permission(struct otab_app *app)
{
    struct otab_app_status status;
    uint32_t err = otab_app_status(app, &status);

    if (err != OTAV_OK) {
        return err;
    }
    return status.state == OTAB_TRIAL ? OTAS_ERR_TRIAL : 0;
}
