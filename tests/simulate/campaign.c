/*
 * Random updates: versions, compressed or not, images that devices refuse, links, losses, cuts of link and power, resuming
 * and stock services, applications that confirm or do not; all from one seed. Then one small update
 * with the link cut behind every write of data and the power cut at every flash operation.
 *
 * campaign [--count N] [--seed N] [--thin N] [--show] [--expect-hole]: --count random updates; --thin
 * takes every Nth point of the small ones; --show prints every step; with --expect-hole an invariant must break, which is how a broken
 * service is registered.
 *
 * Layer: test. Invariant: what a run does follows from its seed, which is printed when something does
 * not hold.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fast_crypto.h"
#include "sim_code.h"
#include "sim_faults.h"
#include "sim_images.h"

enum { FAILURE_MAX = 5, FLOOR = 3, OLD_VERSION = 0x01010000, DEFECT_ONE_IN = 3 };

enum defect {
    DEFECT_NONE,
    DEFECT_VERSION, /* not newer */
    DEFECT_COUNTER, /* below the floor */
    DEFECT_PRODUCT,
    DEFECT_STRANGER,
    DEFECT_REVOKED,
    DEFECT_DEVELOPMENT,
    DEFECT_DECODER, /* compressed, for a device that takes no such transfer */
    DEFECT_BYTE,    /* somewhere on the air */
    DEFECT_COUNT
};

static const char *const end_names[SIM_END_COUNT] = {"new image", "reverted", "refused",
                                                     "transfer given up", "dead"};

static struct vdev device;
static struct sim_run run;
static struct sim_check check;
static struct update update;
static uint64_t random_state;
static bool show_steps;

struct totals {
    unsigned long runs;
    unsigned long ends[SIM_END_COUNT];
    unsigned long link_cuts;
    unsigned long power_cuts;
    unsigned long resumes;
    unsigned long compressed[SIM_END_COUNT]; /* of ends */
    unsigned long compressed_resumes;        /* of resumes */
    unsigned long packets;
    unsigned long lost;
    unsigned failures;
};

static uint32_t pick(uint32_t count)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint32_t)((random_state * UINT64_C(0x2545F4914F6CDD1D)) >> 32) % count;
}

static void seed_random(uint64_t seed)
{
    random_state = seed * UINT64_C(0x9E3779B97F4A7C15) | 1;
    for (unsigned i = 0; i < 4; i++) {
        (void)pick(1);
    }
}

/* ---- one update ------------------------------------------------------------------------------- */

static struct image_spec spec_of(uint32_t version, uint32_t fw_len, uint8_t fill)
{
    const struct image_spec spec = {.version = version,
                                    .counter = FLOOR,
                                    .fw_len = fw_len,
                                    .key = KEY_RELEASE,
                                    .activation = ACTIVATION_TRIAL,
                                    .fill = fill,
                                    .dense = true};

    return spec;
}

static void spoil(struct image_spec *spec, enum defect defect)
{
    switch (defect) {
    case DEFECT_VERSION:
        spec->version = OLD_VERSION - pick(2) * 256;
        break;
    case DEFECT_COUNTER:
        spec->counter = FLOOR - 1;
        break;
    case DEFECT_PRODUCT:
        spec->other_product = true;
        break;
    case DEFECT_STRANGER:
        spec->key = KEY_STRANGER;
        break;
    case DEFECT_REVOKED:
        spec->key = KEY_REVOKED;
        break;
    case DEFECT_DEVELOPMENT:
        spec->key = KEY_DEVELOPMENT;
        break;
    case DEFECT_NONE:
    case DEFECT_DECODER:
    case DEFECT_BYTE:
    case DEFECT_COUNT:
        break;
    }
}

/* Mostly small images, at times one of up to a slot. */
static uint32_t pick_len(void)
{
    uint32_t units =
        pick(40) == 0 ? 1 + pick((OTAV_SLOT_LEN - OTAV_META_LEN) / 16 - 1) : 1 + pick(1500);

    return units * OTAV_UNIT_LEN;
}

