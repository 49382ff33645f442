#include "file_stamps.h"

#include <cstring>

namespace kmodctl {

namespace {

int64_t Nanoseconds(const struct timespec &time) {
  // Times that do not fit wrap around, without the undefined behaviour of signed numbers.
  return static_cast<int64_t>(static_cast<uint64_t>(time.tv_sec) * 1000000000u +
                              static_cast<uint64_t>(time.tv_nsec));
}

} // namespace

void StampOf(const struct stat &status, int64_t *stamp) {
  stamp[0] = static_cast<int64_t>(status.st_size);
  stamp[1] = Nanoseconds(status.st_mtim);
  stamp[2] = Nanoseconds(status.st_ctim);
  stamp[3] = static_cast<int64_t>(status.st_ino);
}

std::size_t StampFiles(const char *paths, std::size_t length, int64_t *stamps, std::size_t capacity) {
  const char *const end = paths + length;
  std::size_t count = 0;
  while (paths < end && count < capacity) {
    const auto *nul = static_cast<const char *>(std::memchr(paths, 0, static_cast<std::size_t>(end - paths)));
    if (nul == nullptr) break;
    int64_t *stamp = stamps + count++ * kStampWidth;
    struct stat status;
    if (stat(paths, &status) != 0) {
      stamp[0] = -1;
      stamp[1] = stamp[2] = stamp[3] = 0;
    } else {
      StampOf(status, stamp);
    }
    paths = nul + 1;
  }
  return count;
}

} // namespace kmodctl
