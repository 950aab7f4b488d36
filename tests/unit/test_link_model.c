/*
 * The arithmetic of transfers against worked figures: air times, ceilings, connection events, the
 * profile's window, and the times that guides to BLE updates state.
 */
#include "unit.h"

#include <math.h>

#include <otam/otam.h>

#include "link_model.h"

#define KIB_256      262144u
#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static const struct link_flash no_flash = {0, 0, 0, 0};

static struct link link_of(enum link_phy phy, uint16_t ll_len, uint16_t att_mtu,
                           uint32_t interval_us, unsigned packets_max)
{
    return (struct link){.phy = phy,
                         .encrypted = true,
                         .ll_len = ll_len,
                         .att_mtu = att_mtu,
                         .interval_us = interval_us,
                         .packets_max = packets_max};
}

/* The same number, rounded as it is printed. */
static void expect_near(double got, double expected, double half_a_digit)
{
    ck_assert_msg(fabs(got - expected) <= half_a_digit, "%f, expected %f", got, expected);
}

static double seconds(uint64_t us)
{
    return (double)us / 1e6;
}

/* spec: Bluetooth Core, Vol 6 Part B, 4.5.10: the longest packets take 2120, 1064, 4542 and 17040. */
START_TEST(test_link_model_air_time_of_the_longest_packets)
{
    ck_assert_uint_eq(link_air_us(LINK_1M, true, 251), 2120);
    ck_assert_uint_eq(link_air_us(LINK_2M, true, 251), 1064);
    ck_assert_uint_eq(link_air_us(LINK_CODED_S2, true, 251), 4542);
    ck_assert_uint_eq(link_air_us(LINK_CODED_S8, true, 251), 17040);
}
END_TEST

START_TEST(test_link_model_air_time_of_short_packets)
{
    ck_assert_uint_eq(link_air_us(LINK_1M, true, 0), 80); /* no MIC without payload */
    ck_assert_uint_eq(link_air_us(LINK_2M, true, 0), 44);
    ck_assert_uint_eq(link_air_us(LINK_CODED_S2, false, 0), 462);
    ck_assert_uint_eq(link_air_us(LINK_CODED_S8, false, 0), 720);
    ck_assert_uint_eq(link_air_us(LINK_1M, true, 27), 328);
    ck_assert_uint_eq(link_air_us(LINK_1M, false, 27), 296);
    ck_assert_uint_eq(link_exchange_us(LINK_1M, true, 27), 708);
    ck_assert_uint_eq(link_exchange_us(LINK_1M, true, 251), 2500);
    ck_assert_uint_eq(link_exchange_us(LINK_2M, true, 251), 1408);
}
END_TEST

START_TEST(test_link_model_packets_of_a_write)
{
    static const struct {
        uint16_t value_len;
        uint16_t ll_len;
        unsigned packets;
    } cases[] = {{20, 27, 1},   {21, 27, 2},   {244, 251, 1}, {245, 251, 2},
                 {495, 251, 2}, {499, 251, 3}, {509, 251, 3}, {1, 27, 1}};

    for (size_t i = 0; i < COUNT(cases); i++) {
        ck_assert_uint_eq(link_packets(cases[i].value_len, cases[i].ll_len), cases[i].packets);
    }
}
END_TEST

/* A write wastes no part of a packet at any MTU, and none that would fit is left out. */
START_TEST(test_link_model_chunk_rule_at_every_mtu)
{
    for (uint16_t mtu = 23; mtu <= 517; mtu++) {
        struct link link = link_of(LINK_1M, 251, mtu, 7500, 0);
        uint16_t expected = (uint16_t)(mtu - 3);

        if (mtu >= 498) {
            expected = 495;
        } else if (mtu >= 247) {
            expected = 244;
        }
        ck_assert_uint_eq(link_value_len(&link), expected);
        link.ll_len = 27;
        ck_assert_int_eq((link_value_len(&link) + 7) % 27, 0);
        ck_assert_int_gt(link_value_len(&link) + 27, mtu - 3 < 512 ? mtu - 3 : 512);
    }
}
END_TEST

