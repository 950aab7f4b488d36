/*
 * Builds a release. Guards: what is written has passed the verifier's code before it appears, and
 * keys that anyone has are not used without being asked for.
 */
#include "release.h"

#include <stdlib.h>
#include <string.h>

#include "assemble.h"
#include "diag.h"
#include "digest.h"
#include "file_check.h"
#include "hex_release.h"
#include "image_writer.h"
#include "known_keys.h"
#include "pubkey.h"
#include "trust.h"
#include "util.h"

enum { CHUNK = 65536 };

struct release {
    const struct manifest *m;
    const struct release_options *options;
    const char *output;
    struct fw_image *image;
    uint32_t data_len;
    uint32_t fw_len;
    struct signer *signer; /* NULL: method without key */
    uint8_t xy[PUBKEY_LEN];
    struct cipher *cipher; /* NULL: plain */
    uint8_t metadata[OTAV_META_LEN];
};

/* ---- inputs ----------------------------------------------------------------------------------- */

/* The boot code loads the stack pointer from word 0 and jumps to word 1. */
static enum ox warn_of_vectors(const struct release *r)
{
    const uint32_t ram_start = 0x20000000;
    const uint32_t ram_end = 0x20020000;
    uint8_t vectors[8];
    uint32_t sp;
    uint32_t reset;
    enum ox ox = fw_read(r->image, OTAV_FW_ADDRESS, vectors, sizeof vectors);

    if (ox != OX_OK) {
        return ox;
    }
    sp = otav_load_u32(vectors);
    reset = otav_load_u32(vectors + 4);
    if (sp <= ram_start || sp > ram_end || sp % 4 != 0 || reset % 2 == 0 ||
        reset < OTAV_FW_ADDRESS || reset - OTAV_FW_ADDRESS >= r->data_len) {
        diag_warn("%s: does not start with a vector table: stack pointer 0x%08X, reset 0x%08X",
                  r->m->firmware_file, sp, reset);
    }
    return OX_OK;
}

static enum ox load_firmware(struct release *r)
{
    const uint32_t padding = r->m->encrypt ? OTAV_BLOCK_LEN : 0;
    const struct fw_layout layout = {OTAV_SLOT0_ADDRESS, OTAV_FW_ADDRESS,
                                     OTAV_SLOT0_ADDRESS + OTAV_SLOT_LEN - padding};
    enum ox ox =
        fw_load(r->m->firmware_file, r->m->firmware_format, r->m->firmware_address, &r->image);

    if (ox == OX_OK) {
        ox = fw_check_layout(r->image, &layout, &r->data_len);
    }
    if (ox != OX_OK) {
        return ox;
    }
    r->fw_len = assemble_fw_len(r->m, r->data_len);
    if (r->fw_len == OTAV_FW_LEN_FORBIDDEN) {
        return diag_fail(OX_MALFORMED,
                         "%s: firmware has %u bytes, a length that no verifier takes; expected any "
                         "other",
                         r->m->firmware_file, r->fw_len);
    }
    return warn_of_vectors(r);
}

static void warn_of_development_key(const struct release *r)
{
    uint8_t id[32];

    pubkey_id(r->xy, id);
    if (known_key_find(id, NULL) == KNOWN_KEY_DEVELOPMENT) {
        diag_warn("%s is a public development key: production devices refuse it", r->m->sign_key);
    }
}

static enum ox open_keys(struct release *r)
{
    uint8_t aes[16];
    enum ox ox = OX_OK;

    if (r->m->method != OTAV_METHOD_ECDSA && !r->options->allow_insecure) {
        (void)diag_fail(OX_POLICY, "%s: authentication '%s' protects against nobody", r->m->path,
                        r->m->method == OTAV_METHOD_NONE ? "none" : "sha256");
        diag_hint("use ecdsa-p256-sha256, or --allow-insecure for files that need no protection");
        return OX_POLICY;
    }
    if (r->m->method == OTAV_METHOD_ECDSA) {
        ox = signer_open(r->m->sign_key, &r->options->keys, &r->signer);
        if (ox == OX_OK) {
            signer_public_key(r->signer, r->xy);
            warn_of_development_key(r);
        }
    }
    if (ox == OX_OK && r->m->encrypt) {
        ox = cipher_open(r->m->encrypt_key, &r->options->keys, &r->cipher);
    }
    if (ox == OX_OK && r->cipher != NULL && cipher_key_bytes(r->cipher, aes)) {
        if (known_aes_key(aes)) {
            diag_warn("%s is the published default key: the firmware is not confidential",
                      r->m->encrypt_key);
        }
        wipe(aes, sizeof aes);
    }
    return ox;
}

/* ---- firmware bytes --------------------------------------------------------------------------- */

/* Visits the firmware with its padding; what lies behind the data reads as erased flash. */
static enum ox for_each_firmware(const struct release *r, const char *what,
                                 enum ox (*visit)(void *user, const uint8_t *bytes, size_t len),
                                 void *user)
{
    uint8_t *chunk = xmalloc(CHUNK);
    enum ox ox = OX_OK;

    for (uint32_t offset = 0; ox == OX_OK && offset < r->fw_len;) {
        uint32_t part = r->fw_len - offset < CHUNK ? r->fw_len - offset : CHUNK;

        ox = fw_read(r->image, OTAV_FW_ADDRESS + offset, chunk, part);
        if (ox == OX_OK) {
            ox = visit(user, chunk, part);
        }
        offset += part;
        diag_progress(what, offset, r->fw_len);
    }
    diag_progress(what, 1, 1);
    free(chunk);
    return ox;
}

