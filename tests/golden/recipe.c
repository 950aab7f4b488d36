/*
 * Makes the files of the corpus. Signing and encryption are the tool's; metadata and attributes
 * are put together here once more, so that the tool is not checked against itself alone.
 *
 * Layer: test data. Invariant: a recipe always gives the same bytes.
 */
#include "recipe.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assemble.h"
#include "cipher.h"
#include "diag.h"
#include "digest.h"
#include "file_check.h"
#include "signer.h"
#include "util.h"

enum { ATTR_MAX = 24, PATCH_MAX = 16, VALUE_MAX = 400 };

enum stage { STAGE_META, STAGE_MID, STAGE_LATE, STAGE_PAY, STAGE_HEAD, STAGE_FILE };

struct bytes {
    uint8_t *data;
    size_t len;
};

struct patch {
    enum stage stage;
    long offset;
    uint8_t data[VALUE_MAX];
    size_t len;
};

struct attribute {
    uint16_t type;
    uint8_t data[VALUE_MAX];
    size_t len;
};

struct recipe {
    const char *folder;
    const char *test_keys;
    struct manifest m; /* what headers are made from */
    uint32_t fw_len;
    uint8_t method;
    char fw_key;
    char meta_key;
    const char *fw_der;
    const char *meta_der;
    bool swap;
    struct attribute attributes[ATTR_MAX];
    unsigned attribute_count;
    struct patch patches[PATCH_MAX];
    unsigned patch_count;
    size_t cut;
    size_t chop;
    struct bytes add;
    struct bytes append;
    struct bytes begin;
    bool deflate;
    struct bytes stream; /* none: one stored block */
};

static void __attribute__((noreturn, format(printf, 1, 2))) stop(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    fprintf(stderr, "recipe: ");
    vfprintf(stderr, format, args);
    fprintf(stderr, "\n");
    va_end(args);
    exit(1);
}

static void need(bool ok, const char *what)
{
    if (!ok) {
        stop("%s", what);
    }
}

/* ---- reading ---------------------------------------------------------------------------------- */

static size_t read_hex(const char *text, uint8_t *ret, size_t max)
{
    size_t len = strlen(text) / 2;

    if (len > max || !hex_decode(text, ret, len)) {
        stop("'%s' is not %zu bytes of hex at most", text, max);
    }
    return len;
}

static uint32_t read_number(const char *text)
{
    uint64_t value = 0;

    if (!parse_u64(text, UINT32_MAX, &value)) {
        stop("'%s' is no number", text);
    }
    return (uint32_t)value;
}

static void drop_attribute(struct recipe *r, uint16_t type)
{
    unsigned kept = 0;

    for (unsigned i = 0; i < r->attribute_count; i++) {
        if (r->attributes[i].type != type) {
            r->attributes[kept++] = r->attributes[i];
        }
    }
    r->attribute_count = kept;
}

static void set_attribute(struct recipe *r, uint16_t type, const char *hex)
{
    struct attribute *a;

    drop_attribute(r, type);
    need(r->attribute_count < ATTR_MAX, "too many attributes");
    a = &r->attributes[r->attribute_count++];
    a->type = type;
    a->len = read_hex(hex, a->data, sizeof a->data);
}

static void set_minimal(struct recipe *r)
{
    set_attribute(r, OTAV_ATTR_PRODUCT, "7d7c9f0e3b534c1e9a860a8f5c1d2e3f");
    set_attribute(r, OTAV_ATTR_HARDWARE, "0201000001000400");
    set_attribute(r, OTAV_ATTR_BINDING, "070000000000009b");
    set_attribute(r, OTAV_ATTR_COUNTER, "03000000");
}

