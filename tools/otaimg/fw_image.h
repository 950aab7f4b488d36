/*
 * A firmware build as a sparse memory image: segments of bytes at device addresses, from ELF
 * (physical addresses), Intel HEX, Motorola S-record or raw binary.
 *
 * Memory use does not grow with the size of a raw binary: its bytes are read on demand.
 */
#ifndef OTAIMG_FW_IMAGE_H
#define OTAIMG_FW_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exits.h"

enum fw_format { FW_AUTO, FW_ELF, FW_IHEX, FW_SREC, FW_BIN };

struct fw_image;

/* Loads path. FW_AUTO decides by content (ELF magic, ':' or 'S0'..'S9' records), else raw binary.
 * bin_address is where a raw binary starts. Errors name file, line (text formats) and address:
 * unreadable file (OX_IO), bad record, checksum or overlap (OX_MALFORMED). */
enum ox fw_load(const char *path, enum fw_format format, uint32_t bin_address,
                struct fw_image **ret_image);
void fw_free(struct fw_image *image);

/* The format that was found. */
enum fw_format fw_get_format(const struct fw_image *image);
const char *fw_get_path(const struct fw_image *image);

/* Checks that an application for slot 0 of this image can be taken: nothing but known configuration
 * and boot areas outside [slot_start, slot_end), nothing in [slot_start, fw_start) but old metadata
 * (512 bytes that look like a metadata header), at least one byte from fw_start on, end of data
 * at most slot_end. Errors name the address (OX_MALFORMED).
 * *ret_len = bytes from fw_start to the last byte of data in the slot, plus one. */
struct fw_layout {
    uint32_t slot_start; /* first address of the slot: metadata */
    uint32_t fw_start;   /* first address of the firmware */
    uint32_t slot_end;   /* first address behind the usable slot */
};
enum ox fw_check_layout(const struct fw_image *image, const struct fw_layout *layout,
                        uint32_t *ret_len);

/* Copies [address, address + len) to bytes, gaps as 0xFF. OX_IO when the file cannot be read. */
enum ox fw_read(const struct fw_image *image, uint32_t address, uint8_t *bytes, size_t len);

/* Visits [address, address + len) pieces of data in ascending order, at most 64 KiB each; stops at
 * the first result that is not OX_OK and returns it. */
typedef enum ox fw_visit(void *user, uint32_t address, const uint8_t *bytes, size_t len);
enum ox fw_for_each(const struct fw_image *image, fw_visit *visit, void *user);

#endif