/* Mostly with a point to go on at. */
static uint32_t pick_compressed_len(void)
{
    uint32_t len = pick_len();

    return len < OTAV_DECODER_POINT_LEN && pick(4) != 0 ? len + OTAV_DECODER_POINT_LEN : len;
}

/* But where a byte is spoilt: some bits of a stream say nothing, so it could still be accepted. */
static bool pick_compressed(enum defect defect)
{
    return defect == DEFECT_DECODER || (defect != DEFECT_BYTE && pick(3) == 0);
}

static void make_update(enum defect defect, bool encrypted)
{
    bool compressed = pick_compressed(defect);

    struct image_spec spec = spec_of(OLD_VERSION, pick_len(), 0xA0);

    image_make(&spec, &update.old_image);
    spec = spec_of(OLD_VERSION + 1 + pick(0x10000), compressed ? pick_compressed_len() : pick_len(),
                   0xB0);
    spoil(&spec, defect);
    spec.counter += defect == DEFECT_NONE && pick(4) == 0;
    spec.repeats = compressed;
    update_make(&update, &spec, compressed);
    update_wrap(&update, spec.version, encrypted);
    if (defect == DEFECT_BYTE) {
        update.file[OTAM_HEADER_LEN + pick(update.file_len - OTAM_HEADER_LEN)] ^=
            (uint8_t)(1u << pick(8));
        update_seal(&update);
    }
}

static void make_device(bool resume, bool inflates, uint64_t seed)
{
    const struct vdev_host host = sim_run_host(&run);
    struct vdev_options options = {.crypto = &fast_crypto,
                                   .resume = resume,
                                   .inflates = inflates,
                                   .battery = 80,
                                   .min_battery = 20,
                                   .seed = seed};

    image_device(OTAV_POLICY_STRICT, &options.config);
    options.config.counter_floor = FLOOR;
    options.config.keys[KEY_REVOKED].revoked = true;
    options.config.has_decrypt_key = true;
    memcpy(options.config.decrypt_key, update_key, sizeof update_key);
    memcpy(options.config.decrypt_iv, update_iv, sizeof update_iv);
    vdev_init(&device, &options, &host);
    vdev_install(&device, update.old_image.bytes, update.old_image.len);
}

static void print_step(void *user, const struct sim_step *step)
{
    (void)user;
    printf("  %9.3f s  %-7s  %s\n", (double)step->at_us / 1e6, sim_actor_name(step->actor),
           step->text);
}

static struct sim_setup setup_of(bool acceptable, bool encrypted)
{
    struct sim_setup setup = {
        .file = update.file,
        .file_len = update.file_len,
        .expect = {.old_image = {update.old_image.bytes, update.old_image.len},
                   .new_image = {update.new_image.bytes, update.new_image.len},
                   .acceptable = acceptable,
                   .encrypted = encrypted},
        .link =
            {.phy = LINK_2M, .encrypted = true, .ll_len = 251, .att_mtu = 247, .interval_us = 7500},
        .flash = link_flash_wbz451,
        .seed = 1,
        .step = show_steps ? print_step : NULL,
    };

    return setup;
}

static void pick_link(struct sim_setup *setup)
{
    static const uint32_t intervals_us[] = {7500, 15000, 30000, 50000, 100000};
    struct link *link = &setup->link;

    link->phy = (enum link_phy)pick(LINK_CODED_S8 + 1);
    link->ll_len = (uint16_t)(27 + pick(251 - 27 + 1));
    link->att_mtu = (uint16_t)(23 + pick(517 - 23 + 1));
    link->packets_max = pick(3) == 0 ? 1 + pick(6) : 0;
    do {
        link->interval_us = intervals_us[pick(sizeof intervals_us / sizeof intervals_us[0])];
    } while (link_packets_per_event(link) == 0);
    setup->loss_ppm = pick(3) == 0 ? pick(200000) : 0;
    setup->seed = pick(UINT32_MAX);
}

