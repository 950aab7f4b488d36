/*
 * YAML text to a tree: the only file that uses libyaml.
 *
 * libyaml delivers events and decides nothing: anchors, tags, repeated keys and nesting are refused
 * here, types are decided by the reader of each key (yaml_get.c).
 */
#include <string.h>
#include <yaml.h>

#include "yaml_tree.h"

struct reader {
    struct yaml_doc *doc;
    yaml_parser_t parser;
};

/* Where a value goes. */
struct place {
    struct yaml_node *parent; /* NULL = root */
    const char *key;
    struct src_pos key_pos;
    unsigned depth; /* mappings and lists around it */
};

static struct src_pos pos_of(const struct reader *r, yaml_mark_t mark)
{
    struct src_pos pos = {r->doc->name, (unsigned)mark.line + 1, (unsigned)mark.column + 1};

    return pos;
}

/* What libyaml's terse texts mean for the person who wrote the file. */
struct problem {
    const char *problem;
    const char *text;
    bool at_start; /* the start of the thing that is wrong says more than where that showed */
};

static const struct problem problems[] = {
    {"mapping values are not allowed in this context",
     "unexpected ':', expected one key on a line or quotes around the text", false},
    {"could not find expected ':'", "text without ':', expected KEY: VALUE", true},
    {"did not find expected key", "unexpected text, expected a key with the same indentation",
     false},
    {"did not find expected '-' indicator",
     "unexpected text, expected '-' with the same indentation", false},
    {"did not find expected ',' or '}'", "unexpected text, expected ',' or '}'", false},
    {"did not find expected ',' or ']'", "unexpected text, expected ',' or ']'", false},
    {"did not find expected node content", "unexpected character, expected a value", false},
    {"did not find expected <document start>", "unexpected text, expected KEY: VALUE", false},
    {"found character that cannot start any token",
     "unexpected tab or special character, expected blanks or quotes around the text", false},
    {"found unexpected end of stream", "quoted text never ends, expected a closing quote", true},
    {"found unexpected document indicator", "quoted text never ends, expected a closing quote",
     true},
    {"found unknown escape character", "unknown escape after a backslash in quotes", false},
    {"block sequence entries are not allowed in this context",
     "unexpected '-', expected a value or quotes around the text", false},
};

static enum ox fail_parse(const struct reader *r)
{
    struct problem found = {"", "not well-formed YAML", false};
    struct src_pos pos;

    if (r->parser.error == YAML_MEMORY_ERROR) {
        return diag_fail(OX_INTERNAL, "out of memory");
    }
    for (size_t i = 0; i < sizeof problems / sizeof problems[0]; i++) {
        if (r->parser.problem != NULL && strcmp(r->parser.problem, problems[i].problem) == 0) {
            found = problems[i];
        }
    }
    pos = pos_of(r, found.at_start ? r->parser.context_mark : r->parser.problem_mark);
    return diag_fail_at(OX_USAGE, &pos, "%s", found.text);
}

static enum ox next_event(struct reader *r, yaml_event_t *ret)
{
    return yaml_parser_parse(&r->parser, ret) != 0 ? OX_OK : fail_parse(r);
}

/* Anchors, aliases and tags change what a value means in ways that are easily overlooked. */
static enum ox check_plain(const struct reader *r, const yaml_event_t *event)
{
    struct src_pos pos = pos_of(r, event->start_mark);
    const yaml_char_t *anchor = NULL;
    const yaml_char_t *tag = NULL;

