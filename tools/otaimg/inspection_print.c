/*
 * An inspection as text, for people.
 */
#include "inspection.h"

#include <stdio.h>
#include <string.h>

#include "util.h"

static void print_field(const struct listing_field *f)
{
    printf("  0x%05X  %-26s %s", f->offset, f->doc->name, f->value);
    if (f->meaning != NULL) {
        printf(" (%s)", f->meaning);
    }
    if (!f->ok) {
        printf("  NOT VALID");
    }
    if (f->protection != PROTECT_SIGNATURE) {
        printf("  [%s]",
               f->protection == PROTECT_NONE ? "unprotected" : protection_name(f->protection));
    }
    printf("\n");
}

/* Fillers and reserved bytes that are zero as they should be tell nothing. */
static bool worth_a_line(const struct listing_field *f)
{
    return !(f->field.type == OTAV_ZERO && f->ok) && f->field.size <= OTAV_META_SIG_LEN;
}

static void print_record(const struct listing_record *record)
{
    printf("%s", record->name);
    if (record->is_attribute) {
        printf(" (attribute 0x%04X)", record->attribute_type);
    }
    printf(": %u bytes at 0x%X\n", record->len, record->offset);
    for (unsigned k = 0; k < record->field_count; k++) {
        if (worth_a_line(&record->fields[k])) {
            print_field(&record->fields[k]);
        }
    }
}

void inspection_print(const struct inspection *i)
{
    const struct ota_file *file = i->file;
    char digest[65];

    hex_encode(i->file_digest, sizeof i->file_digest, digest);
    printf("file: ");
    put_printable(stdout, file->source.path);
    printf("\n  length %u, sha256 %s\n", i->file_len, digest);
    if (file->err == OTAV_OK) {
        printf("  kind %s, %s%s\n", ota_file_kind_name(file->file.kind),
               file->file.encrypted ? "encrypted" : "plain",
               file->source.is_slot ? "; HEX, offsets count from slot 0" : "");
    }
    for (unsigned r = 0; r < i->listing.record_count; r++) {
        print_record(&i->listing.records[r]);
    }
    if (file->err == OTAV_OK && !ota_file_readable(file)) {
        printf("metadata and firmware: encrypted, %u bytes at 0x%X; not readable without "
               "--decrypt-key and --decrypt-iv\n",
               file->file.payload_len, file->file.payload_off);
    }
    if (i->listing.has_fw_digest) {
        hex_encode(i->listing.fw_digest, sizeof i->listing.fw_digest, digest);
        printf("firmware: %u bytes", i->listing.fw_len);
        if (i->listing.body.compressed) {
            printf(", compressed to %u,", i->listing.body.sent_len);
        }
        printf(" at 0x%X, sha256 %s\n", file->file.payload_off + OTAV_META_LEN, digest);
    }
    printf("checks: checksum %s, length %s, metadata signature %s, firmware signature %s\n",
           finding_name(i->checksum), finding_name(i->length), finding_name(i->metadata_signature),
           finding_name(i->firmware_signature));
    if (i->problem != NULL) {
        printf("problem: %s\n", i->problem);
    }
}
