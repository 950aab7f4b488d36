/*
 * What must hold for a virtual device whatever happens to it: the invariants of an update, looked at
 * from outside while it runs.
 */
#ifndef OTAIMG_SIM_CHECK_H
#define OTAIMG_SIM_CHECK_H

#include <virtual_device.h>

/* X(NAME, "number", "what holds") */
#define SIM_INVARIANTS(X)                                                                          \
    X(BOOTS, "I1", "an image runs after every reset")                                              \
    X(VERIFIED, "I2", "only the old image or one that the device accepts runs")                    \
    X(FLOOR, "I3", "the floor of the security counter never falls")                                \
    X(TRIAL, "I4", "an unconfirmed image runs once at most")                                       \
    X(GUARDED, "I5", "boot flash and application data stay as they were")                          \
    X(SECRET, "I6", "no plaintext of an encrypted image outside of the slots")                     \
    X(RESUMED, "I7", "a transfer leaves the same flash, resumed or not")                           \
    X(REPORTED, "I8", "every refusal has a code")                                                  \
    X(ERASES, "I10", "erases of a page are bounded")                                               \
    X(ENDS, "end", "an update that the device accepts is carried through")

#define SIM_X_INVARIANT(name, number, text) SIM_##name,
enum sim_invariant { SIM_INVARIANTS(SIM_X_INVARIANT) SIM_INVARIANT_COUNT };

const char *sim_invariant_number(enum sim_invariant invariant); /* "I1" */
const char *sim_invariant_text(enum sim_invariant invariant);

struct sim_image {
    const uint8_t *bytes; /* in plaintext: metadata and firmware, without padding */
    uint32_t len;
};

struct sim_expect {
    struct sim_image old_image;
    struct sim_image new_image;
    bool acceptable; /* the verifier takes the new one */
    bool unfit;      /* which cannot be started: the bootloader refuses it all the same */
    bool encrypted;  /* on the air */
};

struct sim_count {
    uint64_t checks;
    uint64_t violations;
};

enum { SIM_UNITS_SEEN_LEN = 8192 };

/* Caller-owned. count goes on over runs, the rest belongs to one. */
struct sim_check {
    struct sim_count count[SIM_INVARIANT_COUNT];
    bool violated; /* in this run */

    const struct vdev *device;
    struct sim_expect expect;
    bool hashed;                           /* unit_seen is that of expect.new_image */
    uint8_t unit_seen[SIM_UNITS_SEEN_LEN]; /* bit set over units of the new firmware, by hash */
    uint32_t version[NVM_PAGES];           /* of the flash's pages, when the run began */
    unsigned erases[NVM_PAGES];
    uint32_t floor;  /* seen last */
    unsigned trials; /* boots of the new image on trial */
};

/* A run begins: the device is installed and not powered yet. count stays. The images stay in place. */
void sim_check_begin(struct sim_check *check, const struct vdev *device,
                     const struct sim_expect *expect);

/* Behind each boot that the power lasted for. */
void sim_check_boot(struct sim_check *check);

/* With what the service reports. */
void sim_check_report(struct sim_check *check, const struct otas_status *status);

/* The run is over. attempts: connections; power_cuts: that happened; reverted: the device went back;
 * ended: an update that the device accepts came as far as the faults allow. */
void sim_check_end(struct sim_check *check, unsigned attempts, unsigned power_cuts, bool reverted,
                   bool ended);

/* Whether slot 0 holds the new image, and that is another one than the old. */
bool sim_check_is_new(const struct sim_check *check);

/* Violations of all invariants. */
uint64_t sim_check_violations(const struct sim_check *check);

#endif
