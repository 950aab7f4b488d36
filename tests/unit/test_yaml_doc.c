/* YAML as a tree: what is refused and where, --set, typed values, hints. */
#include "edit_text.h"
#include "unit.h"

#include "yaml_doc.h"

static enum ox load(const char *text, struct yaml_doc **ret)
{
    return ydoc_load_bytes("m.yaml", text, strlen(text), ret);
}

/* A document that is fine, with one --set applied if set is not NULL. */
static struct yaml_doc *doc_of(const char *text, const char *set)
{
    struct yaml_doc *doc = NULL;

    ck_assert_int_eq(load(text, &doc), OX_OK);
    if (set != NULL) {
        ck_assert_int_eq(ydoc_set(doc, set), OX_OK);
    }
    catch_diagnostics();
    return doc;
}

struct text_case {
    const char *text;
    const char *message;
};

START_TEST(test_yaml_doc_refused_text_names_position)
{
    static const struct text_case cases[] = {
        {"", "otaimg: m.yaml:1:1: nothing in it, expected KEY: VALUE\n"},
        {"# only\n", "otaimg: m.yaml:2:1: nothing in it, expected KEY: VALUE\n"},
        {"---\n", "otaimg: m.yaml:2:1: no keys, expected KEY: VALUE\n"},
        {"- a\n", "otaimg: m.yaml:1:1: no keys, expected KEY: VALUE\n"},
        {"text\n", "otaimg: m.yaml:1:1: no keys, expected KEY: VALUE\n"},
        {"a: 1\na: 2\n", "otaimg: m.yaml:2:1: repeated key 'a', first in line 1\n"},
        {"a: {b: 1, 'b': 2}\n", "otaimg: m.yaml:1:11: repeated key 'b', first in line 1\n"},
        {"a: &x 1\n", "otaimg: m.yaml:1:4: anchor '&x' not supported, expected a plain value\n"},
        {"&x a: 1\n", "otaimg: m.yaml:1:1: anchor '&x' not supported, expected a plain value\n"},
        {"a: &x {}\n", "otaimg: m.yaml:1:4: anchor '&x' not supported, expected a plain value\n"},
        {"a: &x []\n", "otaimg: m.yaml:1:4: anchor '&x' not supported, expected a plain value\n"},
        {"a: *x\n", "otaimg: m.yaml:1:4: alias '*x' not supported, expected the value itself\n"},
        {"*x : 1\n", "otaimg: m.yaml:1:1: alias '*x' not supported, expected the value itself\n"},
        {"a: !t 1\n", "otaimg: m.yaml:1:4: tag '!t' not supported, expected a plain value\n"},
        {"a: !!str 1\n",
         "otaimg: m.yaml:1:4: tag 'tag:yaml.org,2002:str' not supported, expected a plain value\n"},
        {"a: ! 1\n", "otaimg: m.yaml:1:4: tag '!' not supported, expected a plain value\n"},
        {"%YAML 1.2\n---\na: 1\n",
         "otaimg: m.yaml:1:1: directive not supported, expected KEY: VALUE\n"},
        {"%TAG !e! tag:e,2000:\n---\na: 1\n",
         "otaimg: m.yaml:1:1: directive not supported, expected KEY: VALUE\n"},
        {"a: 1\n---\nb: 1\n", "otaimg: m.yaml:2:1: second document, expected one\n"},
        {"? [a]\n: 1\n", "otaimg: m.yaml:1:3: key is not text, expected KEY: VALUE\n"},
        {"{a: 1}: 2\n", "otaimg: m.yaml:1:1: key is not text, expected KEY: VALUE\n"},
        {"'': 1\n", "otaimg: m.yaml:1:1: empty key, expected KEY: VALUE\n"},
        {"{: 1}\n", "otaimg: m.yaml:1:2: unexpected character, expected a value\n"},
        {"a: \"x\n---\n", "otaimg: m.yaml:1:4: quoted text never ends, expected a closing quote\n"},
        {"a: \"\\q\"\n", "otaimg: m.yaml:1:5: unknown escape after a backslash in quotes\n"},
        {"a: - b\n",
         "otaimg: m.yaml:1:4: unexpected '-', expected a value or quotes around the text\n"},
        {"a: |\n  x\n y\n",
         "otaimg: m.yaml:3:2: unexpected text, expected a key with the same indentation\n"},
        {"a: !<b\n", "otaimg: m.yaml:1:7: not well-formed YAML\n"},
        {"a: \"x\\0y\"\n", "otaimg: m.yaml:1:4: quoted text contains a NUL character\n"},
        {"a: [[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]\n",
         "otaimg: m.yaml:1:19: nested deeper than 16 levels\n"},
        {"a: \xff\n", "otaimg: m.yaml:1:4: byte 0xff is not valid here, expected UTF-8\n"},
        {"a: 1\nb: \xc3\n", "otaimg: m.yaml:2:4: byte 0xc3 is not valid here, expected UTF-8\n"},
        {"a: \xc0\x80\n", "otaimg: m.yaml:1:4: byte 0xc0 is not valid here, expected UTF-8\n"},
        {"a: \xed\xa0\x80\n", "otaimg: m.yaml:1:4: byte 0xed is not valid here, expected UTF-8\n"},
        {"a: \xf4\x90\x80\x80\n",
         "otaimg: m.yaml:1:4: byte 0xf4 is not valid here, expected UTF-8\n"},
        {"\xef\xbb\xbfotaimg: 1\n",
         "otaimg: m.yaml:1:1: control character U+FEFF, expected text\n"},
        {"a: \xc3\xa9\x01\n", "otaimg: m.yaml:1:5: control character U+0001, expected text\n"},
        {"a: 1\r\nb: 1\rc: \x7f\n",
         "otaimg: m.yaml:3:4: control character U+007F, expected text\n"},
        {"a: b: c\n",
         "otaimg: m.yaml:1:5: unexpected ':', expected one key on a line or quotes around the "
         "text\n"},
        {"a: 1\ntext\n", "otaimg: m.yaml:2:1: text without ':', expected KEY: VALUE\n"},
        {"a: {b: 1\n", "otaimg: m.yaml:2:1: unexpected text, expected ',' or '}'\n"},
        {"a: [1\n", "otaimg: m.yaml:2:1: unexpected text, expected ',' or ']'\n"},
        {"a: 'x\n", "otaimg: m.yaml:1:4: quoted text never ends, expected a closing quote\n"},
        {"a: 1\n  b: 2\n",
         "otaimg: m.yaml:2:4: unexpected ':', expected one key on a line or quotes around the "
         "text\n"},
        {"a:\n\tb: 1\n", "otaimg: m.yaml:2:1: unexpected tab or special character, expected blanks "
                         "or quotes around "
                         "the text\n"},
        {"a: @x\n", "otaimg: m.yaml:1:4: unexpected tab or special character, expected blanks or "
                    "quotes around "
                    "the text\n"},
        {"a: {b: 1\n} c\n", "otaimg: m.yaml:2:3: unexpected text, expected a key with the same "
                            "indentation\n"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct yaml_doc *doc = NULL;

        catch_diagnostics();
        ck_assert_msg(load(cases[i].text, &doc) == OX_USAGE, "'%s' was taken", cases[i].text);
        ck_assert_ptr_null(doc);
        ck_assert_str_eq(caught(), cases[i].message);
    }
}
END_TEST

START_TEST(test_yaml_doc_nul_byte_refused)
{
    struct yaml_doc *doc = NULL;

    catch_diagnostics();
    ck_assert_int_eq(ydoc_load_bytes("m.yaml", "a: 1\0", 5, &doc), OX_USAGE);
    ck_assert_str_eq(caught(), "otaimg: m.yaml:1:5: control character U+0000, expected text\n");
}
END_TEST

START_TEST(test_yaml_doc_limits_exact)
{
    char *text = xmalloc(YDOC_MAX_LEN + 1);
    struct yaml_doc *doc = NULL;
    size_t len = 0;

    memset(text, '#', YDOC_MAX_LEN + 1);
    memcpy(text, "a: 1\n", 5);
    ck_assert_int_eq(ydoc_load_bytes("m.yaml", text, YDOC_MAX_LEN, &doc), OX_OK);
    ydoc_free(doc);
    catch_diagnostics();
    ck_assert_int_eq(ydoc_load_bytes("m.yaml", text, YDOC_MAX_LEN + 1, &doc), OX_USAGE);
    ck_assert_str_eq(caught(), "otaimg: m.yaml: larger than 1048576 bytes, expected a manifest\n");

    for (unsigned i = 0; i < YDOC_MAX_ENTRIES; i++) {
        len += (size_t)sprintf(text + len, "k%u: 1\n", i);
    }
    ck_assert_int_eq(ydoc_load_bytes("m.yaml", text, len, &doc), OX_OK);
    ydoc_free(doc);
    len += (size_t)sprintf(text + len, "more: 1\n");
    catch_diagnostics();
    ck_assert_int_eq(ydoc_load_bytes("m.yaml", text, len, &doc), OX_USAGE);
    ck_assert_str_eq(caught(), "otaimg: m.yaml:1025:1: too many entries, expected at most 1024\n");
    free(text);

    doc = doc_of("a: [[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]\n", NULL);
    ydoc_free(doc);
}
END_TEST

START_TEST(test_yaml_doc_missing_file_is_io)
{
    struct yaml_doc *doc = NULL;

    catch_diagnostics();
    ck_assert_int_eq(ydoc_load("no/such.yaml", &doc), OX_IO);
    ck_assert_str_eq(caught(),
                     "otaimg: no/such.yaml: cannot be opened: No such file or directory\n");
    catch_diagnostics();
    ck_assert_int_eq(ydoc_load("/", &doc), OX_IO);
    ck_assert_str_eq(caught(), "otaimg: /: cannot be read: Is a directory\n");
}
END_TEST

/* ---- typed values ----------------------------------------------------------------------------- */

enum getter {
    GET_U32,
    GET_U64,
    GET_BOOL,
    GET_VERSION,
    GET_UUID,
    GET_DATE,
    GET_HEX,
    GET_WORD,
    GET_STRING,
    GET_PATH,
    GET_ASCII,
    GET_MAP,
    GET_LIST
};

static enum ox get(enum getter getter, struct yaml_node *map, bool *present)
{
    static const char *const words[] = {"one", "two", "three", NULL};
    struct yaml_node *node = NULL;
    const char *text = NULL;
    char *path = NULL;
    uint8_t bytes[16];
    uint64_t u64 = 0;
    uint32_t u32 = 0;
    unsigned word = 0;
    bool flag = false;
    enum ox ox = OX_INTERNAL;

    switch (getter) {
    case GET_U32:
        return ydoc_get_u32(map, "a", present, 1, 4294967294u, &u32);
    case GET_U64:
        return ydoc_get_u64(map, "a", present, 0, UINT64_MAX, &u64);
    case GET_BOOL:
        return ydoc_get_bool(map, "a", present, &flag);
    case GET_VERSION:
        return ydoc_get_version(map, "a", present, &u32);
    case GET_UUID:
        return ydoc_get_uuid(map, "a", present, bytes);
    case GET_DATE:
        return ydoc_get_date(map, "a", present, &u32);
    case GET_HEX:
        return ydoc_get_hex(map, "a", present, bytes, 2);
    case GET_WORD:
        return ydoc_get_word(map, "a", present, words, &word);
    case GET_STRING:
        return ydoc_get_string(map, "a", present, &text, NULL);
    case GET_PATH:
        ox = ydoc_get_path(map, "a", present, &path);
        free(path);
        return ox;
    case GET_ASCII:
        return ydoc_get_ascii(map, "a", present, 1, 4, bytes);
    case GET_MAP:
        return ydoc_get_map(map, "a", present, &node);
    case GET_LIST:
        return ydoc_get_list(map, "a", present, &node);
    }
    return ox;
}

START_TEST(test_yaml_doc_value_of_wrong_type_refused)
{
    static const struct {
        enum getter getter;
        const char *text;
        const char *message; /* behind "otaimg: m.yaml:1:4: 'a' is " */
    } cases[] = {
        {GET_U32, "a: 0", "0, expected 1..4294967294"},
        {GET_U32, "a: 0xFFFFFFFF", "0xFFFFFFFF, expected 1..4294967294"},
        {GET_U32, "a: 99999999999999999999", "'99999999999999999999', expected 1..4294967294"},
        {GET_U32, "a: 07", "'07', expected 1..4294967294"},
        {GET_U32, "a: +7", "'+7', expected 1..4294967294"},
        {GET_U32, "a: -7", "'-7', expected 1..4294967294"},
        {GET_U32, "a: 1_0", "'1_0', expected 1..4294967294"},
        {GET_U32, "a: 0o7", "'0o7', expected 1..4294967294"},
        {GET_U32, "a: 7.0", "'7.0', expected 1..4294967294"},
        {GET_U32, "a: '7'", "'7', expected 1..4294967294 without quotes"},
        {GET_U32, "a: {}", "an empty mapping, expected 1..4294967294"},
        {GET_U32, "a: [7]", "a list, expected 1..4294967294"},
        {GET_U64, "a: x", "'x', expected 0..18446744073709551615"},
        {GET_BOOL, "a: yes", "'yes', expected true or false"},
        {GET_BOOL, "a: True", "'True', expected true or false"},
        {GET_BOOL, "a: 1", "1, expected true or false"},
        {GET_BOOL, "a: 'true'", "'true', expected true or false without quotes"},
        {GET_BOOL, "a: [true]", "a list, expected true or false"},
        {GET_VERSION, "a: 1.2.3", "'1.2.3', expected a version a.b.c.d, each 0..255"},
        {GET_VERSION, "a: [1]", "a list, expected a version a.b.c.d, each 0..255"},
        {GET_UUID, "a: 12", "12, expected a UUID of 8-4-4-4-12 hex digits"},
        {GET_UUID, "a: {b: 1}", "a mapping, expected a UUID of 8-4-4-4-12 hex digits"},
        {GET_DATE, "a: 2031-02-29",
         "'2031-02-29', expected a date YYYY-MM-DD, 1970-01-01 or later"},
        {GET_DATE, "a: []", "an empty list, expected a date YYYY-MM-DD, 1970-01-01 or later"},
        {GET_HEX, "a: 00f", "3 characters, expected 4 hex digits"},
        {GET_HEX, "a: 00fg", "4 characters, expected 4 hex digits"},
        {GET_WORD, "a: four", "'four', expected one, two or three"},
        {GET_WORD, "a: One", "'One', expected one, two or three"},
        {GET_WORD, "a: [one]", "a list, expected one, two or three"},
        {GET_STRING, "a: {b: c}", "a mapping, expected text"},
        {GET_PATH, "a: ''", "'', expected a path"},
        {GET_ASCII, "a: abcde", "'abcde', expected 1..4 printable ASCII characters"},
        {GET_ASCII, "a: ''", "'', expected 1..4 printable ASCII characters"},
        {GET_ASCII, "a: \"\\t\"", "'\\x09', expected 1..4 printable ASCII characters"},
        {GET_MAP, "a: [1]", "a list, expected a mapping"},
        {GET_MAP, "a: 1", "1, expected a mapping"},
        {GET_LIST, "a: {b: 1}", "a mapping, expected a list"},
        {GET_LIST, "a: x", "'x', expected a list"},
        {GET_STRING, "a: ~", "empty, expected text"},
        {GET_STRING, "a: null", "empty, expected text"},
        {GET_STRING, "a: NULL", "empty, expected text"},
        {GET_LIST, "a: Null", "empty, expected a list"},
        {GET_U32, "a: ~", "empty, expected 1..4294967294"},
        {GET_WORD,
         "a: \xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9"
         "\xc3\xa9-\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9"
         "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9"
         "\xc3\xa9\xc3\xa9\xc3\xa9",
         "'\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9-"
         "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9"
         "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9...', expected "
         "one, two or three"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct yaml_doc *doc = doc_of(cases[i].text, NULL);
        char *message = xasprintf("otaimg: m.yaml:1:4: 'a' is %s\n", cases[i].message);

        ck_assert_msg(get(cases[i].getter, ydoc_root(doc), NULL) == OX_USAGE, "'%s' was taken",
                      cases[i].text);
        ck_assert_str_eq(caught(), message);
        free(message);
        ydoc_free(doc);
    }
}
END_TEST

START_TEST(test_yaml_doc_absent_key_optional_or_missing)
{
    for (int getter = GET_U32; getter <= GET_LIST; getter++) {
        struct yaml_doc *doc = doc_of("m: {zzz: 1}", NULL);
        struct yaml_node *map = NULL;
        bool present = true;

        ck_assert_int_eq(ydoc_get_map(ydoc_root(doc), "m", NULL, &map), OX_OK);
        ck_assert_int_eq(get((enum getter)getter, map, &present), OX_OK);
        ck_assert(!present);
        ck_assert_str_eq(caught(), "");
        ck_assert_int_eq(get((enum getter)getter, map, NULL), OX_USAGE);
        ck_assert_str_eq(caught(), "otaimg: m.yaml:1:4: 'a' is missing in 'm'\n");
        ydoc_free(doc);
    }
}
END_TEST

START_TEST(test_yaml_doc_values_read_exactly)
{
    static const char *const words[] = {"none", "true", NULL};
    struct yaml_doc *doc = doc_of("a: 0x10\nb: true\nc: 'false'\nd: 010\ne: 'x: y'\n"
                                  "f: \"\"\ng: true\nh: 18446744073709551615\n",
                                  NULL);
    struct yaml_node *root = ydoc_root(doc);
    const char *text = NULL;
    uint64_t u64 = 0;
    uint32_t u32 = 0;
    unsigned word = 9;
    bool flag = false;
    bool present = false;

    ck_assert_int_eq(ydoc_get_u32(root, "a", &present, 16, 16, &u32), OX_OK);
    ck_assert(present);
    ck_assert_uint_eq(u32, 16);
    ck_assert_int_eq(ydoc_get_bool(root, "b", NULL, &flag), OX_OK);
    ck_assert(flag);
    ck_assert_int_eq(ydoc_get_string(root, "c", NULL, &text, NULL), OX_OK);
    ck_assert_str_eq(text, "false");
    ck_assert_int_eq(ydoc_get_string(root, "d", NULL, &text, NULL), OX_OK);
    ck_assert_str_eq(text, "010");
    ck_assert_int_eq(ydoc_get_string(root, "e", NULL, &text, NULL), OX_OK);
    ck_assert_str_eq(text, "x: y");
    ck_assert_int_eq(ydoc_get_string(root, "f", NULL, &text, NULL), OX_OK);
    ck_assert_str_eq(text, "");
    ck_assert_int_eq(ydoc_get_word(root, "g", NULL, words, &word), OX_OK);
    ck_assert_uint_eq(word, 1);
    ck_assert_int_eq(ydoc_get_u64(root, "h", NULL, 0, UINT64_MAX, &u64), OX_OK);
    ck_assert_uint_eq(u64, UINT64_MAX);
    ck_assert_int_eq(ydoc_check_unknown(root), OX_OK);
    ck_assert_str_eq(caught(), "");
    ydoc_free(doc);
}
END_TEST

START_TEST(test_yaml_doc_bad_key_uri_tells_place)
{
    struct yaml_doc *doc = doc_of("k: nonsense\n", NULL);
    char *uri = NULL;

    ck_assert_int_eq(ydoc_get_key_uri(ydoc_root(doc), "k", NULL, &uri), OX_USAGE);
    ck_assert_str_eq(caught(),
                     "otaimg: m.yaml:1:4: 'nonsense' is not a key URI, expected file:PATH, "
                     "pkcs11:... or exec:...\n");
    ydoc_free(doc);
    doc = doc_of("k: a\n", "k=nonsense");
    ck_assert_int_eq(ydoc_get_key_uri(ydoc_root(doc), "k", NULL, &uri), OX_USAGE);
    ck_assert_str_eq(caught(), "otaimg: --set k: 'nonsense' is not a key URI, expected file:PATH, "
                               "pkcs11:... or exec:...\n");
    ck_assert_ptr_null(uri);
    ydoc_free(doc);
}
END_TEST

/* ---- unknown keys ----------------------------------------------------------------------------- */

START_TEST(test_yaml_doc_unknown_key_gets_hint)
{
    static const struct text_case cases[] = {
        {"sequence: 1\nversion: 1\nverzion: 1\n",
         "otaimg: m.yaml:3:1: unknown key 'verzion'\nhint: did you mean 'version'?\n"},
        {"sequence: 1\nversion: 1\nfrob: 1\n",
         "otaimg: m.yaml:3:1: unknown key 'frob'\nhint: known keys here: sequence, version\n"},
        {"sequence: 1\nversion: 1\n<<: {a: 1}\n",
         "otaimg: m.yaml:3:1: unknown key '<<'\nhint: known keys here: sequence, version\n"},
        {"sequense: 1\nversion: 1\n",
         "otaimg: m.yaml:1:1: unknown key 'sequense'\nhint: did you mean 'sequence'?\n"},
        {"version: 1\n", "otaimg: m.yaml:1:1: 'sequence' is missing\n"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct yaml_doc *doc = doc_of(cases[i].text, NULL);
        struct yaml_node *root = ydoc_root(doc);
        uint32_t value = 0;
        enum ox ox = ydoc_get_u32(root, "sequence", NULL, 1, 1, &value);

        if (ox == OX_OK) {
            ox = ydoc_get_u32(root, "version", NULL, 1, 1, &value);
        }
        if (ox == OX_OK) {
            ox = ydoc_check_unknown(root);
        }
        ck_assert_int_eq(ox, OX_USAGE);
        ck_assert_str_eq(caught(), cases[i].message);
        ydoc_free(doc);
    }
}
END_TEST

START_TEST(test_yaml_doc_unknown_key_in_list_found)
{
    struct yaml_doc *doc = doc_of("l:\n  - {a: 1}\n  - {a: 1, b: 2}\n", NULL);
    struct yaml_node *list = NULL;
    uint32_t value = 0;

    ck_assert_int_eq(ydoc_get_list(ydoc_root(doc), "l", NULL, &list), OX_OK);
    for (struct yaml_node *item = list->first_child; item != NULL; item = item->next) {
        ck_assert_int_eq(ydoc_get_u32(item, "a", NULL, 1, 1, &value), OX_OK);
    }
    ck_assert_int_eq(ydoc_check_unknown(ydoc_root(doc)), OX_USAGE);
    ck_assert_str_eq(caught(), "otaimg: m.yaml:3:12: unknown key 'b'\nhint: known keys here: a\n");
    ydoc_free(doc);
}
END_TEST

/* ---- --set ------------------------------------------------------------------------------------ */

START_TEST(test_yaml_set_replaces_and_adds)
{
    struct yaml_doc *doc = doc_of("a: '7'\nm: {x: 1}\n", "a=8");
    struct yaml_node *map = NULL;
    const char *text = NULL;
    char *path = NULL;
    uint32_t value = 0;

    ck_assert_int_eq(ydoc_get_u32(ydoc_root(doc), "a", NULL, 0, 9, &value), OX_OK);
    ck_assert_uint_eq(value, 8);
    ck_assert_int_eq(ydoc_set(doc, "m.y=k=v"), OX_OK);
    ck_assert_int_eq(ydoc_set(doc, "n.o.p=dir/file"), OX_OK);
    ck_assert_int_eq(ydoc_get_map(ydoc_root(doc), "m", NULL, &map), OX_OK);
    ck_assert_int_eq(ydoc_get_u32(map, "x", NULL, 1, 1, &value), OX_OK);
    ck_assert_int_eq(ydoc_get_string(map, "y", NULL, &text, NULL), OX_OK);
    ck_assert_str_eq(text, "k=v");
    ck_assert_int_eq(ydoc_get_map(ydoc_root(doc), "n", NULL, &map), OX_OK);
    ck_assert_int_eq(ydoc_get_map(map, "o", NULL, &map), OX_OK);
    ck_assert_int_eq(ydoc_get_path(map, "p", NULL, &path), OX_OK);
    ck_assert_str_eq(path, "dir/file");
    free(path);
    ck_assert_int_eq(ydoc_check_unknown(ydoc_root(doc)), OX_OK);
    ydoc_free(doc);
}
END_TEST

START_TEST(test_yaml_set_refused)
{
    static const struct text_case cases[] = {
        {"a", "otaimg: --set: 'a' has no '=', expected KEY=VALUE\n"},
        {"s.x=1", "otaimg: --set s.x: 's' is not a mapping\n"},
        {"f.s.x=1", "otaimg: --set f.s.x: 's' is not a mapping\n"},
        {"l.x=1", "otaimg: --set l.x: 'l' is not a mapping\n"},
        {"=1", "otaimg: --set : not a key, expected up to 15 names with '.' between\n"},
        {"f.=1", "otaimg: --set f.: not a key, expected up to 15 names with '.' between\n"},
        {".f=1", "otaimg: --set .f: not a key, expected up to 15 names with '.' between\n"},
        {"a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p=1",
         "otaimg: --set a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p: not a key, expected up to 15 names with "
         "'.' between\n"},
        {"s=\xff", "otaimg: --set: byte 0xff is not valid here, expected UTF-8\n"},
        {"s=\x01", "otaimg: --set: control character U+0001, expected text\n"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct yaml_doc *doc = doc_of("s: 1\nl: [1]\nf: {s: 1}\n", NULL);

        ck_assert_msg(ydoc_set(doc, cases[i].text) == OX_USAGE, "'%s' was taken", cases[i].text);
        ck_assert_str_eq(caught(), cases[i].message);
        ydoc_free(doc);
    }
}
END_TEST

START_TEST(test_yaml_set_value_judged_like_plain)
{
    static const struct text_case cases[] = {
        {"a=0", "otaimg: --set a: 'a' is 0, expected 1..4294967294\n"},
        {"a=", "otaimg: --set a: 'a' is empty, expected 1..4294967294\n"},
        {"a='7'", "otaimg: --set a: 'a' is ''7'', expected 1..4294967294\n"},
        {"a.b=1", "otaimg: --set a.b: 'a' is a mapping, expected 1..4294967294\n"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct yaml_doc *doc = doc_of("b: 1\n", cases[i].text);

        ck_assert_int_eq(get(GET_U32, ydoc_root(doc), NULL), OX_USAGE);
        ck_assert_str_eq(caught(), cases[i].message);
        ydoc_free(doc);
    }
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_test(tcase, test_yaml_doc_refused_text_names_position);
    tcase_add_test(tcase, test_yaml_doc_nul_byte_refused);
    tcase_add_test(tcase, test_yaml_doc_limits_exact);
    tcase_add_test(tcase, test_yaml_doc_missing_file_is_io);
    tcase_add_test(tcase, test_yaml_doc_value_of_wrong_type_refused);
    tcase_add_test(tcase, test_yaml_doc_absent_key_optional_or_missing);
    tcase_add_test(tcase, test_yaml_doc_values_read_exactly);
    tcase_add_test(tcase, test_yaml_doc_bad_key_uri_tells_place);
    tcase_add_test(tcase, test_yaml_doc_unknown_key_gets_hint);
    tcase_add_test(tcase, test_yaml_doc_unknown_key_in_list_found);
    tcase_add_test(tcase, test_yaml_set_replaces_and_adds);
    tcase_add_test(tcase, test_yaml_set_refused);
    tcase_add_test(tcase, test_yaml_set_value_judged_like_plain);
}

int main(void)
{
    return unit_main("yaml_doc", add_tests);
}
