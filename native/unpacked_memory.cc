#include "unpacked_memory.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace kmodctl {

namespace {

constexpr std::size_t kLeastCapacity = 64 * 1024;
constexpr std::size_t kUsualRatio = 6; // most modules shrink to more than a sixth

} // namespace

UnpackedMemory::~UnpackedMemory() { std::free(bytes_); }

bool UnpackedMemory::Resize(std::size_t capacity) {
  auto *const bytes = static_cast<uint8_t *>(std::realloc(bytes_, capacity));
  if (bytes == nullptr) return false;
  bytes_ = bytes;
  capacity_ = capacity;
  return true;
}

int UnpackedMemory::Unpack(Format format, const uint8_t *input, std::size_t length, std::size_t limit) {
  Decoder decoder;
  int result = decoder.Start(format, limit);
  if (result != 0) return result;
  // One byte more than the limit, to see whether there is one.
  const std::size_t most = limit + 1;
  std::size_t capacity = std::min(most, std::max(kLeastCapacity, length * kUsualRatio));
  do {
    if (!Resize(capacity)) return kNoMemory;
    result = decoder.Continue(input, length, bytes_, capacity_, &size_);
    capacity = std::min(most, capacity_ * 2);
  } while (result == kOutputFull && capacity > capacity_);
  position_ = decoder.position();
  if (result == kOutputFull || (result == 0 && size_ > limit)) return kTooLarge;
  // Gives back what is not used. Where that fails, the larger block is as good.
  if (result == 0 && size_ > 0) (void)Resize(size_);
  return result;
}

uint8_t *UnpackedMemory::Take() {
  capacity_ = size_ = 0;
  return std::exchange(bytes_, nullptr);
}

} // namespace kmodctl