static void set_full(struct recipe *r)
{
    set_minimal(r);
    set_attribute(r, OTAV_ATTR_MIN_INSTALLED, "00000201");
    set_attribute(r, OTAV_ATTR_IMAGE_TYPE, "01000000");
    set_attribute(r, OTAV_ATTR_MIN_BATTERY, "1e000000");
    set_attribute(r, OTAV_ATTR_ACTIVATION, "01000000");
    set_attribute(r, OTAV_ATTR_REVOKE_KEYS, "02000000");
    set_attribute(r, OTAV_ATTR_BUILD_TIME, "00f1536500000000");
    set_attribute(r, OTAV_ATTR_RELEASE, "0201000074580000");
    set_attribute(r, OTAV_ATTR_SBOM,
                  "01000000000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
    set_attribute(r, OTAV_ATTR_SOURCE_REVISION, "0123456789abcdef0123456789abcdef01234567");
    set_attribute(r, 0x8801, "00ff");
    set_attribute(r, 0x8FFF, "");
}

/* "STAGE:OFF=HEX" */
static bool read_patch(struct recipe *r, const char *word)
{
    static const char *const stages[] = {"meta:", "mid:", "late:", "pay:", "head:", "file:"};
    const char *equals = strchr(word, '=');

    for (unsigned i = 0; equals != NULL && i < sizeof stages / sizeof stages[0]; i++) {
        if (strncmp(word, stages[i], strlen(stages[i])) == 0) {
            struct patch *p = &r->patches[r->patch_count++];

            need(r->patch_count <= PATCH_MAX, "too many patches");
            p->stage = (enum stage)i;
            p->offset = strtol(word + strlen(stages[i]), NULL, 0);
            p->len = read_hex(equals + 1, p->data, sizeof p->data);
            return true;
        }
    }
    return false;
}

static bool read_attribute(struct recipe *r, const char *word)
{
    const char *equals = strchr(word, '=');

    if (strncmp(word, "attr:", 5) == 0 && equals != NULL) {
        set_attribute(r, (uint16_t)strtol(word + 5, NULL, 0), equals + 1);
        return true;
    }
    if (strncmp(word, "drop:", 5) == 0) {
        drop_attribute(r, (uint16_t)strtol(word + 5, NULL, 0));
        return true;
    }
    return false;
}

static bool read_flag(struct recipe *r, const char *word)
{
    static const char *const kinds[] = {"ble", "zigbee", "combo", "image"};

    for (unsigned i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strcmp(word, kinds[i]) == 0) {
            r->m.file_type = (enum manifest_file_type)i;
            return true;
        }
    }
    if (strcmp(word, "enc") == 0) {
        r->m.encrypt = true;
    } else if (strcmp(word, "stock") == 0) {
        r->attribute_count = 0;
    } else if (strcmp(word, "minimal") == 0) {
        set_minimal(r);
    } else if (strcmp(word, "full") == 0) {
        set_full(r);
    } else if (strcmp(word, "swap") == 0) {
        r->swap = true;
    } else if (strcmp(word, "deflate") == 0) {
        r->deflate = true;
    } else {
        return false;
    }
    return true;
}

static void set_zigbee_options(struct recipe *r, uint32_t bits)
{
    static const uint8_t destination[8] = {0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77};

    r->m.has_zigbee_credential = (bits & 1) != 0;
    r->m.zigbee_credential_version = 1;
    r->m.has_zigbee_destination = (bits & 2) != 0;
    memcpy(r->m.zigbee_destination, destination, sizeof destination);
    r->m.has_zigbee_hardware = (bits & 4) != 0;
    r->m.zigbee_min_hardware = 1;
    r->m.zigbee_max_hardware = 7;
}

static struct bytes read_bytes(const char *hex)
{
    struct bytes b = {xmalloc(VALUE_MAX), 0};

    b.len = read_hex(hex, b.data, VALUE_MAX);
    return b;
}

