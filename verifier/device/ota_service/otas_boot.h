/*
 * What became of an update, across the reset: the bootloader's records as status reports of the
 * service, and whether they leave room for another transfer.
 */
#ifndef OTAS_BOOT_H
#define OTAS_BOOT_H

#include <otab_app.h>

#include "otas.h"

/* Reads the records with otab_app_status(): OTAS_STAGED, OTAS_ON_TRIAL, OTAS_COMPLETED, OTAS_FAILED and
 * OTAS_REVERTED with their reason, OTAS_SUSPENDED for a transfer that was cut, else OTAS_NOTHING.
 * Returns OTAV_OK or the error of otab_app_status(): *ret untouched. */
uint32_t otas_boot_status(struct otab_app *app, struct otas_status *ret);

/* The same from the report that otab_boot() left in this boot. It also knows what leaves no trace in
 * slot 1: a confirm that became final (OTAS_COMPLETED), an image that was refused and erased. */
void otas_boot_report(const struct otab_report *report, struct otas_status *ret);

/* For platform->permission: 0, or OTAS_ERR_TRIAL while slot 1 must stay for a revert, or the error of
 * otab_app_status(). */
uint32_t otas_boot_permission(struct otab_app *app);

#endif
