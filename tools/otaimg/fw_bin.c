/*
 * Raw binary: one piece, the whole file at an address that the manifest gives.
 *
 * Layer: input. No byte is read here; fw_image.c reads them from the open descriptor when needed.
 */
#include "fw_impl.h"

enum ox fw_load_bin(struct fw_image *image, uint32_t address)
{
    return fw_add_range(image, address, 0, image->file_len);
}
