/*
 * Requests as JSON. Layer: above keys and metadata, below the commands. Invariant: a request that was
 * read agrees with itself; nothing in it is taken on trust that can be derived from the rest.
 */
#include "request.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include <otav/otav_attributes.h>

#include "assemble.h"
#include "diag.h"
#include "digest.h"
#include "file_check.h"
#include "json_hex.h"
#include "key_uri.h"
#include "request_summary.h"
#include "small_file.h"
#include "util.h"

#define ALGORITHM "ecdsa-p256-sha256"
#define ROUNDS    2

/* ---- derived from the state ------------------------------------------------------------------- */

const char *request_subject(const struct request *request)
{
    return request->round == 1 ? "firmware" : "metadata";
}

enum ox request_digest(const struct request *request, uint8_t ret[OTAV_SHA256_LEN])
{
    if (request->round == 1) {
        memcpy(ret, request->fw_digest, OTAV_SHA256_LEN);
        return OX_OK;
    }
    return check_metadata_digest(request->metadata, ret);
}

enum ox request_id(const struct request *request, uint8_t ret[OTAV_SHA256_LEN])
{
    uint8_t bytes[OTAV_SHA256_LEN + OTAV_META_LEN];

    memcpy(bytes, request->fw_digest, OTAV_SHA256_LEN);
    memcpy(bytes + OTAV_SHA256_LEN, request->metadata, OTAV_META_LEN);
    assemble_clear_signatures(bytes + OTAV_SHA256_LEN);
    return digest_bytes(bytes, sizeof bytes, ret);
}

enum ox request_facts(const struct request *request, struct release_facts *ret)
{
    enum ox ox = release_facts_from_metadata(request->metadata, request->image_id, ret);

    if (ox == OX_OK) {
        ret->encrypted = request->encrypt_key != NULL;
        memcpy(ret->content, request->content, sizeof ret->content);
    }
    return ox;
}

/* ---- writing ---------------------------------------------------------------------------------- */

/* Absolute path of the folder that holds path; NULL with errno. Caller frees. */
static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *folder = slash == NULL   ? xstrdup(".")
                   : slash == path ? xstrdup("/")
                                   : xstrndup(path, (size_t)(slash - path));
    char *absolute = realpath(folder, NULL);

    free(folder);
    return absolute;
}

/* target as it is named in a file at path: relative when it lies below that file's folder, so that
 * the folder can be moved as a whole. */
static enum ox name_from(const char *path, const char *target, char **ret)
{
    const char *slash = strrchr(target, '/');
    char *base = folder_of(path);
    char *folder = folder_of(target);
    enum ox ox = OX_OK;

    if (base == NULL || folder == NULL) {
        ox = diag_fail(OX_IO, "%s: no such folder: %s", base == NULL ? path : target,
                       strerror(errno));
    } else {
        size_t len = strcmp(base, "/") == 0 ? 0 : strlen(base);
        char *whole = xasprintf("%s/%s", strcmp(folder, "/") == 0 ? "" : folder,
                                slash == NULL ? target : slash + 1);
        bool below = strncmp(whole, base, len) == 0 && whole[len] == '/';

        *ret = xstrdup(below ? whole + len + 1 : whole);
        free(whole);
    }
    free(base);
    free(folder);
    return ox;
}

static enum ox path_json(const char *path, const char *target, const char *before, json_t **ret)
{
    char *name = NULL;
    char *text;
    enum ox ox = name_from(path, target, &name);

    if (ox != OX_OK) {
        return ox;
    }
    text = xasprintf("%s%s", before, name);
    *ret = json_string(text);
    free(text);
    free(name);
    return *ret != NULL
               ? OX_OK
               : diag_fail(OX_USAGE, "%s: cannot be named in a request, expected UTF-8", target);
}

static enum ox key_json(const char *path, const char *uri, json_t **ret)
{
    enum key_uri_kind kind = KEY_URI_FILE;
    enum ox ox = key_uri_kind_of(uri, &kind);

    if (ox == OX_OK && kind == KEY_URI_FILE) {
        return path_json(path, key_uri_path(uri), "file:", ret);
    }
    if (ox == OX_OK) {
        *ret = json_string(uri);
    }
    return ox;
}

