/* The kinds of fault. Each is done to one run of a bad image, see campaign_run(). */
#ifndef FAULT_FAULTS_H
#define FAULT_FAULTS_H

#include "campaign.h"

/* Every instruction is left out, once each, and so are the next 2 to 10 bytes. */
void attack_by_skips(struct campaign *campaign);

/* Every instruction that is executed, and 2 to 10 bytes, do nothing for the whole run; one
 * length chosen at random when places are. */
void attack_by_patches(struct campaign *campaign);

/* In front of every instruction one bit of one register is turned over: eight chosen at random, or every
 * bit of every register. A return address (LR)
 * that comes to point into a caller of the verifier is counted apart when that caller then starts the
 * image: it is a jump behind all checks, which no check sees. To make the slot bootable that way is a
 * hole like any other. */
void attack_by_flips(struct campaign *campaign);

/* Bytes that one fault leaves out: one instruction, up to the reach of a longer glitch. */
enum { SKIP_MIN = 2, SKIP_MAX = 10 };

#endif
