/*
 * The signed attributes of a manifest: values and ranges as on the device (otav_format.h).
 *
 * Attributes are worth something only when they are authenticated and when they say for which
 * product and hardware an image is, so both are required here already.
 */
#include "manifest_attributes.h"

#include <stdlib.h>
#include <string.h>

#include "util.h"
#include "vocabulary.h"
#include "yaml_doc.h"

/* Bytes for values: what the metadata leaves for records, less the head of one record. */
#define USER_MAX_LEN (OTAV_META_ATTRIBUTES_LEN - OTAV_AREA_LEN - OTAV_RECORD_HEAD_LEN)

static enum ox read_hardware(struct yaml_node *attributes, struct manifest *m)
{
    struct yaml_node *map = NULL;
    enum ox ox;

    if ((ox = ydoc_get_map(attributes, "hardware", NULL, &map)) != OX_OK ||
        (ox = ydoc_get_u32(map, "class", NULL, 0, UINT32_MAX, &m->hardware_class)) != OX_OK ||
        (ox = ydoc_get_u16(map, "min-revision", NULL, 0, UINT16_MAX, &m->hardware_min_revision)) !=
            OX_OK ||
        (ox = ydoc_get_u16(map, "max-revision", NULL, m->hardware_min_revision, UINT16_MAX,
                           &m->hardware_max_revision)) != OX_OK) {
        return ox;
    }
    return OX_OK;
}

/* A stepping stone at or above the version itself could never be reached. */
static enum ox read_min_installed(struct yaml_node *map, struct manifest *m)
{
    const char *key = "min-installed-version";
    char version[VERSION_TEXT_LEN];
    enum ox ox = ydoc_get_version(map, key, &m->has_min_installed, &m->min_installed_version);

    if (ox == OX_OK && m->has_min_installed && m->min_installed_version >= m->version) {
        format_version(m->version, version);
        return ydoc_fail_value(ydoc_find(map, key), "a version below the firmware's, %s", version);
    }
    return ox;
}

/* A word of an optional key as its number on the device, which counts from 1. */
static enum ox read_choice(struct yaml_node *map, const char *key, const char *const *words,
                           uint8_t *ret)
{
    unsigned word = 0;
    bool present;
    enum ox ox = ydoc_get_word(map, key, &present, words, &word);

    *ret = (uint8_t)(word + 1);
    return ox;
}

static enum ox read_revoke_keys(struct yaml_node *map, struct manifest *m)
{
    struct yaml_node *list = NULL;
    bool present;
    enum ox ox = ydoc_get_list(map, "revoke-keys", &present, &list);

    if (ox != OX_OK || list == NULL) {
        return ox;
    }
    if (list->first_child == NULL) {
        return ydoc_fail_value(list, "key numbers 0..%d", OTAV_KEY_MAX_COUNT - 1);
    }
    for (struct yaml_node *item = list->first_child; item != NULL; item = item->next) {
        uint64_t key = 0;

        ox = ydoc_read_u64(item, 0, OTAV_KEY_MAX_COUNT - 1, &key);
        if (ox != OX_OK) {
            return ox;
        }
        if ((m->revoke_keys & 1u << key) != 0) {
            return ydoc_fail_value(item, "each key once");
        }
        m->revoke_keys |= 1u << key;
    }
    return OX_OK;
}

static enum ox read_release(struct yaml_node *attributes, struct manifest *m)
{
    static const char *const kinds[] = {"feature", "security", "both", NULL};
    struct yaml_node *map = NULL;
    unsigned kind = 0;
    bool present;
    enum ox ox = ydoc_get_map(attributes, "release", &m->has_release, &map);

    if (ox != OX_OK || map == NULL) {
        return ox;
    }
    if ((ox = ydoc_get_word(map, "kind", NULL, kinds, &kind)) != OX_OK ||
        (ox = ydoc_get_bool(map, "mandatory", &present, &m->release_mandatory)) != OX_OK) {
        return ox;
    }
    m->release_kind = (uint8_t)(kind + 1);
    return ydoc_get_date(map, "support-end", &m->has_support_end, &m->support_end_days);
}

/* SHA-1 or SHA-256 commit names. */
static enum ox read_source_revision(struct yaml_node *map, struct manifest *m)
{
    const char *text = NULL;
    struct yaml_node *node = NULL;
    bool present;
    enum ox ox = ydoc_get_string(map, "source-revision", &present, &text, &node);

    if (ox != OX_OK || node == NULL) {
        return ox;
    }
    m->source_revision_len = strlen(text) == 40 ? 20 : 32;
    if (!hex_decode(text, m->source_revision, m->source_revision_len)) {
        return ydoc_fail_value(node, "40 or 64 hex digits");
    }
    return OX_OK;
}

/* ---- user attributes -------------------------------------------------------------------------- */