/* ---- ceilings --------------------------------------------------------------------------------- */

struct ceiling {
    enum link_phy phy;
    uint16_t value_len;
    uint16_t ll_len;
    double bytes_per_s;
    double kbit_per_s;
    double kib_256_s;
};

START_TEST(test_link_model_continuous_ceilings)
{
    static const struct ceiling cases[] = {
        {LINK_1M, 20, 27, 28249, 226.0, 9.3},       {LINK_1M, 244, 251, 97600, 780.8, 2.7},
        {LINK_2M, 244, 251, 173295, 1386.4, 1.5},   {LINK_1M, 495, 251, 99000, 792, 2.6},
        {LINK_2M, 495, 251, 175781, 1406, 1.5},     {LINK_2M, 499, 251, 154203, 1233.6, 1.7},
        {LINK_2M, 509, 251, 155372, 1243.0, 1.7},   {LINK_CODED_S2, 244, 251, 46003, 368, 5.7},
        {LINK_CODED_S8, 244, 251, 13511, 108, 19.4}};

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct link link = link_of(cases[i].phy, cases[i].ll_len, 517, 7500, 0);
        double rate = cases[i].value_len * 1e6 / link_write_us(&link, cases[i].value_len);

        expect_near(rate, cases[i].bytes_per_s, 0.6);
        expect_near(rate * 8 / 1000, cases[i].kbit_per_s, 0.5);
        expect_near(KIB_256 / rate, cases[i].kib_256_s, 0.051);
    }
}
END_TEST

START_TEST(test_link_model_continuous_ceilings_without_encryption)
{
    struct link link = link_of(LINK_1M, 251, 247, 7500, 0);

    link.encrypted = false;
    expect_near(244 * 8e3 / link_write_us(&link, 244), 790.9, 0.05);
    link.phy = LINK_2M;
    expect_near(244 * 8e3 / link_write_us(&link, 244), 1402.3, 0.05);
}
END_TEST

/* 3.46 times for longer packets, 1.78 times for the faster radio; a write of 499 bytes, which
 * needs a third packet, is 12 % slower than one of 495. */
START_TEST(test_link_model_gains)
{
    struct link old = link_of(LINK_1M, 27, 23, 7500, 0);
    struct link dle = link_of(LINK_1M, 251, 247, 7500, 0);
    struct link fast = link_of(LINK_2M, 251, 517, 7500, 0);
    double slow_us = link_write_us(&old, 20) / 20.0;
    double dle_us = link_write_us(&dle, 244) / 244.0;

    expect_near(slow_us / dle_us, 3.46, 0.005);
    expect_near(dle_us / (link_write_us(&fast, 244) / 244.0), 1.78, 0.005);
    expect_near((495.0 / link_write_us(&fast, 495)) / (499.0 / link_write_us(&fast, 499)), 1.14,
                0.005);
    expect_near((499.0 / link_write_us(&fast, 499)) / (495.0 / link_write_us(&fast, 495)), 0.88,
                0.005);
}
END_TEST

/* ---- connection events ------------------------------------------------------------------------ */

START_TEST(test_link_model_streams)
{
    static const struct {
        enum link_phy phy;
        uint16_t ll_len;
        uint16_t att_mtu;
        uint32_t interval_us;
        unsigned packets_max;
        double bytes_per_s;
        double kib_256_s;
    } cases[] = {{LINK_1M, 27, 23, 30000, 4, 2667, 98},
                 {LINK_1M, 27, 23, 15000, 6, 8000, 33},
                 {LINK_1M, 251, 247, 30000, 4, 32533, 8.1},
                 {LINK_2M, 251, 247, 15000, 0, 162667, 1.6}};

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct link link = link_of(cases[i].phy, cases[i].ll_len, cases[i].att_mtu,
                                   cases[i].interval_us, cases[i].packets_max);
        double rate =
            link_packets_per_event(&link) * link_value_len(&link) * 1e6 / cases[i].interval_us;

        expect_near(rate, cases[i].bytes_per_s, 0.5);
        expect_near(seconds(link_stream_us(&link, KIB_256)), cases[i].kib_256_s,
                    cases[i].kib_256_s >= 10 ? 0.5 : 0.051);
    }
}
END_TEST

