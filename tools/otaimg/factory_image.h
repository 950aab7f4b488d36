/*
 * What the factory programs into a device, as one memory image: bootloader, provisioning record,
 * configuration words and the first application in slot 0.
 */
#ifndef OTAIMG_FACTORY_IMAGE_H
#define OTAIMG_FACTORY_IMAGE_H

#include "fw_image.h"
#include "ihex.h"
#include "ota_file.h"

struct factory_image { /* owns nothing of this */
    const struct fw_image *bootloader;
    const uint8_t *record; /* OTAV_PROVISION_LEN bytes */
    const struct fw_image *app_hex;
    const struct ota_file *application;
};

/* How many bytes of each are in it. */
struct factory_sizes {
    uint32_t bootloader;
    uint32_t config_words;
    uint32_t application; /* metadata and firmware */
};

/* Is all of it where bootloader code may stand, its vector table included? OX_MALFORMED with the
 * address of what is not. */
enum ox factory_check_bootloader(const struct fw_image *bootloader);

/* Is this the build of the application, with configuration words? Checks that nothing is outside of
 * slot 0 and the areas a build carries along, that firmware is the same byte for byte, and that there
 * are words in the main set. OX_MALFORMED. The application was verified before. */
enum ox factory_check_app_hex(const struct fw_image *app_hex, const struct ota_file *application);

/* Writes all of it as Intel HEX, addresses ascending; call after both checks. Of app_hex only the
 * configuration words are taken. */
enum ox factory_write(const struct factory_image *factory, ihex_sink *sink, void *user,
                      struct factory_sizes *ret);

#endif
