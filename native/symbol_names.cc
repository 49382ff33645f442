#include "symbol_names.h"

#include <cstring>

namespace kmodctl {

namespace {

constexpr std::size_t kFirstSlots = 1u << 16;
constexpr std::size_t kMostBytes = UINT32_MAX;

uint32_t Hash(const uint8_t *name, std::size_t length, uint32_t seed) {
  uint32_t hash = seed ^ static_cast<uint32_t>(length);
  for (; length >= 4; name += 4, length -= 4) {
    uint32_t word;
    std::memcpy(&word, name, 4);
    hash = (hash ^ word) * 0x9e3779b1u;
    hash ^= hash >> 15;
  }
  for (; length > 0; ++name, --length) hash = (hash ^ *name) * 0x01000193u;
  hash = (hash ^ (hash >> 15)) * 0x2c1b3c6du;
  return hash ^ (hash >> 12);
}

} // namespace

bool SymbolNames::Intern(const uint8_t *name, std::size_t length, uint32_t *number) {
  if (2 * (size() + 1) > slots_.size() && !Widen()) return false;
  const uint32_t hash = Hash(name, length, seed_);
  const std::size_t mask = slots_.size() - 1;
  std::size_t slot = hash & mask;
  for (; slots_[slot] != 0; slot = (slot + 1) & mask) {
    const uint32_t found = slots_[slot] - 1;
    if (hashes_[found] != hash || this->length(found) != length) continue;
    if (length == 0 || std::memcmp(this->name(found), name, length) == 0) {
      *number = found;
      return true;
    }
  }
  const std::size_t count = size();
  if (count >= UINT32_MAX - 1 || bytes_.size() + length > kMostBytes) return false;
  if (!ends_.Reserve(count + 1) || !hashes_.Reserve(count + 1) || !bytes_.Add(name, length)) return false;
  ends_.Add(static_cast<uint32_t>(bytes_.size()));
  hashes_.Add(hash);
  slots_[slot] = static_cast<uint32_t>(count + 1);
  *number = static_cast<uint32_t>(count);
  return true;
}

bool SymbolNames::Widen() {
  const std::size_t size = slots_.size() == 0 ? kFirstSlots : slots_.size() * 2;
  if (!slots_.Resize(size)) return false;
  std::memset(slots_.data(), 0, size * sizeof(uint32_t));
  for (std::size_t number = 0; number < hashes_.size(); ++number) {
    std::size_t slot = hashes_[number] & (size - 1);
    while (slots_[slot] != 0) slot = (slot + 1) & (size - 1);
    slots_[slot] = static_cast<uint32_t>(number + 1);
  }
  return true;
}

} // namespace kmodctl