/* "NAME=VALUE"; value stays valid as long as the words do. */
static bool read_setting(struct recipe *r, const char *name, const char *value)
{
    if (strcmp(name, "fw") == 0) {
        r->fw_len = read_number(value);
    } else if (strcmp(name, "version") == 0) {
        need(parse_version(value, &r->m.version), "bad version");
    } else if (strcmp(name, "sequence") == 0) {
        r->m.sequence = read_number(value);
    } else if (strcmp(name, "id") == 0) {
        r->m.image_id = read_number(value);
    } else if (strcmp(name, "manufacturer") == 0) {
        memset(r->m.manufacturer, 0, sizeof r->m.manufacturer);
        memcpy(r->m.manufacturer, value, strnlen(value, sizeof r->m.manufacturer));
    } else if (strcmp(name, "zopt") == 0) {
        set_zigbee_options(r, read_number(value));
    } else if (strcmp(name, "key") == 0) {
        r->fw_key = r->meta_key = value[0];
    } else if (strcmp(name, "fwkey") == 0) {
        r->fw_key = value[0];
    } else if (strcmp(name, "metakey") == 0) {
        r->meta_key = value[0];
    } else if (strcmp(name, "method") == 0) {
        r->method = (uint8_t)read_number(value);
    } else if (strcmp(name, "fwder") == 0) {
        r->fw_der = value;
    } else if (strcmp(name, "metader") == 0) {
        r->meta_der = value;
    } else if (strcmp(name, "cut") == 0) {
        r->cut = read_number(value);
    } else if (strcmp(name, "chop") == 0) {
        r->chop = read_number(value);
    } else if (strcmp(name, "add") == 0) {
        r->add = read_bytes(value);
    } else if (strcmp(name, "stream") == 0) {
        r->deflate = true;
        r->stream = read_bytes(value);
    } else if (strcmp(name, "begin") == 0) {
        r->begin = read_bytes(value);
    } else if (strcmp(name, "append") == 0) {
        r->append = read_bytes(value);
    } else {
        return false;
    }
    return true;
}

static void read_word(struct recipe *r, char *word)
{
    char *equals;

    if (read_patch(r, word) || read_attribute(r, word) || read_flag(r, word)) {
        return;
    }
    equals = strchr(word, '=');
    if (equals != NULL) {
        *equals = '\0';
        if (read_setting(r, word, equals + 1)) {
            return;
        }
    }
    stop("unknown word '%s'", word);
}

static void read_recipe(struct recipe *r, char *words)
{
    char *state = NULL;

    r->m.version = 0x01040200;
    r->m.sequence = 7;
    r->m.image_id = 0x9B000000;
    memcpy(r->m.manufacturer, "MCHP", 4);
    r->m.zigbee_manufacturer_code = 0x1234;
    r->m.zigbee_image_type = 0x5678;
    r->m.zigbee_file_version = 1;
    r->m.zigbee_stack_version = 2;
    strcpy(r->m.zigbee_header_string, "golden");
    need(hex_decode(RECIPE_IV, r->m.encrypt_iv, sizeof r->m.encrypt_iv), "bad IV");
    r->fw_len = 48;
    r->method = OTAV_METHOD_ECDSA;
    r->fw_key = r->meta_key = 'r';
    set_minimal(r);
    for (char *word = strtok_r(words, " ", &state); word != NULL;
         word = strtok_r(NULL, " ", &state)) {
        read_word(r, word);
    }
}

/* ---- making ----------------------------------------------------------------------------------- */

static void apply(const struct recipe *r, enum stage stage, uint8_t *bytes, size_t len)
{
    for (unsigned i = 0; i < r->patch_count; i++) {
        const struct patch *p = &r->patches[i];
        size_t offset = p->offset < 0 ? len - (size_t)-p->offset : (size_t)p->offset;

        if (p->stage == stage) {
            need(offset <= len && p->len <= len - offset, "patch outside its target");
            memcpy(bytes + offset, p->data, p->len);
        }
    }
}

static int by_type(const void *a, const void *b)
{
    const struct attribute *x = a;
    const struct attribute *y = b;

    return (x->type > y->type) - (x->type < y->type);
}