static enum ox read_user_value(struct yaml_node *map, const struct yaml_node *child,
                               struct manifest_user_attribute *user)
{
    const char *text = NULL;
    struct yaml_node *node = NULL;
    size_t digits;
    enum ox ox = ydoc_get_string(map, child->key, NULL, &text, &node);

    if (ox != OX_OK) {
        return ox;
    }
    digits = strlen(text);
    user->bytes = xmalloc(digits / 2);
    if (digits / 2 > USER_MAX_LEN || !hex_decode(text, user->bytes, digits / 2)) {
        free(user->bytes);
        return ydoc_fail_value(node, "0..%d bytes as pairs of hex digits", USER_MAX_LEN);
    }
    user->len = (uint16_t)(digits / 2);
    return OX_OK;
}

/* Puts the attribute where its type belongs; the records of an image ascend. */
static void insert_user(struct manifest *m, const struct manifest_user_attribute *user)
{
    unsigned at = m->user_count++;

    m->user = xrealloc(m->user, m->user_count * sizeof *m->user);
    for (; at > 0 && m->user[at - 1].type > user->type; at--) {
        m->user[at] = m->user[at - 1];
    }
    m->user[at] = *user;
}

static bool has_user(const struct manifest *m, uint64_t type)
{
    for (unsigned i = 0; i < m->user_count; i++) {
        if (m->user[i].type == type) {
            return true;
        }
    }
    return false;
}

static enum ox read_user_entry(struct yaml_node *map, const struct yaml_node *child,
                               struct manifest *m)
{
    struct manifest_user_attribute user = {0, 0, NULL};
    uint64_t type = 0;
    enum ox ox;

    if (!parse_u64(child->key, OTAV_ATTRIBUTE_USER_MAX, &type) || type < OTAV_ATTRIBUTE_USER_MIN) {
        return diag_fail_at(OX_USAGE, &child->key_pos,
                            "'%s' is not the type of a user attribute, expected 0x%X..0x%X",
                            child->key, OTAV_ATTRIBUTE_USER_MIN, OTAV_ATTRIBUTE_USER_MAX);
    }
    if (has_user(m, type)) {
        return diag_fail_at(OX_USAGE, &child->key_pos, "repeated key '%s', expected each type once",
                            child->key);
    }
    user.type = (uint16_t)type;
    ox = read_user_value(map, child, &user);
    if (ox == OX_OK) {
        insert_user(m, &user);
    }
    return ox;
}

static enum ox read_user(struct yaml_node *attributes, struct manifest *m)
{
    struct yaml_node *map = NULL;
    bool present;
    enum ox ox = ydoc_get_map(attributes, "user", &present, &map);

    if (ox != OX_OK || map == NULL) {
        return ox;
    }
    for (struct yaml_node *child = map->first_child; child != NULL && ox == OX_OK;
         child = child->next) {
        ox = read_user_entry(map, child, m);
    }
    return ox;
}

/* ----------------------------------------------------------------------------------------------- */

static enum ox read_optional(struct yaml_node *map, struct manifest *m)
{
    static const char *const activations[] = {"trial", "permanent", NULL};
    bool present;
    enum ox ox;

    if ((ox = read_min_installed(map, m)) != OX_OK ||
        (ox = read_choice(map, "image-type", image_type_words, &m->image_type)) != OX_OK ||
        (ox = read_choice(map, "activation", activations, &m->activation)) != OX_OK ||
        (ox = ydoc_get_u8(map, "min-battery", &m->has_min_battery, 0, 100, &m->min_battery)) !=
            OX_OK ||
        (ox = read_revoke_keys(map, m)) != OX_OK || (ox = read_release(map, m)) != OX_OK ||
        (ox = ydoc_get_path(map, "sbom", &present, &m->sbom_file)) != OX_OK ||
        (ox = read_source_revision(map, m)) != OX_OK) {
        return ox;
    }
    return read_user(map, m);
}

enum ox manifest_read_attributes(struct yaml_node *root, struct manifest *m)
{
    struct yaml_node *map = NULL;
    enum ox ox = ydoc_get_map(root, "attributes", &m->has_attributes, &map);

    if (ox != OX_OK || map == NULL) {
        return ox;
    }
    if (m->method != OTAV_METHOD_ECDSA) {
        return diag_fail_at(OX_USAGE, &map->key_pos,
                            "'attributes' need a signature, expected authentication "
                            "ecdsa-p256-sha256");
    }
    if ((ox = ydoc_get_uuid(map, "product", NULL, m->product)) != OX_OK ||
        (ox = read_hardware(map, m)) != OX_OK ||
        (ox = ydoc_get_u32(map, "security-counter", NULL, 0, SECURITY_COUNTER_MAX,
                           &m->security_counter)) != OX_OK) {
        return ox;
    }
    return read_optional(map, m);
}
