#include "module_parts.h"

#include <cerrno>
#include <cstdlib>
#include <unistd.h>

namespace kmodctl {

namespace {

constexpr std::size_t kBlockSize = 1u << 20;
constexpr uint64_t kLargestPart = 1u << 29;
constexpr std::size_t kMostParts = 64; // of a file that is what it should be there are five

bool ReadAll(int fd, uint8_t *bytes, std::size_t length, uint64_t offset) {
  while (length > 0) {
    const ssize_t count = pread(fd, bytes, length, static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    bytes += count;
    length -= static_cast<std::size_t>(count);
    offset += static_cast<uint64_t>(count);
  }
  return true;
}

} // namespace

ModuleParts::~ModuleParts() {
  for (std::size_t index = 0; index < blocks_.size(); ++index) std::free(blocks_[index].bytes);
}

void ModuleParts::UseFile(int fd, uint64_t size) {
  fd_ = fd;
  size_ = size;
  parts_.Shrink(0);
  block_ = used_ = 0;
  read_ = 0;
}

void ModuleParts::UseImage(const uint8_t *image, std::size_t size) {
  UseFile(-1, size);
  (void)parts_.Add({0, size, image});
}

const uint8_t *ModuleParts::Get(uint64_t offset, uint64_t length) {
  if (offset > size_ || length > size_ - offset) return nullptr;
  for (std::size_t index = 0; index < parts_.size(); ++index) {
    const Part &part = parts_[index];
    if (offset >= part.start && offset + length <= part.end) return part.bytes + (offset - part.start);
  }
  if (fd_ < 0 || length > kLargestPart || parts_.size() == kMostParts) return nullptr;
  read_ += length;
  if (read_ > 2 * size_ + kBlockSize) return nullptr;
  uint8_t *bytes = Take(static_cast<std::size_t>(length));
  if (bytes == nullptr || !ReadAll(fd_, bytes, static_cast<std::size_t>(length), offset)) return nullptr;
  return parts_.Add({offset, offset + length, bytes}) ? bytes : nullptr;
}

uint8_t *ModuleParts::Take(std::size_t length) {
  for (; block_ < blocks_.size(); ++block_, used_ = 0)
    if (blocks_[block_].size - used_ >= length) {
      uint8_t *bytes = blocks_[block_].bytes + used_;
      used_ += length;
      return bytes;
    }
  const std::size_t size = length > kBlockSize ? length : kBlockSize;
  auto *bytes = static_cast<uint8_t *>(std::malloc(size));
  if (bytes == nullptr) return nullptr;
  if (!blocks_.Add({bytes, size})) {
    std::free(bytes);
    return nullptr;
  }
  used_ = length;
  return bytes;
}

} // namespace kmodctl
