/*
 * Time on the air of a BLE transfer, as arithmetic: packets, connection events, the profile's groups
 * of 1024 bytes, flash. No clock, no state; the same numbers in give the same numbers out.
 *
 * Times are microseconds. A packet's payload is what the link layer carries (27 bytes without, up to
 * 251 with data length extension), a value what one ATT write carries. Left out: lost packets, which
 * repeat, and everything before the first and after the last byte of the image.
 */
#ifndef OTAIMG_LINK_MODEL_H
#define OTAIMG_LINK_MODEL_H

#include <stdbool.h>
#include <stdint.h>

enum link_phy { LINK_1M, LINK_2M, LINK_CODED_S2, LINK_CODED_S8 };

/* "1M" */
const char *link_phy_name(enum link_phy phy);

struct link {
    enum link_phy phy;
    bool encrypted;       /* each packet with payload has 4 bytes more */
    uint16_t ll_len;      /* longest payload, 27..251 */
    uint16_t att_mtu;     /* 23..517 */
    uint32_t interval_us; /* connection interval, 7,500 and up */
    uint32_t guard_us;    /* of each interval, that the peers leave unused */
    unsigned packets_max; /* that the slower peer manages in one event; 0 = as many as fit */
};

/* How long the device's flash takes; all zero: no time. */
struct link_flash {
    uint32_t page_len; /* bytes erased at once */
    uint32_t erase_us;
    uint32_t row_len; /* bytes programmed at once */
    uint32_t program_us;
};

/* The data sheet of the chip gives the time for a row only; that of a page is a sister chip's. */
extern const struct link_flash link_flash_wbz451;

/* Air time of one packet with a payload of 0..251 bytes, preamble to CRC. */
uint32_t link_air_us(enum link_phy phy, bool encrypted, uint16_t payload_len);

/* The same with the empty answer and both inter-frame spaces. */
uint32_t link_exchange_us(enum link_phy phy, bool encrypted, uint16_t payload_len);

/* Packets that carry a write of value_len bytes: 7 bytes of headers, cut into pieces of ll_len. */
unsigned link_packets(uint16_t value_len, uint16_t ll_len);

/* Exchange of all packets of one write, back to back. */
uint32_t link_write_us(const struct link *link, uint16_t value_len);

/* Longest value of a write that wastes no part of a packet: otam_chunk_len(). */
uint16_t link_value_len(const struct link *link);

/* Exchanges of the link's longest packet that fit an interval, at most packets_max; 0: none does. */
unsigned link_packets_per_event(const struct link *link);

/* Erasing and programming len bytes from the start of a page. */
uint64_t link_flash_us(const struct link_flash *flash, uint32_t len);

/* Of a link that fits no packet into an interval. */
#define LINK_NEVER UINT64_MAX

/* Writes without response and without pause; LINK_NEVER. */
uint64_t link_stream_us(const struct link *link, uint32_t len);

/* Writes with response, each taking so many intervals: 2 in most stacks, 1 at best. */
uint64_t link_response_us(const struct link *link, uint32_t len, unsigned intervals);

/*
 * Writes without response in groups of 1024 bytes. After each the device programs it, erasing at the
 * start of a page, and notifies in the first event after that; the next group starts one event later
 * at the earliest. LINK_NEVER.
 */
uint64_t link_window_us(const struct link *link, const struct link_flash *flash, uint32_t len);

/* What a transfer in groups waits for most: that without which it would gain most time. */
enum link_limit {
    LINK_LIMIT_WINDOW,   /* the stop after each group */
    LINK_LIMIT_INTERVAL, /* the connection interval, against 7.5 ms */
    LINK_LIMIT_PHY,      /* the packets, against 2M, 251 bytes and MTU 498 */
    LINK_LIMIT_FLASH     /* erase and program */
};

/* "window" */
const char *link_limit_name(enum link_limit limit);

enum link_limit link_window_limit(const struct link *link, const struct link_flash *flash,
                                  uint32_t len);

#endif
