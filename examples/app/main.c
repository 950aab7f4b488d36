/*
 * The application: a millisecond clock from SysTick, and between its ticks a slow but endless CRC
 * over the image in flash. A changed bit shows as APP_DAMAGED and stops the watchdog from being fed,
 * so that the device restarts into a bootloader that verifies before it starts anything.
 */
#include "app.h"

/* The core clock that the bootloader hands over. */
#define CORE_CLOCK_HZ 64000000u
#define TICK_HZ       1000u

#define SYST_CSR (*(volatile uint32_t *)0xE000E010u)
#define SYST_RVR (*(volatile uint32_t *)0xE000E014u)
#define SYST_CVR (*(volatile uint32_t *)0xE000E018u)

#define SYST_ENABLE_CORE_IRQ 7u

/* The clear key must be written as one half-word to the upper half of WDTCON. */
#define WDT_CLEAR_KEY (*(volatile uint16_t *)0x44000502u)
#define WDT_CLEAR     0x5743u

#define CHUNK_LEN 256u /* of the image, checked per tick */

extern const uint8_t image_start[];
extern const uint8_t image_end[];

/* Shows up in a search through the image, whatever the format. */
__attribute__((used)) static const char version_text[] =
    "WBZ451 sample application " APP_VERSION_TEXT;

volatile struct app_status app_status = {.magic = APP_MAGIC, .version = APP_VERSION};
struct app_event app_events[APP_EVENT_COUNT];

void systick_handler(void)
{
    app_status.uptime_ms++;
}

static void record(const char *text)
{
    struct app_event *event = &app_events[app_status.event_count % APP_EVENT_COUNT];

    event->time_ms = app_status.uptime_ms;
    event->text = text;
    app_status.event_count++;
}

static void end_pass(uint32_t crc)
{
    app_status.pass_count++;
    if (app_status.state == APP_STARTING) {
        app_status.image_crc = crc;
        app_status.state = APP_HEALTHY;
        record("image read for the first time");
    } else if (app_status.state == APP_HEALTHY && crc != app_status.image_crc) {
        app_status.state = APP_DAMAGED;
        record("image reads differently: waiting for the watchdog");
    }
}

/* The next chunk of the image; at its end the pass is judged and a new one begins. */
static void check_image(void)
{
    static uint32_t done;
    static uint32_t crc;
    uint32_t left = app_status.image_len - done;
    uint32_t len = left < CHUNK_LEN ? left : CHUNK_LEN;

    crc = crc32(crc, image_start + done, len);
    done += len;
    if (done == app_status.image_len) {
        end_pass(crc);
        done = 0;
        crc = 0;
    }
}

static void start_clock(void)
{
    SYST_RVR = CORE_CLOCK_HZ / TICK_HZ - 1;
    SYST_CVR = 0;
    SYST_CSR = SYST_ENABLE_CORE_IRQ;
}

_Noreturn void app_main(void)
{
    app_status.image_len = (uint32_t)(image_end - image_start);
    record(version_text);
    start_clock();
    for (;;) {
        __asm volatile("wfi");
        check_image();
        if (app_status.state != APP_DAMAGED) {
            WDT_CLEAR_KEY = WDT_CLEAR;
        }
    }
}
