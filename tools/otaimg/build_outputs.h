/* The outputs of `build`: each image has one, and no two have the same. */
#ifndef OTAIMG_BUILD_OUTPUTS_H
#define OTAIMG_BUILD_OUTPUTS_H

#include <stdbool.h>

#include "batch.h"

/* Looks at the output of every image. Standard output ("-") is for one image, and for a run without
 * --provenance. OX_USAGE with a message that names the image. */
enum ox build_outputs_check(const struct batch_image *images, unsigned count, bool provenance);

#endif