START_TEST(test_link_model_writes_with_response)
{
    static const struct {
        uint16_t ll_len;
        uint16_t att_mtu;
        uint32_t interval_us;
        double kib_256_s;
    } cases[] = {{27, 23, 7500, 197},   {27, 23, 15000, 393},  {27, 23, 30000, 786},
                 {27, 23, 50000, 1311}, {251, 247, 15000, 32}, {251, 247, 30000, 64}};

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct link link =
            link_of(LINK_1M, cases[i].ll_len, cases[i].att_mtu, cases[i].interval_us, 0);
        uint64_t us = link_response_us(&link, KIB_256, 2);

        expect_near(seconds(us), cases[i].kib_256_s, 0.6);
        ck_assert_uint_eq(link_response_us(&link, KIB_256, 1) * 2, us);
        /* Half the time and more is lost to responses, however few packets fit an event. */
        link.packets_max = 1;
        ck_assert_uint_ge(us, 2 * link_stream_us(&link, KIB_256));
    }
}
END_TEST

START_TEST(test_link_model_packets_per_event)
{
    struct link link = link_of(LINK_1M, 251, 247, 7500, 0);

    ck_assert_uint_eq(link_packets_per_event(&link), 3);
    link.guard_us = 1;
    ck_assert_uint_eq(link_packets_per_event(&link), 2);
    link.guard_us = 7500;
    ck_assert_uint_eq(link_packets_per_event(&link), 0);
    link.guard_us = 0;
    link.packets_max = 2;
    ck_assert_uint_eq(link_packets_per_event(&link), 2);
    /* Short writes make short packets, whatever the link could carry. */
    link = link_of(LINK_1M, 251, 23, 7500, 0);
    ck_assert_uint_eq(link_packets_per_event(&link), 10);
    link = link_of(LINK_CODED_S8, 251, 247, 15000, 0);
    ck_assert_uint_eq(link_packets_per_event(&link), 0);
    ck_assert_uint_eq(link_stream_us(&link, 16), LINK_NEVER);
    ck_assert_uint_eq(link_window_us(&link, &no_flash, 2048), LINK_NEVER);
}
END_TEST

/* ---- the window ------------------------------------------------------------------------------- */

START_TEST(test_link_model_window)
{
    static const struct {
        uint16_t ll_len;
        uint16_t att_mtu;
        uint32_t interval_us;
        double bytes_per_s;
        double kib_256_s;
    } cases[] = {{251, 247, 7500, 45511, 5.8},
                 {251, 247, 15000, 34133, 7.7},
                 {251, 247, 30000, 17067, 15.4},
                 {27, 23, 30000, 11378, 23}};

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct link link =
            link_of(LINK_1M, cases[i].ll_len, cases[i].att_mtu, cases[i].interval_us, 0);

        expect_near(1024e6 / (double)link_window_us(&link, &no_flash, 1024), cases[i].bytes_per_s,
                    0.5);
        expect_near(seconds(link_window_us(&link, &no_flash, KIB_256)), cases[i].kib_256_s,
                    cases[i].kib_256_s >= 20 ? 0.5 : 0.051);
    }
}
END_TEST

/* The slot of the device at 30 ms: the radio makes no difference, the window does. */
START_TEST(test_link_model_window_not_radio_is_the_limit)
{
    struct link slow = link_of(LINK_1M, 251, 247, 30000, 0);
    struct link fast = link_of(LINK_2M, 251, 247, 30000, 0);

    expect_near(seconds(link_window_us(&slow, &no_flash, OTAM_IMAGE_MAX_LEN)), 29.8, 0.05);
    ck_assert_uint_eq(link_window_us(&slow, &no_flash, OTAM_IMAGE_MAX_LEN),
                      link_window_us(&fast, &no_flash, OTAM_IMAGE_MAX_LEN));
    ck_assert_int_eq(link_window_limit(&slow, &no_flash, OTAM_IMAGE_MAX_LEN), LINK_LIMIT_WINDOW);
}
END_TEST

