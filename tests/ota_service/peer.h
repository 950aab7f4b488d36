/*
 * A device with the OTA service on the simulated flash, and a client that follows the profile or does
 * not: what it writes, and what it is told.
 */
#ifndef OTA_SERVICE_PEER_H
#define OTA_SERVICE_PEER_H

#include <boot_layout.h>
#include <otas.h>

#include "nvm_sim.h"

enum { PEER_EVENTS_MAX = 4096 };

struct peer {
    struct nvm_sim sim;
    struct otab_platform flash; /* over sim */
    struct otav_flash slot;
    struct otav_flash mailbox;
    struct otav_config device;
    struct otas_config config;
    struct otas_platform platform;
    struct otas_server server;
    uint32_t now_ms;
    uint16_t mtu;

    /* what the platform answers */
    uint32_t permission;
    uint8_t battery;
    bool authentic;
    bool notify_blocked;

    /* what was seen */
    unsigned notify_count;
    enum otas_attr notify_attr; /* the last one */
    uint8_t notify_bytes[OTAS_RESPONSE_MAX_LEN];
    size_t notify_len;
    unsigned event_count;
    struct otas_status events[PEER_EVENTS_MAX];
    unsigned authenticate_count;
    unsigned reset_count;
    uint32_t reset_ms;
    unsigned link_count;
    enum otas_link link;       /* the last one asked for */
    struct otas_request asked; /* of the last permission */
};

/* Bytes on the air with what the client says about them. */
struct peer_image {
    const uint8_t *bytes;
    uint32_t len;
    uint32_t image_id;
    uint32_t version;
    bool encrypted;
};

/* peer: zeroed, or used before. A device that was never updated: noise in slot 0 and behind it, the rest erased. platform, config and
 * device may be changed before the first write; device is the caller's to fill. */
void peer_init(struct peer *peer, const struct otav_crypto *crypto, uint64_t seed);

/* A new server, as after a reset; the flash stays, what the host's crypto had allocated does not. */
void peer_restart(struct peer *peer);

/* Connects over an encrypted link and enables both notifications. */
void peer_connect(struct peer *peer, uint16_t mtu);

/* Time passes in steps of 100 ms. */
void peer_wait(struct peer *peer, uint32_t ms);

/* Writes to control; the ATT error. */
uint8_t peer_control(struct peer *peer, const uint8_t *bytes, size_t len);

/* Sends a request of len bytes (14, 19, 35) for the image; the result byte of the response. */
uint8_t peer_request(struct peer *peer, const struct peer_image *image, size_t len);

/* Start index in the last response. */
uint32_t peer_start_index(const struct peer *peer);

/* An opcode with its one answer; the result byte. 0xFF: no such answer. */
uint8_t peer_start(struct peer *peer);
uint8_t peer_complete(struct peer *peer);

/* Sends the bytes from..to in pieces of at most piece_len, cut at groups; the first result that is not
 * success, else OTAS_SUCCESS; 0xFF: a group without answer. */
uint8_t peer_send(struct peer *peer, const struct peer_image *image, uint32_t from, uint32_t to,
                  size_t piece_len);

/* The whole update with a request of len bytes, from its request to complete, from where the service
 * says; the first result that is not success. */
uint8_t peer_update(struct peer *peer, const struct peer_image *image, size_t len);

/* Begins that update, loses power in the at-th flash operation from now on, if it comes to that, and
 * restarts and connects the device with an MTU of 247. */
void peer_lose_power(struct peer *peer, const struct peer_image *image, size_t len, unsigned at,
                     enum nvm_cut kind);

/* The last event, {OTAS_NOTHING} if there was none. */
struct otas_status peer_last_event(const struct peer *peer);

/* Whether slot 1 starts with these bytes and is erased from there to the end of that page. */
bool peer_slot_holds(const struct peer *peer, const uint8_t *bytes, uint32_t len);

/* Pages of slot 1 erased so far. */
unsigned peer_slot_erases(const struct peer *peer);

/* Whether the flash rules were kept, and slot 0, the application data and what is behind the mailbox
 * are as at peer_init(). */
bool peer_device_intact(const struct peer *peer);

#endif
