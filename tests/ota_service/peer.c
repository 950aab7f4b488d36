/*
 * A device with the OTA service, and a client. Layer: test.
 */
#include "peer.h"

#include <string.h>

#include "digest.h"

enum { TICK_MS = 100 };

/* ---- platform --------------------------------------------------------------------------------- */

static uint32_t read_at(struct peer *peer, uint32_t base, uint32_t offset, uint8_t *ret, size_t len)
{
    return peer->flash.read(peer->flash.user, base + offset, ret, len);
}

static uint32_t erase_at(struct peer *peer, uint32_t base, uint32_t offset, size_t len)
{
    return len == OTAV_PAGE_LEN ? peer->flash.erase(peer->flash.user, base + offset) : OTAV_REJECT;
}

static uint32_t program_at(struct peer *peer, uint32_t base, uint32_t offset, const uint8_t *bytes,
                           size_t len)
{
    uint32_t result = len % OTAV_UNIT_LEN == 0 ? OTAV_ACCEPT : OTAV_REJECT;

    for (size_t off = 0; result == OTAV_ACCEPT && off < len; off += OTAV_UNIT_LEN) {
        result = peer->flash.program(peer->flash.user, base + offset + (uint32_t)off, bytes + off);
    }
    return result;
}

static uint32_t read_slot(void *user, uint32_t offset, uint8_t *ret, size_t len)
{
    return read_at(user, OTAV_SLOT1_ADDRESS, offset, ret, len);
}

static uint32_t erase_slot(void *user, uint32_t offset, size_t len)
{
    return erase_at(user, OTAV_SLOT1_ADDRESS, offset, len);
}

static uint32_t program_slot(void *user, uint32_t offset, const uint8_t *bytes, size_t len)
{
    return program_at(user, OTAV_SLOT1_ADDRESS, offset, bytes, len);
}

static uint32_t read_mailbox(void *user, uint32_t offset, uint8_t *ret, size_t len)
{
    return read_at(user, OTAB_MAILBOX_ADDRESS, offset, ret, len);
}

static uint32_t erase_mailbox(void *user, uint32_t offset, size_t len)
{
    return erase_at(user, OTAB_MAILBOX_ADDRESS, offset, len);
}

static uint32_t program_mailbox(void *user, uint32_t offset, const uint8_t *bytes, size_t len)
{
    return program_at(user, OTAB_MAILBOX_ADDRESS, offset, bytes, len);
}

static bool notify(void *user, enum otas_attr attr, const uint8_t *bytes, size_t len)
{
    struct peer *peer = user;

    if (peer->notify_blocked || len > sizeof peer->notify_bytes) {
        return false;
    }
    peer->notify_count++;
    peer->notify_attr = attr;
    peer->notify_len = len;
    memcpy(peer->notify_bytes, bytes, len);
    return true;
}

static uint32_t permission(void *user, const struct otas_request *request)
{
    struct peer *peer = user;

    peer->asked = *request;
    return peer->permission;
}

static uint8_t battery(void *user)
{
    return ((const struct peer *)user)->battery;
}

static void ask_for_link(void *user, enum otas_link link)
{
    struct peer *peer = user;

    peer->link_count++;
    peer->link = link;
}

static bool authenticate(void *user)
{
    struct peer *peer = user;

    peer->authenticate_count++;
    return peer->authentic;
}

static void reset(void *user, uint32_t after_ms)
{
    struct peer *peer = user;

    peer->reset_count++;
    peer->reset_ms = after_ms;
}

static void report(void *user, const struct otas_status *status)
{
    struct peer *peer = user;

    if (peer->event_count < PEER_EVENTS_MAX) {
        peer->events[peer->event_count] = *status;
        peer->event_count++;
    }
}

/* ---- the device ------------------------------------------------------------------------------- */

static void put_noise(struct nvm_sim *sim, uint32_t address)
{
    uint8_t bytes[OTAV_PAGE_LEN];

    for (uint32_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (uint8_t)((address + i) * 31 + (address + i) / 251);
    }
    nvm_put(sim, address, bytes, sizeof bytes);
}

