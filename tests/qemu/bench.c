/*
 * The bench. Layer: test, host. Invariant: what the emulator stores in the flash is in the file when
 * the emulator is gone, however it ended. The file is its memory, and has no name to be left behind.
 */
#include "bench.h"

#include <errno.h>
#include <fcntl.h>
#include <otav/otav_openssl.h>
#include <otav/otav_provision.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fw_image.h"

enum { DATA_BYTE = 0x77, DATA_LEN = 0x4000, FW_LEN = 9040, FW_STEP = 4096 };

#define DATA (OTAV_SLOT0_ADDRESS + OTAV_SLOT_LEN)

static struct {
    const char *bootloader;
    const char *live;
} programs;

void bench_use(const char *bootloader, const char *live)
{
    programs.bootloader = bootloader;
    programs.live = live;
}

const char *bench_bootloader(void)
{
    return programs.bootloader;
}

uint8_t *bench_flash(const struct bench *bench, uint32_t address)
{
    return bench->psram + (address < LAYOUT_CHIP_MAIN
                               ? LAYOUT_BOOT_OFF + address
                               : LAYOUT_MAIN_OFF + (address - LAYOUT_CHIP_MAIN));
}

volatile struct board_flash_control *bench_control(const struct bench *bench)
{
    return (volatile struct board_flash_control *)(void *)(bench->psram + LAYOUT_CONTROL_OFF);
}

static void provision(struct bench *bench)
{
    struct otav_config config;

    image_config(&config, &bench->key);
    config.has_installed = false;
    config.installed_version = 0;
    config.counter_floor = 0;
    ck_assert_int_eq(otav_provision_encode(&config, &otav_crypto_openssl,
                                           bench_flash(bench, OTAV_PROVISION_ADDRESS)),
                     OTAV_OK);
}

void bench_open(struct bench *bench)
{
    memset(bench, 0, sizeof *bench);
    bench->fd = memfd_create("psram", 0); /* inherited by the emulator */
    ck_assert_int_ge(bench->fd, 0);
    ck_assert_int_eq(ftruncate(bench->fd, BOARD_PSRAM_LEN), 0);
    bench->psram = mmap(NULL, BOARD_PSRAM_LEN, PROT_READ | PROT_WRITE, MAP_SHARED, bench->fd, 0);
    ck_assert_ptr_ne(bench->psram, MAP_FAILED);
    memset(bench->psram, 0xFF, LAYOUT_CONTROL_OFF);
    memset(bench_flash(bench, DATA), DATA_BYTE, DATA_LEN);
    image_key_generate(&bench->key);
    provision(bench);
}

void bench_close(struct bench *bench)
{
    (void)munmap(bench->psram, BOARD_PSRAM_LEN);
    (void)close(bench->fd);
    image_key_free(&bench->key);
}

/* ---- images ----------------------------------------------------------------------------------- */

/* Some pages of firmware, of which the live application is the beginning. */
void bench_image(const struct bench *bench, unsigned number, enum live_conduct conduct,
                 struct image *ret)
{
    const struct fw_layout layout = {BOARD_PSRAM, LAYOUT_APPLICATION, LAYOUT_APPLICATION + FW_LEN};
    const uint8_t on_trial[] = {1, 0, 0, 0};
    const uint8_t counter[] = {(uint8_t)number, 0, 0, 0}; /* a confirmed update raises the floor */
    struct fw_image *live = NULL;
    uint32_t len = 0;

    ck_assert_int_eq(fw_load(programs.live, FW_AUTO, 0, &live), OX_OK);
    ck_assert_int_eq(fw_check_layout(live, &layout, &len), OX_OK);
    image_init(ret, FW_LEN + number * FW_STEP, true);
    ck_assert_int_eq(fw_read(live, LAYOUT_APPLICATION, ret->fw, len), OX_OK);
    fw_free(live);
    image_set_record(ret, OTAV_ATTR_ACTIVATION, on_trial, sizeof on_trial);
    image_set_record(ret, OTAV_ATTR_COUNTER, counter, sizeof counter);
    image_write_area(ret);
    otav_store_u32(ret->meta + OTAV_META_FW_REVISION_OFF, number << 24);
    otav_store_u32(ret->fw + LIVE_NUMBER_OFF, number);
    otav_store_u32(ret->fw + LIVE_CONDUCT_OFF, (uint32_t)conduct);
    image_sign(ret, &bench->key);
}

