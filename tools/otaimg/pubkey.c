/*
 * P-256 public keys as bytes: encoding, identity, text forms, checking signatures.
 *
 * Layer: above the verifier's port only; pubkey_load.c reads keys. The SubjectPublicKeyInfo of an
 * uncompressed P-256 point is a fixed head and 64 bytes, so it needs no ASN.1 library.
 * Invariant: one key has one identity.
 */
#include "pubkey.h"

#include <otav/otav_error.h>
#include <otav/otav_openssl.h>

#include <openssl/evp.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"

/* RFC 5480: id-ecPublicKey, secp256r1, BIT STRING of an uncompressed point. */
static const uint8_t spki_head[PUBKEY_SPKI_LEN - PUBKEY_LEN] = {
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01, 0x06,
    0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04};

/* ---- identity --------------------------------------------------------------------------------- */

void pubkey_spki(const uint8_t xy[PUBKEY_LEN], uint8_t ret_spki[PUBKEY_SPKI_LEN])
{
    memcpy(ret_spki, spki_head, sizeof spki_head);
    memcpy(ret_spki + sizeof spki_head, xy, PUBKEY_LEN);
}

bool pubkey_from_spki(const uint8_t *spki, size_t spki_len, uint8_t ret_xy[PUBKEY_LEN])
{
    if (spki_len != PUBKEY_SPKI_LEN || memcmp(spki, spki_head, sizeof spki_head) != 0) {
        return false;
    }
    memcpy(ret_xy, spki + sizeof spki_head, PUBKEY_LEN);
    return true;
}

void pubkey_id(const uint8_t xy[PUBKEY_LEN], uint8_t ret_sha256[32])
{
    const struct otav_crypto *port = &otav_crypto_openssl;
    struct otav_sha256_state state = {0};
    uint8_t spki[PUBKEY_SPKI_LEN];

    pubkey_spki(xy, spki);
    if (port->sha256_begin(port->user, &state) != OTAV_ACCEPT ||
        port->sha256_update(port->user, &state, spki, sizeof spki) != OTAV_ACCEPT ||
        port->sha256_final(port->user, &state, ret_sha256) != OTAV_ACCEPT) {
        /* Hashing memory cannot fail; an identity made up instead would pass as unknown. */
        abort();
    }
    port->sha256_end(port->user, &state);
}

bool pubkey_verify(const uint8_t xy[PUBKEY_LEN], const uint8_t digest[32], const uint8_t rs[64])
{
    const struct otav_crypto *port = &otav_crypto_openssl;

    return port->ecdsa_p256_verify(port->user, xy, digest, rs) == OTAV_ACCEPT;
}

/* ---- text ------------------------------------------------------------------------------------- */

char *pubkey_to_pem(const uint8_t xy[PUBKEY_LEN])
{
    uint8_t spki[PUBKEY_SPKI_LEN];
    char base64[(PUBKEY_SPKI_LEN + 2) / 3 * 4 + 1];

    pubkey_spki(xy, spki);
    (void)EVP_EncodeBlock((unsigned char *)base64, spki, sizeof spki);
    /* 124 characters: one full line of 64 and the rest. */
    return xasprintf("-----BEGIN PUBLIC KEY-----\n%.64s\n%s\n-----END PUBLIC KEY-----\n", base64,
                     base64 + 64);
}

enum { C_LINE_BYTES = 8, C_LINE_LEN = 4 + 6 * C_LINE_BYTES };

/* The key's bytes as initialiser text, eight a line. */
static void bytes_to_c(const uint8_t xy[PUBKEY_LEN],
                       char text[PUBKEY_LEN / C_LINE_BYTES * C_LINE_LEN + 1])
{
    size_t len = 0;

    for (size_t i = 0; i < PUBKEY_LEN; i++) {
        const char *before = i % C_LINE_BYTES == 0 ? "    " : "";
        char after = i % C_LINE_BYTES == C_LINE_BYTES - 1 ? '\n' : ' ';

        len += (size_t)snprintf(text + len, 11, "%s0x%02X,%c", before, xy[i], after);
    }
}

char *pubkey_to_c_source(const uint8_t xy[PUBKEY_LEN], const char *name)
{
    uint8_t id[32];
    char id_text[65];
    char bytes[PUBKEY_LEN / C_LINE_BYTES * C_LINE_LEN + 1];

    pubkey_id(xy, id);
    hex_encode(id, sizeof id, id_text);
    bytes_to_c(xy, bytes);
    return xasprintf("/* P-256 public key, X || Y, big-endian.\n * SHA-256 of its "
                     "SubjectPublicKeyInfo:\n * %s */\n#include <stdint.h>\n\n"
                     "const uint8_t %s[64] = {\n%s};\n",
                     id_text, name, bytes);
}
