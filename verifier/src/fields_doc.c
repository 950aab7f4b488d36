/*
 * Names, meanings and sources of all fields, and the tables of the records that no device decodes.
 * Layer: format. An object of its own: a program that lists nothing does not link it.
 */
#include <otav/otav_config.h>

#include <string.h>

#define FIELD_ROW(rec, id, off, len, type, rule, arg, name, meaning, source)                       \
    {(off), (len), OTAV_##type, OTAV_##rule, (arg)},
#define DOC_ROW(rec, id, off, len, type, rule, arg, name, meaning, source) {name, meaning, source},

#define FIELDS(list)                                                                               \
    (const struct otav_field[])                                                                    \
    {                                                                                              \
        list(FIELD_ROW)                                                                            \
    }
#define DOCS(list)                                                                                 \
    (const struct otav_field_doc[])                                                                \
    {                                                                                              \
        list(DOC_ROW)                                                                              \
    }
#define COUNT(list) (sizeof(FIELDS(list)) / sizeof(struct otav_field))
#define TABLE(list)                                                                                \
    {                                                                                              \
        FIELDS(list), DOCS(list), COUNT(list)                                                      \
    }

const struct otav_table otav_otau_table = TABLE(OTAV_OTAU_FIELDS);
const struct otav_table otav_zota_table = TABLE(OTAV_ZOTA_FIELDS);
const struct otav_table otav_zopt_table = TABLE(OTAV_ZOPT_FIELDS);
const struct otav_table otav_meta_table = TABLE(OTAV_META_FIELDS);
const struct otav_table otav_area_table = TABLE(OTAV_AREA_FIELDS);
const struct otav_table otav_provision_table = TABLE(OTAV_PROVISION_FIELDS);
const struct otav_table otav_provision_key_table = TABLE(OTAV_PROVISION_KEY_FIELDS);

#define OTAV_SOURCE_REVISION_FIELDS(X)     /* a plain byte string */
#define ATTRIBUTE_ROW(id, type, len, name) {(type), (name), VALUES_##id},
#define VALUES_PRODUCT                     TABLE(OTAV_PRODUCT_FIELDS)
#define VALUES_HARDWARE                    TABLE(OTAV_HARDWARE_FIELDS)
#define VALUES_BINDING                     TABLE(OTAV_BINDING_FIELDS)
#define VALUES_COUNTER                     TABLE(OTAV_COUNTER_FIELDS)
#define VALUES_MIN_INSTALLED               TABLE(OTAV_MIN_INSTALLED_FIELDS)
#define VALUES_IMAGE_TYPE                  TABLE(OTAV_IMAGE_TYPE_FIELDS)
#define VALUES_MIN_BATTERY                 TABLE(OTAV_MIN_BATTERY_FIELDS)
#define VALUES_ACTIVATION                  TABLE(OTAV_ACTIVATION_FIELDS)
#define VALUES_REVOKE_KEYS                 TABLE(OTAV_REVOKE_KEYS_FIELDS)
#define VALUES_ENCODING                    TABLE(OTAV_ENCODING_FIELDS)
#define VALUES_BUILD_TIME                  TABLE(OTAV_BUILD_TIME_FIELDS)
#define VALUES_RELEASE                     TABLE(OTAV_RELEASE_FIELDS)
#define VALUES_SBOM                        TABLE(OTAV_SBOM_FIELDS)
#define VALUES_SOURCE_REVISION                                                                     \
    {                                                                                              \
        NULL, NULL, 0                                                                              \
    }

static const struct otav_attribute_doc attribute_docs[] = {OTAV_ATTRIBUTES(ATTRIBUTE_ROW)};

#define ATTRIBUTE_COUNT (sizeof attribute_docs / sizeof attribute_docs[0])

const struct otav_attribute_doc *otav_attribute_find(uint16_t type)
{
    for (size_t i = 0; i < ATTRIBUTE_COUNT; i++) {
        if (attribute_docs[i].type == type) {
            return &attribute_docs[i];
        }
    }
    return NULL;
}

const struct otav_attribute_doc *otav_attribute_find_name(const char *name)
{
    for (size_t i = 0; i < ATTRIBUTE_COUNT; i++) {
        if (strcmp(attribute_docs[i].name, name) == 0) {
            return &attribute_docs[i];
        }
    }
    return NULL;
}
