// The bytes of a modules.*.bin file from its entries. Computation only: no JavaScript, no system call.
#ifndef KMODCTL_INDEX_ENCODING_H
#define KMODCTL_INDEX_ENCODING_H

#include <cstddef>
#include <cstdint>
#include <memory>

namespace kmodctl {

// Entries in the order in which depmod inserts them. Text number n is what lies between the ends n - 1 and n.
struct IndexEntries {
  const uint8_t *keys;
  const uint32_t *key_ends;
  const uint8_t *values;
  const uint32_t *value_ends;
  const uint32_t *priorities;
  uint32_t count;
};

struct EncodedIndex {
  std::unique_ptr<uint8_t[]> bytes; // null: not done here
  std::size_t size = 0;
};

constexpr uint32_t kMostIndexEntries = 1u << 24;

// Any thread. The ends must ascend, lie within the texts, and be at most kMostIndexEntries in number. Not done without
// memory, for a file of more than `limit` bytes, and where a key has many values that come in a wild order.
EncodedIndex EncodeIndex(const IndexEntries &entries, std::size_t limit);

} // namespace kmodctl

#endif
