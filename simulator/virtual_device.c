/*
 * The virtual device: glue between the device's own parts, as a firmware has it.
 * Layer: top of the simulator. Invariant: only the bootloader decides whether the application runs, and
 * nothing but the flash outlives vdev_boot().
 */
#include "virtual_device.h"

#include <otas_boot.h>
#include <string.h>

#include "sim_floor.h"

enum { PDS_PAGES = 4 };

/* ---- flash for the service -------------------------------------------------------------------- */

static uint32_t program_units(const struct vdev *device, uint32_t address, const uint8_t *bytes,
                              size_t len)
{
    uint32_t result = len % OTAV_UNIT_LEN == 0 ? OTAV_ACCEPT : OTAV_REJECT;

    for (size_t off = 0; result == OTAV_ACCEPT && off < len; off += OTAV_UNIT_LEN) {
        result =
            device->platform.program(device->platform.user, address + (uint32_t)off, bytes + off);
    }
    return result;
}

static uint32_t erase_page(const struct vdev *device, uint32_t address, size_t len)
{
    return len == OTAV_PAGE_LEN ? device->platform.erase(device->platform.user, address)
                                : OTAV_REJECT;
}

static uint32_t slot_read(void *user, uint32_t offset, uint8_t *ret, size_t len)
{
    const struct vdev *device = user;

    return device->platform.read(device->platform.user, OTAV_SLOT1_ADDRESS + offset, ret, len);
}

static uint32_t slot_erase(void *user, uint32_t offset, size_t len)
{
    return erase_page(user, OTAV_SLOT1_ADDRESS + offset, len);
}

static uint32_t slot_program(void *user, uint32_t offset, const uint8_t *bytes, size_t len)
{
    return program_units(user, OTAV_SLOT1_ADDRESS + offset, bytes, len);
}

static uint32_t mailbox_read(void *user, uint32_t offset, uint8_t *ret, size_t len)
{
    const struct vdev *device = user;

    return device->platform.read(device->platform.user, OTAB_MAILBOX_ADDRESS + offset, ret, len);
}

static uint32_t mailbox_erase(void *user, uint32_t offset, size_t len)
{
    return erase_page(user, OTAB_MAILBOX_ADDRESS + offset, len);
}

static uint32_t mailbox_program(void *user, uint32_t offset, const uint8_t *bytes, size_t len)
{
    return program_units(user, OTAB_MAILBOX_ADDRESS + offset, bytes, len);
}

/* ---- the rest of the service's platform -------------------------------------------------------- */

static bool notify(void *user, enum otas_attr attr, const uint8_t *bytes, size_t len)
{
    const struct vdev *device = user;

    return device->host.notify(device->host.user, attr, bytes, len);
}

static uint32_t permission(void *user, const struct otas_request *request)
{
    struct vdev *device = user;

    (void)request;
    return otas_boot_permission(&device->app);
}

static uint8_t battery(void *user)
{
    return ((const struct vdev *)user)->options.battery;
}

static bool authenticate(void *user)
{
    struct vdev *device = user;
    enum otav_err err = otav_verify_slot(&device->check, &device->device, &device->crypto,
                                         &device->slot, OTAV_INSTALL);
    bool accepted = err == OTAV_OK && otav_verdict(&device->check) == OTAV_ACCEPT;

    otav_close(&device->check);
    return accepted;
}

static void reset(void *user, uint32_t after_ms)
{
    const struct vdev *device = user;

    if (device->host.reset != NULL) {
        device->host.reset(device->host.user, after_ms);
    }
}

static void report(void *user, const struct otas_status *status)
{
    const struct vdev *device = user;

    if (device->host.report != NULL) {
        device->host.report(device->host.user, status);
    }
}

/* ---- making one ------------------------------------------------------------------------------- */

static uint32_t verify(void *user, const uint8_t xy[OTAV_PUBLIC_KEY_LEN],
                       const uint8_t digest[OTAV_SHA256_LEN], const uint8_t rs[OTAV_SIGNATURE_LEN])
{
    const struct vdev *device = user;

    if (placeholder_signed(&device->placeholder, digest, rs)) {
        return OTAV_ACCEPT;
    }
    return device->options.crypto->ecdsa_p256_verify(NULL, xy, digest, rs);
}

static void put_noise(struct nvm_sim *sim, uint32_t address)
{
    uint8_t noise[OTAV_PAGE_LEN];

    for (size_t i = 0; i < sizeof noise; i += sizeof(uint64_t)) {
        uint64_t word = nvm_random(sim);

        memcpy(noise + i, &word, sizeof word);
    }
    nvm_put(sim, address, noise, sizeof noise);
}

