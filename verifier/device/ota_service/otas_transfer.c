/*
 * One transfer. Layer: above verifier and journal, below the protocol. Invariant: between the first
 * erase and the commit the slot has no first unit, and whatever ends the transfer closes the verifier.
 */
#include "otas_transfer.h"

#include <string.h>

#include "otas_journal.h"

_Static_assert(OTAS_GROUP_LEN == OTAV_RESUME_STEP, "a transfer goes on with a whole group");

void otas_report(const struct otas_server *server, enum otas_event event, uint32_t code)
{
    struct otas_status status = {event, code, server->received_len, server->request.image_len};

    if (server->platform->report != NULL) {
        server->platform->report(server->platform->user, &status);
    }
}

bool otas_battery_suffices(const struct otas_server *server, uint8_t percent)
{
    const struct otas_platform *platform = server->platform;

    return platform->battery == NULL || platform->battery(platform->user) >= percent;
}

bool otas_can_resume(const struct otas_server *server)
{
    return server->config->resume && server->platform->mailbox != NULL &&
           server->platform->slot->read != NULL;
}

/* ---- the slot, watched ------------------------------------------------------------------------ */

/* Charge that the image asks for, from metadata that was accepted. */
static uint8_t wanted_battery(const uint8_t metadata[OTAV_META_LEN])
{
    struct otav_attributes attributes;
    const uint8_t *value = NULL;
    uint16_t off = 0;

    if (otav_attributes_parse(metadata + OTAV_META_ATTRIBUTES_OFF, OTAV_META_ATTRIBUTES_LEN, false,
                              &attributes, &off) == OTAV_OK) {
        value = OTAV_ATTR_VALUE(&attributes, MIN_BATTERY);
    }
    return value == NULL ? 0 : value[OTAV_MIN_BATTERY_PERCENT_OFF];
}

static uint32_t slot_read(void *user, uint32_t offset, uint8_t *ret_bytes, size_t len)
{
    struct otas_server *server = user;
    const struct otav_flash *slot = server->platform->slot;

    server->read_back = true;
    return slot->read(slot->user, offset, ret_bytes, len);
}

/* The verifier erases first when it has accepted the metadata: the last moment to say no. */
static bool allows_first_erase(struct otas_server *server)
{
    if (!otas_battery_suffices(server, wanted_battery(otav_get_metadata(&server->ctx)))) {
        server->refusal = OTAS_ERR_BATTERY;
        return false;
    }
    if (otas_can_resume(server)) {
        otas_journal_begin(&server->journal, server->platform->mailbox,
                           server->request.transfer_id);
    }
    server->slot_touched = true;
    return true;
}

static uint32_t slot_erase(void *user, uint32_t offset, size_t len)
{
    struct otas_server *server = user;
    const struct otav_flash *slot = server->platform->slot;

    if (!server->slot_touched && !allows_first_erase(server)) {
        return OTAV_REJECT;
    }
    return slot->erase(slot->user, offset, len);
}

static uint32_t slot_program(void *user, uint32_t offset, const uint8_t *bytes, size_t len)
{
    const struct otav_flash *slot = ((const struct otas_server *)user)->platform->slot;

    return slot->program(slot->user, offset, bytes, len);
}

/* ---- beginning -------------------------------------------------------------------------------- */

static struct otav_transfer announced(const struct otas_server *server)
{
    const struct otas_request *request = &server->request;
    const struct otav_transfer transfer = {
        .purpose = OTAV_INSTALL,
        .encrypted = request->encrypted,
        .has_len = true,
        .len = request->image_len,
        .has_image_id = true,
        .image_id = request->image_id,
        .has_version = true,
        .version = request->version,
        .decoder = server->platform->slot->read == NULL ? NULL : server->config->decoder};

    return transfer;
}

/* Whether the transfer goes on where the journal says; the verifier is open then. */
static bool resume(struct otas_server *server)
{
    const struct otav_transfer transfer = announced(server);
    struct otav_checkpoint checkpoint;
    enum otav_err err;

    if (!server->request.has_transfer_id ||
        !otas_journal_find(server->platform->mailbox, server->request.transfer_id, &server->journal,
                           &checkpoint) ||
        checkpoint.taken_len >= server->request.image_len) {
        return false;
    }
    err = otav_resume(&server->ctx, server->config->device, server->platform->crypto, &server->slot,
                      &transfer, &checkpoint);
    if (err != OTAV_OK) {
        otav_close(&server->ctx);
        return false;
    }
    server->received_len = otav_checkpoint_start(&checkpoint);
    memcpy(server->previous, checkpoint.previous, sizeof server->previous);
    server->slot_touched = true;
    server->resumed = true;
    return true;
}

