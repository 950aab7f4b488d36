/*
 * A line of the audit log: members in a fixed order, the last one the hash of the bytes before it.
 *
 * Layer: release log. Invariant: what is read has passed its hash, so a line that was altered is
 * told from one that another version wrote.
 */
#include "release_log_line.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "diag.h"
#include "digest.h"
#include "json_hex.h"
#include "util.h"
#include "vocabulary.h"

#define HASH_MEMBER ",\"hash\":\""
#define HEX_LEN     ((size_t)2 * OTAV_SHA256_LEN)
#define TAIL_LEN    (sizeof HASH_MEMBER - 1 + HEX_LEN + 2)

/* ---- writing ---------------------------------------------------------------------------------- */

/* Names of files and reasons need not be UTF-8, which JSON is: then other bytes than ASCII become
 * \xNN. */
static json_t *text_json(const char *text)
{
    json_t *value = json_string(text);
    char *escaped;
    char *next;

    if (value != NULL) {
        return value;
    }
    escaped = xmalloc(4 * strlen(text) + 1);
    next = escaped;
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;

        if (c < 0x80) {
            *next++ = (char)c;
        } else {
            memcpy(next, "\\x", 2);
            hex_encode(&c, 1, next + 2);
            next += 4;
        }
    }
    *next = '\0';
    value = json_string(escaped);
    free(escaped);
    return value;
}

static json_t *file_json(const struct release_log_file *file)
{
    return json_pack("{s:o, s:o}", "name", text_json(file->name), "sha256",
                     file->has_digest ? json_hex(file->sha256, OTAV_SHA256_LEN) : json_null());
}

static json_t *inputs_json(const struct release_log_entry *entry)
{
    json_t *inputs = json_array();

    for (unsigned i = 0; i < entry->input_count; i++) {
        (void)json_array_append_new(inputs, file_json(&entry->inputs[i]));
    }
    return inputs;
}

static json_t *lint_json(const struct release_log_entry *entry)
{
    json_t *off = json_object();

    for (unsigned i = 0; i < entry->lint_off_count; i++) {
        (void)json_object_set_new(off, entry->lint_off[i].rule,
                                  text_json(entry->lint_off[i].reason));
    }
    return off;
}

static json_t *release_json(const struct release_facts *r)
{
    char product[UUID_TEXT_LEN];

    if (!r->has_product) {
        return json_pack("{s:I}", "image-id", (json_int_t)r->image_id);
    }
    format_uuid(r->product, product);
    return json_pack("{s:s, s:I, s:s}", "product", product, "hardware-class",
                     (json_int_t)r->hardware_class, "image-type",
                     image_type_words[r->image_type - 1]);
}

