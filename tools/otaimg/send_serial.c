/*
 * Serial DFU, the host's side.
 *
 * Layer: above serial_port.c. Invariant: page 0, without which a slot holds no image, is erased first
 * and programmed last. spec: a request is words, little-endian, command << 16 | operand, address, ...;
 * the reply is command << 16 | status (observed in the stock host script; see serial_dfu.c).
 */
#include <otav/otav_config.h>
#include <string.h>

#include "diag.h"
#include "send.h"
#include "serial_port.h"

enum command {
    ERASE = 0x05,
    GET_VERSION = 0x07,
    GET_DEVICE_ID = 0x0A,
    PROGRAM = 0x11,
    RESET = 0x12
};
enum { PASS = 0, NOT_KNOWN = 3 }; /* anything else is a refusal */
enum { OPERAND = 1, SUM_CRC16 = 2, DEVICE_WBZ451 = 0x9B8F };

enum {
    TRIES = 4,
    QUIET_MS = 300,    /* longer than the device waits for the rest of a request */
    REOPEN_MS = 10000, /* for a cable that was pulled */
    REOPEN_EACH_MS = 100,
    BYTES_PER_MS = 10, /* a bit less than 115200 baud makes */
    WORDS_MAX = 4
};

/* How a request ended. */
enum answer { ANSWERED, SILENT, GARBLED, REFUSED, UNKNOWN, LOST };

struct dfu {
    struct serial_port port;
    unsigned timeout_ms;
    uint32_t repeated;
};

struct request {
    enum command command;
    uint32_t operand;
    uint32_t words[WORDS_MAX - 1]; /* behind the first */
    unsigned word_count;
    const uint8_t *data; /* NULL: none */
    uint32_t data_len;
    uint32_t *ret_word; /* what follows the reply; NULL: nothing does */
};

/* ---- one request ------------------------------------------------------------------------------ */

static enum answer answer_of(enum serial_result result)
{
    switch (result) {
    case SERIAL_DONE:
        return ANSWERED;
    case SERIAL_SILENT:
        return SILENT;
    case SERIAL_LOST:
        break;
    }
    return LOST;
}

/* *ret_status: what the device says beside its "done". */
static enum answer receive_reply(struct dfu *dfu, const struct request *request,
                                 unsigned timeout_ms, uint32_t *ret_status)
{
    uint8_t word[4];
    enum answer answer = answer_of(serial_receive(&dfu->port, word, sizeof word, timeout_ms));
    uint32_t reply = otav_load_u32(word);

    if (answer != ANSWERED) {
        return answer;
    }
    if (reply >> 16 != (uint32_t)request->command) {
        return GARBLED;
    }
    *ret_status = reply & 0xFFFF;
    if (*ret_status == NOT_KNOWN) {
        return UNKNOWN;
    }
    if (request->ret_word != NULL) {
        answer = answer_of(serial_receive(&dfu->port, word, sizeof word, timeout_ms));
        *request->ret_word = otav_load_u32(word);
    }
    return answer;
}

static enum answer ask_once(struct dfu *dfu, const struct request *request, uint32_t *ret_status)
{
    uint8_t words[4 * WORDS_MAX];
    uint32_t len = 4 + 4 * request->word_count;
    unsigned timeout_ms = dfu->timeout_ms + (len + request->data_len) / BYTES_PER_MS;
    enum serial_result result;

    otav_store_u32(words, (uint32_t)request->command << 16 | request->operand);
    for (unsigned i = 0; i < request->word_count; i++) {
        otav_store_u32(words + 4 + (size_t)4 * i, request->words[i]);
    }
    result = serial_send(&dfu->port, words, len, timeout_ms);
    if (result == SERIAL_DONE && request->data != NULL) {
        result = serial_send(&dfu->port, request->data, request->data_len, timeout_ms);
    }
    return result == SERIAL_DONE ? receive_reply(dfu, request, timeout_ms, ret_status)
                                 : answer_of(result);
}

