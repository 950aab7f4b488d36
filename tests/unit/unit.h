/*
 * What every Check program here shares: one suite from one test case, and catching diagnostics.
 */
#ifndef TEST_UNIT_H
#define TEST_UNIT_H

#include <check.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "diag.h"

/* Long series take every TEST_STEP-th case only where each one is slow. */
#ifndef TEST_STEP
#define TEST_STEP 1
#endif

/* Whether the next case of a series is one of them. */
static inline bool is_taken(void)
{
    static unsigned count;

    return count++ % TEST_STEP == 0;
}

/* Text of all diagnostics since catch_diagnostics(); valid until the next call. */
static char *caught_text;
static size_t caught_len;
static FILE *caught_stream;

static inline void catch_diagnostics(void)
{
    if (caught_stream != NULL) {
        (void)fclose(caught_stream);
        free(caught_text);
    }
    caught_stream = open_memstream(&caught_text, &caught_len);
    diag_set_stream(caught_stream);
}

static inline const char *caught(void)
{
    (void)fflush(caught_stream);
    return caught_text;
}

/* Runs one test case and ends the program; add_tests adds the tests to the case. */
static inline int unit_main(const char *name, void (*add_tests)(TCase *))
{
    Suite *suite = suite_create(name);
    TCase *tcase = tcase_create(name);
    SRunner *runner;
    int failed;

    tcase_set_timeout(tcase, 120);
    add_tests(tcase);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#endif
