/*
 * The manager: the client of the MCHP OTA profile v1.3, for phones, gateways and the host tool.
 *
 * It takes an OTA file through a callback, checks it before anything is sent, and drives one device
 * through connect, request, start, data, complete and reset over a transport of the caller. Nothing
 * blocks: every call does what can be done now and returns; the rest happens in otam_event() and
 * otam_tick(). Nothing is allocated, printed or kept outside struct otam. Time is what the caller
 * says it is, so that a simulated link can run on a virtual clock.
 *
 * Whatever comes from the device is untrusted. A malformed, unexpected or late answer ends the
 * connection and counts as a failed attempt; attempts that bring no progress are limited.
 *
 *   IDLE -> CONNECTING -> SUBSCRIBING -> READING -> REQUESTING -> STARTING -> SENDING -> COMPLETING
 *             ^                                                                              |
 *             |        any state: DISCONNECTING -> BACKING_OFF (again) or FAILED             v
 *             +------------------------------+                     DONE <- DISCONNECTING <- RESETTING
 *
 * Limits: one device and one file per struct otam; image of at most 507,904 bytes; ATT MTU 23 and up.
 */
#ifndef OTAM_H
#define OTAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define OTAM_GROUP_LEN     1024u   /* bytes that the device acknowledges at once */
#define OTAM_HEADER_LEN    16u     /* OTAU header, never sent */
#define OTAM_META_LEN      512u    /* metadata in front of the firmware, part of the image */
#define OTAM_IMAGE_MAX_LEN 507904u /* slot of the device */
#define OTAM_MTU_MIN       23u
#define OTAM_VALUE_MAX_LEN 512u /* longest attribute value */
#define OTAM_DIGEST_LEN    16u  /* SHA-256 of the image, cut */
#define OTAM_STATE_LEN     32u  /* of what save() gets */

/* X(NAME, "text") */
#define OTAM_ERRORS(X)                                                                             \
    /* the caller's fault */                                                                       \
    X(ARG, "invalid argument or configuration")                                                    \
    X(ORDER, "call not allowed now")                                                               \
    /* the file */                                                                                 \
    X(FILE_READ, "file cannot be read")                                                            \
    X(FILE_HEADER, "file header not valid")                                                        \
    X(FILE_LENGTH, "image length not allowed, expected a multiple of 16 that fits the slot")       \
    X(FILE_CHECKSUM, "file checksum does not match")                                               \
    /* the link */                                                                                 \
    X(CONNECT, "connection failed")                                                                \
    X(LINK_LOST, "connection lost")                                                                \
    X(TRANSPORT, "transport refused an operation")                                                 \
    X(TIMEOUT, "device did not answer in time")                                                    \
    /* the device */                                                                               \
    X(FEATURE, "device takes no firmware")                                                         \
    X(PROTOCOL, "device broke the protocol")                                                       \
    X(START_INDEX, "device asked for an impossible start index")                                   \
    X(REFUSED, "device refused")                                                                   \
    X(DEVICE, "device failed")                                                                     \
    X(IMAGE, "device did not accept the image")                                                    \
    X(STOPPED, "stopped by the caller")

#define OTAM_X_ERROR(name, text) OTAM_ERR_##name,
enum otam_err { OTAM_OK, OTAM_ERRORS(OTAM_X_ERROR) OTAM_ERR_COUNT };

/* "connection lost"; "unknown error" for a value outside the list. */
const char *otam_err_text(enum otam_err err);

enum otam_state {
    OTAM_IDLE,
    OTAM_CONNECTING,
    OTAM_SUBSCRIBING, /* control, then data */
    OTAM_READING,     /* the Feature value, readable only after the control subscription */
    OTAM_REQUESTING,
    OTAM_STARTING,
    OTAM_SENDING,
    OTAM_COMPLETING,
    OTAM_RESETTING,
    OTAM_DISCONNECTING,
    OTAM_BACKING_OFF,
    OTAM_DONE,  /* the device has the image, found it good, and was told to reset */
    OTAM_FAILED /* otam_result() says why */
};

/* "sending" */
const char *otam_state_name(enum otam_state state);

/* ---- transport -------------------------------------------------------------------------------- */

enum otam_channel { OTAM_CONTROL, OTAM_DATA };

