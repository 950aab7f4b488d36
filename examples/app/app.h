/*
 * A small application for the WBZ451, made to be updated over the air: it keeps time, guards its own
 * image and reports both in RAM, where a debugger, an emulator or a test finds it.
 */
#ifndef APP_H
#define APP_H

#include <stdint.h>

/* The same four numbers as 'version' in the release manifest. */
#define APP_VERSION_TEXT "1.4.2.0"
#define APP_VERSION      0x01040200u

#define APP_MAGIC 0x50504157u /* "WAPP" */

enum app_state {
    APP_STARTING = 0, /* the image has not been read to its end yet */
    APP_HEALTHY = 1,
    APP_DAMAGED = 2 /* the image reads differently than it did first */
};

/* Little-endian words; the symbol is app_status. */
struct app_status {
    uint32_t magic;
    uint32_t version;
    uint32_t state; /* enum app_state */
    uint32_t uptime_ms;
    uint32_t image_crc;   /* CRC-32 of the first complete pass over the image */
    uint32_t image_len;   /* bytes that it covers */
    uint32_t pass_count;  /* complete passes over the image */
    uint32_t event_count; /* events recorded so far; the last APP_EVENT_COUNT are kept */
};

#define APP_EVENT_COUNT 16u

struct app_event {
    uint32_t time_ms;
    const char *text; /* in flash */
};

extern volatile struct app_status app_status;
extern struct app_event app_events[APP_EVENT_COUNT];

/* main.c */
_Noreturn void app_main(void);
void systick_handler(void);

/* crc32.c: CRC-32 (IEEE 802.3); crc of nothing is 0, parts may follow one another. */
uint32_t crc32(uint32_t crc, const uint8_t *bytes, uint32_t len);

#endif
