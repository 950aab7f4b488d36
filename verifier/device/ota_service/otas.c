/*
 * The OTA profile's server: attributes, control opcodes, groups of data, time.
 * Layer: above transfer. Invariant: no byte of the peer is used before its length was checked, every
 * opcode has one answer, and whatever ends a transfer passes through otas_transfer_end() or _finish().
 */
#include "otas.h"

#include <string.h>

#include "otas_transfer.h"

enum { IMAGE_TYPE_FIRMWARE = 1, FILE_TYPE_MAX = 3 };

/* ---- what the peer is told -------------------------------------------------------------------- */

static void send_waiting(struct otas_server *server)
{
    const struct otas_platform *platform = server->platform;

    if (server->connected && server->response_len > 0 &&
        platform->notify(platform->user, (enum otas_attr)server->response_attr, server->response,
                         server->response_len)) {
        server->response_len = 0;
    }
}

static void respond(struct otas_server *server, enum otas_attr attr, const uint8_t *bytes,
                    uint8_t len)
{
    memcpy(server->response, bytes, len);
    server->response_attr = (uint8_t)attr;
    server->response_len = len;
    send_waiting(server);
}

static void respond_control(struct otas_server *server, uint8_t opcode, enum otas_result result)
{
    const uint8_t response[] = {OTAS_OP_RESPONSE, opcode, (uint8_t)result};

    respond(server, OTAS_CONTROL, response, sizeof response);
}

static void respond_data(struct otas_server *server, enum otas_result result)
{
    const uint8_t response[] = {(uint8_t)result};

    respond(server, OTAS_DATA, response, sizeof response);
}

static void respond_request(struct otas_server *server, enum otas_result result)
{
    const struct otav_config *device = server->config->device;
    uint8_t response[OTAS_RESPONSE_MAX_LEN] = {OTAS_OP_RESPONSE, OTAS_OP_REQUEST, (uint8_t)result};

    if (result == OTAS_SUCCESS) {
        otav_store_u16(response + 3, OTAS_GROUP_LEN);
        otav_store_u32(response + 5, server->received_len);
        otav_store_u32(response + 9, device->has_installed ? device->installed_version : 0);
    }
    respond(server, OTAS_CONTROL, response, sizeof response);
}

/* ---- states ----------------------------------------------------------------------------------- */

static bool is_active(const struct otas_server *server)
{
    return server->state == OTAS_STATE_REQUESTED || server->state == OTAS_STATE_RECEIVING ||
           server->state == OTAS_STATE_RECEIVED;
}

/* Every change of state is a sign of life. The link is fast exactly while a transfer is on. */
static void enter(struct otas_server *server, enum otas_state state)
{
    const struct otas_platform *platform = server->platform;
    bool fast;

    server->state = (uint8_t)state;
    server->rearm = true;
    fast = is_active(server);
    if (fast != server->is_fast && server->connected && platform->link != NULL) {
        platform->link(platform->user, fast ? OTAS_LINK_FAST : OTAS_LINK_NORMAL);
    }
    server->is_fast = fast;
}

/* Ends what is on for a reason that is not the data's. */
static void stop(struct otas_server *server, uint32_t code, bool keep)
{
    if (is_active(server)) {
        otas_transfer_end(server, code, keep);
    }
    enter(server, OTAS_STATE_IDLE);
}

/* ---- update request --------------------------------------------------------------------------- */