/* An optional member; target NULL = left out. */
static enum ox add_path(json_t *state, const char *name, const char *path, const char *target)
{
    json_t *value = NULL;
    enum ox ox = target != NULL ? path_json(path, target, "", &value) : OX_OK;

    if (value != NULL) {
        (void)json_object_set_new(state, name, value);
    }
    return ox;
}

/* Members of the state that name something outside the request. */
static enum ox add_places(const struct request *r, const char *path, json_t *state)
{
    json_t *value = NULL;
    enum ox ox = path_json(path, r->draft, "", &value);

    if (ox == OX_OK) {
        (void)json_object_set_new(state, "draft",
                                  json_pack("{s:o, s:o}", "file", value, "sha256",
                                            json_hex(r->draft_digest, OTAV_SHA256_LEN)));
    }
    if (ox == OX_OK) {
        ox = add_path(state, "output", path, r->output);
    }
    if (ox == OX_OK) {
        ox = add_path(state, "log", path, r->log);
    }
    if (ox == OX_OK && r->encrypt_key != NULL) {
        ox = key_json(path, r->encrypt_key, &value);
        if (ox == OX_OK) {
            (void)json_object_set_new(state, "encrypt",
                                      json_pack("{s:o, s:o}", "key", value, "iv",
                                                json_hex(r->encrypt_iv, sizeof r->encrypt_iv)));
        }
    }
    return ox;
}

/* Takes over summary and state. */
static json_t *request_json(const struct request *r, const uint8_t *digest, json_t *summary,
                            json_t *state)
{
    uint8_t key_id[32];
    char *pem = pubkey_to_pem(r->xy);
    json_t *root;

    pubkey_id(r->xy, key_id);
    root = json_pack("{s:i, s:i, s:i, s:s, s:s, s:o, s:{s:o, s:s}, s:o, s:o}", "otaimg-request", 1,
                     "round", (int)r->round, "rounds", ROUNDS, "sign", request_subject(r),
                     "algorithm", ALGORITHM, "digest", json_hex(digest, OTAV_SHA256_LEN), "key",
                     "sha256", json_hex(key_id, sizeof key_id), "public", pem, "summary", summary,
                     "state", state);
    free(pem);
    return root;
}

enum ox request_text(const struct request *request, const char *path, char **ret)
{
    json_t *state = json_pack(
        "{s:o, s:o, s:I, s:o}", "metadata", json_hex(request->metadata, OTAV_META_LEN),
        "firmware-digest", json_hex(request->fw_digest, OTAV_SHA256_LEN), "image-id",
        (json_int_t)request->image_id, "content", json_hex(request->content, OTAV_SHA256_LEN));
    json_t *summary = NULL;
    uint8_t digest[OTAV_SHA256_LEN];
    json_t *root;
    char *text;
    enum ox ox = add_places(request, path, state);

    if (ox == OX_OK) {
        ox = request_digest(request, digest);
    }
    if (ox == OX_OK) {
        ox = request_summary_make(path, request->metadata, &summary);
    }
    if (ox != OX_OK) {
        json_decref(state);
        return ox;
    }
    root = request_json(request, digest, summary, state);
    text = json_dumps(root, JSON_INDENT(2));
    *ret = xasprintf("%s\n", text);
    free(text);
    json_decref(root);
    return OX_OK;
}

/* ---- reading ---------------------------------------------------------------------------------- */

/* The document's members, borrowed from it. */
struct members {
    int version;
    int round;
    int rounds;
    const char *sign;
    const char *algorithm;
    const char *digest;
    const char *key_id;
    const char *pem;
    json_t *summary;
    const char *metadata;
    const char *fw_digest;
    json_int_t image_id;
    const char *content;
    const char *draft;
    const char *draft_digest;
    const char *output; /* may be NULL, as the next three */
    const char *log;
    const char *encrypt_key;
    const char *encrypt_iv;
};

static enum ox fail_malformed(const struct request *r, const char *what)
{
    return diag_fail(OX_MALFORMED, "%s: not a signing request: %s", r->path, what);
}

