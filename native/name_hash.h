// The order of names in kmod's hash tables: see name-hash.ts, which says the same in TypeScript.
#ifndef KMODCTL_NAME_HASH_H
#define KMODCTL_NAME_HASH_H

#include <cstddef>
#include <cstdint>

#include "column.h"
#include "packed_texts.h"

namespace kmodctl {

uint32_t NameHash(const Text &name);

// Puts numbers of names into the order of a table with that many buckets, a power of two. False without memory.
bool SortByHash(const PackedTexts &names, std::size_t buckets, Column<uint32_t> *numbers);

} // namespace kmodctl

#endif