static void pick_faults(struct sim_setup *setup)
{
    setup->cut_count = pick(2) == 0 ? pick(4) : 0;
    for (unsigned i = 0; i < setup->cut_count; i++) {
        enum sim_cut_kind kind = (enum sim_cut_kind)pick(SIM_CUT_FRAGMENT + 1);
        uint32_t range = kind == SIM_CUT_BYTE ? update.file_len : 1 + update.file_len / 244;

        setup->cuts[i] = (struct sim_cut){kind, 1 + pick(range)};
    }
    setup->manager_dies = pick(3) == 0;
    if (pick(2) == 0) {
        setup->power_at = 1 + pick(update.file_len / 4 + 200);
        setup->power_how = (enum nvm_cut)pick(NVM_CUT_COUNT);
    }
    setup->app = pick(4) == 0 ? (enum sim_app)(1 + pick(2)) : SIM_APP_CONFIRMS;
}

static void add(struct totals *totals, const struct sim_result *result)
{
    totals->runs++;
    totals->ends[result->end]++;
    totals->link_cuts += result->link_cuts;
    totals->power_cuts += result->power_cuts;
    totals->resumes += result->resumes;
    totals->packets += result->packets;
    totals->lost += result->lost;
    if (update.stream_len > 0) {
        totals->compressed[result->end]++;
        totals->compressed_resumes += result->resumes;
    }
}

static void run_random(uint64_t seed, struct totals *totals)
{
    enum defect defect;
    bool encrypted;
    struct sim_setup setup;
    struct sim_result result;

    seed_random(seed);
    defect = pick(DEFECT_ONE_IN) == 0 ? (enum defect)(1 + pick(DEFECT_COUNT - 1)) : DEFECT_NONE;
    encrypted = pick(2) == 0;
    make_update(defect, encrypted);
    make_device(pick(4) != 0, defect != DEFECT_DECODER, seed);
    setup = setup_of(defect == DEFECT_NONE, encrypted);
    pick_link(&setup);
    pick_faults(&setup);
    if (sim_run(&run, &setup, &device, &check, &result) != OTAM_OK) {
        totals->failures++;
        printf("seed %llu: the manager does not take the file\n", (unsigned long long)seed);
        return;
    }
    add(totals, &result);
    if (check.violated) {
        totals->failures++;
        printf("seed %llu: defect %d, resume %d, app %d, power cut at %u (%d), ends with %s, code "
               "0x%04X (%s), manager: %s\n",
               (unsigned long long)seed, (int)defect, device.options.resume, (int)setup.app,
               setup.power_at, (int)setup.power_how, end_names[result.end], result.code,
               sim_code_text(result.code), otam_err_text(result.manager));
    }
}

/* ---- every point ------------------------------------------------------------------------------ */

struct small {
    const char *name;
    uint32_t old_len;
    uint32_t new_len;
    bool encrypted;
    bool compressed;
    bool resume;
    uint32_t version;
    enum sim_app app;
    unsigned thin; /* every so many-th point: more than 1 where runs take long */
};

static const struct small smalls[] = {
    {"resuming, encrypted", 5008, 13008, true, false, true, OLD_VERSION + 1, SIM_APP_CONFIRMS, 1},
    {"resuming, plain", 13008, 9008, false, false, true, OLD_VERSION + 1, SIM_APP_CONFIRMS, 1},
    {"resuming, compressed", 5008, 17008, true, true, true, OLD_VERSION + 1, SIM_APP_CONFIRMS, 3},
    {"stock service", 5008, 9008, false, false, false, OLD_VERSION + 1, SIM_APP_CONFIRMS, 1},
    {"hanging application", 5008, 9008, false, false, true, OLD_VERSION + 1, SIM_APP_HANGS, 1},
    {"older version", 5008, 5008, false, false, true, OLD_VERSION, SIM_APP_CONFIRMS, 1},
};

static void show_violation(const char *name, const struct sim_faults *faults)
{
    const struct sim_setup *setup = &faults->violation;

    printf("%s: something does not hold with the link cut behind write %u, or the power at "
           "operation %u (%d)\n",
           name, setup->cut_count > 0 ? setup->cuts[0].value : 0, setup->power_at,
           (int)setup->power_how);
}