uint32_t otas_transfer_prepare(struct otas_server *server)
{
    const struct otav_flash slot = {server, slot_read, slot_erase, slot_program, NULL};

    server->slot = slot;
    server->slot_touched = false;
    server->resumed = false;
    server->refusal = 0;
    server->received_len = 0;
    server->group_len = 0;
    if (resume(server) &&
        !otas_battery_suffices(server, wanted_battery(otav_get_metadata(&server->ctx)))) {
        otav_close(&server->ctx);
        return OTAS_ERR_BATTERY;
    }
    return 0;
}

bool otas_transfer_start(struct otas_server *server)
{
    const struct otav_transfer transfer = announced(server);
    enum otav_err err = OTAV_OK;

    if (server->received_len == 0) {
        server->read_back = false;
        err = otav_open(&server->ctx, server->config->device, server->platform->crypto,
                        &server->slot, &transfer);
    }
    if (err != OTAV_OK) {
        otas_transfer_end(server, (uint32_t)err, false);
        return false;
    }
    otas_report(server, OTAS_STARTED, 0);
    return true;
}

/* ---- data ------------------------------------------------------------------------------------- */

/* Behind a group that was taken, but for the last. last: the 16 bytes that it ended with. */
static void mark_progress(struct otas_server *server, const uint8_t last[OTAV_BLOCK_LEN])
{
    const uint32_t group_start = server->received_len - OTAS_GROUP_LEN;
    struct otav_checkpoint checkpoint;
    uint32_t start;

    if (!server->request.has_transfer_id || !otav_get_checkpoint(&server->ctx, &checkpoint) ||
        checkpoint.taken_len <= group_start) {
        return;
    }
    start = otav_checkpoint_start(&checkpoint);
    if (start == 0) {
        return;
    }
    memcpy(checkpoint.previous, start == group_start ? server->previous : last, OTAV_BLOCK_LEN);
    otas_journal_mark(&server->journal, server->platform->mailbox, server->request.transfer_id,
                      &checkpoint);
}

uint32_t otas_transfer_take(struct otas_server *server)
{
    const uint8_t *last = server->group + OTAS_GROUP_LEN - OTAV_BLOCK_LEN;
    enum otav_err err = otav_feed(&server->ctx, server->group, server->group_len);

    if (err != OTAV_OK) {
        uint32_t code = server->refusal != 0 ? server->refusal : (uint32_t)err;

        otas_transfer_end(server, code, false);
        return code;
    }
    server->received_len += server->group_len;
    server->group_len = 0;
    if (server->received_len < server->request.image_len) {
        mark_progress(server, last);
        memcpy(server->previous, last, sizeof server->previous);
    }
    otas_report(server, OTAS_PROGRESS, 0);
    return 0;
}

/* ---- ends ------------------------------------------------------------------------------------- */

bool otas_transfer_finish(struct otas_server *server)
{
    const struct otas_platform *platform = server->platform;
    enum otav_err err = otav_finish(&server->ctx);
    uint32_t code = 0;

    if (err == OTAV_OK && server->journal.marked) {
        otas_journal_end(&server->journal, platform->mailbox);
    }
    if (err == OTAV_OK) {
        err = otav_commit(&server->ctx);
    }
    if (err != OTAV_OK) {
        code = (uint32_t)err;
    } else if (platform->authenticate != NULL && !platform->authenticate(platform->user)) {
        code = OTAS_ERR_AUTHENTICATE;
    }
    if (code != 0) {
        otas_transfer_end(server, code, false);
        return false;
    }
    otav_close(&server->ctx);
    otas_report(server, OTAS_STAGED, 0);
    return true;
}

void otas_transfer_end(struct otas_server *server, uint32_t code, bool keep)
{
    const struct otav_flash *slot = server->platform->slot;
    bool kept =
        keep && server->request.has_transfer_id && server->journal.marked && server->slot_touched;

    otav_close(&server->ctx);
    if (server->slot_touched && !kept) {
        /* Nothing is lost if that fails: the slot has no first unit, or the bootloader judges it. */
        (void)slot->erase(slot->user, 0, OTAV_PAGE_LEN);
    }
    server->slot_touched = false;
    server->group_len = 0;
    otas_report(server, kept ? OTAS_SUSPENDED : OTAS_FAILED, code);
}
