/*
 * What a provisioning record says, as text and as JSON.
 *
 * Layer: commands. Invariant: of the decryption key only its presence is printed; provision_read()
 * does not even hand it out.
 */
#include "provision.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "explain.h"
#include "key_text.h"
#include "util.h"
#include "vocabulary.h"

static const char *class_word(uint8_t value)
{
    return value == OTAV_CLASS_PRODUCTION ? "production" : "development";
}

static const char *policy_word(const struct otav_config *config)
{
    return config->policy == OTAV_POLICY_STRICT ? "strict" : "stock";
}

static const char *presence(const struct otav_config *config)
{
    return config->has_decrypt_key ? "present" : "absent";
}

/* Caller frees. */
static char *manufacturer_text(const struct otav_config *config)
{
    const struct otav_field field = {.size = sizeof config->manufacturer, .type = OTAV_TEXT};

    return explain_value(&field, config->manufacturer);
}

/* ---- text ------------------------------------------------------------------------------------- */

static void print_roles(uint8_t roles)
{
    const char *gap = "";

    for (unsigned i = 0; image_type_words[i] != NULL; i++) {
        if ((roles & 1u << i) != 0) {
            (void)printf("%s%s", gap, image_type_words[i]);
            gap = ", ";
        }
    }
}

static void print_identity(const struct otav_config *config)
{
    char product[UUID_TEXT_LEN];

    if (!config->has_identity) {
        (void)printf("product       none\nhardware      none\n");
        return;
    }
    format_uuid(config->product, product);
    (void)printf("product       %s\nhardware      0x%08X revision %u\n", product,
                 config->hardware_class, config->hardware_revision);
}

void provision_print(const struct otav_config *config)
{
    char *manufacturer = manufacturer_text(config);

    (void)printf("policy        %s\nclass         %s\n", policy_word(config),
                 class_word(config->device_class));
    print_identity(config);
    (void)printf("manufacturer  %s\ndecrypt key   %s\n", manufacturer, presence(config));
    for (unsigned i = 0; i < config->key_count; i++) {
        const struct otav_key *key = &config->keys[i];

        (void)printf("key %u: %s, ", i, class_word(key->key_class));
        print_roles(key->roles);
        (void)printf("\n");
        key_text_print(key->xy);
    }
    free(manufacturer);
}

/* ---- JSON ------------------------------------------------------------------------------------- */

static json_t *key_json(const struct otav_key *key)
{
    json_t *object = json_object();
    json_t *roles = json_array();

    for (unsigned i = 0; image_type_words[i] != NULL; i++) {
        if ((key->roles & 1u << i) != 0) {
            (void)json_array_append_new(roles, key_text_json(image_type_words[i]));
        }
    }
    (void)json_object_set_new(object, "class", key_text_json(class_word(key->key_class)));
    (void)json_object_set_new(object, "roles", roles);
    key_text_add(object, key->xy);
    return object;
}

static void add_identity(json_t *root, const struct otav_config *config)
{
    char product[UUID_TEXT_LEN];
    json_t *hardware;

    if (!config->has_identity) {
        return;
    }
    format_uuid(config->product, product);
    hardware = json_object();
    (void)json_object_set_new(hardware, "class", json_integer(config->hardware_class));
    (void)json_object_set_new(hardware, "revision", json_integer(config->hardware_revision));
    (void)json_object_set_new(root, "product", key_text_json(product));
    (void)json_object_set_new(root, "hardware", hardware);
}

enum ox provision_print_json(const struct otav_config *config)
{
    char *manufacturer = manufacturer_text(config);
    json_t *root = json_object();
    json_t *keys = json_array();

    for (unsigned i = 0; i < config->key_count; i++) {
        (void)json_array_append_new(keys, key_json(&config->keys[i]));
    }
    (void)json_object_set_new(root, "policy", key_text_json(policy_word(config)));
    (void)json_object_set_new(root, "class", key_text_json(class_word(config->device_class)));
    add_identity(root, config);
    (void)json_object_set_new(root, "manufacturer", key_text_json(manufacturer));
    (void)json_object_set_new(root, "decrypt_key", key_text_json(presence(config)));
    (void)json_object_set_new(root, "keys", keys);
    free(manufacturer);
    return key_text_print_json(root);
}
