/*
 * Passphrases of key files: one that was read serves every key file of the run.
 *
 * Order: those that were read before, then the next one of the source that secret_get() has. A file
 * or the environment gives one; a descriptor gives a line, and the terminal an answer, for each key
 * that no earlier one opens.
 */
#ifndef OTAIMG_PASSPHRASE_H
#define OTAIMG_PASSPHRASE_H

#include "key_options.h"
#include "secret.h"

enum passphrase_verdict {
    PASSPHRASE_FITS,
    PASSPHRASE_WRONG,
    PASSPHRASE_USELESS /* no passphrase would do; what is wrong was reported */
};

typedef enum passphrase_verdict passphrase_try(void *user, const struct secret *passphrase);

/* Calls attempt with one passphrase after the other, none twice, until one fits the key file at path.
 * OX_KEY. */
enum ox passphrase_find(const char *path, const struct key_options *options,
                        passphrase_try *attempt, void *user);

/* Forgets all of them; by main(), at the end. */
void passphrase_wipe_all(void);

#endif
