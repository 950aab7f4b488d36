/*
 * What every kind of fault shares: the run that is attacked, the places on its way that are worth it,
 * and the judgement of what a fault led to.
 */
#ifndef FAULT_CAMPAIGN_H
#define FAULT_CAMPAIGN_H

#include "machine.h"
#include "samples.h"

/* Which instructions of a run are attacked. */
enum zone {
    ZONE_DECISION, /* all but the arithmetic of the crypto */
    ZONE_CRYPTO,   /* that arithmetic */
    ZONE_ALL,
    ZONE_END /* all behind the last product of a scalar and a point */
};

enum { IMAGES_MAX = 16 };

struct campaign_options {
    enum zone zone;
    unsigned long places; /* of each run, chosen at random, about; 0 = every place in the zone */
    bool all;             /* every turn of every loop, every bit, every length */
    bool one_is_enough;   /* stop at the first hole */
    uint32_t seed;        /* of what is chosen at random; not 0 */
    const char *images[IMAGES_MAX]; /* the only samples that are attacked; none: all */
    unsigned image_count;
};

struct campaign {
    struct campaign_options options;
    struct machine *machine;
    struct snapshot *here;
    uint32_t random;

    /* of the run under attack, by halfword of code: how often each is reached, and was so far */
    const char *what;
    uint32_t points; /* of the zone */
    uint32_t visits[GUEST_ROM_LEN / 2];
    uint32_t visited[GUEST_ROM_LEN / 2];

    uint32_t longest[GUEST_PATH_COUNT]; /* undisturbed run so far, instructions */
    bool image_met[IMAGES_MAX];         /* by options.images: attacked */
    unsigned long reached;
    unsigned long attacked;
    unsigned long trials;
    unsigned long results[OUTCOME_COUNT];
    unsigned long holes;
    unsigned long jumps; /* not counted as holes: see attack_by_flips() */
};

/* Opens the guest. False with a message on stderr. */
bool campaign_open(struct campaign *ret, const char *elf_path,
                   const struct campaign_options *options);
void campaign_close(struct campaign *campaign);

/* Attacks the runs of all bad images; attack() does so with one, which campaign_start() has brought to
 * its first instruction. */
void campaign_run(struct campaign *campaign, void (*attack)(struct campaign *campaign));
void campaign_report(const struct campaign *campaign);

/* To the next place of the zone; false at the end of the run. */
bool campaign_advance(struct campaign *campaign);
/* Whether the instruction that the run stands in front of is attacked: if all places are, then of a
 * loop that goes round often the first and last turns and every 16th in between. Once for each place
 * on the way. */
bool campaign_is_worth_it(struct campaign *campaign);

/* Runs the machine to its end, with the fault in it, and judges where that is. address: of the fault;
 * kind: what it was, for the message about a hole. */
void campaign_judge(struct campaign *campaign, enum outcome outcome, uint32_t address,
                    const char *kind);
bool campaign_is_done(const struct campaign *campaign);

/* The next of a reproducible sequence, 0..below-1. */
uint32_t campaign_random(struct campaign *campaign, uint32_t below);

#endif
