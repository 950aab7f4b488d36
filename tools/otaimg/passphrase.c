/*
 * The passphrases that were read in this run.
 *
 * Layer: between key_file and secret. Invariant: they exist in one block only, which is kept out of the
 * swap area as far as the system lets it, and is wiped at the end of the run.
 */
#include "passphrase.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "diag.h"
#include "util.h"

#define COUNT_MAX 16u /* later ones serve the key that they were read for */

static struct secret known[COUNT_MAX];
static unsigned count;
static bool environment_used; /* it gives one passphrase, which is gone once read */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static bool is_known(const struct secret *passphrase)
{
    for (unsigned i = 0; i < count; i++) {
        if (strcmp(known[i].text, passphrase->text) == 0) {
            return true;
        }
    }
    return false;
}

static void remember(const struct secret *passphrase)
{
    if (count == 0) {
        (void)mlock(known, sizeof known); /* a limit on it is no reason to refuse */
    }
    if (count < COUNT_MAX) {
        known[count++] = *passphrase;
    }
}

static enum ox fail_wrong(const char *path)
{
    return diag_fail(OX_KEY, "cannot decrypt '%s', wrong passphrase", path);
}

static enum ox try_next(const char *path, const struct key_options *options,
                        passphrase_try *attempt, void *user)
{
    char *what = xasprintf("passphrase for '%s'", path);
    const struct secret_source source = {.fd = options->passphrase_fd,
                                         .file = options->passphrase_file,
                                         .env = SECRET_PASSPHRASE_ENV,
                                         .what = what};
    enum passphrase_verdict verdict = PASSPHRASE_WRONG;
    struct secret next = {.len = 0};
    enum ox ox = secret_get(&source, &next);

    free(what);
    if (ox != OX_OK) {
        return ox;
    }
    if (!is_known(&next)) {
        remember(&next);
        verdict = attempt(user, &next);
    }
    secret_wipe(&next);
    if (verdict == PASSPHRASE_WRONG) {
        return fail_wrong(path);
    }
    return verdict == PASSPHRASE_FITS ? OX_OK : OX_KEY;
}

/* Whether the source has given all that it has. */
static bool is_used_up(const struct key_options *options)
{
    if (count == 0 || options->passphrase_fd >= 0) {
        return false;
    }
    return options->passphrase_file != NULL || environment_used;
}

static enum ox find_locked(const char *path, const struct key_options *options,
                           passphrase_try *attempt, void *user)
{
    for (unsigned i = 0; i < count; i++) {
        enum passphrase_verdict verdict = attempt(user, &known[i]);

        if (verdict != PASSPHRASE_WRONG) {
            return verdict == PASSPHRASE_FITS ? OX_OK : OX_KEY;
        }
    }
    if (is_used_up(options)) {
        return fail_wrong(path);
    }
    environment_used = options->passphrase_fd < 0 && options->passphrase_file == NULL &&
                       secret_in_environment(SECRET_PASSPHRASE_ENV);
    return try_next(path, options, attempt, user);
}

enum ox passphrase_find(const char *path, const struct key_options *options,
                        passphrase_try *attempt, void *user)
{
    enum ox ox;

    (void)pthread_mutex_lock(&lock);
    ox = find_locked(path, options, attempt, user);
    (void)pthread_mutex_unlock(&lock);
    return ox;
}

void passphrase_wipe_all(void)
{
    wipe(known, sizeof known);
    count = 0;
    environment_used = false;
}
