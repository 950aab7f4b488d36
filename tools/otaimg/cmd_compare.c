/*
 * otaimg compare: what differs between two files, by field.
 */
#include "commands.h"

#include <stdio.h>
#include <string.h>

#include "diag.h"
#include "listing.h"
#include "util.h"

static const struct option_spec options[] = {
    {"ignore-signatures", 0, NULL, "ignore signatures and what derives from them", false},
    DECRYPT_OPTION_SPECS,
    KEY_OPTION_SPECS,
    {NULL, 0, NULL, NULL, false}};

struct stretch {
    const uint8_t *bytes;
    uint32_t len;
};

struct comparison {
    struct ota_file file[2];
    struct listing listing[2];
    struct stretch inflated[2]; /* of compressed firmware; owned */
    bool ignore_signatures;
    bool readable;   /* metadata and firmware of both */
    bool both_alike; /* both encrypted, or both plain */
    unsigned differences;
};

static void difference(struct comparison *c, const char *record, const char *field, const char *a,
                       const char *b)
{
    c->differences++;
    printf("%s%s%s: %s -> %s\n", record, field[0] != '\0' ? "." : "", field, a, b);
}

/* Signatures, their lengths, and the checksum over them. */
static bool derives_from_signature(const struct listing_record *record,
                                   const struct listing_field *f)
{
    if (strcmp(record->name, "otau") == 0) {
        return f->field.offset == OTAV_OTAU_CHECKSUM_OFF;
    }
    return strcmp(record->name, "metadata") == 0 &&
           (f->field.type == OTAV_SIGNATURE || f->field.offset == OTAV_META_FW_SIG_LEN_OFF ||
            f->field.offset == OTAV_META_SIG_LEN_OFF);
}

static const struct listing_field *find_field(const struct listing_record *record, const char *name)
{
    for (unsigned k = 0; k < record->field_count; k++) {
        if (strcmp(record->fields[k].doc->name, name) == 0) {
            return &record->fields[k];
        }
    }
    return NULL;
}

static void compare_records(struct comparison *c, const struct listing_record *a,
                            const struct listing_record *b)
{
    for (unsigned k = 0; k < a->field_count; k++) {
        const struct listing_field *f = &a->fields[k];
        const struct listing_field *g = find_field(b, f->doc->name);

        /* The attribute area is compared record by record. */
        if ((strcmp(a->name, "metadata") == 0 && f->field.offset == OTAV_META_ATTRIBUTES_OFF) ||
            (c->ignore_signatures && derives_from_signature(a, f))) {
            continue;
        }
        if (g == NULL) {
            difference(c, a->name, f->doc->name, f->value, "absent");
        } else if (f->field.size != g->field.size ||
                   memcmp(f->bytes, g->bytes, f->field.size) != 0) {
            difference(c, a->name, f->doc->name, f->value, g->value);
        }
    }
    for (unsigned k = 0; k < b->field_count; k++) {
        if (find_field(a, b->fields[k].doc->name) == NULL) {
            difference(c, b->name, b->fields[k].doc->name, "absent", b->fields[k].value);
        }
    }
}

static void compare_listings(struct comparison *c)
{
    for (unsigned r = 0; r < c->listing[0].record_count; r++) {
        const struct listing_record *a = &c->listing[0].records[r];
        const struct listing_record *b = listing_find(&c->listing[1], a->name);

        if (b == NULL) {
            difference(c, a->name, "", "present", "absent");
        } else {
            compare_records(c, a, b);
        }
    }
    for (unsigned r = 0; r < c->listing[1].record_count; r++) {
        if (listing_find(&c->listing[0], c->listing[1].records[r].name) == NULL) {
            difference(c, c->listing[1].records[r].name, "", "absent", "present");
        }
    }
}

static void compare_bytes(struct comparison *c, const char *what, const struct stretch at[2])
{
    uint32_t len = at[0].len < at[1].len ? at[0].len : at[1].len;
    uint32_t same = 0;

    while (same < len && at[0].bytes[same] == at[1].bytes[same]) {
        same++;
    }
    if (same < at[0].len || same < at[1].len) {
        c->differences++;
        printf("%s: %u and %u bytes, first difference at byte %u\n", what, at[0].len, at[1].len,
               same);
    }
}

/* Of the payload, cut where it ends. */
static struct stretch stretch_of(const struct ota_file *file, uint32_t start, uint32_t len)
{
    uint32_t from = start < file->file.payload_len ? start : file->file.payload_len;
    uint32_t room = file->file.payload_len - from;

    return (struct stretch){file->source.bytes + file->file.payload_off + from,
                            len < room ? len : room};
}

