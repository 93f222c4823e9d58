/* What libzstd's decoder takes from <stdlib.h>: an allocator, which it never needs here, because every
 * context lives in memory that the runtime gives it (ZSTD_initStaticDCtx). So this one is always full. */
#ifndef CZEX_STDLIB_H
#define CZEX_STDLIB_H

#include <stddef.h>

static inline void *malloc(size_t size) { (void)size; return NULL; }
static inline void *calloc(size_t count, size_t size) { (void)count; (void)size; return NULL; }
static inline void free(void *memory) { (void)memory; }

#endif
