/*
 * otas: the device's side of the Microchip OTA profile v1.3, a state machine between a BLE stack and
 * the verifier. A glue of a few lines hands it what the peer writes and sends what it notifies; it
 * owns no radio, no flash, no timer and no memory but the server object.
 *
 *   IDLE -request accepted-> REQUESTED -start-> RECEIVING -all bytes-> RECEIVED -complete-> IDLE
 *   REQUESTED, RECEIVING: complete = abort -> IDLE
 *   any of these: disconnect, silence -> IDLE; refused data, overflow, failed flash -> FAILED
 *   FAILED -complete, disconnect-> IDLE, -request accepted-> REQUESTED
 *
 * Every byte of the peer is untrusted. Invariants: nothing is erased before the verifier accepted the
 * metadata and the battery suffices for what it asks; the first unit of the slot is programmed last,
 * after both signatures were seen to be good and the peer said complete; a transfer that ends otherwise
 * leaves a slot without first unit, and but for one that can be resumed its first page is erased;
 * the image that runs is never touched.
 *
 * Calls are not reentrant: one task, or a lock of the caller's. Only the write that ends a group of
 * 1024 bytes, a request and a complete take long (flash, hashing, signatures), and the peer waits for
 * the answer to each of them. Callbacks must not call back into the server.
 *
 * Limits: one peer at a time; one response waits at a time; a resume needs the verifier's plain
 * transfer format; the request that asks for it has 35 bytes, so MTU 38, or a stack that puts a long
 * write together before it hands it on. One group of a compressed transfer may erase and program up to
 * the whole slot, all from within the write that ends it: the port's erase and program kick the watchdog.
 */
#ifndef OTAS_H
#define OTAS_H

#include <otav/otav.h>

/* ---- attribute table -------------------------------------------------------------------------- */

/* What a peer reads or writes. */
enum otas_attr {
    OTAS_FEATURE,
    OTAS_CONTROL,
    OTAS_CONTROL_CCCD,
    OTAS_DATA,
    OTAS_DATA_CCCD,
    OTAS_ATTR_COUNT
};

/* GATT properties as in a characteristic declaration. */
enum {
    OTAS_PROPERTY_READ = 0x02,
    OTAS_PROPERTY_WRITE_COMMAND = 0x04, /* write without response */
    OTAS_PROPERTY_WRITE = 0x08,
    OTAS_PROPERTY_NOTIFY = 0x10
};

enum {
    OTAS_UUID_LEN = 16,
    OTAS_GROUP_LEN = 1024,
    OTAS_RESPONSE_MAX_LEN = 13,
    OTAS_VALUE_MAX_LEN = 2
};

/* One row of the table: a characteristic, or the CCCD of the row before. Handles follow one another:
 * the service declaration has offset 0, each characteristic a declaration right before its value. */
struct otas_attribute {
    uint8_t
        uuid[OTAS_UUID_LEN]; /* as on the air, last byte of the text first; zeros: CCCD 0x2902 */
    uint8_t properties;      /* of the declaration; a CCCD has read and write */
    uint8_t handle_off;      /* from the handle of the service declaration, stock: 0x0100 */
    bool encrypted;          /* needs an encrypted link */
};

extern const uint8_t otas_service_uuid[OTAS_UUID_LEN]; /* as on the air */
extern const struct otas_attribute otas_attributes[OTAS_ATTR_COUNT];

/* ATT errors that otas_read() and otas_write() give. */
enum {
    OTAS_ATT_OK = 0x00,
    OTAS_ATT_INVALID_HANDLE = 0x01,
    OTAS_ATT_READ_NOT_PERMITTED = 0x02,
    OTAS_ATT_WRITE_NOT_PERMITTED = 0x03,
    OTAS_ATT_INVALID_LENGTH = 0x0D,
    OTAS_ATT_INSUFFICIENT_ENCRYPTION = 0x0F,
    OTAS_ATT_CCCD = 0xFD, /* notifications not enabled, or a CCCD value other than 0 and 1 */
    OTAS_ATT_BUSY = 0xFE  /* the response before could not be sent yet */
};

/* ---- wire format ------------------------------------------------------------------------------ */

enum otas_opcode {
    OTAS_OP_RESPONSE = 1,
    OTAS_OP_REQUEST = 2,
    OTAS_OP_START = 3,
    OTAS_OP_COMPLETE = 4,
    OTAS_OP_RESET = 5
};

enum otas_result {
    OTAS_SUCCESS = 0,
    OTAS_INVALID_STATE = 1,
    OTAS_NOT_SUPPORTED = 2,
    OTAS_OPERATION_FAILED = 3,
    OTAS_INVALID_PARAMETER = 4
};