static void make_metadata(struct recipe *r, uint8_t meta[OTAV_META_LEN])
{
    uint8_t *area = meta + OTAV_META_ATTRIBUTES_OFF;

    memset(meta, 0, OTAV_META_LEN);
    memcpy(meta + OTAV_META_MANUFACTURER_OFF, r->m.manufacturer, sizeof r->m.manufacturer);
    otav_store_u32(meta + OTAV_META_SEQUENCE_OFF, r->m.sequence);
    meta[OTAV_META_REVISION_OFF] = 2;
    meta[OTAV_META_CONTAINER_OFF] = 1;
    otav_store_u16(meta + OTAV_META_PAYLOAD_LEN_OFF, 85);
    otav_store_u32(meta + OTAV_META_FW_REVISION_OFF, r->m.version);
    otav_store_u32(meta + OTAV_META_FW_LEN_OFF, r->fw_len);
    meta[OTAV_META_AUTH_METHOD_OFF] = r->method;
    meta[OTAV_META_FW_AUTH_METHOD_OFF] = r->method;
    qsort(r->attributes, r->attribute_count, sizeof r->attributes[0], by_type);
    for (unsigned i = 0; i < r->attribute_count; i++) {
        const struct attribute *a = &r->attributes[i];

        need(
            otav_attributes_put(area, OTAV_META_ATTRIBUTES_LEN, a->type, a->data, (uint16_t)a->len),
            "attribute does not fit");
    }
    apply(r, STAGE_META, meta, OTAV_META_LEN);
}

static void sign(const struct recipe *r, char key, const uint8_t digest[32], uint8_t ret_rs[64])
{
    static const struct key_options options = {.pin_fd = -1, .passphrase_fd = -1};
    struct signer *signer = NULL;
    char *uri = key == 'r' ? xasprintf("file:%s/keys/release.pem", r->folder)
                           : xasprintf("file:%s/dev-%c.pem", r->test_keys, key);

    need(signer_open(uri, &options, &signer) == OX_OK, uri);
    need(signer_sign(signer, digest, ret_rs) == OX_OK, "cannot sign");
    signer_close(signer);
    free(uri);
}

/* INTEGER of a 32-byte number without leading zeros but extra ones; returns its length. */
static size_t put_integer(const uint8_t number[32], bool padded, bool negative, uint8_t *out)
{
    size_t skip = 0;
    size_t zeros;

    while (skip < 31 && number[skip] == 0) {
        skip++;
    }
    zeros = (number[skip] & 0x80) != 0 && !negative ? 1 : 0;
    zeros += padded ? 1 : 0;
    out[0] = 0x02;
    out[1] = (uint8_t)(zeros + 32 - skip);
    memset(out + 2, 0, zeros);
    memcpy(out + 2 + zeros, number + skip, 32 - skip);
    if (negative) {
        out[2] |= 0x80;
    }
    return 2 + zeros + 32 - skip;
}

static void put_der(const uint8_t rs_in[64], const char *how, uint8_t *ret_len, uint8_t ret[72])
{
    static const char order[] = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
    uint8_t rs[64];
    uint8_t der[80] = {0x30};
    bool long_length = strcmp(how, "long-length") == 0;
    size_t head = long_length ? 3 : 2;
    size_t len;

    memcpy(rs, rs_in, sizeof rs);
    if (strcmp(how, "zero-r") == 0 || strcmp(how, "zero-s") == 0) {
        memset(rs + (how[5] == 'r' ? 0 : 32), 0, 32);
    } else if (strcmp(how, "r-is-n") == 0 || strcmp(how, "s-is-n") == 0) {
        need(hex_decode(order, rs + (how[0] == 'r' ? 0 : 32), 32), "order");
    } else if (strcmp(how, "swapped") == 0) {
        memcpy(rs, rs_in + 32, 32);
        memcpy(rs + 32, rs_in, 32);
    }
    len = head;
    len += put_integer(rs, strcmp(how, "padded-r") == 0, strcmp(how, "negative-r") == 0, der + len);
    len += put_integer(rs + 32, strcmp(how, "padded-s") == 0, false, der + len);
    der[1] = long_length ? 0x81 : (uint8_t)(len - head);
    if (long_length) {
        der[2] = (uint8_t)(len - head);
    }
    need(len <= 72, "signature too long: take another sequence");
    memset(ret, 0, 72);
    memcpy(ret, der, len);
    *ret_len = (uint8_t)len;
}

