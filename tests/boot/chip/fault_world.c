/*
 * The devices that the fault campaign attacks.
 * Layer: test, host. Guards: the good image is the only one that may run, and only behind closed locks.
 */
#include "fault_world.h"

#include <otav/otav_error.h>
#include <otav/otav_openssl.h>
#include <otav/otav_provision.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "boot_images.h"

#define APP_ENTRY 0x01000400u
#define PDS       0x0107C000u

enum { FW_LEN = 1008, PDS_LEN = 0x4000, PDS_FILL = 0x77, VERSION = 0x01040200, COUNTER = 3 };

enum content {
    NOTHING,
    GOOD,
    OTHER_KEY,
    FLIPPED_BIT,
    LOWER_COUNTER,
    DEVELOPMENT_KEY,
    OLDER_VERSION,
    GOOD_THAT_REVOKES,
    REVOKED_KEY,
    CONTENT_COUNT
};

static const struct scenario {
    struct fault_scenario public;
    enum content slot0, slot1;
} scenarios[] = {
    {{"slot 0: other key", CHIP_POWER_ON, false}, OTHER_KEY, NOTHING},
    {{"slot 0: flipped bit", CHIP_POWER_ON, false}, FLIPPED_BIT, NOTHING},
    {{"slot 0: lower counter", CHIP_POWER_ON, false}, LOWER_COUNTER, NOTHING},
    {{"slot 0: development key", CHIP_POWER_ON, false}, DEVELOPMENT_KEY, NOTHING},
    {{"slot 1: other key", CHIP_POWER_ON, true}, GOOD, OTHER_KEY},
    {{"slot 1: flipped bit", CHIP_POWER_ON, true}, GOOD, FLIPPED_BIT},
    {{"slot 1: lower counter", CHIP_POWER_ON, true}, GOOD, LOWER_COUNTER},
    {{"slot 1: development key", CHIP_POWER_ON, true}, GOOD, DEVELOPMENT_KEY},
    {{"slot 1: older version", CHIP_POWER_ON, true}, GOOD, OLDER_VERSION},
    {{"locks: boot", CHIP_POWER_ON, true}, GOOD, NOTHING},
    {{"locks: wake", CHIP_DEEP_SLEEP, true}, GOOD, NOTHING},
    {{"slot 1: revoked key", CHIP_POWER_ON, true}, GOOD_THAT_REVOKES, REVOKED_KEY},
};

static struct boot_image images[CONTENT_COUNT];

const struct fault_scenario *fault_scenario_at(unsigned index)
{
    return index < sizeof scenarios / sizeof scenarios[0] ? &scenarios[index].public : NULL;
}

/* ---- images ----------------------------------------------------------------------------------- */

static void make(enum content content, uint32_t version, uint32_t counter, enum guest_key key)
{
    const struct image_spec spec = {.version = version,
                                    .counter = counter,
                                    .fw_len = FW_LEN,
                                    .key = key,
                                    .revoke = content == GOOD_THAT_REVOKES ? 1u << KEY_REVOKED : 0,
                                    .fill = (uint8_t)content,
                                    .entry = APP_ENTRY};

    image_make(&spec, &images[content]);
}

void fault_world_open(void)
{
    make(GOOD, VERSION, COUNTER, KEY_RELEASE);
    make(OTHER_KEY, VERSION + 1, COUNTER, KEY_STRANGER);
    make(FLIPPED_BIT, VERSION + 1, COUNTER, KEY_RELEASE);
    images[FLIPPED_BIT].bytes[OTAV_META_LEN + FW_LEN - 1] ^= 1;
    make(LOWER_COUNTER, VERSION + 1, COUNTER - 1, KEY_RELEASE);
    make(DEVELOPMENT_KEY, VERSION + 1, COUNTER, KEY_DEVELOPMENT);
    make(OLDER_VERSION, VERSION - 1, COUNTER, KEY_RELEASE);
    make(GOOD_THAT_REVOKES, VERSION, COUNTER, KEY_RELEASE);
    make(REVOKED_KEY, VERSION + 1, COUNTER, KEY_REVOKED);
}

/* ---- flash ------------------------------------------------------------------------------------ */

static const struct scenario *private_of(const struct fault_scenario *scenario)
{
    unsigned i = 0;

    while (&scenarios[i].public != scenario) {
        i++;
    }
    return &scenarios[i];
}

