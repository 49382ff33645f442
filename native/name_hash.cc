#include "name_hash.h"

#include <algorithm>

namespace kmodctl {

namespace {

uint32_t Pair(const uint8_t *bytes) { return bytes[0] + (uint32_t{bytes[1]} << 8); }

uint32_t HashTail(uint32_t hash, const uint8_t *bytes, std::size_t rest) {
  switch (rest) {
  case 1:
    hash += bytes[0];
    hash ^= hash << 10;
    return hash + (hash >> 1);
  case 2:
    hash += Pair(bytes);
    hash ^= hash << 11;
    return hash + (hash >> 17);
  case 3:
    hash += Pair(bytes);
    hash ^= hash << 16;
    hash ^= uint32_t{bytes[2]} << 18;
    return hash + (hash >> 11);
  default:
    return hash;
  }
}

} // namespace

uint32_t NameHash(const Text &name) {
  const uint8_t *bytes = name.bytes;
  auto hash = static_cast<uint32_t>(name.length);
  std::size_t rest = name.length;
  for (; rest >= 4; bytes += 4, rest -= 4) {
    hash += Pair(bytes);
    hash = (hash << 16) ^ (Pair(bytes + 2) << 11) ^ hash;
    hash += hash >> 11;
  }
  hash = HashTail(hash, bytes, rest);
  hash ^= hash << 3;
  hash += hash >> 5;
  hash ^= hash << 4;
  hash += hash >> 17;
  hash ^= hash << 25;
  hash += hash >> 6;
  return hash;
}

bool SortByHash(const PackedTexts &names, std::size_t buckets, Column<uint32_t> *numbers) {
  Column<uint32_t> starts;
  Column<uint32_t> bucket_of;
  Column<uint32_t> sorted;
  const std::size_t count = numbers->size();
  if (!starts.Resize(buckets + 1) || !bucket_of.Resize(count) || !sorted.Resize(count)) return false;
  for (std::size_t index = 0; index < count; ++index) {
    bucket_of[index] = NameHash(names[(*numbers)[index]]) & static_cast<uint32_t>(buckets - 1);
    ++starts[bucket_of[index] + 1];
  }
  for (std::size_t bucket = 0; bucket < buckets; ++bucket) starts[bucket + 1] += starts[bucket];
  // Afterwards each start is where its bucket ends.
  for (std::size_t index = 0; index < count; ++index) sorted[starts[bucket_of[index]]++] = (*numbers)[index];
  uint32_t start = 0;
  for (std::size_t bucket = 0; bucket < buckets; ++bucket) {
    std::sort(sorted.data() + start, sorted.data() + starts[bucket],
              [&names](uint32_t one, uint32_t other) { return ComesBefore(names[one], names[other]); });
    start = starts[bucket];
  }
  for (std::size_t index = 0; index < count; ++index) (*numbers)[index] = sorted[index];
  return true;
}

} // namespace kmodctl
