/*
 * otaimg estimate: how long sending a file to a device takes over BLE, for common links, and which
 * limit binds. The arithmetic is link_model.c; here are the links, the assumptions and the table.
 */
#include "commands.h"

#include <stdio.h>

#include <jansson.h>
#include <otam/otam.h>

#include "diag.h"
#include "key_text.h"
#include "link_model.h"
#include "ota_file.h"

static const struct option_spec options[] = {
    {"json", 0, NULL, "print JSON (schemas/estimate.schema.json)", false},
    {NULL, 0, NULL, NULL, false}};

struct common_link {
    const char *name;
    enum link_phy phy;
    uint16_t ll_len;
    uint16_t att_mtu;
};

static const struct common_link links[] = {{"BLE 4.0", LINK_1M, 27, 23},
                                           {"BLE 4.0", LINK_1M, 27, 185},
                                           {"DLE", LINK_1M, 251, 23},
                                           {"DLE", LINK_1M, 251, 185},
                                           {"DLE", LINK_1M, 251, 247},
                                           {"DLE", LINK_1M, 251, 498},
                                           {"DLE + 2M", LINK_2M, 251, 23},
                                           {"DLE + 2M", LINK_2M, 251, 185},
                                           {"DLE + 2M", LINK_2M, 251, 247},
                                           {"DLE + 2M", LINK_2M, 251, 498},
                                           {"coded S=2", LINK_CODED_S2, 251, 247},
                                           {"coded S=8", LINK_CODED_S8, 251, 247}};

static const uint32_t intervals_us[] = {7500, 15000, 30000};

enum {
    LINK_COUNT = sizeof links / sizeof links[0],
    INTERVAL_COUNT = sizeof intervals_us / sizeof intervals_us[0],
    SLOW_PACKETS = 4,
    TIME_LEN = 24
};

/* One link at one interval; times in milliseconds, rounded up. */
struct estimate {
    unsigned packets; /* in one connection event; 0: none fits, and the rest is not set */
    uint64_t fast_ms; /* with all packets that fit */
    uint64_t slow_ms; /* with SLOW_PACKETS at most */
    enum link_limit limit;
};

static struct estimate make_estimate(const struct common_link *common, uint32_t interval_us,
                                     uint32_t image_len)
{
    struct link link = {.phy = common->phy,
                        .encrypted = true,
                        .ll_len = common->ll_len,
                        .att_mtu = common->att_mtu,
                        .interval_us = interval_us};
    struct estimate e = {.packets = link_packets_per_event(&link)};

    if (e.packets > 0) {
        e.fast_ms = (link_window_us(&link, &link_flash_wbz451, image_len) + 999) / 1000;
        e.limit = link_window_limit(&link, &link_flash_wbz451, image_len);
        link.packets_max = SLOW_PACKETS;
        e.slow_ms = (link_window_us(&link, &link_flash_wbz451, image_len) + 999) / 1000;
    }
    return e;
}

static uint16_t write_len(const struct common_link *common)
{
    return otam_chunk_len(common->att_mtu, common->ll_len);
}

/* ---- text ------------------------------------------------------------------------------------- */

/* Three digits, as far as that makes sense: "0.38", "12.1", "104". */
static void format_seconds(uint64_t ms, char text[TIME_LEN])
{
    if (ms < 9995) {
        (void)snprintf(text, TIME_LEN, "%.2f", (double)ms / 1000);
    } else {
        (void)snprintf(text, TIME_LEN, ms < 99950 ? "%.1f" : "%.0f", (double)ms / 1000);
    }
}

static void print_cell(const struct estimate *e)
{
    char fast[TIME_LEN];
    char slow[TIME_LEN];
    char range[2 * TIME_LEN + 4];

    if (e->packets == 0) {
        printf("  %-8s %11s", "", "-");
        return;
    }
    format_seconds(e->fast_ms, fast);
    format_seconds(e->slow_ms, slow);
    (void)snprintf(range, sizeof range, "%s-%s s", fast, slow);
    printf("  %-8s %11s", link_limit_name(e->limit), range);
}

static void print_table(uint32_t image_len)
{
    printf("link         mtu  write");
    for (unsigned k = 0; k < INTERVAL_COUNT; k++) {
        printf("  %-8s at %5.1f ms", "limit", (double)intervals_us[k] / 1000);
    }
    printf("\n");
    for (unsigned i = 0; i < LINK_COUNT; i++) {
        printf("%-11s  %3u  %5u", links[i].name, links[i].att_mtu, write_len(&links[i]));
        for (unsigned k = 0; k < INTERVAL_COUNT; k++) {
            struct estimate e = make_estimate(&links[i], intervals_us[k], image_len);

            print_cell(&e);
        }
        printf("\n");
    }
}

