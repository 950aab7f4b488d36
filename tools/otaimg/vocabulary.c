/*
 * Words that manifests and device files share, so that both always know the same ones.
 */
#include "vocabulary.h"

#include <stddef.h>

const char *const device_words[] = {"wbz451", NULL};
const char *const image_type_words[] = {"application", "bootloader", "secondary", NULL};