/* From slot 0 to the end of the application data. */
enum { KEPT_PAGES = (OTAV_SLOT1_ADDRESS - OTAV_SLOT0_ADDRESS) / OTAV_PAGE_LEN };

/* The flash of a device that has done nothing yet, of the seed asked for last: it is needed for each case. */
static struct nvm_sim fresh;
static uint64_t fresh_seed; /* 0 = not made */

static void make_fresh(uint64_t seed)
{
    nvm_init(&fresh, seed);
    for (uint32_t page = 0; page < KEPT_PAGES; page++) {
        put_noise(&fresh, OTAV_SLOT0_ADDRESS + page * OTAV_PAGE_LEN);
    }
    put_noise(&fresh, OTAB_RECORD_ADDRESS);
    fresh_seed = seed;
}

void peer_init(struct peer *peer, const struct otav_crypto *crypto, uint64_t seed)
{
    otav_close(&peer->server.ctx);
    memset(peer, 0, sizeof *peer);
    if (fresh_seed != seed) {
        make_fresh(seed);
    }
    peer->sim = fresh;
    peer->flash = nvm_platform(&peer->sim, crypto);
    peer->slot = (struct otav_flash){peer, read_slot, erase_slot, program_slot, NULL};
    peer->mailbox = (struct otav_flash){peer, read_mailbox, erase_mailbox, program_mailbox, NULL};
    peer->platform = (struct otas_platform){peer,         crypto,     &peer->slot, &peer->mailbox,
                                            notify,       permission, battery,     ask_for_link,
                                            authenticate, reset,      report};
    peer->config = (struct otas_config){&peer->device, true, 20, 0, NULL};
    peer->battery = 80;
    peer->authentic = true;
    otas_init(&peer->server, &peer->config, &peer->platform);
}

void peer_restart(struct peer *peer)
{
    otav_close(&peer->server.ctx);
    otas_init(&peer->server, &peer->config, &peer->platform);
}

bool peer_device_intact(const struct peer *peer)
{
    if (peer->sim.violation != NULL) {
        return false;
    }
    for (uint32_t page = 0; page <= KEPT_PAGES; page++) {
        uint32_t address =
            page < KEPT_PAGES ? OTAV_SLOT0_ADDRESS + page * OTAV_PAGE_LEN : OTAB_RECORD_ADDRESS;

        if (memcmp(peer->sim.bytes[nvm_page(address)], fresh.bytes[nvm_page(address)],
                   OTAV_PAGE_LEN) != 0) {
            return false;
        }
    }
    return true;
}

bool peer_slot_holds(const struct peer *peer, const uint8_t *bytes, uint32_t len)
{
    const uint8_t *slot = peer->sim.bytes[nvm_page(OTAV_SLOT1_ADDRESS)];
    uint32_t end = (len + OTAV_PAGE_LEN - 1) / OTAV_PAGE_LEN * OTAV_PAGE_LEN;

    for (uint32_t i = 0; i < end; i++) {
        if (slot[i] != (i < len ? bytes[i] : 0xFF)) {
            return false;
        }
    }
    return true;
}

unsigned peer_slot_erases(const struct peer *peer)
{
    unsigned first = nvm_page(OTAV_SLOT1_ADDRESS);
    unsigned sum = 0;

    for (unsigned i = 0; i < OTAB_SLOT_PAGES; i++) {
        sum += peer->sim.erases[first + i];
    }
    return sum;
}

void peer_lose_power(struct peer *peer, const struct peer_image *image, size_t len, unsigned at,
                     enum nvm_cut kind)
{
    peer->sim.cut_at = peer->sim.op_count + at;
    peer->sim.cut = kind;
    (void)peer_update(peer, image, len);
    nvm_restart(&peer->sim);
    peer_restart(peer);
    peer_connect(peer, 247);
}

struct otas_status peer_last_event(const struct peer *peer)
{
    static const struct otas_status none;

    return peer->event_count == 0 ? none : peer->events[peer->event_count - 1];
}

/* ---- the client ------------------------------------------------------------------------------- */

void peer_connect(struct peer *peer, uint16_t mtu)
{
    static const uint8_t enable[2] = {1, 0};

    peer->mtu = mtu;
    otas_connected(&peer->server, mtu, true);
    (void)otas_write(&peer->server, OTAS_CONTROL_CCCD, enable, sizeof enable);
    (void)otas_write(&peer->server, OTAS_DATA_CCCD, enable, sizeof enable);
}

