/*
 * PINs and passphrases: where they come from, and that they come once.
 *
 * Sources, first that is given: descriptor (--pin-fd / --passphrase-fd), file (pin-source= of the
 * URI, --passphrase-file), environment OTAIMG_PIN / OTAIMG_PASSPHRASE, prompt on /dev/tty with echo
 * off. Never argv. A secret ends at the first line end. The environment variable is unset once read.
 */
#ifndef OTAIMG_SECRET_H
#define OTAIMG_SECRET_H

#include <stdbool.h>
#include <stddef.h>

#include "exits.h"

#define SECRET_MAX_LEN        255
#define SECRET_PIN_ENV        "OTAIMG_PIN"
#define SECRET_PASSPHRASE_ENV "OTAIMG_PASSPHRASE"

struct secret {
    size_t len;
    char text[SECRET_MAX_LEN + 1]; /* zero-terminated; wiped by secret_wipe() */
};

struct secret_source {
    int fd;           /* -1 = none */
    const char *file; /* NULL = none */
    const char *env;  /* name of the environment variable, NULL = none */
    const char *what; /* for the prompt and messages: "PIN for token 'release'" */
    bool confirm;     /* ask twice on the terminal: a slip in a new secret locks a key away */
};

/* OX_KEY when there is no source left (no terminal), it is empty, too long or unreadable. */
enum ox secret_get(const struct secret_source *source, struct secret *ret);
void secret_wipe(struct secret *s);

/* Takes both variables out of the environment before a program or a PKCS#11 module, which may start
 * one, can inherit them; secret_get() still finds them. Once, by main(). */
void secret_take_environment(void);

/* What was taken and not needed; afterwards it is not there any more. */
void secret_wipe_environment(void);

/* Is there a value for secret_get() under this name? */
bool secret_in_environment(const char *name);

/* From now on the process leaves no core dump and other processes of its user cannot read its memory.
 * Called by whatever is about to read a secret; harmless when called again. */
void secret_harden(void);

#endif
