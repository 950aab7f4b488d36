/*
 * Signing with a program: it gets a digest on stdin and answers with a signature on stdout.
 *
 * Layer: signer.h's back end for exec: URIs. Invariant: the program sees no PIN and no passphrase of
 * this process's environment, and a signature leaves this file only after it verified under the
 * public key that the URI names.
 */
#include "signer_impl.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "diag.h"
#include "exec_program.h"
#include "key_uri.h"
#include "pubkey.h"
#include "secret.h"
#include "signature_text.h"
#include "util.h"

enum { DIGEST_LEN = 32 };

struct exec_signer {
    struct key_uri_exec uri;
    uint8_t public_xy[64];
};

/* ---- environment ------------------------------------------------------------------------------ */

/* Secrets, and what is set anew. */
static bool is_withheld(const char *entry)
{
    static const char *const names[] = {SECRET_PIN_ENV, SECRET_PASSPHRASE_ENV, "OTAIMG_KEY_ID",
                                        "OTAIMG_ALGORITHM"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        size_t len = strlen(names[i]);

        if (strncmp(entry, names[i], len) == 0 && entry[len] == '=') {
            return true;
        }
    }
    return false;
}

/* Array and its first entry are the caller's to free. */
static char **make_environment(const uint8_t public_xy[64])
{
    static char algorithm[] = "OTAIMG_ALGORITHM=ecdsa-p256-sha256";
    size_t count = 0;
    uint8_t id[32];
    char id_text[65];
    char **made;

    while (environ[count] != NULL) {
        count++;
    }
    made = xcalloc(count + 3, sizeof *made);
    pubkey_id(public_xy, id);
    hex_encode(id, sizeof id, id_text);
    made[0] = xasprintf("OTAIMG_KEY_ID=%s", id_text);
    made[1] = algorithm;
    count = 2;
    for (char **entry = environ; *entry != NULL; entry++) {
        if (!is_withheld(*entry)) {
            made[count++] = *entry;
        }
    }
    return made;
}

static void run_program(const struct exec_signer *signer, const uint8_t digest[DIGEST_LEN],
                        struct exec_result *ret)
{
    char **environment = make_environment(signer->public_xy);
    const struct exec_program program = {.path = signer->uri.program,
                                         .environment = environment,
                                         .input = digest,
                                         .input_len = DIGEST_LEN,
                                         .timeout = signer->uri.timeout};

    exec_program_run(&program, ret);
    free(environment[0]);
    free(environment);
}

/* ---- what came of it -------------------------------------------------------------------------- */

/* The last line with something in it that the program wrote to stderr; "" when there is none. It is
 * the one that says why, and the one that is whole. */
static const char *last_line(struct exec_result *result)
{
    char *text = result->errors;
    size_t end = result->errors_len;
    size_t start;

    for (size_t i = 0; i < end; i++) {
        if (text[i] == '\0') {
            text[i] = '?';
        }
    }
    while (end > 0 && strchr(" \t\r\n", text[end - 1]) != NULL) {
        end--;
    }
    text[end] = '\0';
    start = end;
    while (start > 0 && strchr("\r\n", text[start - 1]) == NULL) {
        start--;
    }
    return text + start + strspn(text + start, " \t");
}

/* One line: what happened, and what the program said of it. */
static enum ox fail(const struct exec_signer *signer, struct exec_result *result, const char *what)
{
    const char *said = last_line(result);

    return diag_fail(OX_KEY, "program '%s' %s%s%s", signer->uri.program, what,
                     *said != '\0' ? ": " : "", said);
}

/* NULL when the program ended well; caller frees. */
static char *describe_end(const struct exec_signer *signer, const struct exec_result *result)
{
    switch (result->end) {
    case EXEC_NO_START:
        return xasprintf("cannot be run, expected an executable file: %s",
                         strerror(result->number));
    case EXEC_SIGNALLED:
        return xasprintf("was ended by signal %d, expected exit status 0", result->number);
    case EXEC_TIMED_OUT:
        return xasprintf("did not end within %u s, expected a signature", signer->uri.timeout);
    case EXEC_TOO_VERBOSE:
        return xasprintf("wrote more than %d bytes, expected a signature", EXEC_OUTPUT_MAX);
    case EXEC_EXITED:
        break;
    }
    return result->number != 0 ? xasprintf("ended with exit status %d, expected 0", result->number)
                               : NULL;
}

static enum ox check_end(const struct exec_signer *signer, struct exec_result *result)
{
    char *what = describe_end(signer, result);
    enum ox ox = what != NULL ? fail(signer, result, what) : OX_OK;

    free(what);
    return ox;
}

static enum ox exec_signer_sign(void *state, const uint8_t digest[DIGEST_LEN], uint8_t ret_rs[64])
{
    const struct exec_signer *signer = state;
    struct exec_result result;
    uint8_t rs[64];
    enum ox ox;

    run_program(signer, digest, &result);
    ox = check_end(signer, &result);
    if (ox != OX_OK) {
        return ox;
    }
    if (!signature_text_read(result.output, result.output_len, rs)) {
        return fail(signer, &result,
                    result.output_len == 0
                        ? "wrote nothing, expected " SIGNATURE_TEXT_EXPECTED
                        : "wrote something else, expected " SIGNATURE_TEXT_EXPECTED);
    }
    if (!pubkey_verify(signer->public_xy, digest, rs)) {
        return fail(signer, &result,
                    "gave a signature made by another key or over another digest, expected one "
                    "that verifies under the public key of the URI");
    }
    memcpy(ret_rs, rs, sizeof rs);
    return OX_OK;
}

/* ---- opening ---------------------------------------------------------------------------------- */

static void exec_signer_close(void *state)
{
    struct exec_signer *signer = state;

    key_uri_exec_free(&signer->uri);
    free(signer);
}

static enum ox exec_signer_open(const char *uri, const struct key_options *options,
                                uint8_t public_xy[64], void **ret_state)
{
    struct exec_signer *signer = xcalloc(1, sizeof *signer);
    enum ox ox = key_uri_exec_read(uri, NULL, &signer->uri);

    if (ox == OX_OK) {
        ox = pubkey_load(uri, options, signer->public_xy);
    }
    if (ox != OX_OK) {
        exec_signer_close(signer);
        return ox;
    }
    memcpy(public_xy, signer->public_xy, sizeof signer->public_xy);
    *ret_state = signer;
    return OX_OK;
}

const struct signer_impl signer_exec = {
    .kind = "exec", .open = exec_signer_open, .sign = exec_signer_sign, .close = exec_signer_close};