static enum ox hash_piece(void *user, const uint8_t *bytes, size_t len)
{
    return digest_update(user, bytes, len);
}

static enum ox write_piece(void *user, const uint8_t *bytes, size_t len)
{
    return image_writer_put(user, bytes, len);
}

static enum ox make_metadata(struct release *r)
{
    uint8_t fw_digest[OTAV_SHA256_LEN];
    struct digest digest;
    enum ox ox = digest_begin(&digest);

    if (ox == OX_OK) {
        ox = for_each_firmware(r, "hashing", hash_piece, &digest);
    }
    ox = digest_end(&digest, ox, fw_digest);
    if (ox == OX_OK) {
        ox = assemble_metadata(r->m, r->fw_len, r->metadata);
    }
    return ox == OX_OK ? assemble_signatures(r->metadata, r->m->method, fw_digest, r->signer) : ox;
}

/* ---- output ----------------------------------------------------------------------------------- */

static enum ox write_file(struct release *r, struct outfile *out)
{
    uint8_t header[ASSEMBLE_HEADER_MAX_LEN];
    size_t header_len = assemble_headers(r->m, assemble_payload_len(r->m, r->fw_len), header);
    bool has_otau = r->m->file_type == FILE_TYPE_BLE || r->m->file_type == FILE_TYPE_COMBO;
    struct image_writer w;
    enum ox ox;

    if (r->m->file_type == FILE_TYPE_HEX) {
        return hex_release_write(r->image, r->metadata, r->data_len, r->fw_len, out);
    }
    ox = image_writer_begin(&w, out, header, header_len, has_otau, r->cipher, r->m->encrypt_iv);
    if (ox == OX_OK) {
        ox = image_writer_put(&w, r->metadata, sizeof r->metadata);
    }
    if (ox == OX_OK) {
        ox = for_each_firmware(r, "writing", write_piece, &w);
    }
    if (ox == OX_OK) {
        ox = image_writer_end(&w);
    }
    image_writer_abandon(&w);
    return ox;
}

static enum ox open_output(const struct release *r, struct outfile *out, struct ota_file *ret)
{
    return r->m->file_type == FILE_TYPE_HEX ? hex_release_open(r->output, outfile_fd(out), ret)
                                            : ota_file_from_fd(r->output, outfile_fd(out), ret);
}

/* The device of --for decrypts with its own key. */
static enum ox check_for_device(const struct release *r, struct outfile *out)
{
    struct trust trust = {.device_path = r->options->device_path, .purpose = OTAV_INSTALL};
    struct ota_file file;
    enum ox ox = open_output(r, out, &file);

    if (ox == OX_OK) {
        ox = trust_check(&trust, &file, &r->options->keys, NULL);
        ota_file_close(&file);
    }
    return ox;
}

static enum ox self_check(const struct release *r, struct outfile *out, uint32_t *ret_len)
{
    struct ota_file file;
    enum ox ox = open_output(r, out, &file);

    if (ox != OX_OK) {
        return ox;
    }
    file.cipher = r->cipher;
    memcpy(file.iv, r->m->encrypt_iv, sizeof file.iv);
    *ret_len = file.source.len;
    ox = r->signer != NULL ? check_authentic(&file, r->xy) : check_unsigned(&file);
    file.cipher = NULL; /* stays ours */
    ota_file_close(&file);
    return ox;
}

static enum ox write_release(struct release *r, uint32_t *ret_len)
{
    struct outfile *out = NULL;
    enum ox ox = outfile_open(r->output, 0666, &out);

    if (ox == OX_OK) {
        ox = write_file(r, out);
    }
    if (ox == OX_OK) {
        ox = self_check(r, out, ret_len);
    }
    if (ox == OX_OK && r->options->device_path != NULL) {
        ox = check_for_device(r, out);
    }
    if (ox != OX_OK) {
        outfile_abandon(out);
        return ox;
    }
    return outfile_finish(out);
}

enum ox release_build(const struct manifest *m, const char *output,
                      const struct release_options *options, struct release_result *ret)
{
    struct release r = {.m = m, .options = options, .output = output};
    uint32_t file_len = 0;
    enum ox ox = load_firmware(&r);

    if (ox == OX_OK) {
        ox = open_keys(&r);
    }
    if (ox == OX_OK) {
        ox = make_metadata(&r);
    }
    if (ox == OX_OK) {
        ox = write_release(&r, &file_len);
    }
    if (ox == OX_OK) {
        ret->fw_len = r.fw_len;
        ret->file_len = file_len;
        ret->has_key = r.signer != NULL;
        if (ret->has_key) {
            pubkey_id(r.xy, ret->key_id);
        }
    }
    signer_close(r.signer);
    cipher_close(r.cipher);
    fw_free(r.image);
    wipe(&r, sizeof r);
    return ox;
}