/* Firmware as the metadata says it ends, how it is sent, then what lies behind it. */
static void compare_firmware(struct comparison *c)
{
    const struct ota_body *bodies[2] = {&c->listing[0].body, &c->listing[1].body};
    bool same_padding = c->both_alike;
    struct stretch firmware[2];
    struct stretch sent[2];
    struct stretch rest[2];

    for (unsigned i = 0; i < 2; i++) {
        const struct ota_file *file = &c->file[i];

        sent[i] = stretch_of(file, OTAV_META_LEN, bodies[i]->len);
        rest[i] = stretch_of(file, OTAV_META_LEN + sent[i].len, file->file.payload_len);
        firmware[i] = c->inflated[i].bytes != NULL ? c->inflated[i] : sent[i];
        same_padding = same_padding && !file->source.is_slot;
    }
    compare_bytes(c, "firmware", firmware);
    if (c->inflated[0].bytes != NULL && c->inflated[1].bytes != NULL) {
        compare_bytes(c, "compressed firmware", sent);
    }
    if (same_padding) {
        compare_bytes(c, "behind the firmware", rest);
    }
}

/* Signatures can be told from the rest only in metadata that is readable. */
static enum ox require_metadata(const struct comparison *c)
{
    enum ox ox = OX_OK;

    for (unsigned i = 0; ox == OX_OK && i < 2; i++) {
        const struct ota_file *file = &c->file[i];

        ox = ota_file_require_readable(file);
        if (ox == OX_OK && !c->listing[i].has_metadata) {
            ox = file->file.encrypted
                     ? diag_fail(OX_DECRYPT, "%s: %s", file->source.path,
                                 otav_err_text(OTAV_ERR_DECRYPT))
                     : diag_fail(OX_MALFORMED, "%s: no metadata behind the file header",
                                 file->source.path);
        }
    }
    return ox;
}

/* Payloads that can be read are compared as plaintext: fields above, firmware here. */
static void compare_payloads(struct comparison *c)
{
    const struct stretch payloads[2] = {stretch_of(&c->file[0], 0, c->file[0].file.payload_len),
                                        stretch_of(&c->file[1], 0, c->file[1].file.payload_len)};

    if (c->readable) {
        compare_firmware(c);
    } else if (c->both_alike) {
        compare_bytes(c, "payload", payloads);
    } else {
        c->differences++;
        printf("payload: one is encrypted\n");
    }
}

static enum ox open_both(struct comparison *c, const struct args *args)
{
    enum ox ox = OX_OK;

    for (unsigned i = 0; ox == OX_OK && i < 2; i++) {
        ox = ota_file_open_whole(args_operand(args, i), &c->file[i]);
        if (ox == OX_OK) {
            ox = ota_file_require(&c->file[i]);
        }
        if (ox == OX_OK && c->file[i].file.encrypted) {
            ox = ota_file_set_key(&c->file[i], args);
        }
        if (ox == OX_OK) {
            ox = listing_make(&c->file[i], &c->listing[i]);
        }
    }
    return ox;
}

static enum ox keep_piece(void *user, uint32_t offset, const uint8_t *bytes, size_t len)
{
    memcpy((uint8_t *)user + offset, bytes, len);
    return OX_OK;
}

/* A stream that is not well-formed is compared as it is. */
static enum ox inflate(const struct ota_file *file, const struct listing *listing,
                       struct stretch *ret)
{
    uint8_t *bytes;

    if (!listing->body.compressed || !listing->has_fw_digest) {
        return OX_OK;
    }
    bytes = xmalloc(listing->fw_len + 1u);
    *ret = (struct stretch){bytes, listing->fw_len};
    return ota_file_for_each_firmware(file, listing->fw_len, keep_piece, bytes);
}

/* All that can fail comes before the first line of output. */
static enum ox prepare(struct comparison *c)
{
    enum ox ox = c->ignore_signatures ? require_metadata(c) : OX_OK;

    c->readable = c->listing[0].has_metadata && c->listing[1].has_metadata;
    c->both_alike = c->file[0].file.encrypted == c->file[1].file.encrypted;
    for (unsigned i = 0; ox == OX_OK && c->readable && i < 2; i++) {
        ox = ota_file_decrypt(&c->file[i]);
        if (ox == OX_OK) {
            ox = inflate(&c->file[i], &c->listing[i], &c->inflated[i]);
        }
    }
    return ox;
}

static enum ox run(const struct args *args)
{
    struct comparison c = {.ignore_signatures = args_has(args, "ignore-signatures")};
    enum ox ox;

    c.file[0].source.fd = -1;
    c.file[1].source.fd = -1;
    ox = open_both(&c, args);
    if (ox == OX_OK) {
        ox = prepare(&c);
    }
    if (ox == OX_OK) {
        compare_listings(&c);
        compare_payloads(&c);
    }
    for (unsigned i = 0; i < 2; i++) {
        wipe_free((uint8_t *)(uintptr_t)c.inflated[i].bytes, c.inflated[i].len);
        listing_free(&c.listing[i]);
        ota_file_close(&c.file[i]);
    }
    if (ox == OX_OK && c.differences > 0) {
        ox = OX_DIFFERENT;
    }
    return ox;
}

const struct command command_compare = {
    "compare",
    "A B [--ignore-signatures]",
    "what differs between two files, by field",
    "Prints one line for each difference; exit code 0 when there is none, 1 otherwise. With\n"
    "--ignore-signatures two builds of the same input by different keys, or by an HSM, are equal;\n"
    "encrypted files then need the decryption key.",
    options,
    2,
    2,
    run};
