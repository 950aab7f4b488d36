/*
 * Arithmetic of a BLE transfer.
 * Layer: tool, below the commands. Pure: integers in, integers out, no division by what may be zero.
 */
#include "link_model.h"

#include <otam/otam.h>

enum {
    /* spec: Bluetooth Core, Vol 6 Part B, 2.1 and 2.2, packet formats; 4.1, inter-frame space */
    ACCESS_ADDRESS = 4,
    HEADER = 2,
    MIC = 4,
    CRC = 3,
    INTER_FRAME_US = 150,
    CODED_FIXED_US = 80 + 256 + 16 + 24, /* preamble, access address, CI, TERM1 */
    CODED_TERM2_BITS = 3,
    WRITE_HEADERS = 7, /* L2CAP 4, ATT 3 */
    INTERVAL_MIN_US = 7500,
    LL_MAX = 251,
    MTU_TWO_PACKETS = 498
};

const struct link_flash link_flash_wbz451 = {
    .page_len = 4096, .erase_us = 10000, .row_len = 1024, .program_us = 2500};

const char *link_phy_name(enum link_phy phy)
{
    static const char *const names[] = {"1M", "2M", "coded S=2", "coded S=8"};

    return names[phy];
}

const char *link_limit_name(enum link_limit limit)
{
    static const char *const names[] = {"window", "interval", "phy", "flash"};

    return names[limit];
}

static uint32_t coded_us(uint32_t symbols, uint32_t body_len)
{
    return CODED_FIXED_US + symbols * (8 * body_len + CODED_TERM2_BITS);
}

uint32_t link_air_us(enum link_phy phy, bool encrypted, uint16_t payload_len)
{
    uint32_t mic = encrypted && payload_len > 0 ? MIC : 0;
    uint32_t body_len = HEADER + payload_len + mic + CRC;

    switch (phy) {
    case LINK_1M:
        return 8 * (1 + ACCESS_ADDRESS + body_len);
    case LINK_2M:
        return 4 * (2 + ACCESS_ADDRESS + body_len);
    case LINK_CODED_S2:
        return coded_us(2, body_len);
    case LINK_CODED_S8:
        return coded_us(8, body_len);
    }
    return 0;
}

uint32_t link_exchange_us(enum link_phy phy, bool encrypted, uint16_t payload_len)
{
    return link_air_us(phy, encrypted, payload_len) + link_air_us(phy, encrypted, 0) +
           2 * INTER_FRAME_US;
}

static uint64_t divide_up(uint64_t value, uint64_t by)
{
    return value / by + (value % by != 0 ? 1 : 0);
}

unsigned link_packets(uint16_t value_len, uint16_t ll_len)
{
    return (unsigned)divide_up(value_len + (unsigned)WRITE_HEADERS, ll_len);
}

uint32_t link_write_us(const struct link *link, uint16_t value_len)
{
    uint16_t rest = (uint16_t)(value_len + WRITE_HEADERS);
    uint32_t sum_us = 0;

    while (rest > 0) {
        uint16_t piece = rest < link->ll_len ? rest : link->ll_len;

        sum_us += link_exchange_us(link->phy, link->encrypted, piece);
        rest = (uint16_t)(rest - piece);
    }
    return sum_us;
}

uint16_t link_value_len(const struct link *link)
{
    return otam_chunk_len(link->att_mtu, link->ll_len);
}

unsigned link_packets_per_event(const struct link *link)
{
    uint16_t frame = (uint16_t)(link_value_len(link) + WRITE_HEADERS);
    uint16_t longest = frame < link->ll_len ? frame : link->ll_len;
    uint32_t usable_us =
        link->interval_us > link->guard_us ? link->interval_us - link->guard_us : 0;
    unsigned fit = usable_us / link_exchange_us(link->phy, link->encrypted, longest);

    return link->packets_max != 0 && link->packets_max < fit ? link->packets_max : fit;
}

/* Packets of len bytes in writes of the chunk rule. */
static uint64_t packets_of(const struct link *link, uint32_t len)
{
    uint16_t value_len = link_value_len(link);
    uint16_t rest = (uint16_t)(len % value_len);

    return (uint64_t)(len / value_len) * link_packets(value_len, link->ll_len) +
           (rest > 0 ? link_packets(rest, link->ll_len) : 0);
}

uint64_t link_flash_us(const struct link_flash *flash, uint32_t len)
{
    uint64_t sum_us = 0;

    if (flash->page_len > 0) {
        sum_us += divide_up(len, flash->page_len) * flash->erase_us;
    }
    if (flash->row_len > 0) {
        sum_us += divide_up(len, flash->row_len) * flash->program_us;
    }
    return sum_us;
}

uint64_t link_stream_us(const struct link *link, uint32_t len)
{
    unsigned per_event = link_packets_per_event(link);

    return per_event == 0 ? LINK_NEVER
                          : divide_up(packets_of(link, len), per_event) * link->interval_us;
}

uint64_t link_response_us(const struct link *link, uint32_t len, unsigned intervals)
{
    return divide_up(len, link_value_len(link)) * intervals * link->interval_us;
}

/* Sending a group, then the events until its notification is in. */
static uint64_t group_us(const struct link *link, uint32_t len, uint64_t flash_us)
{
    uint64_t wait = divide_up(flash_us, link->interval_us);

    return link_stream_us(link, len) + (wait > 0 ? wait : 1) * link->interval_us;
}

uint64_t link_window_us(const struct link *link, const struct link_flash *flash, uint32_t len)
{
    uint64_t sum_us = 0;
    uint64_t flash_done_us = 0;

    if (link_packets_per_event(link) == 0) {
        return LINK_NEVER;
    }
    for (uint32_t at = 0; at < len;) {
        uint32_t rest = len - at;
        uint32_t group = rest < OTAM_GROUP_LEN ? rest : OTAM_GROUP_LEN;
        uint64_t flash_us = link_flash_us(flash, at + group);

        sum_us += group_us(link, group, flash_us - flash_done_us);
        flash_done_us = flash_us;
        at += group;
    }
    return sum_us;
}

/* Time without each limit in turn. */
static uint64_t without_us(enum link_limit limit, struct link link, const struct link_flash *flash,
                           uint32_t len)
{
    static const struct link_flash no_time = {0, 0, 0, 0};
    uint64_t stream_us;
    uint64_t flash_us;

    switch (limit) {
    case LINK_LIMIT_WINDOW:
        stream_us = link_stream_us(&link, len);
        flash_us = link_flash_us(flash, len);
        return stream_us > flash_us ? stream_us : flash_us;
    case LINK_LIMIT_INTERVAL:
        link.interval_us = INTERVAL_MIN_US;
        break;
    case LINK_LIMIT_PHY:
        link.phy = LINK_2M;
        link.ll_len = LL_MAX;
        link.att_mtu = MTU_TWO_PACKETS;
        break;
    case LINK_LIMIT_FLASH:
        return link_window_us(&link, &no_time, len);
    }
    return link_window_us(&link, flash, len);
}

enum link_limit link_window_limit(const struct link *link, const struct link_flash *flash,
                                  uint32_t len)
{
    enum link_limit best = LINK_LIMIT_WINDOW;
    uint64_t best_us = without_us(best, *link, flash, len);

    for (int i = LINK_LIMIT_INTERVAL; i <= LINK_LIMIT_FLASH; i++) {
        uint64_t us = without_us((enum link_limit)i, *link, flash, len);

        if (us < best_us) {
            best = (enum link_limit)i;
            best_us = us;
        }
    }
    return best;
}