static void run_small(const struct small *small, unsigned thin, struct totals *totals)
{
    struct image_spec spec = spec_of(OLD_VERSION, small->old_len, 0xA0);
    struct sim_faults faults;
    struct sim_setup setup;

    image_make(&spec, &update.old_image);
    spec = spec_of(small->version, small->new_len, 0xB0);
    spec.repeats = small->compressed;
    update_make(&update, &spec, small->compressed);
    update_wrap(&update, small->version, small->encrypted);
    make_device(small->resume, true, 1);
    setup = setup_of(small->version > OLD_VERSION, small->encrypted);
    setup.app = small->app;
    if (sim_faults_run(&run, &setup, &device, &check, thin * small->thin, NULL, &faults) !=
        OTAM_OK) {
        totals->failures++;
        return;
    }
    printf("%-21s %3u writes, %4u flash operations: %3u link cuts, %4u power cuts clean, %4u torn; "
           "%u resumed; %u new, %u reverted, %u refused, %u given up, %u dead\n",
           small->name, faults.fragments, faults.flash_ops, faults.link_cuts, faults.clean_cuts,
           faults.torn_cuts, faults.resumes, faults.ends[SIM_END_NEW],
           faults.ends[SIM_END_REVERTED], faults.ends[SIM_END_REFUSED], faults.ends[SIM_END_OLD],
           faults.ends[SIM_END_DEAD]);
    if (faults.violated) {
        totals->failures++;
        show_violation(small->name, &faults);
    }
}

/* ---- all -------------------------------------------------------------------------------------- */

static void show(const struct totals *totals)
{
    printf(
        "%lu random updates, %lu link cuts, %lu power cuts, %lu resumed, of them compressed: %lu; "
        "%lu packets, %lu lost\n",
        totals->runs, totals->link_cuts, totals->power_cuts, totals->resumes,
        totals->compressed_resumes, totals->packets, totals->lost);
    for (unsigned i = 0; i < SIM_END_COUNT; i++) {
        printf("  %-18s %lu, of them compressed: %lu\n", end_names[i], totals->ends[i],
               totals->compressed[i]);
    }
    for (unsigned i = 0; i < SIM_INVARIANT_COUNT; i++) {
        printf("  %-3s %9llu checks, %llu violations: %s\n",
               sim_invariant_number((enum sim_invariant)i),
               (unsigned long long)check.count[i].checks,
               (unsigned long long)check.count[i].violations,
               sim_invariant_text((enum sim_invariant)i));
    }
}

int main(int argc, char **argv)
{
    struct totals totals = {0};
    unsigned long count = 1000;
    unsigned long seed = 1;
    unsigned thin = 1;
    bool expect_hole = false;

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--expect-hole") == 0) {
            expect_hole = true;
        } else if (strcmp(argv[i], "--show") == 0) {
            show_steps = true;
        } else if (strcmp(argv[i], "--count") == 0 && i + 1 < argc) {
            count = strtoul(argv[++i], NULL, 10);
        } else if (strcmp(argv[i], "--seed") == 0 && i + 1 < argc) {
            seed = strtoul(argv[++i], NULL, 10);
        } else if (strcmp(argv[i], "--thin") == 0 && i + 1 < argc) {
            thin = (unsigned)strtoul(argv[++i], NULL, 10);
        } else {
            (void)fprintf(
                stderr,
                "usage: campaign [--count N] [--seed N] [--thin N] [--show] [--expect-hole]\n");
            return 2;
        }
    }
    for (size_t i = 0; thin > 0 && i < sizeof smalls / sizeof smalls[0]; i++) {
        run_small(&smalls[i], thin, &totals);
    }
    for (unsigned long i = 0; i < count && totals.failures < FAILURE_MAX; i++) {
        run_random(seed + i, &totals);
    }
    show(&totals);
    vdev_close(&device);
    return (totals.failures > 0) == expect_hole ? EXIT_SUCCESS : EXIT_FAILURE;
}
