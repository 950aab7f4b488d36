/*
 * Replays a recording of crypto calls (tests/qemu/recording.h) with the device's own crypto and
 * compares every result. The recording is the file "recording" in the emulator's working directory.
 * Layer: test program of the board.
 */
#include <otav/otav_error.h>
#include <otav/otav_soft.h>

#include <string.h>

#include "board.h"
#include "recording.h"

enum { BUFFER_LEN = 1 << 20 };

struct reader {
    int32_t file;
    size_t at;
    size_t len;
    uint8_t bytes[65536];
};

static struct reader reader;
static uint8_t data[BUFFER_LEN];
static uint8_t expected[BUFFER_LEN];
static uint32_t wrong;
static uint32_t counts[CALL_AES_END + 1];

static const struct otav_crypto *const port = &otav_crypto_soft;
static struct otav_sha256_state sha256;
static struct otav_aes_state aes;

/* ---- reading ---------------------------------------------------------------------------------- */

static _Noreturn void die(const char *why)
{
    board_print(why);
    board_exit(2);
}

static uint8_t *take(size_t len, uint8_t *ret)
{
    size_t padded = (len + 3) / 4 * 4;

    if (padded > BUFFER_LEN) {
        die("replay: longer than the buffer\n");
    }
    for (size_t done = 0; done < padded;) {
        size_t part = padded - done;

        if (reader.at == reader.len) {
            reader.len = board_file_read(reader.file, reader.bytes, sizeof reader.bytes);
            reader.at = 0;
            if (reader.len == 0) {
                die("replay: cut off\n");
            }
        }
        part = part < reader.len - reader.at ? part : reader.len - reader.at;
        memcpy(ret + done, reader.bytes + reader.at, part);
        reader.at += part;
        done += part;
    }
    return ret;
}

static uint32_t take_word(void)
{
    uint8_t bytes[4];

    return otav_load_u32(take(4, bytes));
}

static bool at_end(void)
{
    if (reader.at == reader.len) {
        reader.len = board_file_read(reader.file, reader.bytes, sizeof reader.bytes);
        reader.at = 0;
    }
    return reader.len == 0;
}

/* ---- comparing -------------------------------------------------------------------------------- */

static void check(bool right, const char *what)
{
    if (!right) {
        wrong++;
        board_print("replay: wrong: ");
        board_print(what);
        board_print(" number ");
        board_print_number(counts[CALL_ECDSA] + counts[CALL_SHA256_FINAL] +
                           counts[CALL_AES_DECRYPT]);
        board_print("\n");
    }
}

static void replay_update(void)
{
    uint32_t len = take_word();

    check(port->sha256_update(port->user, &sha256, take(len, data), len) == OTAV_ACCEPT, "update");
}

static void replay_final(void)
{
    uint8_t digest[OTAV_SHA256_LEN];

    check(port->sha256_final(port->user, &sha256, digest) == OTAV_ACCEPT, "final");
    check(memcmp(digest, take(sizeof digest, expected), sizeof digest) == 0, "digest");
}

static void replay_ecdsa(void)
{
    uint32_t result;

    (void)take(OTAV_PUBLIC_KEY_LEN + OTAV_SHA256_LEN + OTAV_SIGNATURE_LEN, data);
    result = port->ecdsa_p256_verify(port->user, data, data + OTAV_PUBLIC_KEY_LEN,
                                     data + OTAV_PUBLIC_KEY_LEN + OTAV_SHA256_LEN);
    check(result == take_word(), "signature");
}

static void replay_decrypt(void)
{
    uint32_t len = take_word();
    uint32_t result = port->aes_cbc_decrypt(port->user, &aes, take(len, data), len);

    check(result == take_word(), "decryption");
    (void)take(len, expected);
    check(result != OTAV_ACCEPT || memcmp(data, expected, len) == 0, "plaintext");
}

static void replay(uint32_t call)
{
    if (call > CALL_AES_END) {
        die("replay: not a recording\n");
    }
    counts[call]++;
    switch ((enum recording_call)call) {
    case CALL_SHA256_BEGIN:
        check(port->sha256_begin(port->user, &sha256) == OTAV_ACCEPT, "begin");
        break;
    case CALL_SHA256_UPDATE:
        replay_update();
        break;
    case CALL_SHA256_FINAL:
        replay_final();
        break;
    case CALL_SHA256_END:
        port->sha256_end(port->user, &sha256);
        break;
    case CALL_ECDSA:
        replay_ecdsa();
        break;
    case CALL_AES_BEGIN:
        (void)take(32, data);
        check(port->aes_cbc_begin(port->user, &aes, data, data + 16) == OTAV_ACCEPT, "begin");
        break;
    case CALL_AES_DECRYPT:
        replay_decrypt();
        break;
    case CALL_AES_END:
        port->aes_cbc_end(port->user, &aes);
        break;
    }
}

static void print_count(uint32_t count, const char *what)
{
    board_print_number(count);
    board_print(what);
}

int board_main(void)
{
    reader.file = board_file_open("recording");
    if (reader.file < 0) {
        die("replay: no file 'recording'\n");
    }
    while (!at_end()) {
        replay(take_word());
    }
    print_count(counts[CALL_SHA256_FINAL], " digests, ");
    print_count(counts[CALL_ECDSA], " signatures, ");
    print_count(counts[CALL_AES_DECRYPT], " decryptions, ");
    print_count(wrong, " wrong\n");
    return wrong == 0 && counts[CALL_SHA256_FINAL] + counts[CALL_ECDSA] > 0 ? 0 : 1;
}
