/* What the command line says about opening keys; the same for every command that takes a key. */
#ifndef OTAIMG_KEY_OPTIONS_H
#define OTAIMG_KEY_OPTIONS_H

#include <stdbool.h>

struct key_options {
    int pin_fd;                  /* --pin-fd N, -1 = none */
    int passphrase_fd;           /* --passphrase-fd N, -1 = none */
    const char *passphrase_file; /* --passphrase-file PATH, NULL = none */
    bool allow_sample_key;       /* --allow-sample-key */
};

#endif