void bench_put(struct bench *bench, uint32_t slot, const struct image *image)
{
    memset(bench_flash(bench, slot), 0xFF, OTAV_SLOT_LEN);
    memcpy(bench_flash(bench, slot), image->meta, OTAV_META_LEN);
    memcpy(bench_flash(bench, slot + OTAV_META_LEN), image->fw, image->fw_len);
}

bool bench_holds(const struct bench *bench, uint32_t slot, const struct image *image)
{
    return memcmp(bench_flash(bench, slot), image->meta, OTAV_META_LEN) == 0 &&
           memcmp(bench_flash(bench, slot + OTAV_META_LEN), image->fw, image->fw_len) == 0;
}

/* ---- runs ------------------------------------------------------------------------------------- */

/* With sleep=off the clock counts instructions and nothing else; without it, it may be ahead by what
 * the host took to start, and there is no warning when nothing is left to wait for. */
static _Noreturn void become_qemu(const struct bench *bench, int output)
{
    char memory[128];
    char icount[32];

    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)snprintf(memory, sizeof memory,
                   "memory-backend-file,id=flash,mem-path=/proc/self/fd/%d,size=%u,share=on",
                   bench->fd, (unsigned)BOARD_PSRAM_LEN);
    (void)snprintf(icount, sizeof icount, "shift=%d,sleep=%s", BENCH_ICOUNT_SHIFT,
                   bench->counts ? "off" : "on");
    if (dup2(open("/dev/null", O_RDONLY | O_CLOEXEC), STDIN_FILENO) >= 0 &&
        dup2(output, STDOUT_FILENO) >= 0 && dup2(output, STDERR_FILENO) >= 0) {
        (void)execlp("qemu-system-arm", "qemu-system-arm", "-M", "mps2-an386,memory-backend=flash",
                     "-object", memory, "-icount", icount, "-nographic", "-monitor", "none",
                     "-serial", "none", "-semihosting-config", "enable=on,target=native", "-kernel",
                     programs.bootloader, (char *)NULL);
    }
    perror("qemu-system-arm");
    _exit(EXIT_FAILURE);
}

static pid_t start(const struct bench *bench, int *ret_output)
{
    int ends[2];
    pid_t child;

    ck_assert_int_eq(pipe(ends), 0);
    child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        become_qemu(bench, ends[1]);
    }
    ck_assert_int_eq(close(ends[1]), 0);
    *ret_output = ends[0];
    return child;
}

static void finish(struct bench *bench, pid_t child, int output)
{
    size_t len = 0;
    ssize_t got;
    int status = 0;

    do {
        got = read(output, bench->output + len, sizeof bench->output - 1 - len);
        len += got > 0 ? (size_t)got : 0;
    } while (got > 0 || (got < 0 && errno == EINTR));
    bench->output[len] = '\0';
    ck_assert_int_eq(close(output), 0);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    bench->exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void bench_run(struct bench *bench)
{
    int output;
    pid_t child = start(bench, &output);

    finish(bench, child, output);
}

void bench_run_until(struct bench *bench, uint32_t operations)
{
    int output;
    pid_t child = start(bench, &output);
    siginfo_t info = {0};

    while (bench_control(bench)->operations < operations && info.si_pid == 0) {
        ck_assert_int_eq(waitid(P_PID, (id_t)child, &info, WEXITED | WNOHANG | WNOWAIT), 0);
    }
    (void)kill(child, SIGKILL);
    finish(bench, child, output);
}

void bench_check(const struct bench *bench)
{
    const uint8_t *data = bench_flash(bench, DATA);

    ck_assert_uint_eq(bench_control(bench)->refused, 0);
    for (unsigned i = 0; i < DATA_LEN; i++) {
        ck_assert_uint_eq(data[i], DATA_BYTE);
    }
}
