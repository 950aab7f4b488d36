/*
 * The file of `send --state`: 32 bytes of the manager as one line of text, so that a run that was
 * killed is known to the next. Neither key nor firmware: a digest and how far the transfer got.
 */
#ifndef OTAIMG_SEND_STATE_H
#define OTAIMG_SEND_STATE_H

#include <otam/otam.h>
#include <stdbool.h>

#include "exits.h"

/* *ret_found: false when there is no such file. OX_USAGE for one that holds something else: it is not
 * ours to replace. OX_IO. */
enum ox send_state_read(const char *path, uint8_t ret[OTAM_STATE_LEN], bool *ret_found);

/* Replaces the file at once. OX_IO. */
enum ox send_state_write(const char *path, const uint8_t state[OTAM_STATE_LEN]);

/* Removes it, if it is there. OX_IO. */
enum ox send_state_remove(const char *path);

#endif
