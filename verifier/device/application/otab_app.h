/*
 * The application's side of the bootloader: what became of updates, "this image works", "install
 * this one", "serial DFU next".
 *
 * The bootloader does the work at the next reset; an application only reads the locked boot record
 * and leaves records in the mailbox. It needs no right that the bootloader would have to trust: what
 * it writes can at most get the image on trial confirmed, or an image in slot 1 judged again.
 *
 * States are those of the PSA Firmware Update API, seen from the flash:
 *
 *   READY     slot 1 holds nothing to install
 *   WRITING   a transfer is on its way: slot 1 has data but not its first unit, which comes last
 *   CANDIDATE not seen here: only who transfers knows an image that is whole and not committed
 *   STAGED    the image in slot 1 is judged at the next reset, and installed if accepted
 *   TRIAL     this image runs on trial, with the watchdog on, which it has to kick; without
 *             otab_app_confirm() the next reset reverts
 *   UPDATED   it is confirmed, which the next reset makes final
 *   REJECTED  slot 1 holds an image that was reverted because it did not confirm
 *   FAILED    slot 1 holds an image that was refused; reason says why
 *
 * Limits: a unit that an interrupted request touched, and that reads as blank for a whole boot, may be
 * programmed again; reading back tells whether the record stands. One caller at a time; not while a service writes the mailbox page. A reset between the
 * units of a record leaves a torn one, which counts nowhere; each record takes 64 of the page's 4096
 * bytes, and the bootloader erases the page once it has read a whole one.
 */
#ifndef OTAB_APP_H
#define OTAB_APP_H

#include "boot.h"

/* Results beside OTAV_OK and the errors of flash and crypto. */
enum otab_app_err {
    OTAB_APP_ERR_STATE =
        0x0A01, /* nothing to confirm, or nothing in slot 1 that could be installed */
    OTAB_APP_ERR_FULL = 0x0A02 /* mailbox full: erase the page at OTAB_MAILBOX_ADDRESS, ask again */
};

/* Caller-owned; needed during calls only. Holds the memory of the bootloader's readers. */
struct otab_app {
    struct otab_boot core;
};

/* An image that was refused or reverted; reason 0: none. */
struct otab_app_judged {
    uint8_t id[OTAB_ID_LEN];
    uint32_t reason; /* enum otav_err or otab_err */
};

struct otab_app_status {
    uint8_t state;                /* enum otab_update_state */
    bool has_version;             /* an image was confirmed since the factory */
    uint32_t version;             /* the newest confirmed one, a << 24 | b << 16 | c << 8 | d */
    uint32_t nonce;               /* of the trial */
    uint32_t reason;              /* with REJECTED and FAILED: enum otav_err or otab_err; else 0 */
    uint8_t running[OTAB_ID_LEN]; /* id of the image in slot 0, zeros before its first boot */
    uint8_t offered[OTAB_ID_LEN]; /* id of the image in slot 1, zeros when there is none */
    struct otab_app_judged judged[2]; /* newest first */
};

/* platform: read, program and crypto (hashing only) are used, all else may be NULL; it stays the
 * caller's and in place. read may come from a cache only if that follows what program did. */
void otab_app_init(struct otab_app *app, const struct otab_platform *platform);

/* What became of updates. Writes nothing. OTAV_OK, OTAV_ERR_FLASH_READ, OTAV_ERR_CRYPTO: *ret
 * untouched. */
uint32_t otab_app_status(struct otab_app *app, struct otab_app_status *ret);

/* This image works: the next reset keeps it, and raises floor and revocations as it asks. For an image
 * that is not confirmed: on trial, or running without one because its fallback was lost or slot 0 was
 * made anew. Call it once all self-tests are through; calling it again is harmless. OTAV_OK, OTAB_APP_ERR_STATE, OTAB_APP_ERR_FULL, OTAV_ERR_FLASH_*, OTAV_ERR_CRYPTO: not
 * confirmed, try again. */
uint32_t otab_app_confirm(struct otab_app *app);

/* Install the image in slot 1 at the next reset, even one that was refused or reverted before: it is
 * judged anew. An image that was never judged needs no request. OTAB_APP_ERR_STATE: there is no
 * image, or it is the one that runs or the one that a trial falls back to. Else as above. */
uint32_t otab_app_install(struct otab_app *app);

/* Serial DFU instead of an application at the next reset, once; the reset behind that runs the
 * application again. Gets lost if that reset installs or reverts an image, whose swap uses the
 * mailbox. OTAV_OK, OTAB_APP_ERR_FULL, OTAV_ERR_FLASH_*: not asked. */
uint32_t otab_app_request_dfu(struct otab_app *app);

/* "READY", ...; "?" for what is no state. */
const char *otab_state_name(uint8_t state);

#endif