static void format_now(char text[32])
{
    time_t now = time(NULL);
    struct tm tm;

    if (gmtime_r(&now, &tm) == NULL || strftime(text, 32, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0) {
        memcpy(text, "1970-01-01T00:00:00Z", 21);
    }
}

static json_t *entry_json(const struct release_log_entry *entry, const struct log_line *line)
{
    const struct release_facts *r = &entry->release;
    char version[VERSION_TEXT_LEN];
    char now[32];

    format_version(r->version, version);
    format_now(now);
    return json_pack(
        "{s:i, s:I, s:s, s:s, s:s, s:o, s:o, s:s, s:I, s:o, s:b, s:o, s:o, s:s, s:o, s:o, s:o}",
        "otaimg-log", 1, "number", (json_int_t)line->number, "time", now, "tool",
        "otaimg " OTAIMG_VERSION, "action", entry->action, "inputs", inputs_json(entry), "release",
        release_json(r), "version", version, "sequence", (json_int_t)r->sequence,
        "security-counter",
        r->has_counter ? json_integer((json_int_t)r->security_counter) : json_null(), "encrypted",
        (int)r->encrypted, "content", json_hex(r->content, OTAV_SHA256_LEN), "key",
        json_hex(entry->key_id, OTAV_SHA256_LEN), "signer", entry->signer, "output",
        file_json(&entry->output), "lint-off", lint_json(entry), "previous",
        json_hex(line->previous, OTAV_SHA256_LEN));
}

enum ox log_line_make(const struct release_log_entry *entry, struct log_line *line, char **ret,
                      size_t *ret_len)
{
    json_t *root = entry_json(entry, line);
    char *body = json_dumps(root, JSON_COMPACT);
    char hash[HEX_LEN + 1];
    size_t len;
    enum ox ox;

    json_decref(root);
    if (body == NULL) {
        return diag_fail(OX_INTERNAL, "cannot make a line for the log");
    }
    len = strlen(body) - 1; /* without the brace that closes it */
    ox = digest_bytes((const uint8_t *)body, len, line->hash);
    if (ox == OX_OK) {
        line->release = entry->release;
        hex_encode(line->hash, sizeof line->hash, hash);
        *ret = xasprintf("%.*s" HASH_MEMBER "%s\"}\n", (int)len, body, hash);
        *ret_len = len + TAIL_LEN + 1;
    }
    free(body);
    return ox;
}

/* ---- reading ---------------------------------------------------------------------------------- */

/* The last member, spelled exactly as it is written. */
static bool read_hash(const char *text, size_t len, uint8_t ret[OTAV_SHA256_LEN])
{
    char wanted[TAIL_LEN + 1];
    char hex[HEX_LEN + 1];

    if (len < TAIL_LEN || digest_bytes((const uint8_t *)text, len - TAIL_LEN, ret) != OX_OK) {
        return false;
    }
    hex_encode(ret, OTAV_SHA256_LEN, hex);
    (void)snprintf(wanted, sizeof wanted, HASH_MEMBER "%s\"}", hex);
    return memcmp(text + len - TAIL_LEN, wanted, TAIL_LEN) == 0;
}

static bool get_u32(json_int_t value, uint32_t *ret)
{
    if (value < 0 || value > UINT32_MAX) {
        return false;
    }
    *ret = (uint32_t)value;
    return true;
}

static bool read_release(json_t *release, struct release_facts *r)
{
    const char *product = NULL;
    const char *type = NULL;
    json_int_t number = 0;

    if (json_unpack(release, "{s:I !}", "image-id", &number) == 0) {
        return get_u32(number, &r->image_id);
    }
    if (json_unpack(release, "{s:s, s:I, s:s !}", "product", &product, "hardware-class", &number,
                    "image-type", &type) != 0 ||
        !parse_uuid(product, r->product) || !get_u32(number, &r->hardware_class)) {
        return false;
    }
    r->has_product = true;
    for (uint8_t i = 0; image_type_words[i] != NULL; i++) {
        if (strcmp(type, image_type_words[i]) == 0) {
            r->image_type = (uint8_t)(i + 1);
        }
    }
    return r->image_type != 0;
}

static bool read_counter(const json_t *counter, struct release_facts *r)
{
    r->has_counter = json_is_integer(counter);
    return r->has_counter ? get_u32(json_integer_value(counter), &r->security_counter)
                          : json_is_null(counter);
}

static bool read_members(json_t *root, struct log_line *line)
{
    struct release_facts *r = &line->release;
    const char *version = NULL;
    const char *content = NULL;
    const char *previous = NULL;
    json_t *release = NULL;
    json_t *counter = NULL;
    json_int_t number = 0;
    json_int_t sequence = 0;
    int encrypted = 0;

    if (json_unpack(root, "{s:I, s:o, s:s, s:I, s:o, s:b, s:s, s:s}", "number", &number, "release",
                    &release, "version", &version, "sequence", &sequence, "security-counter",
                    &counter, "encrypted", &encrypted, "content", &content, "previous",
                    &previous) != 0 ||
        number < 1) {
        return false;
    }
    line->number = (uint64_t)number;
    r->encrypted = encrypted != 0;
    return read_release(release, r) && parse_version(version, &r->version) &&
           get_u32(sequence, &r->sequence) && read_counter(counter, r) &&
           hex_decode(content, r->content, sizeof r->content) &&
           hex_decode(previous, line->previous, sizeof line->previous);
}

const char *log_line_read(const char *text, size_t len, struct log_line *ret)
{
    struct log_line line = {.number = 0};
    json_int_t format = 0;
    json_t *root;
    const char *wrong = NULL;

    if (!read_hash(text, len, line.hash)) {
        return "was altered, its hash does not fit";
    }
    root = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
    if (json_unpack(root, "{s:I}", "otaimg-log", &format) != 0 || format != 1) {
        wrong = "is not of format 1, the only one that this version reads";
    } else if (!read_members(root, &line)) {
        wrong = "lacks a member or has one of another form than expected";
    }
    json_decref(root);
    if (wrong == NULL) {
        *ret = line;
    }
    return wrong;
}