    if (event->type == YAML_ALIAS_EVENT) {
        return diag_fail_at(OX_USAGE, &pos, "alias '*%s' not supported, expected the value itself",
                            (const char *)event->data.alias.anchor);
    }
    if (event->type == YAML_SCALAR_EVENT) {
        anchor = event->data.scalar.anchor;
        tag = event->data.scalar.tag;
    } else if (event->type == YAML_MAPPING_START_EVENT) {
        anchor = event->data.mapping_start.anchor;
        tag = event->data.mapping_start.tag;
    } else if (event->type == YAML_SEQUENCE_START_EVENT) {
        anchor = event->data.sequence_start.anchor;
        tag = event->data.sequence_start.tag;
    }
    if (anchor != NULL) {
        return diag_fail_at(OX_USAGE, &pos, "anchor '&%s' not supported, expected a plain value",
                            (const char *)anchor);
    }
    if (tag != NULL) {
        return diag_fail_at(OX_USAGE, &pos, "tag '%s' not supported, expected a plain value",
                            (const char *)tag);
    }
    return OX_OK;
}

/* Text of a scalar event; an escape in quotes may have made characters that text must not have. */
static enum ox scalar_text(struct reader *r, const yaml_event_t *event, const char **ret)
{
    const char *text = (const char *)event->data.scalar.value;
    size_t len = event->data.scalar.length;
    struct src_pos pos = pos_of(r, event->start_mark);

    if (memchr(text, '\0', len) != NULL) {
        return diag_fail_at(OX_USAGE, &pos, "quoted text contains a NUL character");
    }
    *ret = tree_strndup(r->doc, text, len);
    return OX_OK;
}

static enum ox read_node(struct reader *r, const struct place *place, const yaml_event_t *event);

static enum ox count_entry(const struct reader *r, unsigned *count, const yaml_event_t *event)
{
    struct src_pos pos = pos_of(r, event->start_mark);

    if (++*count > YDOC_MAX_ENTRIES) {
        return diag_fail_at(OX_USAGE, &pos, "too many entries, expected at most %u",
                            YDOC_MAX_ENTRIES);
    }
    return OX_OK;
}

static enum ox read_key(struct reader *r, const yaml_event_t *event, struct place *place)
{
    const struct yaml_node *before;
    const char *key = "";
    enum ox ox = check_plain(r, event);

    place->key_pos = pos_of(r, event->start_mark);
    if (ox != OX_OK) {
        return ox;
    }
    if (event->type != YAML_SCALAR_EVENT) {
        return diag_fail_at(OX_USAGE, &place->key_pos, "key is not text, expected KEY: VALUE");
    }
    ox = scalar_text(r, event, &key);
    if (ox != OX_OK) {
        return ox;
    }
    if (key[0] == '\0') {
        return diag_fail_at(OX_USAGE, &place->key_pos, "empty key, expected KEY: VALUE");
    }
    before = ydoc_find(place->parent, key);
    if (before != NULL) {
        return diag_fail_at(OX_USAGE, &place->key_pos, "repeated key '%s', first in line %u", key,
                            before->key_pos.line);
    }
    place->key = key;
    return OX_OK;
}

/* One key with its value. */
static enum ox read_pair(struct reader *r, struct yaml_node *map, const yaml_event_t *key_event,
                         unsigned depth)
{
    struct place place = {map, NULL, {NULL, 0, 0}, depth};
    yaml_event_t event;
    enum ox ox = read_key(r, key_event, &place);

    if (ox != OX_OK) {
        return ox;
    }
    ox = next_event(r, &event);
    if (ox != OX_OK) {
        return ox;
    }
    ox = read_node(r, &place, &event);
    yaml_event_delete(&event);
    return ox;
}

static enum ox read_item(struct reader *r, struct yaml_node *list, const yaml_event_t *event,
                         unsigned depth)
{
    struct place place = {list, NULL, pos_of(r, event->start_mark), depth};

    return read_node(r, &place, event);
}

static enum ox read_children(struct reader *r, struct yaml_node *parent, unsigned depth)
{
    unsigned count = 0;