/* Reads a request; *ret is zero behind what was sent. */
static enum otas_result parse_request(const struct otas_server *server, const uint8_t *bytes,
                                      size_t len, struct otas_request *ret)
{
    struct otas_request request;

    memset(&request, 0, sizeof request);
    if (len != OTAS_REQUEST_LEN && len != OTAS_REQUEST_LONG_LEN &&
        !(len == OTAS_REQUEST_RESUME_LEN && otas_can_resume(server))) {
        return OTAS_NOT_SUPPORTED;
    }
    request.image_len = otav_load_u32(bytes + 1);
    request.image_id = otav_load_u32(bytes + 5);
    request.version = otav_load_u32(bytes + 9);
    request.encrypted = bytes[13] == 1;
    if (len >= OTAS_REQUEST_LONG_LEN) {
        request.has_file = true;
        request.checksum = otav_load_u16(bytes + 14);
        request.file_type = bytes[16];
        request.crc = otav_load_u16(bytes + 17);
    }
    if (len == OTAS_REQUEST_RESUME_LEN) {
        request.has_transfer_id = true;
        memcpy(request.transfer_id, bytes + OTAS_REQUEST_LONG_LEN, OTAS_TRANSFER_ID_LEN);
    }
    if (bytes[13] > 1 || request.file_type > FILE_TYPE_MAX) {
        return OTAS_NOT_SUPPORTED;
    }
    if (request.image_len == 0 || request.image_len > OTAV_SLOT_LEN ||
        request.image_len % OTAV_BLOCK_LEN != 0) {
        return OTAS_INVALID_PARAMETER;
    }
    *ret = request;
    return OTAS_SUCCESS;
}

/* 0, or why the device does not want this update; the metadata is judged again by the same rules. */
static uint32_t judge_request(const struct otas_server *server, const struct otas_request *request)
{
    const struct otas_platform *platform = server->platform;
    const struct otav_config *device = server->config->device;

    if (request->encrypted && !device->has_decrypt_key) {
        return OTAV_ERR_NO_DECRYPT_KEY;
    }
    if (device->has_image_id && request->image_id != device->image_id) {
        return OTAV_ERR_IMAGE_ID;
    }
    if (device->has_installed && request->version <= device->installed_version) {
        return OTAV_ERR_VERSION;
    }
    if (!otas_battery_suffices(server, server->config->min_battery)) {
        return OTAS_ERR_BATTERY;
    }
    return platform->permission == NULL ? 0 : platform->permission(platform->user, request);
}

static void refuse_request(struct otas_server *server, enum otas_result result, uint32_t code)
{
    otas_report(server, OTAS_FAILED, code);
    respond_request(server, result);
}

static void update_request(struct otas_server *server, const uint8_t *bytes, size_t len)
{
    enum otas_result result;
    uint32_t code;

    if (is_active(server)) {
        respond_request(server, OTAS_INVALID_STATE);
        return;
    }
    memset(&server->request, 0, sizeof server->request);
    server->received_len = 0;
    result = parse_request(server, bytes, len, &server->request);
    if (result != OTAS_SUCCESS) {
        refuse_request(server, result, OTAS_ERR_REQUEST);
        return;
    }
    code = judge_request(server, &server->request);
    if (code == 0) {
        code = otas_transfer_prepare(server);
    }
    if (code != 0) {
        refuse_request(server, OTAS_NOT_SUPPORTED, code);
        return;
    }
    enter(server, OTAS_STATE_REQUESTED);
    respond_request(server, OTAS_SUCCESS);
}

/* ---- the other opcodes ------------------------------------------------------------------------ */

static enum otas_result update_start(struct otas_server *server, const uint8_t *bytes, size_t len)
{
    if (server->state != OTAS_STATE_REQUESTED) {
        return OTAS_INVALID_STATE;
    }
    if (len != 2 || bytes[1] != IMAGE_TYPE_FIRMWARE) {
        return OTAS_NOT_SUPPORTED;
    }
    if (!otas_transfer_start(server)) {
        enter(server, OTAS_STATE_FAILED);
        return OTAS_OPERATION_FAILED;
    }
    enter(server, OTAS_STATE_RECEIVING);
    return OTAS_SUCCESS;
}

/* Before the end it is an abort, which stock clients take for done when it is answered with success. */
static enum otas_result update_complete(struct otas_server *server, size_t len)
{
    if (server->state == OTAS_STATE_IDLE) {
        return OTAS_INVALID_STATE;
    }
    if (len != 1) {
        return OTAS_NOT_SUPPORTED;
    }
    if (server->state != OTAS_STATE_RECEIVED) {
        stop(server, OTAS_ERR_ABORTED, false);
        return OTAS_SUCCESS;
    }
    if (!otas_transfer_finish(server)) {
        enter(server, OTAS_STATE_FAILED);
        return OTAS_OPERATION_FAILED;
    }
    enter(server, OTAS_STATE_IDLE);
    return OTAS_SUCCESS;
}