START_TEST(test_link_model_last_group_is_shorter)
{
    struct link link = link_of(LINK_1M, 251, 247, 7500, 0);

    ck_assert_uint_eq(link_window_us(&link, &no_flash, 16), 15000);
    ck_assert_uint_eq(link_window_us(&link, &no_flash, 1024), 22500);
    ck_assert_uint_eq(link_window_us(&link, &no_flash, 1040), 37500);
    ck_assert_uint_eq(link_window_us(&link, &no_flash, 0), 0);
}
END_TEST

START_TEST(test_link_model_flash)
{
    static const struct link_flash flash = {
        .page_len = 4096, .erase_us = 10000, .row_len = 1024, .program_us = 2500};
    struct link link = link_of(LINK_1M, 251, 247, 7500, 0);

    ck_assert_uint_eq(link_flash_us(&flash, 0), 0);
    ck_assert_uint_eq(link_flash_us(&flash, 1), 12500);
    ck_assert_uint_eq(link_flash_us(&flash, 4096), 20000);
    ck_assert_uint_eq(link_flash_us(&flash, 4097), 32500);
    /* The first group erases its page: two events instead of one until the notification. */
    ck_assert_uint_eq(link_window_us(&link, &flash, 1024), 30000);
    ck_assert_uint_eq(link_window_us(&link, &flash, 4096), 97500);
    link.interval_us = 15000;
    ck_assert_uint_eq(link_window_us(&link, &flash, 4096), 120000);
}
END_TEST

START_TEST(test_link_model_limits)
{
    static const struct link_flash slow_flash = {
        .page_len = 4096, .erase_us = 400000, .row_len = 1024, .program_us = 2500};
    struct link link = link_of(LINK_1M, 27, 23, 7500, 0);

    ck_assert_int_eq(link_window_limit(&link, &no_flash, KIB_256), LINK_LIMIT_PHY);
    link = link_of(LINK_2M, 251, 247, 7500, 0);
    ck_assert_int_eq(link_window_limit(&link, &no_flash, KIB_256), LINK_LIMIT_WINDOW);
    ck_assert_int_eq(link_window_limit(&link, &slow_flash, KIB_256), LINK_LIMIT_FLASH);
    link = link_of(LINK_2M, 251, 247, 100000, 1);
    ck_assert_int_eq(link_window_limit(&link, &no_flash, KIB_256), LINK_LIMIT_INTERVAL);
    for (int i = LINK_LIMIT_WINDOW; i <= LINK_LIMIT_FLASH; i++) {
        ck_assert_uint_gt(strlen(link_limit_name((enum link_limit)i)), 2);
    }
}
END_TEST

/* ---- times that guides state ------------------------------------------------------------------ */

/* "256 KB take 10 to 15 minutes with BLE 4.0": true for one 20-byte write with response in two
 * intervals of 23 to 34 ms, and no limit of 4.0, whose radio would do it in 9.3 s. */
START_TEST(test_link_model_claim_ten_to_fifteen_minutes_is_writes_with_response)
{
    struct link link = link_of(LINK_1M, 27, 23, 22900, 0);

    expect_near(seconds(link_response_us(&link, KIB_256, 2)), 600, 5);
    link.interval_us = 34300;
    expect_near(seconds(link_response_us(&link, KIB_256, 2)), 900, 5);
    expect_near((KIB_256 / 20.0) * link_write_us(&link, 20) / 1e6, 9.3, 0.05);
}
END_TEST

/* "90 s with the defaults of 1M": 2.9 KB/s, about what 20-byte writes without response bring at four
 * in 30 ms (98 s), not what the radio can do. */