/*
 * Control, client to server, little-endian:
 *   02  u32 image length (bytes that will be sent), u32 image id, u32 version, u8 encrypted (0, 1)
 *       = 14 bytes; then optionally u16 checksum, u8 file type (0..3), u16 CRC = 19 bytes; then, where
 *       OTAS_FEATURE_RESUME is set, the first 16 bytes of the SHA-256 of all bytes to be sent = 35
 *   03  u8 image type (1)
 *   04
 *   05
 * Control, server to client (notification):
 *   01 02 result, u16 1024, u32 start index, u32 current version: 13 bytes, zeros behind a result
 *         that is not 0. The start index is 0, or to a request of 35 bytes a multiple of 1024: the
 *         client goes on with the byte at that index
 *   01 03 result, 01 04 result, 01 op 02 to any other opcode; none to 05
 * Data: the client writes 1..MTU-3 bytes; when 1024 bytes or the image length are reached the server
 * notifies one result byte, and only then may the client go on. 04: the verifier refuses the image,
 * and would again; 03: too much data, a battery below what the image asks, failed flash or crypto, a
 * firmware signature that does not verify when a compressed transfer referred back to the slot, whose
 * flash may have misread, or any failure of a resumed transfer, which would then begin anew.
 */
enum { OTAS_REQUEST_LEN = 14, OTAS_REQUEST_LONG_LEN = 19, OTAS_REQUEST_RESUME_LEN = 35 };
enum { OTAS_TRANSFER_ID_LEN = 16 };

/* Bit of the second byte of the Feature value 01 01. */
#define OTAS_FEATURE_RESUME 0x80u

/* ---- platform --------------------------------------------------------------------------------- */

/* Codes beside enum otav_err, otab_err and otab_app_err. */
enum otas_err {
    OTAS_ERR_BATTERY = 0x0B01,      /* too low for this device or this image */
    OTAS_ERR_BUSY = 0x0B02,         /* the application has no time for an update now */
    OTAS_ERR_REFUSED = 0x0B03,      /* the application does not want this one */
    OTAS_ERR_REQUEST = 0x0B04,      /* request not well-formed, or a length that no slot takes */
    OTAS_ERR_OVERFLOW = 0x0B05,     /* data beyond the group of 1024 bytes or the image */
    OTAS_ERR_TIMEOUT = 0x0B06,      /* the peer fell silent */
    OTAS_ERR_DISCONNECTED = 0x0B07, /* link or its encryption lost */
    OTAS_ERR_ABORTED = 0x0B08,      /* the peer said complete before the end */
    OTAS_ERR_AUTHENTICATE = 0x0B09, /* the bootloader's entry refuses what was committed */
    OTAS_ERR_TRIAL = 0x0B0A         /* slot 1 holds what a running trial would go back to */
};

/* An update request as the peer sent it, lengths and flags checked. */
struct otas_request {
    uint32_t image_len; /* 16..OTAV_SLOT_LEN, a multiple of 16 */
    uint32_t image_id;
    uint32_t
        version; /* a << 24 | b << 16 | c << 8 | d; what the metadata says is held against it */
    bool encrypted;
    bool has_file; /* the three below were sent; informative, no rule looks at them */
    uint8_t file_type;
    uint16_t checksum;
    uint16_t crc;
    bool has_transfer_id; /* the peer can resume */
    uint8_t transfer_id[OTAS_TRANSFER_ID_LEN];
};

/* What is reported; from OTAS_STAGED on also by otas_boot_status(). */
enum otas_event {
    OTAS_NOTHING,   /* no update known */
    OTAS_STARTED,   /* the peer began to send: done > 0 when resumed */
    OTAS_PROGRESS,  /* a group is in flash */
    OTAS_SUSPENDED, /* link lost, the transfer can be resumed */
    OTAS_FAILED,    /* with code; from the bootloader: it refused the image */
    OTAS_STAGED,    /* transfer complete, the next reset installs */
    OTAS_ON_TRIAL,  /* the new image runs and has to confirm */
    OTAS_COMPLETED, /* the new image is confirmed */
    OTAS_REVERTED   /* the bootloader went back, with reason in code */
};

struct otas_status {
    enum otas_event event;
    uint32_t code;      /* 0, or enum otav_err, otas_err, otab_err, otab_app_err */
    uint32_t done_len;  /* bytes that are in flash; 0 where unknown */
    uint32_t total_len; /* bytes that will be sent; 0 where unknown */
};

enum otas_link { OTAS_LINK_NORMAL, OTAS_LINK_FAST };

/* Callbacks with their context pointer; all must stay valid as long as the server is used. */
struct otas_platform {
    void *user;
    const struct otav_crypto *crypto;
    const struct otav_flash *slot; /* slot 1; read may be NULL without resume and decoder; else it
                                         gives what erase and program left in the cells, no cache of
                                         what was there before */
    const struct otav_flash *mailbox; /* one page, shared with otab_app; NULL: no resume */

    /* Sends a notification of OTAS_CONTROL or OTAS_DATA; len <= OTAS_RESPONSE_MAX_LEN. false: not
     * now, otas_tick() tries again. */
    bool (*notify)(void *user, enum otas_attr attr, const uint8_t *bytes, size_t len);

