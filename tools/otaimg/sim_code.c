/*
 * Texts of the device's codes.
 * Layer: below sim_run. Invariant: every code of the service and the bootloader has one.
 */
#include "sim_code.h"

#include <otab_app.h>
#include <otas.h>

static const char *service_text(uint32_t code)
{
    switch ((enum otas_err)code) {
    case OTAS_ERR_BATTERY:
        return "battery too low";
    case OTAS_ERR_BUSY:
        return "the application is busy";
    case OTAS_ERR_REFUSED:
        return "the application does not want it";
    case OTAS_ERR_REQUEST:
        return "request not well-formed, or a length that no slot takes";
    case OTAS_ERR_OVERFLOW:
        return "data beyond the group or the image";
    case OTAS_ERR_TIMEOUT:
        return "the manager fell silent";
    case OTAS_ERR_DISCONNECTED:
        return "link lost";
    case OTAS_ERR_ABORTED:
        return "the manager ended it early";
    case OTAS_ERR_AUTHENTICATE:
        return "the bootloader refuses what was committed";
    case OTAS_ERR_TRIAL:
        return "a trial needs slot 1 to go back";
    }
    return NULL;
}

static const char *boot_text(uint32_t code)
{
    switch ((enum otab_err)code) {
    case OTAB_ERR_CONFIRM:
        return "a confirm for another image was ignored";
    case OTAB_ERR_NOT_CONFIRMED:
        return "the image did not confirm";
    case OTAB_ERR_FLOOR_FULL:
        return "no room for another raise of the security counter";
    case OTAB_ERR_FALLBACK_LOST:
        return "not confirmed, and nothing to go back to";
    case OTAB_ERR_REQUEST:
        return "an install request names no image";
    case OTAB_ERR_VECTORS:
        return "its vectors cannot be started";
    }
    return NULL;
}

static const char *application_text(uint32_t code)
{
    switch ((enum otab_app_err)code) {
    case OTAB_APP_ERR_STATE:
        return "nothing to confirm or to install";
    case OTAB_APP_ERR_FULL:
        return "mailbox full";
    }
    return NULL;
}

const char *sim_code_text(uint32_t code)
{
    const char *text = service_text(code);

    if (text == NULL) {
        text = boot_text(code);
    }
    if (text == NULL) {
        text = application_text(code);
    }
    return text != NULL ? text : otav_err_text((enum otav_err)code);
}
