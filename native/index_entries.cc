#include "index_entries.h"

namespace kmodctl {

namespace {

constexpr std::size_t kMostBytes = 0x7fffffff;

bool IsText(const Column<uint8_t> &bytes) {
  uint8_t bits = 0;
  for (std::size_t index = 0; index < bytes.size(); ++index) bits |= bytes[index];
  return bits < 0x80 && (bytes.size() == 0 || std::memchr(bytes.data(), 0, bytes.size()) == nullptr);
}

} // namespace

bool IndexColumns::End(const Text &value, uint32_t priority) {
  return key_ends_.Add(static_cast<uint32_t>(keys.size())) && values_.Add(value.bytes, value.length) &&
         value_ends_.Add(static_cast<uint32_t>(values_.size())) && priorities_.Add(priority);
}

bool IndexColumns::Encode(std::size_t limit, EncodedIndex *encoded) const {
  if (keys.size() > kMostBytes || values_.size() > kMostBytes || priorities_.size() > kMostIndexEntries) return false;
  if (!IsText(keys) || !IsText(values_)) return false;
  *encoded = EncodeIndex({keys.data(), key_ends_.data(), values_.data(), value_ends_.data(), priorities_.data(),
                          static_cast<uint32_t>(priorities_.size())},
                         limit);
  return encoded->bytes != nullptr;
}

} // namespace kmodctl