void peer_wait(struct peer *peer, uint32_t ms)
{
    for (uint32_t passed = 0; passed < ms; passed += TICK_MS) {
        peer->now_ms += TICK_MS;
        otas_tick(&peer->server, peer->now_ms);
    }
}

uint8_t peer_control(struct peer *peer, const uint8_t *bytes, size_t len)
{
    return otas_write(&peer->server, OTAS_CONTROL, bytes, len);
}

/* The result byte when exactly one answer of that length came to opcode since count. */
static uint8_t answer(const struct peer *peer, unsigned count, uint8_t opcode, size_t len)
{
    bool right = peer->notify_count == count + 1 && peer->notify_attr == OTAS_CONTROL &&
                 peer->notify_len == len && peer->notify_bytes[0] == 1 &&
                 peer->notify_bytes[1] == opcode;

    return right ? peer->notify_bytes[2] : 0xFF;
}

uint8_t peer_request(struct peer *peer, const struct peer_image *image, size_t len)
{
    uint8_t bytes[OTAS_REQUEST_RESUME_LEN] = {OTAS_OP_REQUEST};
    uint8_t digest[OTAV_SHA256_LEN];
    unsigned count = peer->notify_count;

    otav_store_u32(bytes + 1, image->len);
    otav_store_u32(bytes + 5, image->image_id);
    otav_store_u32(bytes + 9, image->version);
    bytes[13] = image->encrypted;
    bytes[16] = 1;
    if (len == OTAS_REQUEST_RESUME_LEN) {
        if (digest_bytes(image->bytes, image->len, digest) != OX_OK) {
            return 0xFF;
        }
        memcpy(bytes + 19, digest, 16);
    }
    (void)peer_control(peer, bytes, len);
    return answer(peer, count, OTAS_OP_REQUEST, 13);
}

uint32_t peer_start_index(const struct peer *peer)
{
    return otav_load_u32(peer->notify_bytes + 5);
}

uint8_t peer_start(struct peer *peer)
{
    static const uint8_t bytes[] = {OTAS_OP_START, 1};
    unsigned count = peer->notify_count;

    (void)peer_control(peer, bytes, sizeof bytes);
    return answer(peer, count, OTAS_OP_START, 3);
}

uint8_t peer_complete(struct peer *peer)
{
    static const uint8_t bytes[] = {OTAS_OP_COMPLETE};
    unsigned count = peer->notify_count;

    (void)peer_control(peer, bytes, sizeof bytes);
    return answer(peer, count, OTAS_OP_COMPLETE, 3);
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

uint8_t peer_send(struct peer *peer, const struct peer_image *image, uint32_t from, uint32_t to,
                  size_t piece_len)
{
    while (from < to) {
        uint32_t end = (from / OTAS_GROUP_LEN + 1) * OTAS_GROUP_LEN;
        unsigned count = peer->notify_count;
        size_t len;

        end = end < image->len ? end : image->len;
        len = smaller(smaller(piece_len, end - from), to - from);
        (void)otas_write(&peer->server, OTAS_DATA, image->bytes + from, len);
        from += (uint32_t)len;
        if (peer->notify_count != count && peer->notify_bytes[0] != OTAS_SUCCESS) {
            return peer->notify_bytes[0];
        }
        if ((from == end) != (peer->notify_count == count + 1) ||
            (from == end && (peer->notify_attr != OTAS_DATA || peer->notify_len != 1))) {
            return 0xFF;
        }
    }
    return OTAS_SUCCESS;
}

uint8_t peer_update(struct peer *peer, const struct peer_image *image, size_t len)
{
    uint8_t result = peer_request(peer, image, len);
    uint32_t from;

    if (result != OTAS_SUCCESS) {
        return result;
    }
    from = peer_start_index(peer);
    result = peer_start(peer);
    if (result == OTAS_SUCCESS) {
        result = peer_send(peer, image, from, image->len, peer->mtu - 3u);
    }
    return result == OTAS_SUCCESS ? peer_complete(peer) : result;
}