enum otam_tx {
    OTAM_TX_TAKEN,
    OTAM_TX_LATER, /* no room: nothing was taken, OTAM_EV_WRITABLE follows */
    OTAM_TX_FAILED
};

/* One link to one device. Each call starts an operation and returns at once; false or
 * OTAM_TX_FAILED: it could not be started. At most one of connect, subscribe, read and write is under
 * way. Answers are events, and events are never delivered from inside these calls. */
struct otam_transport {
    /* Answer: OTAM_EV_CONNECTED with an encrypted link and the exchanged MTU, or
     * OTAM_EV_DISCONNECTED. */
    bool (*connect)(void *ctx);
    /* Also ends a connect that is under way. Answer: OTAM_EV_DISCONNECTED. */
    bool (*disconnect)(void *ctx);
    /* Answer: OTAM_EV_SUBSCRIBED. */
    bool (*subscribe)(void *ctx, enum otam_channel channel);
    /* Answer: OTAM_EV_FEATURE. */
    bool (*read_feature)(void *ctx);
    /* Write with response to the control characteristic; data is valid during the call only.
     * Answer: OTAM_EV_WRITTEN. */
    bool (*write)(void *ctx, const uint8_t *data, size_t data_len);
    /* Write without response to the data characteristic; data is valid during the call only. */
    enum otam_tx (*write_command)(void *ctx, const uint8_t *data, size_t data_len);
};

enum otam_event_type {
    OTAM_EV_CONNECTED,
    OTAM_EV_DISCONNECTED,
    OTAM_EV_SUBSCRIBED,
    OTAM_EV_FEATURE,
    OTAM_EV_WRITTEN,
    OTAM_EV_WRITABLE,
    OTAM_EV_NOTIFIED
};

struct otam_event {
    enum otam_event_type type;
    bool ok; /* SUBSCRIBED, FEATURE, WRITTEN: false = the device answered an error */
    enum otam_channel channel; /* NOTIFIED */
    uint16_t att_mtu;          /* CONNECTED: bytes, 23 and up */
    uint16_t ll_len;           /* CONNECTED: bytes in a link-layer packet, 27..251; 0 = not known */
    const uint8_t *data;       /* FEATURE, NOTIFIED: any bytes, valid during the call */
    size_t data_len;
};

/* ---- host ------------------------------------------------------------------------------------- */

struct otam_progress {
    enum otam_state state;
    enum otam_err last_err; /* of the last attempt that failed; OTAM_OK: none did */
    uint8_t last_result;    /* result code that came with it, 0 = none */
    unsigned attempt;       /* connections so far, 1 = the first */
    uint32_t image_len;     /* bytes to send */
    uint32_t sent_len;      /* bytes handed to the transport, counted from the start of the image */
    uint32_t confirmed_len; /* bytes that the device acknowledged */
    uint32_t resumed_at;    /* where this connection went on, 0 = at the start */
    uint16_t att_mtu;       /* of this connection */
    uint16_t chunk_len;     /* bytes in one write of this connection */
    uint32_t device_version; /* that the device runs, as it says: a << 24 | b << 16 | c << 8 | d */
    bool store_failed;       /* save() failed: a killed process would start over */
    bool reset_written;      /* DONE: the device took the reset */
};

/* What the manager needs from its host. */
struct otam_host {
    /* Reads exactly len bytes at file_off; false: cannot. */
    bool (*read)(void *ctx, uint32_t file_off, uint8_t *ret, uint32_t len);

    /* SHA-256 over the image, called in this order during otam_start() only. All three NULL: the
     * manager never asks a device to resume. ret: the first 16 bytes of the digest. */
    void (*sha256_start)(void *ctx);
    void (*sha256_add)(void *ctx, const uint8_t *bytes, uint32_t len);
    bool (*sha256_end)(void *ctx, uint8_t ret[OTAM_DIGEST_LEN]);

    /* Keeps 32 bytes, for one device, beyond the end of the process; load gives them back, false:
     * there are none; forget drops them. All three may be NULL, and need sha256_* otherwise. */
    bool (*save)(void *ctx, const uint8_t state[OTAM_STATE_LEN]);
    bool (*load)(void *ctx, uint8_t ret[OTAM_STATE_LEN]);
    void (*forget)(void *ctx);

