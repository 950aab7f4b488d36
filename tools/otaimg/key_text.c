/*
 * What the `keys` commands print about a public key, as text and as JSON.
 *
 * Layer: commands, shared by list, show and generate. Invariant: only public halves come
 * in, so nothing secret can get out. That plain text reached standard output is checked by main.c.
 */
#include "key_text.h"

#include <jansson.h>
#include <stdio.h>

#include "diag.h"
#include "known_keys.h"
#include "pubkey.h"
#include "util.h"

/* Everything that is said about a public key. */
struct key_text {
    char id[65];
    char x[65];
    char y[65];
    const char *known; /* "none", "sample", "development" */
    const char *known_name;
};

static const char *known_word(enum known_key known)
{
    switch (known) {
    case KNOWN_KEY_SAMPLE:
        return "sample";
    case KNOWN_KEY_DEVELOPMENT:
        return "development";
    case KNOWN_KEY_NO:
        break;
    }
    return "none";
}

static struct key_text describe(const uint8_t xy[64])
{
    struct key_text text = {.known_name = ""};
    uint8_t id[32];

    pubkey_id(xy, id);
    hex_encode(id, 32, text.id);
    hex_encode(xy, 32, text.x);
    hex_encode(xy + 32, 32, text.y);
    text.known = known_word(known_key_find(id, &text.known_name));
    return text;
}

static const char *class_of(const struct key_text *text)
{
    return text->known_name[0] != '\0' ? "development: private half is published" : "not published";
}

void key_text_print_class(const uint8_t xy[64])
{
    struct key_text text = describe(xy);

    (void)printf("    class   %s\n", class_of(&text));
}

void key_text_add_class(json_t *object, const uint8_t xy[64])
{
    struct key_text text = describe(xy);

    (void)json_object_set_new(object, "class", key_text_json(class_of(&text)));
}

void key_text_print(const uint8_t xy[64])
{
    struct key_text text = describe(xy);
    const char *gap = text.known_name[0] != '\0' ? ": " : "";

    (void)printf("    sha256  %s\n", text.id);
    (void)printf("    x       %s\n", text.x);
    (void)printf("    y       %s\n", text.y);
    (void)printf("    known   %s%s%s\n", text.known, gap, text.known_name);
}

json_t *key_text_json(const char *text)
{
    json_t *string = json_string(text);

    return string != NULL ? string : json_null();
}

void key_text_add(json_t *object, const uint8_t xy[64])
{
    struct key_text text = describe(xy);

    (void)json_object_set_new(object, "sha256", key_text_json(text.id));
    (void)json_object_set_new(object, "x", key_text_json(text.x));
    (void)json_object_set_new(object, "y", key_text_json(text.y));
    (void)json_object_set_new(object, "known", key_text_json(text.known));
    if (text.known_name[0] != '\0') {
        (void)json_object_set_new(object, "known_name", key_text_json(text.known_name));
    }
}

enum ox key_text_print_json(json_t *root)
{
    int failed = json_dumpf(root, stdout, JSON_INDENT(2));

    json_decref(root);
    (void)putchar('\n');
    return failed == 0 ? OX_OK : diag_fail(OX_IO, "cannot write to standard output");
}
