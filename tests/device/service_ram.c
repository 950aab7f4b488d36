/*
 * Memory of the OTA service's server beside the states of the crypto, as the length of a constant that
 * the size of this object tells. Layer: test; never run.
 */
#include <otas.h>

extern const uint8_t service_ram[sizeof(struct otas_server) - sizeof(struct otav_sha256_state) -
                                 sizeof(struct otav_aes_state)];
const uint8_t service_ram[sizeof service_ram] = {1};