static void authenticate(const struct recipe *r, char key, const char *der,
                         const uint8_t digest[32], uint8_t *ret_len, uint8_t ret[72])
{
    uint8_t rs[64];

    memset(ret, 0, 72);
    *ret_len = 0;
    if (r->method == OTAV_METHOD_SHA256) {
        memcpy(ret, digest, 32);
        *ret_len = 32;
    } else if (r->method == OTAV_METHOD_ECDSA) {
        sign(r, key, digest, rs);
        put_der(rs, der != NULL ? der : "strict", ret_len, ret);
    }
}

static void swap_signatures(uint8_t meta[OTAV_META_LEN])
{
    uint8_t kept[73];

    memcpy(kept, meta + OTAV_META_FW_SIG_LEN_OFF, sizeof kept);
    memcpy(meta + OTAV_META_FW_SIG_LEN_OFF, meta + OTAV_META_SIG_LEN_OFF, sizeof kept);
    memcpy(meta + OTAV_META_SIG_LEN_OFF, kept, sizeof kept);
}

static void sign_image(const struct recipe *r, uint8_t meta[OTAV_META_LEN], const uint8_t *fw)
{
    uint8_t digest[32];

    need(digest_bytes(fw, r->fw_len, digest) == OX_OK, "hash");
    authenticate(r, r->fw_key, r->fw_der, digest, &meta[OTAV_META_FW_SIG_LEN_OFF],
                 meta + OTAV_META_FW_SIG_OFF);
    apply(r, STAGE_MID, meta, OTAV_META_LEN);
    need(check_metadata_digest(meta, digest) == OX_OK, "hash");
    authenticate(r, r->meta_key, r->meta_der, digest, &meta[OTAV_META_SIG_LEN_OFF],
                 meta + OTAV_META_SIG_OFF);
    if (r->swap) {
        swap_signatures(meta);
    }
    apply(r, STAGE_LATE, meta, OTAV_META_LEN);
}

static void encrypt(const struct recipe *r, uint8_t *bytes, size_t len)
{
    static const struct key_options options = {.pin_fd = -1, .passphrase_fd = -1};
    struct cipher *cipher = NULL;
    char *uri = xasprintf("file:%s/keys/aes.hex", r->folder);

    need(cipher_open(uri, &options, &cipher) == OX_OK, uri);
    need(cipher_begin(cipher, true, r->m.encrypt_iv) == OX_OK &&
             cipher_update(cipher, bytes, bytes, len) == OX_OK,
         "cannot encrypt");
    cipher_close(cipher);
    free(uri);
}

static struct bytes make_firmware(const struct recipe *r)
{
    struct bytes fw = {xmalloc(r->fw_len), r->fw_len};

    for (uint32_t i = 0; i < r->fw_len; i++) {
        fw.data[i] = (uint8_t)(i * 37 + 11);
    }
    if (r->begin.len > 0 && r->begin.len <= fw.len) {
        memcpy(fw.data, r->begin.data, r->begin.len);
    }
    return fw;
}

/* spec: RFC 1951, 3.2.4 */
static struct bytes store_block(const struct bytes *fw)
{
    struct bytes stream = {xmalloc(fw->len + 5), fw->len + 5};

    stream.data[0] = 1;
    otav_store_u16(stream.data + 1, (uint16_t)fw->len);
    otav_store_u16(stream.data + 3, (uint16_t)~fw->len);
    memcpy(stream.data + 5, fw->data, fw->len);
    return stream;
}

