/*
 * A WBZ451 without a radio: its flash (nvm_sim.h), and on it the bootloader, the OTA service and an
 * application that tests itself after an update. What a BLE stack would do is the caller's: it calls
 * otas_connected(), otas_write(), ... on device->server while device->running, and lets time pass.
 *
 *   vdev_init -> vdev_install_* -> vdev_boot -> (otas_*, vdev_confirm)* -> vdev_boot -> ...
 *
 * A power cut is asked for in device->flash (cut_at, cut); once flash.powerless is set, nothing of the
 * device works until vdev_boot().
 *
 * Layer: above the device's code. Limits: no locks of the flash, no serial DFU; one device of about
 * 1.3 MB per struct. The structure must stay where it is while in use.
 */
#ifndef SIMULATOR_VIRTUAL_DEVICE_H
#define SIMULATOR_VIRTUAL_DEVICE_H

#include <otab_app.h>
#include <otas.h>

#include "nvm_sim.h"
#include "placeholder.h"

/* What the device says to the world outside. user goes with each; all but notify may be NULL. */
struct vdev_host {
    void *user;
    /* A notification of OTAS_CONTROL or OTAS_DATA; false: not now. */
    bool (*notify)(void *user, enum otas_attr attr, const uint8_t *bytes, size_t len);
    void (*report)(void *user, const struct otas_status *status);
    /* The peer asked for a reset: the caller calls vdev_boot() after that time. */
    void (*reset)(void *user, uint32_t after_ms);
};

struct vdev_options {
    struct otav_config config;        /* identity, keys, decryption, and the state it starts in:
                                  installed_version, counter_floor, revoked keys */
    const struct otav_crypto *crypto; /* callbacks that do not look at their user pointer */
    bool resume;                      /* false: on the air exactly the stock service */
    uint8_t battery;                  /* percent */
    uint8_t min_battery;              /* percent that the device wants for an update */
    uint64_t seed;                    /* of noise, torn flash and nonces */
};

/* Caller-owned; all but flash, running, device, report and server is private. */
struct vdev {
    struct nvm_sim flash;
    bool running;              /* the application runs: the service can be talked to */
    struct otav_config device; /* as the application knows it since the last boot */
    struct otab_report report; /* of the last boot */
    struct otas_server server;

    struct vdev_options options;
    struct vdev_host host;
    struct otav_crypto crypto;
    struct placeholder placeholder;
    struct otab_platform platform;
    struct otav_flash slot;
    struct otav_flash mailbox;
    struct otas_config service_config;
    struct otas_platform service_platform;
    struct otab_boot boot;
    struct otab_app app;
    struct otav_context check; /* of the authenticate entry */
};

/* A device without application and without power: noise in the boot flash and in the application's
 * data, floor and revocations of options->config in page 4. *device: zeroed, or used before. */
void vdev_init(struct vdev *device, const struct vdev_options *options,
               const struct vdev_host *host);

/* Puts an image in plaintext (metadata and firmware, at most OTAV_SLOT_LEN) into slot 0, as the
 * factory would. */
void vdev_install(struct vdev *device, const uint8_t *image, uint32_t len);

/* The same with an image of the version and counter of options->config that only this device takes
 * for signed. False: the crypto port failed. */
bool vdev_install_placeholder(struct vdev *device);

/* Power on or reset: any link is gone, the bootloader runs, and if it allows it, the application.
 * Returns device->running; false with flash.powerless: the power went again on the way. */
bool vdev_boot(struct vdev *device);

/* The application's self test passed: confirms the image on trial. Otherwise no effect. OTAV_OK, or an
 * error of otab_app_confirm(). */
uint32_t vdev_confirm(struct vdev *device);

/* What became of updates, as the application reads it; OTAV_OK or the error of otas_boot_status(). */
uint32_t vdev_status(struct vdev *device, struct otas_status *ret);

/* Whether a slot holds exactly these bytes, no bit of them in doubt. */
bool vdev_holds(const struct vdev *device, uint32_t slot_address, const uint8_t *image,
                uint32_t len);

/* Lets go of what the crypto port holds. */
void vdev_close(struct vdev *device);

#endif