static void write_control(struct otas_server *server, const uint8_t *bytes, size_t len)
{
    switch (bytes[0]) {
    case OTAS_OP_REQUEST:
        update_request(server, bytes, len);
        break;
    case OTAS_OP_START:
        respond_control(server, OTAS_OP_START, update_start(server, bytes, len));
        break;
    case OTAS_OP_COMPLETE:
        respond_control(server, OTAS_OP_COMPLETE, update_complete(server, len));
        break;
    case OTAS_OP_RESET:
        if (len == 1) {
            server->platform->reset(server->platform->user, OTAS_RESET_MS);
            break;
        }
        respond_control(server, OTAS_OP_RESET, OTAS_NOT_SUPPORTED);
        break;
    default:
        respond_control(server, bytes[0], OTAS_NOT_SUPPORTED);
        break;
    }
}

/* ---- data ------------------------------------------------------------------------------------- */

/* What the verifier refuses it refuses again, unless the device's own flash or journal may have spoilt it:
 * anything of a resumed transfer, and the firmware of one that referred back to the slot. No step of
 * inflate depends on what was read there, so that only the signature tells of a bad read. */
static enum otas_result result_of(const struct otas_server *server, uint32_t code)
{
    unsigned class = OTAV_ERR_CLASS(code);
    bool doubtful = server->resumed || (server->read_back && code == OTAV_ERR_FIRMWARE_SIGNATURE);

    return !doubtful && class >= OTAV_CLASS_FORMAT && class <= OTAV_CLASS_ROLLBACK
               ? OTAS_INVALID_PARAMETER
               : OTAS_OPERATION_FAILED;
}

static void group_complete(struct otas_server *server)
{
    uint32_t code = otas_transfer_take(server);

    if (code != 0) {
        enter(server, OTAS_STATE_FAILED);
        respond_data(server, result_of(server, code));
        return;
    }
    enter(server, server->received_len == server->request.image_len ? OTAS_STATE_RECEIVED
                                                                    : OTAS_STATE_RECEIVING);
    respond_data(server, OTAS_SUCCESS);
}

static void write_data(struct otas_server *server, const uint8_t *bytes, size_t len)
{
    size_t rest = server->request.image_len - server->received_len;
    size_t end = rest < OTAS_GROUP_LEN ? rest : OTAS_GROUP_LEN;

    if (server->state != OTAS_STATE_RECEIVING) {
        respond_data(server, OTAS_INVALID_STATE);
        return;
    }
    if (len > end - server->group_len) {
        otas_transfer_end(server, OTAS_ERR_OVERFLOW, false);
        enter(server, OTAS_STATE_FAILED);
        respond_data(server, OTAS_OPERATION_FAILED);
        return;
    }
    memcpy(server->group + server->group_len, bytes, len);
    server->group_len = (uint16_t)(server->group_len + len);
    if (server->group_len == end) {
        group_complete(server);
    }
}

/* ---- attributes ------------------------------------------------------------------------------- */

uint8_t otas_read(const struct otas_server *server, enum otas_attr attr,
                  uint8_t ret_bytes[OTAS_VALUE_MAX_LEN], size_t *ret_len)
{
    uint8_t value[OTAS_VALUE_MAX_LEN] = {0, 0};

    if ((unsigned)attr >= OTAS_ATTR_COUNT) {
        return OTAS_ATT_INVALID_HANDLE;
    }
    if ((otas_attributes[attr].properties & OTAS_PROPERTY_READ) == 0) {
        return OTAS_ATT_READ_NOT_PERMITTED;
    }
    if (otas_attributes[attr].encrypted && !server->encrypted) {
        return OTAS_ATT_INSUFFICIENT_ENCRYPTION;
    }
    if (attr == OTAS_FEATURE) {
        if (!server->notify_control) {
            return OTAS_ATT_CCCD;
        }
        value[0] = 1;
        value[1] = (uint8_t)(1u | (otas_can_resume(server) ? OTAS_FEATURE_RESUME : 0));
    } else {
        value[0] = attr == OTAS_CONTROL_CCCD ? server->notify_control : server->notify_data;
    }
    memcpy(ret_bytes, value, sizeof value);
    *ret_len = sizeof value;
    return OTAS_ATT_OK;
}

