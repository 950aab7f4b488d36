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

enum { KIND_COUNT = sizeof kinds / sizeof kinds[0] };

static int usage(void)
{
    (void)fprintf(stderr, "usage: fault_campaign GUEST.elf skip|patch|flip [--expect-hole] [--all] "
                          "[--seed N] [--trials N] [--image NAME]\n");
    return 2;
}

static bool parse_options(char **argv, struct campaign_options *ret)
{
    *ret = (struct campaign_options){.seed = 1, .trials = 400000};
    for (; *argv != NULL; argv++) {
        if (strcmp(*argv, "--expect-hole") == 0) {
            ret->one_is_enough = true;
        } else if (strcmp(*argv, "--all") == 0) {
            ret->all = true;
        } else if (strcmp(*argv, "--seed") == 0 && argv[1] != NULL) {
            ret->seed = (uint32_t)strtoul(*++argv, NULL, 0);
        } else if (strcmp(*argv, "--trials") == 0 && argv[1] != NULL) {
            ret->trials = strtoul(*++argv, NULL, 0);
        } else if (strcmp(*argv, "--image") == 0 && argv[1] != NULL) {
            ret->image = *++argv;
        } else {
            return false;
        }
    }
    return ret->seed != 0;
}

int main(int argc, char **argv)
{
    static struct campaign campaign;
    struct campaign_options options;
    unsigned kind = 0;
    bool found;

    while (argc > 2 && kind < KIND_COUNT && strcmp(argv[2], kinds[kind].name) != 0) {
        kind++;
    }
    if (argc < 3 || kind == KIND_COUNT || !parse_options(argv + 3, &options)) {
        return usage();
    }
    if (!campaign_open(&campaign, argv[1], &options)) {
        return EXIT_FAILURE;
    }
    campaign_run(&campaign, kinds[kind].attack);
    campaign_report(&campaign);
    found = campaign.holes > 0;
    campaign_close(&campaign);
    return found == options.one_is_enough ? EXIT_SUCCESS : EXIT_FAILURE;
}
