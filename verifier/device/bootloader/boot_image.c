/*
 * What is in a slot. Layer: above flash and the verifier. Invariant: what is said about an image comes
 * from metadata that the verifier accepted in the same run.
 */
#include "boot_image.h"

#include <otav/otav_attributes.h>
#include <string.h>

enum { ACTIVATION_TRIAL = 1 }; /* schemas/README.md, attribute 0x0008 */

struct slot {
    struct otab_boot *boot;
    uint32_t address;
};

/* Both signature checks of a short image follow within a page. */
static const struct otab_platform *kicked(const struct slot *slot)
{
    const struct otab_platform *platform = slot->boot->platform;

    platform->kick(platform->user);
    return platform;
}

static uint32_t read_slot(void *user, uint32_t offset, uint8_t *ret, size_t len)
{
    const struct slot *slot = user;
    const struct otab_platform *platform = kicked(slot);

    return platform->read(platform->user, slot->address + offset, ret, len);
}

static const uint8_t *slot_at(void *user, uint32_t offset, size_t len)
{
    const struct slot *slot = user;
    const struct otab_platform *platform = kicked(slot);

    return platform->at == NULL ? NULL : platform->at(platform->user, slot->address + offset, len);
}

static enum otav_err id_of(struct otab_boot *boot, const uint8_t *metadata,
                           uint8_t ret[OTAB_ID_LEN])
{
    uint8_t digest[OTAV_SHA256_LEN];
    enum otav_err err = otab_digest(boot, metadata, OTAV_META_LEN, digest);

    if (err == OTAV_OK) {
        memcpy(ret, digest, OTAB_ID_LEN);
    }
    return err;
}

static uint32_t u32_or_zero(const uint8_t *value)
{
    return value == NULL ? 0 : otav_load_u32(value);
}

bool otab_vectors_fit(const uint8_t vectors[OTAB_VECTORS_LEN], uint32_t fw_len)
{
    uint32_t stack = otav_load_u32(vectors);
    uint32_t entry = otav_load_u32(vectors + 4);

    return stack > OTAB_RAM_START && stack <= OTAB_RAM_END && stack % sizeof(uint32_t) == 0 &&
           entry % 2 == 1 && entry - OTAV_FW_ADDRESS < fw_len;
}

static enum otav_err check_vectors(struct otab_boot *boot, uint32_t address, uint32_t fw_len)
{
    enum otav_err err =
        otab_flash_read(boot, address + OTAV_META_LEN, boot->buffer, OTAB_VECTORS_LEN);

    if (err == OTAV_OK && !otab_vectors_fit(boot->buffer, fw_len)) {
        err = (enum otav_err)OTAB_ERR_VECTORS;
    }
    return err;
}

/* The verifier has parsed the same bytes, so this succeeds but for the vectors. */
static enum otav_err describe(struct otab_boot *boot, uint32_t address, struct otab_image *ret)
{
    const uint8_t *metadata = otav_get_metadata(&boot->ctx);
    uint32_t fw_len;
    uint32_t keys = (1u << boot->config.key_count) - 1;
    struct otav_attributes attributes;
    const uint8_t *activation;
    uint16_t offset;
    enum otav_err err;

    if (metadata == NULL) {
        return OTAV_ERR_STATE;
    }
    err = otav_attributes_parse(metadata + OTAV_META_ATTRIBUTES_OFF, OTAV_META_ATTRIBUTES_LEN,
                                false, &attributes, &offset);
    if (err != OTAV_OK) {
        return err;
    }
    activation = OTAV_ATTR_VALUE(&attributes, ACTIVATION);
    ret->version = otav_load_u32(metadata + OTAV_META_FW_REVISION_OFF);
    ret->counter = u32_or_zero(OTAV_ATTR_VALUE(&attributes, COUNTER));
    ret->revoke = u32_or_zero(OTAV_ATTR_VALUE(&attributes, REVOKE_KEYS)) & keys &
                  ~(1u << otav_get_key_index(&boot->ctx));
    fw_len = otav_load_u32(metadata + OTAV_META_FW_LEN_OFF);
    ret->pages = (OTAV_META_LEN + fw_len + OTAV_PAGE_LEN - 1) / OTAV_PAGE_LEN;
    ret->permanent = activation == NULL || activation[0] != ACTIVATION_TRIAL;
    err = check_vectors(boot, address, fw_len);
    return err == OTAV_OK ? id_of(boot, metadata, ret->id) : err;
}

enum otav_err otab_image_verify(struct otab_boot *boot, uint32_t address, enum otav_purpose purpose,
                                struct otab_image *ret, uint32_t ret_verdict[2])
{
    struct slot slot = {boot, address};
    const struct otav_flash flash = {.user = &slot, .read = read_slot, .at = slot_at};
    enum otav_err err;

    otav_close(&boot->ctx); /* left open by a fault it would refuse whatever is looked at next */
    err = otav_verify_slot(&boot->ctx, &boot->config, boot->platform->crypto, &flash, purpose);
    ret_verdict[0] = otav_verdict(&boot->ctx);
    ret_verdict[1] = otav_verdict(&boot->ctx);
    if (err == OTAV_OK) {
        err = describe(boot, address, ret);
    }
    if (err != OTAV_OK) {
        ret_verdict[0] = OTAV_REJECT;
        ret_verdict[1] = OTAV_REJECT;
    }
    otav_close(&boot->ctx);
    return err;
}

enum otav_err otab_image_peek(struct otab_boot *boot, uint32_t address, bool *ret_is_image,
                              uint8_t ret_id[OTAB_ID_LEN])
{
    enum otav_err err = otab_flash_read(boot, address, boot->buffer, OTAV_META_LEN);

    if (err != OTAV_OK) {
        return err;
    }
    *ret_is_image =
        !otab_is_blank(boot->buffer, OTAV_UNIT_LEN) && otav_meta_looks_plain(boot->buffer);
    return id_of(boot, boot->buffer, ret_id);
}
