// stat(2) of many files with one call from JavaScript: depmod looks at 4,000 files to see which of them changed.
#ifndef KMODCTL_FILE_STAMPS_H
#define KMODCTL_FILE_STAMPS_H

#include <cstddef>
#include <cstdint>
#include <sys/stat.h>

namespace kmodctl {

// Numbers for each file: size, or -1 where the file cannot be looked at; then, in nanoseconds since 1970, the last
// change of its content and of its inode; the inode's number.
constexpr std::size_t kStampWidth = 4;

// Writes the stamp of a file that is there.
void StampOf(const struct stat &status, int64_t *stamp);

// Any thread. `paths` has a NUL behind each path and is `length` bytes long; `stamps` has room for `capacity` files.
// The number of files looked at.
std::size_t StampFiles(const char *paths, std::size_t length, int64_t *stamps, std::size_t capacity);

} // namespace kmodctl

#endif