/* ---- trouble ---------------------------------------------------------------------------------- */

static bool reopen(struct dfu *dfu)
{
    uint64_t deadline = serial_now() + REOPEN_MS;

    diag_warn("%s: lost, waiting for it to come back", dfu->port.path);
    while (!serial_reopen(&dfu->port)) {
        if (serial_now() >= deadline) {
            return false;
        }
        serial_sleep(REOPEN_EACH_MS);
    }
    return true;
}

/* Both sides at the start of a request again. */
static enum answer settle(struct dfu *dfu, enum answer answer)
{
    dfu->repeated++;
    if (answer == LOST && !reopen(dfu)) {
        return LOST;
    }
    return serial_drain(&dfu->port, QUIET_MS) == SERIAL_LOST ? LOST : ANSWERED;
}

static bool is_final(enum answer answer)
{
    return answer == ANSWERED || answer == UNKNOWN;
}

static enum ox explain(const struct dfu *dfu, enum answer answer, const char *what)
{
    enum ox ox = OX_IO;

    switch (answer) {
    case ANSWERED:
        ox = OX_OK;
        break;
    case SILENT:
        ox = diag_fail(OX_IO, "%s: no answer to '%s', expected a device in serial DFU",
                       dfu->port.path, what);
        diag_hint(
            "hold the device's DFU pin at a reset, or have its application ask for serial DFU");
        break;
    case GARBLED:
        ox = diag_fail(OX_IO, "%s: not an answer to '%s', expected a device in serial DFU",
                       dfu->port.path, what);
        break;
    case REFUSED:
        ox = diag_fail(OX_IO, "%s: the device failed to %s %u times, expected success",
                       dfu->port.path, what, (unsigned)TRIES);
        break;
    case UNKNOWN:
        ox = diag_fail(OX_IO, "%s: the device does not know '%s', expected the stock commands",
                       dfu->port.path, what);
        break;
    case LOST:
        ox = diag_fail(OX_IO, "%s: the port was lost at '%s', expected it to stay", dfu->port.path,
                       what);
        break;
    }
    return ox;
}

/* ---- requests --------------------------------------------------------------------------------- */

/* A question, which may be asked any number of times. */
static enum ox query(struct dfu *dfu, const char *what, const struct request *request,
                     uint32_t *ret_status)
{
    enum answer answer = ask_once(dfu, request, ret_status);

    for (unsigned i = 1; i < TRIES && !is_final(answer); i++) {
        if (settle(dfu, answer) != ANSWERED) {
            break;
        }
        answer = ask_once(dfu, request, ret_status);
    }
    return explain(dfu, answer, what);
}

static enum ox identify(struct dfu *dfu, struct send_result *ret)
{
    uint32_t status;
    const struct request version = {.command = GET_VERSION, .operand = OPERAND};
    const struct request id = {
        .command = GET_DEVICE_ID, .operand = OPERAND, .ret_word = &ret->device_id};
    enum ox ox = query(dfu, "version", &version, &ret->version);

    if (ox == OX_OK) {
        ox = query(dfu, "device id", &id, &status);
    }
    /* observed: the stock bootloader answers 0 */
    if (ox == OX_OK && ret->device_id != 0 && (ret->device_id & 0xFFFF) != DEVICE_WBZ451) {
        ox = diag_fail(OX_WRONG_DEVICE, "%s: device id is 0x%08x, expected 0x....%04x (WBZ451)",
                       dfu->port.path, (unsigned)ret->device_id, (unsigned)DEVICE_WBZ451);
    }
    return ox;
}

/* Polynomial 0x1021, from all ones. */
static uint32_t crc16(const uint8_t *bytes, size_t len)
{
    uint32_t crc = 0xFFFF;

    for (size_t i = 0; i < len; i++) {
        crc ^= (uint32_t)bytes[i] << 8;
        for (unsigned bit = 0; bit < 8; bit++) {
            crc = (crc << 1 ^ ((crc & 0x8000) != 0 ? 0x1021 : 0)) & 0xFFFF;
        }
    }
    return crc;
}

