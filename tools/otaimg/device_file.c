/*
 * Device files: from a YAML document to the verifier's configuration, public keys included.
 *
 * What the file leaves out gets the stricter meaning: policy strict, class production, only
 * application images.
 */
#include "device_file.h"

#include <stdlib.h>
#include <string.h>

#include "key_uri.h"
#include "known_keys.h"
#include "pubkey.h"
#include "util.h"
#include "vocabulary.h"
#include "yaml_doc.h"

static const char *const class_words[] = {"production", "development", NULL};
static const uint8_t class_values[] = {OTAV_CLASS_PRODUCTION, OTAV_CLASS_DEVELOPMENT};

static enum ox read_head(struct yaml_node *root, struct otav_config *config)
{
    static const char *const policies[] = {"strict", "stock", NULL};
    uint32_t format = 0;
    unsigned device = 0;
    unsigned policy = 0;
    unsigned device_class = 0;
    bool present;
    enum ox ox;

    if ((ox = ydoc_get_u32(root, "otaimg-device", NULL, 1, 1, &format)) != OX_OK ||
        (ox = ydoc_get_word(root, "device", NULL, device_words, &device)) != OX_OK ||
        (ox = ydoc_get_word(root, "policy", &present, policies, &policy)) != OX_OK ||
        (ox = ydoc_get_word(root, "class", &present, class_words, &device_class)) != OX_OK) {
        return ox;
    }
    config->policy = policy == 0 ? OTAV_POLICY_STRICT : OTAV_POLICY_STOCK;
    config->device_class = class_values[device_class];
    return OX_OK;
}

/* A list of image types as OTAV_ROLE_* bits: bit n is the type of value n + 1. */
static enum ox read_roles(struct yaml_node *map, const char *key, bool *present, uint8_t *ret)
{
    struct yaml_node *list = NULL;
    uint8_t roles = 0;
    enum ox ox = ydoc_get_list(map, key, present, &list);

    if (ox != OX_OK || list == NULL) {
        return ox;
    }
    if (list->first_child == NULL) {
        return ydoc_fail_value(list, "application, bootloader or secondary");
    }
    for (struct yaml_node *item = list->first_child; item != NULL; item = item->next) {
        unsigned word = 0;

        ox = ydoc_read_word(item, image_type_words, &word);
        if (ox != OX_OK) {
            return ox;
        }
        if ((roles & 1u << word) != 0) {
            return ydoc_fail_value(item, "each image type once");
        }
        roles = (uint8_t)(roles | 1u << word);
    }
    *ret = roles;
    return OX_OK;
}

/* ---- keys ------------------------------------------------------------------------------------- */

/* A path or a key URI; both relative to the device file. */
static enum ox read_public(struct yaml_node *map, char **ret)
{
    struct yaml_node *node = ydoc_find(map, "public");

    if (node != NULL && node->kind == YAML_SCALAR && key_uri_has_scheme(node->value)) {
        return ydoc_get_key_uri(map, "public", NULL, ret);
    }
    return ydoc_get_path(map, "public", NULL, ret);
}

static enum ox read_key(struct yaml_node *map, struct device_file *d)
{
    struct otav_key *key = &d->config.keys[d->config.key_count];
    unsigned key_class = 0;
    bool present;
    enum ox ox;

    if (map->kind != YAML_MAP) {
        return ydoc_fail_value(map, "{public: PATH, class: production, roles: [application]}");
    }
    if ((ox = read_public(map, &d->key_uri[d->config.key_count])) != OX_OK ||
        (ox = ydoc_get_word(map, "class", NULL, class_words, &key_class)) != OX_OK ||
        (ox = read_roles(map, "roles", NULL, &key->roles)) != OX_OK) {
        return ox;
    }
    key->key_class = class_values[key_class];
    return ydoc_get_bool(map, "revoked", &present, &key->revoked);
}

static enum ox read_keys(struct yaml_node *root, struct device_file *d)
{
    struct yaml_node *list = NULL;
    enum ox ox = ydoc_get_list(root, "keys", NULL, &list);

    if (ox != OX_OK) {
        return ox;
    }
    if (list->first_child == NULL) {
        return ydoc_fail_value(list, "1..%d keys", OTAV_KEY_MAX_COUNT);
    }
    for (struct yaml_node *item = list->first_child; item != NULL; item = item->next) {
        if (d->config.key_count == OTAV_KEY_MAX_COUNT) {
            return diag_fail_at(OX_USAGE, &item->pos, "too many keys, expected 1..%d",
                                OTAV_KEY_MAX_COUNT);
        }
        item->taken = true;
        ox = read_key(item, d);
        if (ox != OX_OK) {
            return ox;
        }
        d->config.key_count++;
    }
    return OX_OK;
}

static enum ox load_key(struct device_file *d, unsigned index, const struct key_options *options)
{
    struct otav_key *key = &d->config.keys[index];
    const char *uri = d->key_uri[index];
    uint8_t id[32];
    enum ox ox = pubkey_load(uri, options, key->xy);

    if (ox != OX_OK) {
        return ox;
    }
    for (unsigned i = 0; i < index; i++) {
        if (memcmp(d->config.keys[i].xy, key->xy, sizeof key->xy) == 0) {
            return diag_fail(OX_USAGE, "%s: key '%s' is the same as '%s', expected each key once",
                             d->path, uri, d->key_uri[i]);
        }
    }
    pubkey_id(key->xy, id);
    if (known_key_find(id, NULL) == KNOWN_KEY_DEVELOPMENT) {
        key->key_class = OTAV_CLASS_DEVELOPMENT;
    }
    return known_key_refuse_sample(id, uri, options);
}