static void print_assumptions(void)
{
    printf("\nassumed:\n"
           "  range     all packets that fit a connection event - at most %d, as slow phones do\n"
           "  link      encrypted, nothing lost, writes without response that fill their packets\n"
           "  window    the device acknowledges each %u bytes, at the earliest one event later\n"
           "  flash     %.1f ms to erase %u bytes and %.1f ms to program %u, before that\n"
           "  limit     without what most time would be saved: the window, the interval (7.5 ms),\n"
           "            the phy (2M, DLE, MTU 498), the flash\n"
           "  left out  connecting, checking signatures, installing at the next boot\n",
           SLOW_PACKETS, OTAM_GROUP_LEN, (double)link_flash_wbz451.erase_us / 1000,
           link_flash_wbz451.page_len, (double)link_flash_wbz451.program_us / 1000,
           link_flash_wbz451.row_len);
}

static void print_text(uint32_t image_len)
{
    printf("image: %u bytes in %u groups; times by connection interval\n\n", image_len,
           (image_len + OTAM_GROUP_LEN - 1) / OTAM_GROUP_LEN);
    print_table(image_len);
    print_assumptions();
}

/* ---- JSON ------------------------------------------------------------------------------------- */

static json_t *estimate_json(uint32_t interval_us, const struct estimate *e)
{
    return json_pack("{s:I, s:i, s:I, s:I, s:s}", "interval_us", (json_int_t)interval_us,
                     "packets_per_event", (int)e->packets, "fast_ms", (json_int_t)e->fast_ms,
                     "slow_ms", (json_int_t)e->slow_ms, "limit", link_limit_name(e->limit));
}

static json_t *link_json(const struct common_link *common, uint32_t image_len)
{
    json_t *list = json_array();

    for (unsigned k = 0; k < INTERVAL_COUNT; k++) {
        struct estimate e = make_estimate(common, intervals_us[k], image_len);

        if (e.packets > 0) {
            (void)json_array_append_new(list, estimate_json(intervals_us[k], &e));
        }
    }
    return json_pack("{s:s, s:s, s:i, s:i, s:i, s:o}", "name", common->name, "phy",
                     link_phy_name(common->phy), "ll_length", (int)common->ll_len, "att_mtu",
                     (int)common->att_mtu, "write_length", (int)write_len(common), "intervals",
                     list);
}

static json_t *assumptions_json(void)
{
    json_t *flash_json =
        json_pack("{s:i, s:i, s:i, s:i}", "page_length", (int)link_flash_wbz451.page_len,
                  "erase_us", (int)link_flash_wbz451.erase_us, "row_length",
                  (int)link_flash_wbz451.row_len, "program_us", (int)link_flash_wbz451.program_us);

    return json_pack("{s:b, s:i, s:i, s:o}", "encrypted", 1, "group_length", (int)OTAM_GROUP_LEN,
                     "slow_packets_per_event", SLOW_PACKETS, "flash", flash_json);
}

static enum ox print_json(const char *path, uint32_t image_len)
{
    json_t *list = json_array();

    for (unsigned i = 0; i < LINK_COUNT; i++) {
        (void)json_array_append_new(list, link_json(&links[i], image_len));
    }
    return key_text_print_json(json_pack("{s:o, s:i, s:o, s:o}", "file", key_text_json(path),
                                         "image_length", (int)image_len, "assumptions",
                                         assumptions_json(), "links", list));
}

/* ---- command ---------------------------------------------------------------------------------- */

static enum ox run(const struct args *args)
{
    struct ota_file file;
    enum ox ox = ota_file_open(args_operand(args, 0), &file);

    if (ox != OX_OK) {
        return ox;
    }
    ox = ota_file_require_transfer(&file);
    if (ox == OX_OK && args_has(args, "json")) {
        ox = print_json(file.source.path, file.file.payload_len);
    } else if (ox == OX_OK) {
        print_text(file.file.payload_len);
    }
    ota_file_close(&file);
    return ox;
}

const struct command command_estimate = {
    "estimate",
    "FILE [--json]",
    "how long sending a file over BLE takes, and why",
    "A table of transfer times for common links and connection intervals: each a range, with the\n"
    "limit that binds and the assumptions. Calculated, not measured. Needs no key.",
    options,
    1,
    1,
    run};
