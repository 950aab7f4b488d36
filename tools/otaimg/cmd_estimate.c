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
    DECRYPT_OPTION_SPECS,
    KEY_OPTION_SPECS,
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

/* What is sent, and how the flash keeps up with it. */
struct sending {
    uint32_t len;
    struct link_flash flash;
};

struct transfer {
    struct sending sent;
    bool compressed;
    struct sending plain; /* the same without, if it is compressed */
};

/* One link at one interval; times in milliseconds, rounded up. */
struct estimate {
    unsigned packets; /* in one connection event; 0: none fits, and the rest is not set */
    uint64_t fast_ms; /* with all packets that fit */
    uint64_t slow_ms; /* with SLOW_PACKETS at most */
    enum link_limit limit;
};

static struct estimate make_estimate(const struct common_link *common, uint32_t interval_us,
                                     const struct sending *sending)
{
    struct link link = {.phy = common->phy,
                        .encrypted = true,
                        .ll_len = common->ll_len,
                        .att_mtu = common->att_mtu,
                        .interval_us = interval_us};
    struct estimate e = {.packets = link_packets_per_event(&link)};

    if (e.packets > 0) {
        e.fast_ms = (link_window_us(&link, &sending->flash, sending->len) + 999) / 1000;
        e.limit = link_window_limit(&link, &sending->flash, sending->len);
        link.packets_max = SLOW_PACKETS;
        e.slow_ms = (link_window_us(&link, &sending->flash, sending->len) + 999) / 1000;
    }
    return e;
}

static uint16_t write_len(const struct common_link *common)
{
    return otam_chunk_len(common->att_mtu, common->ll_len);
}

/* ---- text ------------------------------------------------------------------------------------- */

/* Three digits, as far as that makes sense: "0.38", "12.1", "104". */
static void format_seconds(int64_t ms, char text[TIME_LEN])
{
    const int64_t size = ms < 0 ? -ms : ms;

    if (size < 9995) {
        (void)snprintf(text, TIME_LEN, "%.2f", (double)ms / 1000);
    } else {
        (void)snprintf(text, TIME_LEN, size < 99950 ? "%.1f" : "%.0f", (double)ms / 1000);
    }
}

static void print_cell(const char *label, int64_t fast_ms, int64_t slow_ms)
{
    char fast[TIME_LEN];
    char slow[TIME_LEN];
    char range[2 * TIME_LEN + 4];

    format_seconds(fast_ms, fast);
    format_seconds(slow_ms, slow);
    (void)snprintf(range, sizeof range, "%s-%s s", fast, slow);
    printf("  %-8s %11s", label, range);
}

static void print_time(const struct transfer *t, const struct common_link *common,
                       uint32_t interval_us)
{
    struct estimate e = make_estimate(common, interval_us, &t->sent);

    if (e.packets == 0) {
        printf("  %-8s %11s", "", "-");
    } else {
        print_cell(link_limit_name(e.limit), (int64_t)e.fast_ms, (int64_t)e.slow_ms);
    }
}

static void print_saving(const struct transfer *t, const struct common_link *common,
                         uint32_t interval_us)
{
    struct estimate e = make_estimate(common, interval_us, &t->sent);
    struct estimate plain = make_estimate(common, interval_us, &t->plain);
    char part[TIME_LEN];

    if (e.packets == 0) {
        printf("  %-8s %11s", "", "-");
        return;
    }
    (void)snprintf(part, sizeof part, "%.0f %%",
                   100 - 100 * (double)e.fast_ms / (double)plain.fast_ms);
    print_cell(part, (int64_t)(plain.fast_ms - e.fast_ms), (int64_t)(plain.slow_ms - e.slow_ms));
}

