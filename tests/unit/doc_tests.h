/*
 * What every reader of a YAML document is held to: its rules with their messages, and a clean answer
 * to damaged input.
 */
#ifndef TEST_DOC_TESTS_H
#define TEST_DOC_TESTS_H

#include "edit_text.h"
#include "unit.h"

#include "yaml_doc.h"

struct doc_reader {
    const char *name;                       /* of the document in messages */
    enum ox (*check)(struct yaml_doc *doc); /* reads and frees what it read */
};

struct doc_rule {
    const char *from; /* occurs once in the file */
    const char *to;
    const char *message; /* behind "otaimg: NAME:" */
};

static inline enum ox doc_read(const struct doc_reader *reader, const char *text, size_t len)
{
    struct yaml_doc *doc = NULL;
    enum ox ox;

    catch_diagnostics();
    ox = ydoc_load_bytes(reader->name, text, len, &doc);
    if (ox == OX_OK) {
        ox = reader->check(doc);
    }
    ydoc_free(doc);
    return ox;
}

/* Each broken rule is refused with its message and no other. */
static inline void doc_check_rules(const struct doc_reader *reader, const char *path,
                                   const struct doc_rule *rules, size_t count)
{
    char *document = read_text(path);

    for (size_t i = 0; i < count; i++) {
        char *text = replace_once(document, rules[i].from, rules[i].to);
        char *message = xasprintf("otaimg: %s:%s\n", reader->name, rules[i].message);

        ck_assert_msg(doc_read(reader, text, strlen(text)) == OX_USAGE, "'%s' was taken",
                      rules[i].to);
        ck_assert_str_eq(caught(), message);
        free(message);
        free(text);
    }
    free(document);
}

/* Success, or an error with exactly one message. */
static inline void doc_check_clean(const struct doc_reader *reader, const char *text, size_t len)
{
    enum ox ox = doc_read(reader, text, len);

    if (ox == OX_OK) {
        ck_assert_str_eq(caught(), "");
        return;
    }
    ck_assert_int_eq(ox, OX_USAGE);
    ck_assert_int_eq(strncmp(caught(), "otaimg: ", 8), 0);
    ck_assert_ptr_null(strstr(caught(), "\notaimg: "));
}

static inline void doc_check_truncated_anywhere(const struct doc_reader *reader, const char *path)
{
    char *text = read_text(path);
    size_t len = strlen(text);

    for (size_t i = 0; i <= len; i++) {
        char *cut = xmalloc(i);

        memcpy(cut, text, i);
        doc_check_clean(reader, cut, i);
        free(cut);
    }
    free(text);
}

static inline void doc_check_any_byte_replaced(const struct doc_reader *reader, const char *path)
{
    static const char others[] = {'\0', '\t', '\n', ' ', '"', '#', '&', '\'', '*',    ',', '-',
                                  ':',  '0',  '?',  '[', ']', 'z', '{', '|',  '\xff', '}', '\x80'};
    char *text = read_text(path);
    size_t len = strlen(text);

    for (size_t i = 0; i < len; i++) {
        char was = text[i];

        for (size_t k = 0; k < sizeof others; k++) {
            text[i] = others[k];
            doc_check_clean(reader, text, len);
        }
        text[i] = was;
    }
    free(text);
}

#endif
