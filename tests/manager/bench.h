/* A manager, its host and a fake device on a virtual clock: what the manager's tests share. */
#ifndef MANAGER_BENCH_H
#define MANAGER_BENCH_H

#include "digest.h"
#include "fake_device.h"

enum { BENCH_FILE_MAX = OTAM_IMAGE_MAX_LEN + 512 };

struct bench {
    struct otam m;
    struct otam_config config;
    struct otam_host host; /* a copy, for tests that take something out */
    struct fake_device device;

    uint8_t file[BENCH_FILE_MAX];
    uint32_t file_len;
    uint32_t image_off;
    unsigned reads_left; /* before read fails */
    struct digest digest;

    uint8_t saved[OTAM_STATE_LEN];
    bool has_saved;
    bool save_fails;
    unsigned saves;
    unsigned reports;
    enum otam_state stop_at; /* otam_stop() from the progress callback there; OTAM_IDLE: nowhere */
    enum otam_err digest_err;
};

/* An otherwise empty file with an image of image_len bytes, and a device that has never seen it.
 * The bench is for one test at a time. */
struct bench *bench_new(uint32_t image_len);

/* Makes the header's checksum right again. */
void bench_seal(struct bench *b);

void bench_rule(struct bench *b, struct fake_rule rule);

/* Starts and lets events and time pass until the end, or for at most `events` events and waits. */
enum otam_err bench_start(struct bench *b);
void bench_go(struct bench *b, unsigned events);

/* Both, until the end; checks that there is one and that the manager kept to the profile. */
enum otam_err bench_run(struct bench *b);

/* The image is in the device as it is in the file, and was told to boot it. */
void bench_expect_installed(const struct bench *b);

#endif