static void print_table(const struct transfer *t, const char *label,
                        void (*print)(const struct transfer *t, const struct common_link *common,
                                      uint32_t interval_us))
{
    printf("link         mtu  write");
    for (unsigned k = 0; k < INTERVAL_COUNT; k++) {
        printf("  %-8s at %5.1f ms", label, (double)intervals_us[k] / 1000);
    }
    printf("\n");
    for (unsigned i = 0; i < LINK_COUNT; i++) {
        printf("%-11s  %3u  %5u", links[i].name, links[i].att_mtu, write_len(&links[i]));
        for (unsigned k = 0; k < INTERVAL_COUNT; k++) {
            print(t, &links[i], intervals_us[k]);
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
           "  left out  connecting, checking signatures, inflating, installing at the next boot\n",
           SLOW_PACKETS, OTAM_GROUP_LEN, (double)link_flash_wbz451.erase_us / 1000,
           link_flash_wbz451.page_len, (double)link_flash_wbz451.program_us / 1000,
           link_flash_wbz451.row_len);
}

static unsigned groups(uint32_t len)
{
    return (len + OTAM_GROUP_LEN - 1) / OTAM_GROUP_LEN;
}

static void print_text(const struct transfer *t)
{
    printf("image: %u bytes in %u groups; times by connection interval\n\n", t->sent.len,
           groups(t->sent.len));
    print_table(t, "limit", print_time);
    if (t->compressed) {
        printf("\nsaved by compression: %lld of %u bytes, and time; the part is of the shorter "
               "time\n\n",
               (long long)t->plain.len - (long long)t->sent.len, t->plain.len);
        print_table(t, "saved", print_saving);
    }
    print_assumptions();
}

/* ---- JSON ------------------------------------------------------------------------------------- */

static json_t *estimate_json(uint32_t interval_us, const struct estimate *e,
                             const struct estimate *plain)
{
    json_t *object =
        json_pack("{s:I, s:i, s:I, s:I, s:s}", "interval_us", (json_int_t)interval_us,
                  "packets_per_event", (int)e->packets, "fast_ms", (json_int_t)e->fast_ms,
                  "slow_ms", (json_int_t)e->slow_ms, "limit", link_limit_name(e->limit));

    if (plain != NULL) {
        (void)json_object_set_new(object, "fast_saved_ms",
                                  json_integer((json_int_t)(plain->fast_ms - e->fast_ms)));
        (void)json_object_set_new(object, "slow_saved_ms",
                                  json_integer((json_int_t)(plain->slow_ms - e->slow_ms)));
    }
    return object;
}

static json_t *link_json(const struct common_link *common, const struct transfer *t)
{
    json_t *list = json_array();

    for (unsigned k = 0; k < INTERVAL_COUNT; k++) {
        struct estimate e = make_estimate(common, intervals_us[k], &t->sent);
        struct estimate plain = make_estimate(common, intervals_us[k], &t->plain);

        if (e.packets > 0) {
            (void)json_array_append_new(
                list, estimate_json(intervals_us[k], &e, t->compressed ? &plain : NULL));
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

static enum ox print_json(const char *path, const struct transfer *t)
{
    json_t *list = json_array();
    json_t *root;

    for (unsigned i = 0; i < LINK_COUNT; i++) {
        (void)json_array_append_new(list, link_json(&links[i], t));
    }
    root = json_pack("{s:o, s:i}", "file", key_text_json(path), "image_length", (int)t->sent.len);
    if (t->compressed) {
        (void)json_object_set_new(root, "uncompressed_length",
                                  json_integer((json_int_t)t->plain.len));
    }
    (void)json_object_set_new(root, "assumptions", assumptions_json());
    (void)json_object_set_new(root, "links", list);
    return key_text_print_json(root);
}

/* ---- command ---------------------------------------------------------------------------------- */

/* Of a compressed transfer each page and row is full after fewer bytes. */
static struct link_flash flash_behind(uint32_t sent_len, uint32_t plain_len)
{
    struct link_flash slower = link_flash_wbz451;

    slower.page_len = (uint32_t)((uint64_t)link_flash_wbz451.page_len * sent_len / plain_len) + 1;
    slower.row_len = (uint32_t)((uint64_t)link_flash_wbz451.row_len * sent_len / plain_len) + 1;
    return slower;
}

/* Without a key an encrypted file does not tell whether it is compressed. */
static enum ox read_transfer(const struct ota_file *file, struct transfer *ret)
{
    uint8_t metadata[OTAV_META_LEN];
    uint32_t plain_len;
    enum ox ox = ota_file_require_transfer(file);

    *ret = (struct transfer){.sent = {file->file.payload_len, link_flash_wbz451}};
    if (ox != OX_OK || !ota_file_readable(file)) {
        return ox;
    }
    ox = ota_file_metadata(file, metadata);
    if (ox != OX_OK) {
        return ox;
    }
    plain_len = ota_file_uncompressed_len(file, metadata);
    if (plain_len > 0) {
        ret->compressed = true;
        ret->plain = (struct sending){plain_len, link_flash_wbz451};
        ret->sent.flash = flash_behind(ret->sent.len, plain_len);
    }
    return OX_OK;
}

static enum ox run(const struct args *args)
{
    struct transfer transfer;
    struct ota_file file;
    enum ox ox = ota_file_open(args_operand(args, 0), &file);

    if (ox != OX_OK) {
        return ox;
    }
    ox = ota_file_set_key(&file, args);
    if (ox == OX_OK) {
        ox = read_transfer(&file, &transfer);
    }
    if (ox == OX_OK && args_has(args, "json")) {
        ox = print_json(file.source.path, &transfer);
    } else if (ox == OX_OK) {
        print_text(&transfer);
    }
    ota_file_close(&file);
    return ox;
}

const struct command command_estimate = {
    "estimate",
    "FILE [--json]",
    "how long sending a file over BLE takes, and why",
    "A table of transfer times for common links and connection intervals: each a range, with the\n"
    "limit that binds and the assumptions. Calculated, not measured. Of a compressed file also "
    "what\n"
    "compression saves; only that needs a key, of an encrypted one.",
    options,
    1,
    1,
    run};