static void put(struct chip *chip, uint32_t slot, enum content content)
{
    chip_flash_fill(chip, slot, 0xFF, OTAV_SLOT_LEN);
    if (content != NOTHING) {
        chip_flash_write(chip, slot, images[content].bytes, images[content].len);
    }
}

static bool holds(const struct chip *chip, uint32_t slot, enum content content)
{
    return memcmp(chip_flash(chip, slot), images[content].bytes, images[content].len) == 0;
}

static void need(bool ok, const char *what)
{
    if (!ok) {
        (void)fprintf(stderr, "chip_fault: %s\n", what);
        exit(EXIT_FAILURE);
    }
}

static void provision(struct chip *chip)
{
    struct otav_config config;
    uint8_t record[OTAV_PROVISION_LEN];

    image_device(OTAV_POLICY_STRICT, &config);
    need(otav_provision_encode(&config, &otav_crypto_openssl, record) == OTAV_OK, "provisioning");
    chip_flash_write(chip, OTAV_PROVISION_ADDRESS, record, sizeof record);
}

/* The device has run the good image before, confirmed it and raised its floor: whatever is attacked
 * stands against a settled record. */
void fault_world_set_up(const struct fault_scenario *scenario, struct chip *chip,
                        enum chip_outcome (*boot)(void))
{
    const struct scenario *s = private_of(scenario);

    chip_flash_fill(chip, CHIP_MAIN, 0xFF, CHIP_MAIN_LEN);
    chip_flash_fill(chip, OTAV_FLOOR_ADDRESS, 0xFF, OTAV_PAGE_LEN);
    chip_flash_fill(chip, PDS, PDS_FILL, PDS_LEN);
    provision(chip);
    put(chip, OTAV_SLOT0_ADDRESS, s->slot0 == GOOD_THAT_REVOKES ? GOOD_THAT_REVOKES : GOOD);
    for (unsigned i = 0; i < 2; i++) {
        need(boot() == CHIP_APPLICATION, "the good image does not run");
    }
    put(chip, OTAV_SLOT0_ADDRESS, s->slot0);
    put(chip, OTAV_SLOT1_ADDRESS, s->slot1);
}

/* ---- judgement -------------------------------------------------------------------------------- */

static bool is_locked(const struct chip_end *end)
{
    return end->lbwp == 0x00FFFFFF && end->pwplt == 0x0007C000 && end->pwpgte == 0x000FD000;
}

static bool is_data_untouched(const struct chip *chip)
{
    const uint8_t *bytes = chip_flash(chip, PDS);

    return bytes[0] == PDS_FILL && memcmp(bytes, bytes + 1, PDS_LEN - 1) == 0;
}

const char *fault_world_objection(const struct chip *chip, enum chip_outcome outcome)
{
    if (!is_data_untouched(chip)) {
        return "application data changed";
    }
    if (outcome != CHIP_APPLICATION) {
        return NULL;
    }
    if (!holds(chip, OTAV_SLOT0_ADDRESS, GOOD) &&
        !holds(chip, OTAV_SLOT0_ADDRESS, GOOD_THAT_REVOKES)) {
        return "bad image reached";
    }
    return is_locked(chip_end(chip)) ? NULL : "application reached with a lock open";
}

static uint64_t mix(uint64_t hash, const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i += sizeof hash) {
        uint64_t word;

        memcpy(&word, bytes + i, sizeof word);
        hash = (hash ^ word) * UINT64_C(0x9E3779B97F4A7C15);
        hash ^= hash >> 29;
    }
    return hash;
}

uint64_t fault_world_flash(const struct chip *chip)
{
    static const struct {
        uint32_t address, len;
    } parts[] = {{OTAV_FLOOR_ADDRESS, OTAV_PAGE_LEN},
                 {OTAV_SLOT0_ADDRESS, 2 * OTAV_PAGE_LEN},
                 {OTAV_SLOT1_ADDRESS, 2 * OTAV_PAGE_LEN},
                 {OTAV_SLOT1_ADDRESS + OTAV_SLOT_LEN, 4 * OTAV_PAGE_LEN}};
    uint64_t hash = 0;

    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        hash = mix(hash, chip_flash(chip, parts[i].address), parts[i].len);
    }
    return hash;
}
