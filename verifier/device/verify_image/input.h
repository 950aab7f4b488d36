/*
 * What verify_image finds in memory: jobs, one behind the other, each a device and a file. Host and
 * device compile struct otav_config alike: bytes, 16- and 32-bit words, no pointers.
 */
#ifndef VERIFY_IMAGE_INPUT_H
#define VERIFY_IMAGE_INPUT_H

#include <otav/otav_config.h>

#define INPUT_MAGIC UINT32_C(0x4A4F4253)

struct input_header {
    uint32_t magic;
    uint32_t job_count;
};

struct input_job {
    uint32_t purpose; /* enum otav_purpose */
    uint32_t file_len;
    struct otav_config config;
    /* file_len bytes, padded to 4 */
};

_Static_assert(sizeof(struct otav_config) == 356, "host and device see another struct");

#endif