static enum ox fail_altered(const struct request *r, const char *what)
{
    return diag_fail(OX_AUTH, "%s: the request was altered: %s", r->path, what);
}

static enum ox unpack(const struct request *r, json_t *root, struct members *m)
{
    json_error_t error;

    if (json_unpack_ex(root, &error, JSON_STRICT,
                       "{s:i, s:i, s:i, s:s, s:s, s:s, s:{s:s, s:s}, s:o,"
                       " s:{s:s, s:s, s:I, s:s, s:{s:s, s:s}, s?s, s?s, s?{s:s, s:s}}}",
                       "otaimg-request", &m->version, "round", &m->round, "rounds", &m->rounds,
                       "sign", &m->sign, "algorithm", &m->algorithm, "digest", &m->digest, "key",
                       "sha256", &m->key_id, "public", &m->pem, "summary", &m->summary, "state",
                       "metadata", &m->metadata, "firmware-digest", &m->fw_digest, "image-id",
                       &m->image_id, "content", &m->content, "draft", "file", &m->draft, "sha256",
                       &m->draft_digest, "output", &m->output, "log", &m->log, "encrypt", "key",
                       &m->encrypt_key, "iv", &m->encrypt_iv) != 0) {
        return fail_malformed(r, error.text);
    }
    if (m->version != 1 || m->rounds != ROUNDS || m->round < 1 || m->round > ROUNDS) {
        return fail_malformed(r, "unknown version or round");
    }
    if (strcmp(m->algorithm, ALGORITHM) != 0) {
        return fail_malformed(r, "unknown algorithm, expected '" ALGORITHM "'");
    }
    return m->draft[0] != '\0' && (m->output == NULL || m->output[0] != '\0') &&
                   (m->log == NULL || m->log[0] != '\0')
               ? OX_OK
               : fail_malformed(r, "empty path");
}

static enum ox take_encrypt(struct request *r, const struct members *m)
{
    enum key_uri_kind kind;
    enum ox ox = OX_OK;

    if (m->encrypt_key == NULL) {
        return OX_OK;
    }
    if (!hex_decode(m->encrypt_iv, r->encrypt_iv, sizeof r->encrypt_iv)) {
        return fail_malformed(r, "'iv' is not 32 hex digits");
    }
    ox = key_uri_kind_of(m->encrypt_key, &kind);
    if (ox == OX_OK) {
        r->encrypt_key = key_uri_resolve(r->path, m->encrypt_key);
    }
    return ox == OX_OK ? OX_OK : OX_MALFORMED;
}

static enum ox take_state(struct request *r, const struct members *m)
{
    r->round = (unsigned)m->round;
    if (!hex_decode(m->metadata, r->metadata, sizeof r->metadata)) {
        return fail_malformed(r, "'metadata' is not 1024 hex digits");
    }
    if (!hex_decode(m->fw_digest, r->fw_digest, sizeof r->fw_digest) ||
        !hex_decode(m->draft_digest, r->draft_digest, sizeof r->draft_digest) ||
        !hex_decode(m->content, r->content, sizeof r->content)) {
        return fail_malformed(r, "a digest is not 64 hex digits");
    }
    if (m->image_id < 0 || m->image_id > UINT32_MAX) {
        return fail_malformed(r, "'image-id' is not of 32 bits");
    }
    r->image_id = (uint32_t)m->image_id;
    if (!pubkey_from_pem(m->pem, r->xy)) {
        return fail_malformed(r, "'public' is not a P-256 public key");
    }
    r->draft = path_beside(r->path, m->draft);
    r->output = m->output != NULL ? path_beside(r->path, m->output) : NULL;
    r->log = m->log != NULL ? path_beside(r->path, m->log) : NULL;
    return take_encrypt(r, m);
}

/* Well-formed, to be signed with ECDSA, and signed as far as the round says. */
static enum ox check_metadata(const struct request *r)
{
    uint8_t bare[OTAV_META_LEN];
    uint8_t rs[OTAV_SIGNATURE_LEN];
    struct otav_attributes attributes;
    uint16_t at;