static enum answer change(struct dfu *dfu, const struct request *request)
{
    uint32_t status = PASS;
    enum answer answer = ask_once(dfu, request, &status);

    return answer == ANSWERED && status != PASS ? REFUSED : answer;
}

static enum answer erase_page(struct dfu *dfu, uint32_t page)
{
    const struct request request = {.command = ERASE,
                                    .operand = 1,
                                    .words = {OTAV_SLOT1_ADDRESS + page * OTAV_PAGE_LEN},
                                    .word_count = 1};

    return change(dfu, &request);
}

static enum answer program_page(struct dfu *dfu, const struct send_image *image, uint32_t page)
{
    uint32_t off = page * OTAV_PAGE_LEN;
    uint32_t len = image->len - off < OTAV_PAGE_LEN ? image->len - off : OTAV_PAGE_LEN;
    const struct request request = {
        .command = PROGRAM,
        .operand = SUM_CRC16,
        .words = {OTAV_SLOT1_ADDRESS + off, len, crc16(image->bytes + off, len)},
        .word_count = 3,
        .data = image->bytes + off,
        .data_len = len};

    return change(dfu, &request);
}

/* Erased first, because a page that may have been programmed is not programmed again. image NULL:
 * erased only. */
static enum ox write_page(struct dfu *dfu, const struct send_image *image, uint32_t page,
                          bool is_erased)
{
    const char *what = "erase";
    enum answer answer = ANSWERED;

    for (unsigned i = 0; i < TRIES; i++) {
        if (i > 0 && settle(dfu, answer) != ANSWERED) {
            answer = LOST;
            break;
        }
        what = "erase";
        answer = is_erased && i == 0 ? ANSWERED : erase_page(dfu, page);
        if (answer == ANSWERED && image != NULL) {
            what = "program";
            answer = program_page(dfu, image, page);
        }
        if (is_final(answer)) {
            break;
        }
    }
    return explain(dfu, answer, what);
}

/* ---- all of it -------------------------------------------------------------------------------- */

static enum ox write_image(struct dfu *dfu, const struct send_image *image, uint32_t pages)
{
    enum ox ox = write_page(dfu, NULL, 0, false);

    for (uint32_t page = 1; ox == OX_OK && page < pages; page++) {
        diag_progress("sending", page, pages + 1);
        ox = write_page(dfu, image, page, false);
    }
    if (ox == OX_OK) {
        diag_progress("sending", pages, pages + 1);
        ox = write_page(dfu, image, 0, true);
    }
    diag_progress("sending", 1, 1);
    return ox;
}

/* The image is there: a device that does not answer any more may have been reset already. */
static void reset_device(struct dfu *dfu)
{
    const struct request request = {.command = RESET, .operand = OPERAND};

    if (change(dfu, &request) != ANSWERED) {
        diag_warn("%s: no answer to 'reset': the image is there, reset the device by hand",
                  dfu->port.path);
    }
}

enum ox send_serial(const char *port, const struct send_image *image, unsigned timeout_ms,
                    struct send_result *ret)
{
    struct dfu dfu = {.timeout_ms = timeout_ms};
    struct send_result result = {.pages = (image->len + OTAV_PAGE_LEN - 1) / OTAV_PAGE_LEN};
    enum ox ox = serial_open(port, &dfu.port);

    if (ox != OX_OK) {
        return ox;
    }
    ox = identify(&dfu, &result);
    if (ox == OX_OK) {
        ox = write_image(&dfu, image, result.pages);
    }
    if (ox == OX_OK) {
        reset_device(&dfu);
        result.repeated = dfu.repeated;
        *ret = result;
    }
    serial_close(&dfu.port);
    return ox;
}