static uint8_t write_cccd(bool *enabled, const uint8_t *bytes, size_t len)
{
    if (len != 2) {
        return OTAS_ATT_INVALID_LENGTH;
    }
    if (otav_load_u16(bytes) > 1) {
        return OTAS_ATT_CCCD;
    }
    *enabled = bytes[0] == 1;
    return OTAS_ATT_OK;
}

/* Whether a value of the profile can be answered. */
static uint8_t judge_value(const struct otas_server *server, enum otas_attr attr, size_t len)
{
    size_t longest = attr == OTAS_DATA ? server->mtu - 3u : SIZE_MAX; /* long writes: the stack's */

    if (len == 0 || len > longest) {
        return OTAS_ATT_INVALID_LENGTH;
    }
    if (!(attr == OTAS_DATA ? server->notify_data : server->notify_control)) {
        return OTAS_ATT_CCCD;
    }
    return server->response_len > 0 ? OTAS_ATT_BUSY : OTAS_ATT_OK;
}

uint8_t otas_write(struct otas_server *server, enum otas_attr attr, const uint8_t *bytes,
                   size_t len)
{
    const uint8_t writable = OTAS_PROPERTY_WRITE | OTAS_PROPERTY_WRITE_COMMAND;
    uint8_t error;

    if ((unsigned)attr >= OTAS_ATTR_COUNT) {
        return OTAS_ATT_INVALID_HANDLE;
    }
    if ((otas_attributes[attr].properties & writable) == 0) {
        return OTAS_ATT_WRITE_NOT_PERMITTED;
    }
    if (otas_attributes[attr].encrypted && !server->encrypted) {
        return OTAS_ATT_INSUFFICIENT_ENCRYPTION;
    }
    if (attr == OTAS_CONTROL_CCCD) {
        return write_cccd(&server->notify_control, bytes, len);
    }
    if (attr == OTAS_DATA_CCCD) {
        return write_cccd(&server->notify_data, bytes, len);
    }
    error = judge_value(server, attr, len);
    if (error != OTAS_ATT_OK) {
        return error;
    }
    if (attr == OTAS_CONTROL) {
        write_control(server, bytes, len);
    } else {
        write_data(server, bytes, len);
    }
    return OTAS_ATT_OK;
}

/* ---- link and time ---------------------------------------------------------------------------- */

void otas_init(struct otas_server *server, const struct otas_config *config,
               const struct otas_platform *platform)
{
    memset(server, 0, sizeof *server);
    server->config = config;
    server->platform = platform;
    server->mtu = OTAS_MTU_MIN;
}

void otas_mtu_changed(struct otas_server *server, uint16_t att_mtu)
{
    server->mtu = att_mtu < OTAS_MTU_MIN ? (uint16_t)OTAS_MTU_MIN : att_mtu;
}

void otas_connected(struct otas_server *server, uint16_t att_mtu, bool encrypted)
{
    otas_disconnected(server);
    otas_mtu_changed(server, att_mtu);
    server->connected = true;
    server->encrypted = encrypted;
}

void otas_encryption_changed(struct otas_server *server, bool encrypted)
{
    server->encrypted = encrypted;
    if (!encrypted) {
        stop(server, OTAS_ERR_DISCONNECTED, true);
    }
}

void otas_disconnected(struct otas_server *server)
{
    server->connected = false;
    server->encrypted = false;
    server->notify_control = false;
    server->notify_data = false;
    server->response_len = 0;
    stop(server, OTAS_ERR_DISCONNECTED, true);
}

void otas_tick(struct otas_server *server, uint32_t now_ms)
{
    uint32_t timeout_ms =
        server->config->timeout_ms != 0 ? server->config->timeout_ms : (uint32_t)OTAS_TIMEOUT_MS;

    send_waiting(server);
    if (!is_active(server) || server->rearm) {
        server->armed_ms = now_ms;
        server->rearm = false;
    } else if (now_ms - server->armed_ms >= timeout_ms) {
        stop(server, OTAS_ERR_TIMEOUT, true);
    }
}

enum otas_state otas_get_state(const struct otas_server *server)
{
    return (enum otas_state)server->state;
}
