/* What libcrypto allocates is wiped when it is freed, also where libcrypto itself would not do so. */
#ifndef OTAIMG_CRYPTO_MEMORY_H
#define OTAIMG_CRYPTO_MEMORY_H

/* Once, before the process's first call of libcrypto: later ones change nothing. */
void crypto_memory_wipe_freed(void);

#endif
