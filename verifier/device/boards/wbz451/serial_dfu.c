/*
 * Serial DFU with the commands of the stock tool.
 * Layer: program. Invariant: only slot 1 is ever erased or programmed, not while the next boot still
 * needs it, and what is in it runs only after that boot has verified it.
 * spec: observed in the stock host script: a request is words, little-endian: command << 16 | operand,
 * address, ...; the reply is command << 16 | status.
 */
#include <otav/otav_error.h>
#include <string.h>

#include "layout.h"
#include "wbz451_board.h"
#include "wbz451_inferred.h"

enum command {
    ERASE_PAGES = 0x05,
    CHECK_BLANK = 0x06,
    GET_VERSION = 0x07,
    GET_DEVICE_ID = 0x0A,
    PROGRAM = 0x11,
    RESET = 0x12
};

enum status { PASS = 0, FAIL = 2, NOT_KNOWN = 3 };
enum { SUM_OF_BYTES = 1, SUM_CRC16 = 2 };
enum { VERSION = 1, DATA_MAX = 4096, WORDS_MAX = 4 };

#define SLOT1_END (LAYOUT_SLOT1 + OTAV_SLOT_LEN)

struct request {
    uint32_t words[WORDS_MAX]; /* the first is command and operand */
    _Alignas(uint32_t) uint8_t data[DATA_MAX];
};

static struct request request;

/* ---- wire ------------------------------------------------------------------------------------- */

/* The first byte of a request. */
static void wait_for_byte(uint32_t patience, uint8_t *ret_byte)
{
    uint32_t looks = patience;

    while (!wbz451_uart_get(ret_byte)) {
        if (--looks == 0) {
            wbz451_uart_off();
            wbz451_software_reset();
        }
        wbz451_kick(NULL);
    }
}

/* false: the line was quiet for too long, what came is dropped. */
static bool receive(void *ret_bytes, size_t len)
{
    uint8_t *bytes = ret_bytes;

    for (size_t i = 0; i < len; i++) {
        uint32_t polls = WBZ451_DFU_POLLS;

        while (!wbz451_uart_get(&bytes[i])) {
            if (--polls == 0) {
                return false;
            }
            wbz451_kick(NULL);
        }
    }
    return true;
}

static void send(uint32_t word)
{
    for (unsigned i = 0; i < sizeof word; i++) {
        (void)wbz451_uart_put((uint8_t)(word >> 8 * i));
    }
}

/* ---- commands --------------------------------------------------------------------------------- */

static bool is_in_slot1(uint32_t address, uint32_t len)
{
    return address >= LAYOUT_SLOT1 && address <= SLOT1_END && len <= SLOT1_END - address;
}

static enum status erase_pages(uint32_t address, uint32_t count)
{
    if (!is_in_slot1(address, count * WBZ451_FLASH_PAGE_LEN)) {
        return FAIL;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (wbz451_flash_erase(NULL, address + i * WBZ451_FLASH_PAGE_LEN) != OTAV_ACCEPT) {
            return FAIL;
        }
    }
    return PASS;
}

static bool is_filled(const uint8_t *bytes, size_t len, uint8_t byte)
{
    size_t i = 0;

    while (i < len && bytes[i] == byte) {
        i++;
    }
    return i == len;
}

static enum status check_blank(uint32_t address, uint32_t len)
{
    return is_in_slot1(address, len) && is_filled((const uint8_t *)address, len, 0xFF) ? PASS
                                                                                       : FAIL;
}

/* CRC-16 of polynomial 0x1021, starting from all ones, or the sum of the bytes. */
static uint32_t sum_of(const uint8_t *bytes, size_t len, uint32_t method)
{
    uint32_t sum = method == SUM_CRC16 ? 0xFFFF : 0;

    for (size_t i = 0; i < len; i++) {
        if (method != SUM_CRC16) {
            sum += bytes[i];
            continue;
        }
        sum ^= (uint32_t)bytes[i] << 8;
        for (unsigned bit = 0; bit < 8; bit++) {
            sum = (sum << 1 ^ ((sum & 0x8000) != 0 ? 0x1021 : 0)) & 0xFFFF;
        }
    }
    return sum;
}

static enum status program_units(uint32_t address, uint32_t len)
{
    for (uint32_t i = 0; i < len; i += WBZ451_FLASH_UNIT_LEN) {
        if (!is_filled(request.data + i, WBZ451_FLASH_UNIT_LEN, 0xFF) &&
            wbz451_flash_program(NULL, address + i, request.data + i) != OTAV_ACCEPT) {
            return FAIL;
        }
    }
    return PASS;
}

/* words: method, address, length, sum. The last unit is filled up. */
static enum status program(uint32_t method, uint32_t address, uint32_t len, uint32_t sum)
{
    uint32_t units_len = (len + WBZ451_FLASH_UNIT_LEN - 1) & ~(WBZ451_FLASH_UNIT_LEN - 1);

    if ((method != SUM_OF_BYTES && method != SUM_CRC16) ||
        sum_of(request.data, len, method) != sum || !is_in_slot1(address, units_len)) {
        return FAIL;
    }
    memset(request.data + len, 0xFF, units_len - len);
    return program_units(address, units_len);
}

static size_t words_of(uint32_t command)
{
    switch (command) {
    case ERASE_PAGES:
        return 2;
    case CHECK_BLANK:
        return 3;
    case PROGRAM:
        return 4;
    default:
        return 1;
    }
}

static uint32_t serve(uint32_t command, uint32_t operand, bool may_write)
{
    const uint32_t *words = request.words;

    if (!may_write && (command == ERASE_PAGES || command == PROGRAM)) {
        return FAIL;
    }
    switch (command) {
    case ERASE_PAGES:
        return erase_pages(words[1], operand);
    case CHECK_BLANK:
        return check_blank(words[1], words[2]);
    case PROGRAM:
        return program(operand, words[1], words[2], words[3]);
    case GET_VERSION:
        return VERSION;
    case GET_DEVICE_ID:
    case RESET:
        return PASS;
    default:
        return NOT_KNOWN;
    }
}

/* The rest of a request, whose first byte is there. false: none, or one that does not fit. */
static bool receive_request(void)
{
    uint32_t command;

    if (!receive((uint8_t *)request.words + 1, sizeof request.words[0] - 1)) {
        return false;
    }
    command = request.words[0] >> 16;
    if (!receive(&request.words[1], (words_of(command) - 1) * sizeof request.words[0])) {
        return false;
    }
    return command != PROGRAM ||
           (request.words[2] <= sizeof request.data && receive(request.data, request.words[2]));
}

_Noreturn void wbz451_serial_dfu(uint32_t patience, bool may_write)
{
    if (!wbz451_uart_init()) {
        wbz451_software_reset();
    }
    for (;;) {
        uint32_t command;

        wait_for_byte(patience, (uint8_t *)request.words);
        if (!receive_request()) {
            continue;
        }
        command = request.words[0] >> 16;
        send(command << 16 | serve(command, request.words[0] & 0xFFFF, may_write));
        if (command == GET_DEVICE_ID) {
            send(DSU_DID);
        } else if (command == RESET) {
            wbz451_uart_off();
            wbz451_software_reset();
        }
    }
}
