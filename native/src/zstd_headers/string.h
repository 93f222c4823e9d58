/* What libzstd's decoder takes from <string.h>. Zig's compiler-rt defines the three functions. */
#ifndef CZEX_STRING_H
#define CZEX_STRING_H

#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t size);
void *memmove(void *to, const void *from, size_t size);
void *memset(void *to, int byte, size_t size);

#endif
