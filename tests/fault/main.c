/*
 * The fault campaign's command line.
 * Layer: test, host. Exit code 0 when no bad image got through; with --expect-hole, which is the test
 * of the campaign itself on a guest with a hole, when one did.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "faults.h"

static const struct {
    const char *name;
    void (*attack)(struct campaign *campaign);
} kinds[] = {{"skip", attack_by_skips}, {"patch", attack_by_patches}, {"flip", attack_by_flips}};

static const struct {
    const char *name;
    enum zone zone;
} zones[] = {
    {"decision", ZONE_DECISION}, {"crypto", ZONE_CRYPTO}, {"all", ZONE_ALL}, {"end", ZONE_END}};

enum { KIND_COUNT = sizeof kinds / sizeof kinds[0], ZONE_COUNT = sizeof zones / sizeof zones[0] };

static int usage(void)
{
    (void)fprintf(stderr,
                  "usage: PROGRAM GUEST.elf skip|patch|flip [--zone decision|crypto|all|end]\n"
                  "       [--places N [--seed N]] [--all] [--image NAME]... [--expect-hole]\n");
    return 2;
}

static bool parse_zone(const char *name, enum zone *ret)
{
    for (unsigned i = 0; i < ZONE_COUNT; i++) {
        if (strcmp(name, zones[i].name) == 0) {
            *ret = zones[i].zone;
            return true;
        }
    }
    return false;
}

static bool parse_value(const char *name, const char *value, struct campaign_options *ret)
{
    if (value == NULL) {
        return false;
    }
    if (strcmp(name, "--zone") == 0) {
        return parse_zone(value, &ret->zone);
    }
    if (strcmp(name, "--image") == 0) {
        if (ret->image_count == IMAGES_MAX) {
            return false;
        }
        ret->images[ret->image_count++] = value;
    } else if (strcmp(name, "--places") == 0) {
        ret->places = strtoul(value, NULL, 0);
    } else if (strcmp(name, "--seed") == 0) {
        ret->seed = (uint32_t)strtoul(value, NULL, 0);
    } else {
        return false;
    }
    return true;
}

static bool parse_options(char **argv, struct campaign_options *ret)
{
    *ret = (struct campaign_options){.seed = 1};
    for (; *argv != NULL; argv++) {
        if (strcmp(*argv, "--expect-hole") == 0) {
            ret->one_is_enough = true;
        } else if (strcmp(*argv, "--all") == 0) {
            ret->all = true;
        } else if (parse_value(*argv, argv[1], ret)) {
            argv++;
        } else {
            return false;
        }
    }
    return ret->seed != 0;
}

/* Nothing that was asked for may be left out without a word: no hole is found where nothing is done. */
static bool is_complete(const struct campaign *campaign)
{
    for (unsigned i = 0; i < campaign->options.image_count; i++) {
        if (!campaign->image_met[i]) {
            (void)fprintf(stderr, "fault: no bad image '%s'\n", campaign->options.images[i]);
            return false;
        }
    }
    return campaign->trials > 0;
}

int main(int argc, char **argv)
{
    static struct campaign campaign;
    struct campaign_options options;
    unsigned kind = 0;
    bool found;
    bool complete;

    while (argc > 2 && kind < KIND_COUNT && strcmp(argv[2], kinds[kind].name) != 0) {
        kind++;
    }
    if (argc < 3 || kind == KIND_COUNT || !parse_options(argv + 3, &options)) {
        return usage();
    }
    if (!campaign_open(&campaign, argv[1], &options)) {
        return EXIT_FAILURE;
    }
    (void)setvbuf(stdout, NULL, _IOLBF,
                  0); /* a hole that was found is worth more than the run's end */
    campaign_run(&campaign, kinds[kind].attack);
    campaign_report(&campaign);
    found = campaign.holes > 0;
    complete = found || is_complete(&campaign);
    campaign_close(&campaign);
    return complete && found == options.one_is_enough ? EXIT_SUCCESS : EXIT_FAILURE;
}