START_TEST(test_link_model_claim_ninety_seconds_is_four_short_writes_in_30_ms)
{
    struct link link = link_of(LINK_1M, 27, 23, 30000, 4);
    double time_s = seconds(link_stream_us(&link, KIB_256));

    expect_near(KIB_256 / 90.0, 2900, 50);
    ck_assert(time_s > 90 && time_s < 90 * 1.1);
}
END_TEST

/* "45 s with a tuned 2M link": 5.8 KB/s, a thirtieth of what 2M carries; 20-byte writes without data
 * length extension reach it, six in 20 ms. */
START_TEST(test_link_model_claim_forty_five_seconds_is_far_below_2m)
{
    struct link short_writes = link_of(LINK_1M, 27, 23, 20000, 6);
    struct link tuned = link_of(LINK_2M, 251, 247, 15000, 0);
    double ceiling = 244e6 / link_write_us(&tuned, 244);

    expect_near(seconds(link_stream_us(&short_writes, KIB_256)), 45, 1.5);
    expect_near(ceiling / (KIB_256 / 45.0), 30, 0.5);
    /* Even the window does it in a sixth. */
    ck_assert(seconds(link_window_us(&tuned, &no_flash, KIB_256)) < 45.0 / 5);
}
END_TEST

/* "10 KB/s are 25 s": 26, of which every link with the window and 251-byte packets is faster. */
START_TEST(test_link_model_claim_ten_kilobytes_per_second)
{
    struct link link = link_of(LINK_1M, 251, 247, 30000, 0);

    expect_near(KIB_256 / 10000.0, 26.2, 0.05);
    expect_near(KIB_256 / 10240.0, 25.6, 0.05);
    ck_assert(seconds(link_window_us(&link, &no_flash, KIB_256)) < 25);
}
END_TEST

/* "2 KB/s are more than two minutes, 512 KB more than four": 20-byte writes without response, three
 * in 30 ms; the same old phones as in the first claim, and five to seven times as fast. */
START_TEST(test_link_model_claim_two_kilobytes_per_second)
{
    struct link link = link_of(LINK_1M, 27, 23, 30000, 3);
    double time_s = seconds(link_stream_us(&link, KIB_256));

    expect_near(time_s, 131, 0.5);
    expect_near(seconds(link_stream_us(&link, 2 * KIB_256)), 262, 0.5);
    expect_near(600 / time_s, 5, 0.5);
    expect_near(900 / time_s, 7, 0.5);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, test_link_model_air_time_of_the_longest_packets);
    tcase_add_test(tc, test_link_model_air_time_of_short_packets);
    tcase_add_test(tc, test_link_model_packets_of_a_write);
    tcase_add_test(tc, test_link_model_chunk_rule_at_every_mtu);
    tcase_add_test(tc, test_link_model_continuous_ceilings);
    tcase_add_test(tc, test_link_model_continuous_ceilings_without_encryption);
    tcase_add_test(tc, test_link_model_gains);
    tcase_add_test(tc, test_link_model_streams);
    tcase_add_test(tc, test_link_model_writes_with_response);
    tcase_add_test(tc, test_link_model_packets_per_event);
    tcase_add_test(tc, test_link_model_window);
    tcase_add_test(tc, test_link_model_window_not_radio_is_the_limit);
    tcase_add_test(tc, test_link_model_last_group_is_shorter);
    tcase_add_test(tc, test_link_model_flash);
    tcase_add_test(tc, test_link_model_limits);
    tcase_add_test(tc, test_link_model_claim_ten_to_fifteen_minutes_is_writes_with_response);
    tcase_add_test(tc, test_link_model_claim_ninety_seconds_is_four_short_writes_in_30_ms);
    tcase_add_test(tc, test_link_model_claim_forty_five_seconds_is_far_below_2m);
    tcase_add_test(tc, test_link_model_claim_ten_kilobytes_per_second);
    tcase_add_test(tc, test_link_model_claim_two_kilobytes_per_second);
}

int main(void)
{
    return unit_main("link_model", add_tests);
}