    /* Called after every change of state and every acknowledged group; may be NULL. */
    void (*progress)(void *ctx, const struct otam_progress *progress);
};

struct otam_config {
    const struct otam_transport *transport;
    void *transport_ctx;
    const struct otam_host *host;
    void *host_ctx;
    uint32_t file_len;       /* bytes of the OTA file, header included */
    uint32_t connect_ms;     /* longest wait for a connection */
    uint32_t response_ms;    /* for each answer of the device */
    uint32_t group_ms;       /* for the acknowledgement of a group, and for room to write */
    uint32_t disconnect_ms;  /* for the end of a connection */
    uint32_t backoff_ms;     /* before the second attempt; doubled after each one */
    uint32_t backoff_max_ms; /* at most */
    unsigned attempts;       /* connections without progress before giving up, 1 and up */
};

/* Times and attempts that suit phones; the caller sets the rest. */
void otam_config_init(struct otam_config *ret);

/* ---- manager ---------------------------------------------------------------------------------- */

/* Memory of the caller; contents are private. */
struct otam {
    struct otam_config config;
    struct otam_progress progress;
    enum otam_err result; /* once DONE or FAILED */
    uint32_t image_off;   /* of the image in the file */
    uint32_t image_id;
    uint32_t image_version;
    uint16_t checksum;
    uint8_t file_type;
    uint8_t encrypted;
    uint8_t digest[OTAM_DIGEST_LEN];
    bool can_resume; /* digest is set */
    bool resuming;   /* the device announced resume, and the request is the long one */
    bool written;    /* the write of this step was answered */
    bool notified;   /* its notification came, with success */
    bool held;       /* the transport had no room for the next write */
    bool ending;     /* once disconnected, the run is over with result */
    bool inside;     /* a call is under way: guards against events from callbacks */
    bool misused;    /* there was one */
    bool stopping;   /* otam_stop() came from a callback */
    enum otam_channel subscribing;
    uint32_t best_len; /* most bytes ever confirmed: progress is going beyond */
    unsigned failures; /* attempts since the last progress */
    uint32_t now_ms;
    uint32_t since_ms; /* when this wait began */
    uint32_t wait_ms;  /* and how long it may take */
};

/*
 * Checks the configuration and the file (header, length, checksum), takes up saved state of the same
 * image and starts to connect.
 * OTAM_ERR_ARG, OTAM_ERR_FILE_*: nothing was sent, *ret is unusable.
 */
enum otam_err otam_start(struct otam *ret, const struct otam_config *config, uint32_t now_ms);

/* What the transport has to say. A call from inside a callback ends the run with OTAM_ERR_ORDER.
 * now_ms: milliseconds of any clock that never goes back; may wrap. */
void otam_event(struct otam *m, const struct otam_event *event, uint32_t now_ms);

/* Lets time pass: call it at or after the deadline; more often does no harm. */
void otam_tick(struct otam *m, uint32_t now_ms);

/* Milliseconds until otam_tick() has something to do; UINT32_MAX: no deadline. */
uint32_t otam_wait_ms(const struct otam *m, uint32_t now_ms);

/* Ends the connection and the run with OTAM_ERR_STOPPED. Saved state stays, so that a later start
 * goes on. No effect once DONE or FAILED. */
void otam_stop(struct otam *m, uint32_t now_ms);

/* DONE or FAILED: nothing more will happen. */
bool otam_finished(const struct otam *m);

/* OTAM_OK when DONE; why, when FAILED; OTAM_ERR_ORDER before that. */
enum otam_err otam_result(const struct otam *m);

const struct otam_progress *otam_progress(const struct otam *m);

/*
 * Longest value of a write that fills its link-layer packets: the largest k * ll_len - 7 that fits
 * the MTU, or all that the MTU allows where that is less than one packet. 7 = 4 bytes of L2CAP and 3
 * of ATT header.
 * att_mtu: 23 and up, values stop at 512 bytes. ll_len: 27..251; 0 counts as 251.
 */
uint16_t otam_chunk_len(uint16_t att_mtu, uint16_t ll_len);

#ifdef __cplusplus
}
#endif

#endif