    for (;;) {
        yaml_event_t event;
        bool end;
        enum ox ox = next_event(r, &event);

        if (ox != OX_OK) {
            return ox;
        }
        end = event.type == YAML_MAPPING_END_EVENT || event.type == YAML_SEQUENCE_END_EVENT;
        if (!end) {
            ox = count_entry(r, &count, &event);
        }
        if (!end && ox == OX_OK) {
            ox = parent->kind == YAML_MAP ? read_pair(r, parent, &event, depth)
                                          : read_item(r, parent, &event, depth);
        }
        yaml_event_delete(&event);
        if (end || ox != OX_OK) {
            return ox;
        }
    }
}

static enum ox read_node(struct reader *r, const struct place *place, const yaml_event_t *event)
{
    struct src_pos pos = pos_of(r, event->start_mark);
    struct yaml_node *node;
    const char *value = NULL;
    enum ox ox = check_plain(r, event);

    if (ox == OX_OK && event->type == YAML_SCALAR_EVENT) {
        ox = scalar_text(r, event, &value);
    }
    if (ox != OX_OK) {
        return ox;
    }
    if (value == NULL && place->depth == YDOC_MAX_DEPTH) {
        return diag_fail_at(OX_USAGE, &pos, "nested deeper than %u levels", YDOC_MAX_DEPTH);
    }
    node = tree_add(r->doc, place->parent, place->key,
                    value != NULL                             ? YAML_SCALAR
                    : event->type == YAML_MAPPING_START_EVENT ? YAML_MAP
                                                              : YAML_LIST,
                    &pos);
    node->key_pos = place->key_pos;
    if (value != NULL) {
        node->value = value;
        node->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
        return OX_OK;
    }
    return read_children(r, node, place->depth + 1);
}

/* Takes the next event, which has to be of that type. */
static enum ox expect(struct reader *r, yaml_event_type_t type, const char *otherwise)
{
    struct src_pos pos;
    yaml_event_t event;
    enum ox ox = next_event(r, &event);

    if (ox != OX_OK) {
        return ox;
    }
    pos = pos_of(r, event.start_mark);
    if (event.type != type) {
        ox = diag_fail_at(OX_USAGE, &pos, "%s", otherwise);
    } else if (type == YAML_DOCUMENT_START_EVENT &&
               (event.data.document_start.version_directive != NULL ||
                event.data.document_start.tag_directives.start !=
                    event.data.document_start.tag_directives.end)) {
        ox = diag_fail_at(OX_USAGE, &pos, "directive not supported, expected KEY: VALUE");
    }
    yaml_event_delete(&event);
    return ox;
}

static enum ox read_root(struct reader *r)
{
    struct place place = {NULL, NULL, {r->doc->name, 1, 1}, 0};
    yaml_event_t event;
    enum ox ox = next_event(r, &event);

    if (ox != OX_OK) {
        return ox;
    }
    place.key_pos = pos_of(r, event.start_mark);
    if (event.type == YAML_MAPPING_START_EVENT) {
        ox = read_node(r, &place, &event);
    } else {
        ox = diag_fail_at(OX_USAGE, &place.key_pos, "no keys, expected KEY: VALUE");
    }
    yaml_event_delete(&event);
    return ox;
}

enum ox tree_parse(struct yaml_doc *doc, const char *bytes, size_t len)
{
    struct reader r = {.doc = doc};
    enum ox ox;

    if (yaml_parser_initialize(&r.parser) == 0) {
        return diag_fail(OX_INTERNAL, "out of memory");
    }
    yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&r.parser, (const unsigned char *)bytes, len);
    ox = expect(&r, YAML_STREAM_START_EVENT, "not well-formed YAML");
    if (ox == OX_OK) {
        ox = expect(&r, YAML_DOCUMENT_START_EVENT, "nothing in it, expected KEY: VALUE");
    }
    if (ox == OX_OK) {
        ox = read_root(&r);
    }
    if (ox == OX_OK) {
        ox = expect(&r, YAML_DOCUMENT_END_EVENT, "unexpected text, expected the end");
    }
    if (ox == OX_OK) {
        ox = expect(&r, YAML_STREAM_END_EVENT, "second document, expected one");
    }
    yaml_parser_delete(&r.parser);
    return ox;
}