static void put_factory_state(struct vdev *device)
{
    const struct otav_config *config = &device->options.config;
    unsigned pair = 0;
    uint32_t revoked = 0;

    for (uint32_t page = 0; page < NVM_BOOT_PAGES; page++) {
        if (page != NVM_FLOOR_PAGE) {
            put_noise(&device->flash, page * OTAV_PAGE_LEN);
        }
    }
    for (uint32_t page = 0; page < PDS_PAGES; page++) {
        put_noise(&device->flash, OTAV_SLOT0_ADDRESS + OTAV_SLOT_LEN + page * OTAV_PAGE_LEN);
    }
    for (unsigned i = 0; i < config->key_count; i++) {
        revoked |= (uint32_t)config->keys[i].revoked << i;
    }
    if (config->counter_floor != 0) {
        sim_floor_put(&device->flash, pair++, OTAB_FLOOR_RAISE, config->counter_floor);
    }
    if (revoked != 0) {
        sim_floor_put(&device->flash, pair, OTAB_FLOOR_REVOKE, revoked);
    }
}

void vdev_init(struct vdev *device, const struct vdev_options *options,
               const struct vdev_host *host)
{
    vdev_close(device);
    memset(device, 0, sizeof *device);
    nvm_init(&device->flash, options->seed);
    device->options = *options;
    device->host = *host;
    device->crypto = *options->crypto;
    device->crypto.user = device;
    device->crypto.ecdsa_p256_verify = verify;
    device->platform = nvm_platform(&device->flash, &device->crypto);
    device->slot = (struct otav_flash){device, slot_read, slot_erase, slot_program, NULL};
    device->mailbox =
        (struct otav_flash){device, mailbox_read, mailbox_erase, mailbox_program, NULL};
    device->decoder = (struct otav_decoder)OTAV_INFLATE_DECODER(&device->inflate);
    device->service_config =
        (struct otas_config){.device = &device->device,
                             .resume = options->resume,
                             .min_battery = options->min_battery,
                             .decoder = options->inflates ? &device->decoder : NULL};
    device->service_platform = (struct otas_platform){.user = device,
                                                      .crypto = &device->crypto,
                                                      .slot = &device->slot,
                                                      .mailbox = &device->mailbox,
                                                      .notify = notify,
                                                      .permission = permission,
                                                      .battery = battery,
                                                      .authenticate = authenticate,
                                                      .reset = reset,
                                                      .report = report};
    otab_app_init(&device->app, &device->platform);
    put_factory_state(device);
}

void vdev_install(struct vdev *device, const uint8_t *image, uint32_t len)
{
    for (uint32_t off = 0; off < len; off += OTAV_PAGE_LEN) {
        nvm_wipe_page(&device->flash, OTAV_SLOT0_ADDRESS + off);
    }
    nvm_put(&device->flash, OTAV_SLOT0_ADDRESS, image, len);
}

bool vdev_install_placeholder(struct vdev *device)
{
    uint8_t image[PLACEHOLDER_LEN];

    if (!placeholder_make(&device->placeholder, &device->options.config, &device->crypto, image)) {
        return false;
    }
    vdev_install(device, image, sizeof image);
    return true;
}

/* ---- running ---------------------------------------------------------------------------------- */

/* What an application knows of itself: the factory's record, and what the bootloader found. */
static void learn_state(struct vdev *device)
{
    const struct otav_config *factory = &device->options.config;

    device->device = device->boot.config;
    device->device.has_installed = device->report.version != 0;
    device->device.installed_version = device->report.version;
    device->device.has_decrypt_key = factory->has_decrypt_key;
    memcpy(device->device.decrypt_key, factory->decrypt_key, sizeof factory->decrypt_key);
    memcpy(device->device.decrypt_iv, factory->decrypt_iv, sizeof factory->decrypt_iv);
}

bool vdev_boot(struct vdev *device)
{
    uint32_t action;

    vdev_close(device);
    if (device->flash.powerless) {
        nvm_restart(&device->flash);
    }
    action = otab_boot(&device->boot, &device->platform, &device->options.config, &device->report);
    device->running = action == OTAB_RUN_APPLICATION && !device->flash.powerless;
    learn_state(device);
    otas_init(&device->server, &device->service_config, &device->service_platform);
    return device->running;
}

uint32_t vdev_confirm(struct vdev *device)
{
    return device->report.state == OTAB_TRIAL ? otab_app_confirm(&device->app) : (uint32_t)OTAV_OK;
}

uint32_t vdev_status(struct vdev *device, struct otas_status *ret)
{
    return otas_boot_status(&device->app, ret);
}

bool vdev_holds(const struct vdev *device, uint32_t slot_address, const uint8_t *image,
                uint32_t len)
{
    unsigned page = nvm_page(slot_address);

    for (uint32_t off = 0; off < len; off += OTAV_PAGE_LEN, page++) {
        uint32_t part = len - off < OTAV_PAGE_LEN ? len - off : OTAV_PAGE_LEN;

        if (device->flash.torn_index[page] != 0 ||
            memcmp(device->flash.bytes[page], image + off, part) != 0) {
            return false;
        }
    }
    return true;
}

void vdev_close(struct vdev *device)
{
    otav_close(&device->server.ctx);
    otav_close(&device->check);
    device->running = false;
}
