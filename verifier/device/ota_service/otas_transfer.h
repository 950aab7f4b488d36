/* A transfer between its request and its end: verifier, slot, journal and reports. Inside the service. */
#ifndef OTAS_TRANSFER_H
#define OTAS_TRANSFER_H

#include "otas.h"

void otas_report(const struct otas_server *server, enum otas_event event, uint32_t code);

/* Whether the platform has at least percent of charge. */
bool otas_battery_suffices(const struct otas_server *server, uint8_t percent);

/* Whether this server offers to resume. */
bool otas_can_resume(const struct otas_server *server);

/* After server->request was judged: sets received_len to where the peer goes on, 0 for a new transfer.
 * 0, or why the request is refused after all. */
uint32_t otas_transfer_prepare(struct otas_server *server);

/* Opens the verifier, unless the transfer is resumed. False: the transfer ended in FAILED. */
bool otas_transfer_start(struct otas_server *server);

/* Takes the group. 0, or the code with which the transfer ended in FAILED. */
uint32_t otas_transfer_take(struct otas_server *server);

/* All bytes were taken: judges, commits, asks the bootloader. False: the transfer ended in FAILED. */
bool otas_transfer_finish(struct otas_server *server);

/* Ends the transfer for that reason; keep: what can be resumed stays. The state is the caller's. */
void otas_transfer_end(struct otas_server *server, uint32_t code, bool keep);

#endif
