/*
 * Builds many releases with a pool of threads.
 *
 * Layer: above release. Invariant: what is printed depends on the images alone, not on which thread
 * was faster: each image collects its messages, the calling thread prints them in order.
 */
#include "batch.h"

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#include "diag.h"
#include "util.h"

struct job {
    const struct batch_image *image;
    enum ox ox; /* not OX_OK before the work: a key could not be opened */
    struct release_result result;
    char *messages; /* valid once done */
    size_t messages_len;
    FILE *stream;
    bool done;
};

struct batch {
    struct job *jobs;
    unsigned count;
    const struct release_options *options;
    struct key_ring *ring;
    pthread_mutex_t lock; /* for what follows, and done of each job */
    pthread_cond_t finished;
    unsigned next;       /* job that nobody has taken */
    unsigned done_count; /* jobs */
};

unsigned batch_default_jobs(void)
{
    cpu_set_t cpus;
    unsigned count = 1;

    /* What this process may use, which is less than the machine has in many a container. */
    if (sched_getaffinity(0, sizeof cpus, &cpus) == 0) {
        count = (unsigned)CPU_COUNT(&cpus);
    }
    return count < BATCH_MAX_JOBS ? count : BATCH_MAX_JOBS;
}

/* ---- messages --------------------------------------------------------------------------------- */

static void open_stream(struct job *job)
{
    job->stream = open_memstream(&job->messages, &job->messages_len);
    if (job->stream == NULL) {
        exit((int)diag_fail(OX_INTERNAL, "out of memory"));
    }
}

static void print_messages(struct job *job)
{
    (void)fclose(job->stream);
    diag_replay(job->messages);
    free(job->messages);
}

/* ---- threads ---------------------------------------------------------------------------------- */

static void open_keys(struct batch *b)
{
    for (unsigned i = 0; i < b->count; i++) {
        struct job *job = &b->jobs[i];

        open_stream(job);
        diag_set_thread_stream(job->stream);
        job->ox = release_open_keys(job->image->m, b->ring);
        diag_set_thread_stream(NULL);
    }
}

static struct job *take(struct batch *b)
{
    struct job *job = NULL;

    (void)pthread_mutex_lock(&b->lock);
    if (b->next < b->count) {
        job = &b->jobs[b->next++];
    }
    (void)pthread_mutex_unlock(&b->lock);
    return job;
}

static void give_back(struct batch *b, struct job *job)
{
    (void)pthread_mutex_lock(&b->lock);
    job->done = true;
    b->done_count++;
    (void)pthread_cond_signal(&b->finished);
    (void)pthread_mutex_unlock(&b->lock);
}

static void *work(void *user)
{
    struct batch *b = user;
    struct job *job;

    while ((job = take(b)) != NULL) {
        if (job->ox == OX_OK) {
            diag_set_thread_stream(job->stream);
            job->ox =
                release_build(job->image->m, job->image->output, b->options, b->ring, &job->result);
            diag_set_thread_stream(NULL);
        }
        give_back(b, job);
    }
    return NULL;
}

static void wait_for(struct batch *b, const struct job *job)
{
    unsigned shown = 0;

    (void)pthread_mutex_lock(&b->lock);
    for (;;) {
        if (b->done_count != shown) {
            shown = b->done_count;
            diag_progress_count("building", shown, b->count);
        }
        if (job->done) {
            break;
        }
        (void)pthread_cond_wait(&b->finished, &b->lock);
    }
    (void)pthread_mutex_unlock(&b->lock);
}

static void print_in_order(struct batch *b, batch_made *made)
{
    for (unsigned i = 0; i < b->count; i++) {
        struct job *job = &b->jobs[i];

        wait_for(b, job);
        print_messages(job);
        if (job->ox == OX_OK) {
            made(job->image, &job->result);
        }
    }
}

static void run_threads(struct batch *b, unsigned jobs, batch_made *made)
{
    pthread_t threads[BATCH_MAX_JOBS];
    unsigned started = 0;

    while (started < jobs && started < b->count &&
           pthread_create(&threads[started], NULL, work, b) == 0) {
        started++;
    }
    if (started == 0) {
        (void)work(b); /* no threads to be had: one after the other */
    }
    print_in_order(b, made);
    while (started > 0) {
        (void)pthread_join(threads[--started], NULL);
    }
}

/* ---- the whole -------------------------------------------------------------------------------- */

static enum ox summarize(const struct batch *b)
{
    enum ox ox = OX_OK;
    char *names = xstrdup("");
    unsigned failed = 0;

    for (unsigned i = 0; i < b->count; i++) {
        char *longer;

        if (b->jobs[i].ox == OX_OK) {
            continue;
        }
        ox = failed == 0 ? b->jobs[i].ox : ox;
        longer = xasprintf("%s%s%s", names, failed == 0 ? "" : ", ", b->jobs[i].image->name);
        free(names);
        names = longer;
        failed++;
    }
    if (failed > 0) {
        (void)diag_fail(ox, "%u of %u images failed: %s", failed, b->count, names);
    }
    free(names);
    return ox;
}

enum ox batch_build(const struct batch_image *images, unsigned count,
                    const struct release_options *options, struct key_ring *ring, unsigned jobs,
                    batch_made *made)
{
    struct batch b = {.jobs = xcalloc(count, sizeof *b.jobs),
                      .count = count,
                      .options = options,
                      .ring = ring,
                      .lock = PTHREAD_MUTEX_INITIALIZER,
                      .finished = PTHREAD_COND_INITIALIZER};
    enum ox ox;

    for (unsigned i = 0; i < count; i++) {
        b.jobs[i].image = &images[i];
    }
    open_keys(&b);
    /* A device file may name keys of its own, which are opened for each image: not side by side. */
    run_threads(&b, options->device_path != NULL ? 1 : jobs, made);
    ox = summarize(&b);
    free(b.jobs);
    return ox;
}