/* ---- identity and state ----------------------------------------------------------------------- */

static enum ox read_hardware(struct yaml_node *root, bool *present, struct otav_config *config)
{
    struct yaml_node *map = NULL;
    enum ox ox = ydoc_get_map(root, "hardware", present, &map);

    if (ox != OX_OK || map == NULL) {
        return ox;
    }
    ox = ydoc_get_u32(map, "class", NULL, 0, UINT32_MAX, &config->hardware_class);
    if (ox != OX_OK) {
        return ox;
    }
    return ydoc_get_u16(map, "revision", NULL, 0, UINT16_MAX, &config->hardware_revision);
}

/* Product and hardware go together; strict cannot do without. */
static enum ox read_identity(struct yaml_node *root, struct otav_config *config)
{
    bool needed = config->policy == OTAV_POLICY_STRICT || ydoc_find(root, "product") != NULL ||
                  ydoc_find(root, "hardware") != NULL;
    bool present;
    enum ox ox = ydoc_get_uuid(root, "product", needed ? NULL : &present, config->product);

    config->has_identity = needed;
    return ox != OX_OK ? ox : read_hardware(root, needed ? NULL : &present, config);
}

static enum ox read_state(struct yaml_node *root, struct otav_config *config)
{
    struct yaml_node *map = NULL;
    enum ox ox = ydoc_get_map(root, "installed", &config->has_installed, &map);

    if (ox != OX_OK || map == NULL) {
        return ox;
    }
    ox = ydoc_get_version(map, "version", NULL, &config->installed_version);
    if (ox != OX_OK) {
        return ox;
    }
    return ydoc_get_u32(map, "security-counter", NULL, 0, SECURITY_COUNTER_MAX,
                        &config->counter_floor);
}

static enum ox read_decrypt(struct yaml_node *root, struct device_file *d)
{
    struct yaml_node *map = NULL;
    bool present;
    enum ox ox = ydoc_get_map(root, "decrypt", &present, &map);

    if (ox != OX_OK || map == NULL) {
        return ox;
    }
    ox = ydoc_get_cipher_uri(map, "key", NULL, &d->decrypt_key_uri);
    if (ox != OX_OK) {
        return ox;
    }
    return ydoc_get_hex(map, "iv", NULL, d->config.decrypt_iv, sizeof d->config.decrypt_iv);
}

/* What its OTA service can take beside plain firmware: none, unless it is said. */
static enum ox read_decoders(struct yaml_node *root, struct device_file *d)
{
    static const char *const words[] = {"deflate", NULL};
    struct yaml_node *list = NULL;
    unsigned word = 0;
    bool present;
    enum ox ox = ydoc_get_list(root, "decoders", &present, &list);

    for (struct yaml_node *item = list != NULL ? list->first_child : NULL;
         ox == OX_OK && item != NULL; item = item->next) {
        if (d->inflates) {
            return ydoc_fail_value(item, "each decoder once");
        }
        ox = ydoc_read_word(item, words, &word);
        d->inflates = ox == OX_OK;
    }
    return ox;
}

/* ---- the whole -------------------------------------------------------------------------------- */

static enum ox read_all(struct yaml_node *root, struct device_file *d)
{
    struct otav_config *config = &d->config;
    bool present;
    enum ox ox;

    config->image_types = OTAV_ROLE_APPLICATION;
    memcpy(config->manufacturer, "MCHP", sizeof config->manufacturer);
    if ((ox = read_head(root, config)) != OX_OK || (ox = read_keys(root, d)) != OX_OK ||
        (ox = read_roles(root, "image-types", &present, &config->image_types)) != OX_OK ||
        (ox = read_identity(root, config)) != OX_OK ||
        (ox = ydoc_get_ascii(root, "manufacturer", &present, 1, sizeof config->manufacturer,
                             config->manufacturer)) != OX_OK ||
        (ox = ydoc_get_u32(root, "image-id", &config->has_image_id, 0, UINT32_MAX,
                           &config->image_id)) != OX_OK ||
        (ox = read_state(root, config)) != OX_OK || (ox = read_decrypt(root, d)) != OX_OK ||
        (ox = read_decoders(root, d)) != OX_OK) {
        return ox;
    }
    return ydoc_check_unknown(root);
}

enum ox device_file_from_doc(struct yaml_doc *doc, struct device_file *ret)
{
    struct yaml_node *root = ydoc_root(doc);
    struct device_file d = {.path = xstrdup(root->pos.path)};
    enum ox ox = read_all(root, &d);

    if (ox != OX_OK) {
        device_file_free(&d);
        return ox;
    }
    *ret = d;
    return OX_OK;
}

enum ox device_file_load(const char *path, const struct key_options *options,
                         struct device_file *ret)
{
    struct yaml_doc *doc = NULL;
    struct device_file d;
    enum ox ox = ydoc_load(path, &doc);

    if (ox != OX_OK) {
        return ox;
    }
    ox = device_file_from_doc(doc, &d);
    ydoc_free(doc);
    if (ox != OX_OK) {
        return ox;
    }
    for (unsigned i = 0; i < d.config.key_count && ox == OX_OK; i++) {
        ox = load_key(&d, i, options);
    }
    if (ox != OX_OK) {
        device_file_free(&d);
        return ox;
    }
    *ret = d;
    return OX_OK;
}

void device_file_free(struct device_file *d)
{
    for (unsigned i = 0; i < OTAV_KEY_MAX_COUNT; i++) {
        free(d->key_uri[i]);
    }
    free(d->path);
    free(d->decrypt_key_uri);
    memset(d, 0, sizeof *d);
}
