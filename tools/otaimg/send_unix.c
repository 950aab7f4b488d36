/*
 * send --unix: the manager over att_socket.c.
 *
 * Layer: above send_link.c. Invariant: what the device sends is looked at by the socket's code and the
 * manager only.
 */
#include <string.h>

#include "att_socket.h"
#include "diag.h"
#include "send_link.h"

static void run(void *ctx, struct otam *m)
{
    att_link_run(ctx, m);
}

static enum ox explain(void *ctx)
{
    const struct att_link *link = ctx;

    return link->error == 0
               ? OX_OK
               : diag_fail(OX_IO, "%s: cannot connect: %s, expected the socket of a device",
                           link->path, strerror(link->error));
}

enum ox send_unix(const char *path, const struct source *file,
                  const struct send_link_options *options, struct otam_progress *ret)
{
    struct att_link att;
    const struct send_link link = {path, &att_link_transport, &att, run, explain};

    att_link_init(&att, path);
    return send_link_run(&link, file, options, ret);
}
