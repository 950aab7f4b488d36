/*
 * Running a program on a few bytes of input, within limits of time and output.
 */
#ifndef OTAIMG_EXEC_PROGRAM_H
#define OTAIMG_EXEC_PROGRAM_H

#include <stddef.h>
#include <stdint.h>

/* Input must fit a pipe: then it is all there before the program starts. */
#define EXEC_INPUT_MAX  512
#define EXEC_OUTPUT_MAX 4096

struct exec_program {
    char *path; /* as it is: no search, no shell; also the only word of argv */
    char *const *environment;
    const uint8_t *input;
    size_t input_len;
    unsigned timeout; /* seconds */
};

enum exec_end {
    EXEC_EXITED,     /* number: exit status */
    EXEC_SIGNALLED,  /* number: signal */
    EXEC_NO_START,   /* number: errno */
    EXEC_TIMED_OUT,  /* killed with its process group */
    EXEC_TOO_VERBOSE /* more than EXEC_OUTPUT_MAX bytes of output: killed likewise */
};

struct exec_result {
    enum exec_end end;
    int number;
    size_t output_len;
    size_t errors_len;
    uint8_t output[EXEC_OUTPUT_MAX];
    char errors[EXEC_OUTPUT_MAX + 1]; /* the last of what came on stderr, ended by a zero */
};

/* The program gets the input on stdin, then its end, and no other descriptor but stdout and stderr,
 * which are pipes. It leads a process group of its own. Its result counts when it has ended: a child
 * that it leaves behind is not waited for. */
void exec_program_run(const struct exec_program *program, struct exec_result *ret);

#endif
