// Entries of an index that is being made.
#ifndef KMODCTL_INDEX_ENTRIES_H
#define KMODCTL_INDEX_ENTRIES_H

#include <cstddef>
#include <cstdint>

#include "column.h"
#include "index_encoding.h"
#include "packed_texts.h"

namespace kmodctl {

class IndexColumns {
public:
  // The next entry's key is added to it first, then comes End().
  Column<uint8_t> keys;

  // False without memory.
  bool End(const Text &value, uint32_t priority);

  // The file's bytes. False where a text is not ASCII or has a NUL, and where EncodeIndex() does not do it.
  bool Encode(std::size_t limit, EncodedIndex *encoded) const;

private:
  Column<uint32_t> key_ends_;
  Column<uint8_t> values_;
  Column<uint32_t> value_ends_;
  Column<uint32_t> priorities_;
};

} // namespace kmodctl

#endif
