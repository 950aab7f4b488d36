/* What copying leaves in the processor. */
#ifndef OTAIMG_VECTOR_REGISTERS_H
#define OTAIMG_VECTOR_REGISTERS_H

/* Zeros the vector registers that a called function may change. On processors other than x86-64
 * nothing is done. */
void vector_registers_clear(void);

#endif
