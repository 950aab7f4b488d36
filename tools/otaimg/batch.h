/*
 * Many releases in one run: worker threads build them with the same keys.
 */
#ifndef OTAIMG_BATCH_H
#define OTAIMG_BATCH_H

#include "release.h"

#define BATCH_MAX_JOBS 16u

struct batch_image {
    const struct manifest *m;
    const char *output;
    const char *name; /* in the summary of failures */
};

/* Called by the thread of batch_build() for each image that was made, in order. */
typedef void batch_made(const struct batch_image *image, const struct release_result *result);

/* CPUs of this machine, at most BATCH_MAX_JOBS. */
unsigned batch_default_jobs(void);

/* Opens all keys, then makes the images with up to jobs threads. Messages of an image are printed
 * together, in the order of the images. A failure leaves the others whole; the last line then names
 * the failed ones. Returns what the first failed image gave. */
enum ox batch_build(const struct batch_image *images, unsigned count,
                    const struct release_options *options, struct key_ring *ring, unsigned jobs,
                    batch_made *made);

#endif
