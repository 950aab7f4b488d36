/*
 * The manager's host: file, digest, saved state, progress, and the words for how it ended.
 *
 * Layer: above the manager, below cmd_send.c; the link is the caller's. Invariant: the
 * manager reads the bytes that were checked, as they are held in memory.
 */
#include "send_link.h"

#include <string.h>

#include "att_socket.h"
#include "diag.h"
#include "digest.h"
#include "send_state.h"

struct host {
    const struct source *file;
    const char *state_path; /* NULL: none */
    uint8_t state[OTAM_STATE_LEN];
    bool has_state;
    struct digest digest;
    bool digest_failed;
};

/* ---- what the manager asks for ---------------------------------------------------------------- */

static bool read_file(void *ctx, uint32_t file_off, uint8_t *ret, uint32_t len)
{
    const struct host *host = ctx;

    return source_read(host->file, file_off, ret, len) == OX_OK;
}

static void sha256_start(void *ctx)
{
    struct host *host = ctx;

    host->digest_failed = digest_begin(&host->digest) != OX_OK;
}

static void sha256_add(void *ctx, const uint8_t *bytes, uint32_t len)
{
    struct host *host = ctx;

    host->digest_failed |= digest_update(&host->digest, bytes, len) != OX_OK;
}

static bool sha256_end(void *ctx, uint8_t ret[OTAM_DIGEST_LEN])
{
    struct host *host = ctx;
    uint8_t sha256[OTAV_SHA256_LEN];

    if (digest_end(&host->digest, host->digest_failed ? OX_INTERNAL : OX_OK, sha256) != OX_OK) {
        return false;
    }
    memcpy(ret, sha256, OTAM_DIGEST_LEN);
    return true;
}

static bool save(void *ctx, const uint8_t state[OTAM_STATE_LEN])
{
    const struct host *host = ctx;

    return send_state_write(host->state_path, state) == OX_OK;
}

static bool load(void *ctx, uint8_t ret[OTAM_STATE_LEN])
{
    const struct host *host = ctx;

    if (host->has_state) {
        memcpy(ret, host->state, OTAM_STATE_LEN);
    }
    return host->has_state;
}

static void forget(void *ctx)
{
    const struct host *host = ctx;

    (void)send_state_remove(host->state_path);
}

static void show(void *ctx, const struct otam_progress *progress)
{
    bool is_over = progress->state == OTAM_DONE || progress->state == OTAM_FAILED;

    (void)ctx;
    /* The last percent is the device's, which still verifies. */
    diag_progress(otam_state_name(progress->state), is_over ? 100 : progress->confirmed_len * 99ull,
                  is_over ? 100 : progress->image_len * 100ull);
}

/* ---- how it ended ----------------------------------------------------------------------------- */

static enum ox code_of(enum otam_err err)
{
    switch (err) {
    case OTAM_ERR_FILE_HEADER:
    case OTAM_ERR_FILE_LENGTH:
    case OTAM_ERR_FILE_CHECKSUM:
        return OX_MALFORMED;
    case OTAM_ERR_FEATURE:
        return OX_WRONG_DEVICE;
    case OTAM_ERR_ARG:
    case OTAM_ERR_ORDER:
        return OX_INTERNAL;
    case OTAM_OK:
        return OX_OK;
    case OTAM_ERR_FILE_READ:
    case OTAM_ERR_CONNECT:
    case OTAM_ERR_LINK_LOST:
    case OTAM_ERR_TRANSPORT:
    case OTAM_ERR_TIMEOUT:
    case OTAM_ERR_PROTOCOL:
    case OTAM_ERR_START_INDEX:
    case OTAM_ERR_REFUSED:
    case OTAM_ERR_DEVICE:
    case OTAM_ERR_IMAGE:
    case OTAM_ERR_STOPPED:
    case OTAM_ERR_COUNT:
        break;
    }
    return OX_IO;
}

/* Result codes of the profile, 1..5. */
static const char *result_text(uint8_t result)
{
    static const char *const texts[] = {"",
                                        ": wrong state",
                                        ": not supported",
                                        ": operation failed",
                                        ": invalid parameter",
                                        ": unspecified error"};

    return result < sizeof texts / sizeof texts[0] ? texts[result] : ": unknown result code";
}

static enum ox report_failure(const struct send_link *link, const struct otam *m)
{
    const struct otam_progress *p = otam_progress(m);
    enum ox ox = link->explain(link->ctx);

    if (ox == OX_OK) {
        ox = diag_fail(code_of(otam_result(m)),
                       "%s: %s%s (%u of %u bytes confirmed, connections: %u)", link->where,
                       otam_err_text(otam_result(m)), result_text(p->last_result),
                       (unsigned)p->confirmed_len, (unsigned)p->image_len, p->attempt);
    }
    if (p->confirmed_len > 0 && otam_result(m) != OTAM_ERR_IMAGE) {
        diag_hint("the same command goes on where it stopped, if the device can resume");
    }
    return ox;
}

static void configure(const struct send_link *link, const struct send_link_options *options,
                      struct otam_config *ret)
{
    otam_config_init(ret);
    ret->transport = link->transport;
    ret->transport_ctx = link->ctx;
    if (options->timeout_ms != 0) {
        ret->connect_ms = options->timeout_ms;
        ret->response_ms = options->timeout_ms;
        ret->group_ms = options->timeout_ms;
    }
    if (options->attempts != 0) {
        ret->attempts = options->attempts;
    }
}

enum ox send_link_run(const struct send_link *link, const struct source *file,
                      const struct send_link_options *options, struct otam_progress *ret)
{
    struct host host = {.file = file, .state_path = options->state_path};
    struct otam_host functions = {.read = read_file,
                                  .sha256_start = sha256_start,
                                  .sha256_add = sha256_add,
                                  .sha256_end = sha256_end,
                                  .progress = show};
    struct otam_config config;
    struct otam m;
    enum otam_err err;

    configure(link, options, &config);
    if (host.state_path != NULL) {
        enum ox ox = send_state_read(host.state_path, host.state, &host.has_state);

        if (ox != OX_OK) {
            return ox;
        }
        functions.save = save;
        functions.load = load;
        functions.forget = forget;
    }
    config.host = &functions;
    config.host_ctx = &host;
    config.file_len = file->len;
    err = otam_start(&m, &config, att_link_now_ms());
    if (err != OTAM_OK) {
        return diag_fail(code_of(err), "%s: %s", file->path, otam_err_text(err));
    }
    link->run(link->ctx, &m);
    if (otam_result(&m) != OTAM_OK) {
        return report_failure(link, &m);
    }
    *ret = *otam_progress(&m);
    return OX_OK;
}