static void set_encoding(struct recipe *r)
{
    uint8_t encoding[8] = {1};
    char hex[17];

    for (unsigned i = 0; i < r->attribute_count; i++) {
        if (r->attributes[i].type == OTAV_ATTR_ENCODING) {
            return;
        }
    }
    otav_store_u32(encoding + OTAV_ENCODING_ENCODED_LEN_OFF, (uint32_t)r->stream.len);
    hex_encode(encoding, sizeof encoding, hex);
    set_attribute(r, OTAV_ATTR_ENCODING, hex);
}

static struct bytes make_payload(struct recipe *r)
{
    struct bytes fw = make_firmware(r);
    const struct bytes *sent = r->deflate ? &r->stream : &fw;
    struct bytes p;
    uint32_t body_len;
    uint8_t pad;

    if (r->deflate && r->stream.len == 0) {
        r->stream = store_block(&fw);
    }
    if (r->deflate) {
        set_encoding(r);
    }
    body_len = (uint32_t)(sent->len + (r->deflate ? (0u - sent->len) % OTAV_BLOCK_LEN : 0));
    pad = r->m.encrypt ? (uint8_t)(OTAV_BLOCK_LEN - body_len % OTAV_BLOCK_LEN) : 0;
    p.len = OTAV_META_LEN + (size_t)body_len + pad;
    p.data = xcalloc(1, p.len + VALUE_MAX);
    make_metadata(r, p.data);
    sign_image(r, p.data, fw.data);
    memcpy(p.data + OTAV_META_LEN, sent->data, sent->len);
    free(fw.data);
    memset(p.data + p.len - pad, pad, pad);
    apply(r, STAGE_PAY, p.data, p.len);
    if (r->m.encrypt) {
        encrypt(r, p.data, p.len);
    }
    need(r->cut <= p.len, "cut too long");
    p.len -= r->cut;
    if (r->add.len > 0) {
        memcpy(p.data + p.len, r->add.data, r->add.len);
        p.len += r->add.len;
    }
    return p;
}

static void put_checksum(const struct recipe *r, uint8_t *bytes, size_t len)
{
    uint32_t sum = 0;

    if (r->m.file_type != FILE_TYPE_BLE && r->m.file_type != FILE_TYPE_COMBO) {
        return;
    }
    for (size_t i = 0; i < len; i++) {
        sum += bytes[i];
    }
    otav_store_u16(bytes + OTAV_OTAU_CHECKSUM_OFF, otav_file_checksum(sum));
}

static struct recipe_file make_file(struct recipe *r)
{
    struct bytes payload = make_payload(r);
    uint8_t header[ASSEMBLE_HEADER_MAX_LEN];
    size_t header_len = assemble_headers(&r->m, (uint32_t)payload.len, header);
    struct recipe_file f = {NULL, header_len + payload.len, header_len};

    apply(r, STAGE_HEAD, header, header_len);
    f.bytes = xmalloc(f.len + VALUE_MAX);
    memcpy(f.bytes, header, header_len);
    memcpy(f.bytes + header_len, payload.data, payload.len);
    put_checksum(r, f.bytes, f.len);
    apply(r, STAGE_FILE, f.bytes, f.len);
    need(r->chop <= f.len, "chop too long");
    f.len -= r->chop;
    if (r->append.len > 0) {
        memcpy(f.bytes + f.len, r->append.data, r->append.len);
        f.len += r->append.len;
    }
    free(payload.data);
    return f;
}

struct recipe_file recipe_make(const char *folder, const char *test_keys, const char *words)
{
    struct recipe *r = xcalloc(1, sizeof *r);
    char *copy = xstrdup(words);
    struct recipe_file f;

    diag_set_quiet(true); /* test keys are readable for everybody */
    r->folder = folder;
    r->test_keys = test_keys;
    read_recipe(r, copy);
    f = make_file(r);
    free(r->add.data);
    free(r->append.data);
    free(r->begin.data);
    free(r->stream.data);
    free(r);
    free(copy);
    return f;
}
