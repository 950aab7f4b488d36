/*
 * One run of the manager for `otaimg send`: the file it reads, the state it keeps, what the user is
 * told. The link below it is the caller's.
 */
#ifndef OTAIMG_SEND_LINK_H
#define OTAIMG_SEND_LINK_H

#include "send.h"

struct send_link {
    const char *where; /* the device, for messages */
    const struct otam_transport *transport;
    void *ctx; /* of transport and of the functions below */

    /* Hands events to the manager until it has finished. */
    void (*run)(void *ctx, struct otam *m);

    /* Reports what the link itself has to say of a failed run, and returns its code; OX_OK: nothing
     * that the manager's own words would not say. */
    enum ox (*explain)(void *ctx);
};

/* Errors as send_unix(). */
enum ox send_link_run(const struct send_link *link, const struct source *file,
                      const struct send_link_options *options, struct otam_progress *ret);

#endif