    /* 0: the update may begin; else the code to report, such as OTAS_ERR_BUSY. Asked after the
     * service's own checks (image id, version, battery). NULL: always. */
    uint32_t (*permission)(void *user, const struct otas_request *request);

    /* Charge in percent, asked for at a request and before the first erase. NULL: mains. */
    uint8_t (*battery)(void *user);

    /* Ask the peer for other connection parameters; stock: 10..20 ms, supervision 2 s. NULL: none. */
    void (*link)(void *user, enum otas_link link);

    /* The bootloader's entry: is the image in slot 1 good? NULL: no such entry. */
    bool (*authenticate)(void *user);

    /* The peer asked for a reset, which stock clients do behind complete, in any state. The platform
     * decides: it may wait for a better moment, such as pending writes or a higher battery. */
    void (*reset)(void *user, uint32_t after_ms);

    void (*report)(void *user, const struct otas_status *status); /* NULL: nobody listens */
};

/* Caller's, in place as long as the server is used. */
struct otas_config {
    const struct otav_config *device; /* what it is and takes; installed_version is told to peers */
    bool resume;                      /* false: on the air exactly the stock service */
    uint8_t min_battery;              /* percent; an image may ask for more */
    uint32_t timeout_ms;              /* silence that ends a transfer; 0: OTAS_TIMEOUT_MS */
    const struct otav_decoder *decoder; /* this server's, for compressed transfers, which need
                                           slot->read; NULL: they are refused */
};

enum { OTAS_TIMEOUT_MS = 5000, OTAS_RESET_MS = 500, OTAS_MTU_MIN = 23 };

/* ---- server ----------------------------------------------------------------------------------- */

enum otas_state {
    OTAS_STATE_IDLE,
    OTAS_STATE_REQUESTED,
    OTAS_STATE_RECEIVING,
    OTAS_STATE_RECEIVED, /* all bytes are in, complete not said yet */
    OTAS_STATE_FAILED    /* code was reported; waits for complete or another request */
};

/* Where the next record of the resume journal goes. */
struct otas_journal {
    bool marked; /* it holds an index of this transfer */
    bool dead;   /* no room, or its flash fails: go on without */
    uint32_t next;
};

/* Caller-owned, about 2.5 KB with the verifier's device settings; fields are for the service only. */
struct otas_server {
    const struct otas_config *config;
    const struct otas_platform *platform;
    struct otas_request request;
    struct otas_journal journal;
    struct otav_flash slot; /* the platform's, watched */
    uint8_t state;          /* enum otas_state */
    bool connected;
    bool encrypted;
    bool notify_control;
    bool notify_data;
    bool is_fast;      /* connection parameters asked for */
    bool slot_touched; /* erased or found with part of this image */
    bool resumed;      /* the transfer goes on with what lay in the slot */
    bool read_back;    /* firmware was made of what lay in the slot */
    bool rearm;        /* the next tick starts the time again */
    uint16_t mtu;
    uint16_t group_len;    /* bytes waiting in group */
    uint32_t received_len; /* bytes handed to the verifier, from the start of the image on */
    uint32_t refusal;      /* why the first erase was not allowed, 0: it was */
    uint32_t armed_ms;     /* time of the tick behind the last sign of life */
    uint8_t response_attr; /* enum otas_attr */
    uint8_t response_len;  /* 0: none waits */
    uint8_t response[OTAS_RESPONSE_MAX_LEN];
    uint8_t group[OTAS_GROUP_LEN];
    uint8_t previous[OTAV_BLOCK_LEN]; /* end of the group before */
    struct otav_context ctx;
};

/* Sets all of *server, without link. config and platform stay the caller's. */
void otas_init(struct otas_server *server, const struct otas_config *config,
               const struct otas_platform *platform);

/* A link is up, notifications off. A stack that keeps CCCDs of bonded peers writes them now. */
void otas_connected(struct otas_server *server, uint16_t att_mtu, bool encrypted);

/* Either may change while the link is up. Encryption that ends, ends the transfer as a lost link. */
void otas_mtu_changed(struct otas_server *server, uint16_t att_mtu);
void otas_encryption_changed(struct otas_server *server, bool encrypted);

/* The link is down: a transfer ends, in SUSPENDED if the client can resume it, else in FAILED. */
void otas_disconnected(struct otas_server *server);

/* The value of an attribute. Not OTAS_ATT_OK: ret_bytes and *ret_len untouched. */
uint8_t otas_read(const struct otas_server *server, enum otas_attr attr,
                  uint8_t ret_bytes[OTAS_VALUE_MAX_LEN], size_t *ret_len);

/* What the peer wrote, whole. The ATT error goes into the error response of a write request; a stack
 * drops that of a write command. Responses of the profile come by platform->notify, from within. */
uint8_t otas_write(struct otas_server *server, enum otas_attr attr, const uint8_t *bytes,
                   size_t len);

/* Call at least every timeout_ms / 10. now_ms may wrap. Ends silent transfers, sends what waits. */
void otas_tick(struct otas_server *server, uint32_t now_ms);

enum otas_state otas_get_state(const struct otas_server *server);

#endif
