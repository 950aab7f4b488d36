/*
 * Fuzz target: any bytes as a line of the audit log, as they are and again with a hash that fits, which
 * no fuzzer finds. What is taken has its hash and members in their ranges.
 *
 * Layer: test; reads no files.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "digest.h"
#include "fuzz_mute.h"
#include "release_log_line.h"
#include "util.h"
#include "vocabulary.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define HASH_MEMBER ",\"hash\":\""
#define MEMBER_LEN  (sizeof HASH_MEMBER - 1)
#define TAIL_LEN    (MEMBER_LEN + (size_t)2 * OTAV_SHA256_LEN + 2) /* with quote and brace */

static bool is_image_type(unsigned type)
{
    unsigned count = 0;

    while (image_type_words[count] != NULL) {
        count++;
    }
    return type >= 1 && type <= count;
}

/* Whether the line was taken. */
static bool read_line(const char *text, size_t len)
{
    struct log_line line;
    const char *wrong = log_line_read(text, len, &line);

    if (wrong != NULL) {
        fuzz_expect(wrong[0] != '\0');
        return false;
    }
    fuzz_expect(line.number >= 1);
    fuzz_expect(!line.release.has_product || is_image_type(line.release.image_type));
    return true;
}

/* Bytes from the hash on are replaced, so that a line which was taken is a seed for others. */
static size_t body_len(const uint8_t *data, size_t size)
{
    const uint8_t *hash = memmem(data, size, HASH_MEMBER, MEMBER_LEN);

    return hash != NULL ? (size_t)(hash - data) : size;
}

static void read_with_hash(const uint8_t *data, size_t size)
{
    const size_t len = body_len(data, size);
    uint8_t digest[OTAV_SHA256_LEN];
    char hex[2 * sizeof digest + 1];
    char *tail;
    char *text;

    fuzz_expect(digest_bytes(data, len, digest) == OX_OK);
    hex_encode(digest, sizeof digest, hex);
    tail = xasprintf(HASH_MEMBER "%s\"}", hex);
    text = xmalloc(len + TAIL_LEN);
    memcpy(text, data, len);
    memcpy(text + len, tail, TAIL_LEN);
    if (read_line(text, len + TAIL_LEN)) {
        /* One bit of the hash, or one byte less, and it is not. */
        text[len + MEMBER_LEN] ^= 1;
        fuzz_expect(!read_line(text, len + TAIL_LEN));
        text[len + MEMBER_LEN] ^= 1;
        fuzz_expect(!read_line(text, len + TAIL_LEN - 1));
    }
    free(text);
    free(tail);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_mute();
    (void)read_line((const char *)data, size);
    read_with_hash(data, size);
    return 0;
}
