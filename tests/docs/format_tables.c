/*
 * Prints the byte tables of schemas/README.md from the field lists of the verifier, as Markdown.
 * The README holds this output and a test compares, so neither can change alone.
 */
#include <stdio.h>
#include <stdlib.h>

#include <otav/otav_format.h>

#include "explain.h"

/* Without the bars that would end a cell. */
static void print_cell(const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '|') {
            printf(", ");
        } else {
            putchar(*text);
        }
    }
}

static const char *type_name(const struct otav_field *field)
{
    switch ((enum otav_type)field->type) {
    case OTAV_DEC:
    case OTAV_HEX:
        return field->size == 1 ? "u8" : field->size == 2 ? "u16" : "u32";
    case OTAV_VERSION:
        return "version";
    case OTAV_TEXT:
        return "text";
    case OTAV_BYTES:
        return "bytes";
    case OTAV_ZERO:
        return "zeros";
    case OTAV_UUID:
        return "UUID";
    case OTAV_SECONDS:
        return "u64";
    case OTAV_DAYS:
        return "days";
    case OTAV_SIGNATURE:
        return "DER";
    }
    return "?";
}

static void print_rule(const struct otav_field *field)
{
    char *rule = NULL;

    if (field->rule == OTAV_WHEN) {
        printf("present when field_control & %u", (unsigned)field->arg);
    } else if (field->type != OTAV_ZERO) {
        rule = explain_rule(field);
    }
    if (rule != NULL) {
        print_cell(rule);
    }
    free(rule);
}

/* The cells from offset to meaning. */
static void print_field(const struct otav_field *field, const struct otav_field_doc *doc)
{
    if (field->rule == OTAV_WHEN) {
        printf("| next");
    } else {
        printf("| 0x%02X", field->offset);
    }
    printf(" | %u | %s | %s | ", field->size, doc->name, type_name(field));
    print_rule(field);
    printf(" | ");
    print_cell(doc->meaning);
    printf(" |");
}

static void print_table(const struct otav_table *table)
{
    printf("| offset | bytes | name | type | allowed | meaning | source |\n");
    printf("|---|---|---|---|---|---|---|\n");
    for (uint8_t i = 0; i < table->field_count; i++) {
        print_field(&table->fields[i], &table->docs[i]);
        printf(" %s |\n", table->docs[i].source);
    }
    printf("\n");
}

static void print_attribute(uint16_t type)
{
    const struct otav_attribute_doc *doc = otav_attribute_find(type);

    for (uint8_t i = 0; i < doc->values.field_count; i++) {
        printf("| 0x%04X %s ", type, doc->name);
        print_field(&doc->values.fields[i], &doc->values.docs[i]);
        printf("\n");
    }
    if (doc->values.field_count == 0) {
        printf("| 0x%04X %s | 0x00 | 20, 32 | value | bytes |  | byte string |\n", type, doc->name);
    }
}

int main(void)
{
    static const struct {
        const char *title;
        const struct otav_table *table;
    } records[] = {
        {"otau: file header of BLE and combo files, 16 bytes", &otav_otau_table},
        {"zigbee: file header of Zigbee and combo files, 56 to 69 bytes", &otav_zota_table},
        {"zigbee: optional fields, in this order", &otav_zopt_table},
        {"metadata: 512 bytes in front of the firmware", &otav_meta_table},
        {"attributes: head of the attribute area", &otav_area_table},
        {"provisioning record: 384 bytes, what the factory fixes in a device",
         &otav_provision_table},
        {"provisioning key: 68 bytes, four of them in the record", &otav_provision_key_table},
    };
#define TYPE(id, type, len, name) (type),
    static const uint16_t attributes[] = {OTAV_ATTRIBUTES(TYPE)};

    for (size_t i = 0; i < sizeof records / sizeof records[0]; i++) {
        printf("### %s\n\n", records[i].title);
        print_table(records[i].table);
    }
    printf("### Values of the attributes\n\n"
           "| attribute | offset | bytes | name | type | allowed | meaning |\n"
           "|---|---|---|---|---|---|---|\n");
    for (size_t i = 0; i < sizeof attributes / sizeof attributes[0]; i++) {
        print_attribute(attributes[i]);
    }
    return 0;
}
