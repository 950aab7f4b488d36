/*
 * The attribute table of the profile as data. Layer: lowest of the service. Invariant: nothing here is
 * reachable without an encrypted link.
 * spec: Microchip OTA profile v1.3, UUIDs and permissions of the shipped service
 */
#include "otas.h"

/* The text form 4D434850-aabb-ccdd-eeff-gghhiijjkkll, which all share the first group of. */
#define UUID(a, b, c, d, e, f, g, h, i, j, k, l)                                                   \
    {                                                                                              \
        0x##l, 0x##k, 0x##j, 0x##i, 0x##h, 0x##g, 0x##f, 0x##e, 0x##d, 0x##c, 0x##b, 0x##a, 0x50,  \
            0x48, 0x43, 0x4D                                                                       \
    }

const uint8_t otas_service_uuid[OTAS_UUID_LEN] =
    UUID(25, 3D, 46, B3, 99, 23, E6, 1B, 8E, 82, 15, D7);

const struct otas_attribute otas_attributes[OTAS_ATTR_COUNT] = {
    [OTAS_FEATURE] = {UUID(22, E4, 42, 46, AF, 03, 0C, 4A, 2F, 90, 63, 58), OTAS_PROPERTY_READ, 2,
                      true},
    [OTAS_CONTROL] = {UUID(93, 27, 45, DE, 88, 82, C9, 7F, 39, 02, 8A, 76),
                      OTAS_PROPERTY_WRITE | OTAS_PROPERTY_NOTIFY, 4, true},
    [OTAS_CONTROL_CCCD] = {{0}, OTAS_PROPERTY_READ | OTAS_PROPERTY_WRITE, 5, true},
    [OTAS_DATA] = {UUID(34, D9, 40, A6, BA, 7E, 56, F5, 7C, 8C, D4, 78),
                   OTAS_PROPERTY_WRITE_COMMAND | OTAS_PROPERTY_NOTIFY, 7, true},
    [OTAS_DATA_CCCD] = {{0}, OTAS_PROPERTY_READ | OTAS_PROPERTY_WRITE, 8, true},
};