    memcpy(bare, r->metadata, sizeof bare);
    assemble_clear_signatures(bare);
    if (otav_fields_check(otav_meta_fields, otav_meta_field_count, bare) < otav_meta_field_count ||
        bare[OTAV_META_AUTH_METHOD_OFF] != OTAV_METHOD_ECDSA ||
        bare[OTAV_META_FW_AUTH_METHOD_OFF] != OTAV_METHOD_ECDSA ||
        otav_attributes_parse(bare + OTAV_META_ATTRIBUTES_OFF, OTAV_META_ATTRIBUTES_LEN, true,
                              &attributes, &at) != OTAV_OK) {
        return fail_malformed(r, "its metadata are not those of a release");
    }
    if (r->round == 2) {
        uint8_t len = r->metadata[OTAV_META_FW_SIG_LEN_OFF];

        if (!otav_der_decode(r->metadata + OTAV_META_FW_SIG_OFF, OTAV_META_SIG_LEN, len, rs) ||
            !pubkey_verify(r->xy, r->fw_digest, rs)) {
            return fail_altered(r, "its firmware signature is not by its key");
        }
        assemble_put_firmware_signature(bare, rs);
    }
    return memcmp(bare, r->metadata, sizeof bare) == 0
               ? OX_OK
               : fail_altered(r, "there are signatures that its round does not have");
}

static enum ox check_summary(const struct request *r, const json_t *given)
{
    json_t *summary = NULL;
    enum ox ox = request_summary_make(r->path, r->metadata, &summary);

    if (ox == OX_OK && !json_equal(summary, given)) {
        ox = fail_altered(r, "its summary is not that of its metadata");
    }
    json_decref(summary);
    return ox;
}

static bool equals_hex(const char *text, const uint8_t expected[32])
{
    uint8_t bytes[32];

    return hex_decode(text, bytes, sizeof bytes) && memcmp(bytes, expected, sizeof bytes) == 0;
}

static enum ox check_agreement(const struct request *r, const struct members *m)
{
    uint8_t bytes[32];
    enum ox ox = check_metadata(r);

    if (ox == OX_OK) {
        ox = request_digest(r, bytes);
    }
    if (ox == OX_OK && !equals_hex(m->digest, bytes)) {
        ox = fail_altered(r, "its digest is not that of its state");
    }
    if (ox == OX_OK && strcmp(m->sign, request_subject(r)) != 0) {
        ox = fail_altered(r, "'sign' does not fit its round");
    }
    pubkey_id(r->xy, bytes);
    if (ox == OX_OK && !equals_hex(m->key_id, bytes)) {
        ox = fail_altered(r, "its key id is not that of its public key");
    }
    return ox == OX_OK ? check_summary(r, m->summary) : ox;
}

static enum ox read_members(struct request *r, json_t *root)
{
    struct members m = {.output = NULL};
    enum ox ox = unpack(r, root, &m);

    if (ox == OX_OK) {
        ox = take_state(r, &m);
    }
    return ox == OX_OK ? check_agreement(r, &m) : ox;
}

enum ox request_parse(const char *path, const char *text, size_t len, struct request *ret)
{
    struct request r = {.path = xstrdup(path)};
    json_error_t error;
    json_t *root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &error);
    enum ox ox;

    if (root == NULL) {
        const struct src_pos pos = {path, (unsigned)error.line, (unsigned)error.column};

        ox = diag_fail_at(OX_MALFORMED, &pos, "not JSON: %s", error.text);
    } else {
        ox = digest_bytes((const uint8_t *)text, len, r.sha256);
        if (ox == OX_OK) {
            ox = read_members(&r, root);
        }
        json_decref(root);
    }
    if (ox == OX_OK) {
        *ret = r;
    } else {
        request_free(&r);
    }
    return ox;
}

enum ox request_load(const char *path, struct request *ret)
{
    char *text = NULL;
    size_t len = 0;
    enum ox ox = small_file_read(path, REQUEST_MAX_LEN, &text, &len);

    if (ox == OX_OK) {
        ox = request_parse(path, text, len, ret);
        free(text);
    }
    return ox;
}

void request_free(struct request *request)
{
    free(request->path);
    free(request->draft);
    free(request->output);
    free(request->log);
    free(request->encrypt_key);
    memset(request, 0, sizeof *request);
}
