/*
 * Verifies files that lie in memory, as a device would, and prints a line for each:
 *
 *   JOB ACCEPT|REJECT error N detail N key N instructions N stack N
 *
 * Instructions are those of otav_open_file() to otav_finish(); stack in bytes, crypto included.
 * Layer: program; the device's crypto and the verifier's public API.
 */
#include <otav/otav_file.h>
#include <otav/otav_soft.h>

#include "board.h"
#include "input.h"

enum { FEED_LEN = 1024 }; /* a group of the OTA profile */

static struct otav_context ctx;

static uint32_t sum_of(const uint8_t *file, uint32_t len)
{
    uint32_t sum = 0;

    for (uint32_t i = 0; i < len; i++) {
        sum += file[i];
    }
    return sum;
}

static enum otav_err verify(const struct input_job *job, const uint8_t *file, uint32_t sum)
{
    enum otav_err err = otav_open_file(&ctx, &job->config, &otav_crypto_soft,
                                       (enum otav_purpose)job->purpose, job->file_len, sum, NULL);

    for (uint32_t offset = 0; err == OTAV_OK && offset < job->file_len; offset += FEED_LEN) {
        uint32_t rest = job->file_len - offset;

        err = otav_feed(&ctx, file + offset, rest < FEED_LEN ? rest : FEED_LEN);
    }
    return err == OTAV_OK ? otav_finish(&ctx) : err;
}

static void print(const char *name, uint32_t number)
{
    board_print(name);
    board_print_number(number);
}

static void run(uint32_t number, const struct input_job *job)
{
    const uint8_t *file = (const uint8_t *)(job + 1);
    uint32_t sum = sum_of(file, job->file_len);
    enum otav_err err;
    uint32_t count;

    board_stack_paint();
    board_count_start();
    err = verify(job, file, sum);
    count = board_count();
    board_print_number(number);
    board_print(otav_verdict(&ctx) == OTAV_ACCEPT ? " ACCEPT" : " REJECT");
    print(" error ", (uint32_t)err);
    print(" detail ", otav_get_detail(&ctx));
    print(" key ", otav_get_key_index(&ctx));
    print(" instructions ", count);
    print(" stack ", board_stack_used());
    board_print("\n");
    otav_close(&ctx);
}

int board_main(void)
{
    const struct input_header *header = (const void *)(uintptr_t)BOARD_PSRAM;
    const uint8_t *next = (const uint8_t *)(header + 1);

    if (header->magic != INPUT_MAGIC) {
        board_print("nothing to verify in memory\n");
        return 2;
    }
    for (uint32_t i = 0; i < header->job_count; i++) {
        const struct input_job *job = (const void *)next;

        run(i, job);
        next += sizeof *job + (job->file_len + 3) / 4 * 4;
    }
    return 0;
}
