/*
 * A device's life from files that otaimg made: factory FACTORY.hex UPDATE.bin
 *
 * The factory's HEX file goes into the simulated flash, the provisioning record in it makes the
 * configuration, and the bootloader starts the application in it. UPDATE.bin, the slot image of the
 * next release, is staged, tried, confirmed through the application's side, and kept.
 * Layer: test. Crypto is OpenSSL: the signatures are real ones.
 */
#include <otab_app.h>
#include <otav/otav_openssl.h>
#include <otav/otav_provision.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fw_image.h"
#include "nvm_sim.h"
#include "source.h"

struct device {
    struct nvm_sim sim;
    struct otab_platform platform;
    struct otav_config config;
    struct otab_boot boot;
    struct otab_report report;
    struct otab_app app;
    uint32_t config_words; /* bytes of them */
};

static void require(bool condition, const char *what)
{
    if (!condition) {
        (void)fprintf(stderr, "FAIL: %s\n", what);
        exit(1);
    }
}

static enum ox put_piece(void *user, uint32_t address, const uint8_t *bytes, size_t len)
{
    struct device *device = user;

    if (address >= OTAV_FUSES_ADDRESS && address + len <= OTAV_FUSES_END) {
        device->config_words += (uint32_t)len; /* these stand outside of the simulated pages */
        return OX_OK;
    }
    require(nvm_page(address) < NVM_PAGES && nvm_page(address + (uint32_t)len - 1) < NVM_PAGES,
            "the HEX file holds data outside of the flash");
    nvm_put(&device->sim, address, bytes, len);
    return OX_OK;
}

static void program_device(struct device *device, const char *path)
{
    const unsigned page = nvm_page(OTAV_PROVISION_ADDRESS);
    struct fw_image *image = NULL;

    nvm_init(&device->sim, 1);
    device->platform = nvm_platform(&device->sim, &otav_crypto_openssl);
    otab_app_init(&device->app, &device->platform);
    require(fw_load(path, FW_IHEX, 0, &image) == OX_OK, "the HEX file loads");
    require(fw_for_each(image, put_piece, device) == OX_OK, "the HEX file reads");
    fw_free(image);
    require(device->config_words > 0, "there are configuration words");
    require(otav_provision_decode(device->sim.bytes[page] + OTAV_PROVISION_ADDRESS % OTAV_PAGE_LEN,
                                  &otav_crypto_openssl, &device->config) == OTAV_OK,
            "the provisioning record is where the bootloader looks for it");
}

static void boot(struct device *device, const char *what)
{
    require(otab_boot(&device->boot, &device->platform, &device->config, &device->report) ==
                OTAB_RUN_APPLICATION,
            what);
    require(device->sim.violation == NULL, "the flash's rules are kept");
}

static struct otab_app_status expect(struct device *device, uint8_t state)
{
    struct otab_app_status status;

    require(otab_app_status(&device->app, &status) == OTAV_OK, "the application reads the state");
    (void)printf("%s, version 0x%08x, floor %u\n", otab_state_name(status.state),
                 (unsigned)status.version, (unsigned)device->report.floor);
    require(status.state == state, "that is the state");
    return status;
}

static void stage(struct device *device, const char *path)
{
    struct source source;

    require(source_open(path, &source) == OX_OK && source_keep(&source) == OX_OK, "the update");
    nvm_put(&device->sim, OTAV_SLOT1_ADDRESS, source.bytes, source.len);
    source_close(&source);
}

int main(int argc, char **argv)
{
    static struct device device;
    struct otab_app_status status;
    uint32_t floor;

    require(argc == 3, "usage: factory FACTORY.hex UPDATE.bin");
    program_device(&device, argv[1]);
    boot(&device, "the factory's application runs");
    status = expect(&device, OTAB_READY);
    floor = device.report.floor;
    stage(&device, argv[2]);
    (void)expect(&device, OTAB_STAGED);
    boot(&device, "the update runs");
    require(expect(&device, OTAB_TRIAL).version == status.version, "not the newest version yet");
    require(otab_app_confirm(&device.app) == OTAV_OK, "the application confirms");
    (void)expect(&device, OTAB_UPDATED);
    require(device.report.floor == floor, "the floor is not raised before");
    boot(&device, "the confirmed update runs");
    boot(&device, "and stays");
    require(expect(&device, OTAB_READY).version > status.version, "it is the newest version");
    require(device.report.floor > floor, "the floor was raised");
    return 0;
}
