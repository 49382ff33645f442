#include "module_listing.h"

#include <algorithm>
#include <cerrno>
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "file_stamps.h"

namespace kmodctl {

namespace {

constexpr std::size_t kMostDepth = 100; // each level has an open file
constexpr std::size_t kBufferSize = 32 << 10;

// As getdents64(2) gives it.
struct DirectoryEntry {
  uint64_t inode;
  int64_t offset;
  uint16_t length;
  uint8_t type;
  char name[1];
};

struct Entry {
  std::size_t name; // place in the names
  uint8_t type;
};

// The entries of a folder, sorted by name.
class FolderEntries {
public:
  bool Read(int fd) {
    alignas(DirectoryEntry) char buffer[kBufferSize];
    for (;;) {
      const long size = syscall(SYS_getdents64, fd, buffer, sizeof buffer);
      if (size < 0 && errno == EINTR) continue;
      if (size < 0) return false;
      if (size == 0) break;
      for (long place = 0; place < size;) {
        const auto *entry = reinterpret_cast<const DirectoryEntry *>(buffer + place);
        if (!Add(entry->name, entry->type)) return false;
        place += entry->length;
      }
    }
    std::sort(entries_.data(), entries_.data() + entries_.size(), [this](const Entry &one, const Entry &other) {
      return std::strcmp(name(one), name(other)) < 0;
    });
    return true;
  }

  std::size_t size() const { return entries_.size(); }
  uint8_t type(std::size_t index) const { return entries_[index].type; }
  const char *name(std::size_t index) const { return name(entries_[index]); }

private:
  const char *name(const Entry &entry) const { return names_.data() + entry.name; }

  bool Add(const char *name, uint8_t type) {
    if (std::strcmp(name, ".") == 0 || std::strcmp(name, "..") == 0) return true;
    return entries_.Add({names_.size(), type}) && names_.Add(name, std::strlen(name) + 1);
  }

  Column<char> names_;
  Column<Entry> entries_;
};

Text TextOf(const char *name) { return {reinterpret_cast<const uint8_t *>(name), std::strlen(name)}; }

bool IsAscii(const Text &text) {
  uint8_t bits = 0;
  for (std::size_t index = 0; index < text.length; ++index) bits |= text.bytes[index];
  return bits < 0x80;
}

} // namespace

bool ModuleListing::AddFolder(const char *folder) {
  const int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return false;
  prefix_.Shrink(0);
  return AddOpen(fd, 0);
}

// Closes the descriptor.
bool ModuleListing::AddOpen(int fd, std::size_t depth) {
  FolderEntries entries;
  bool added = depth < kMostDepth && entries.Read(fd);
  for (std::size_t index = 0; index < entries.size() && added; ++index)
    added = AddEntry(fd, entries.name(index), entries.type(index), depth);
  close(fd);
  return added;
}

bool ModuleListing::AddEntry(int fd, const char *name, uint8_t type, std::size_t depth) {
  const Text text = TextOf(name);
  if (IsExcluded(text)) return true;
  if (type == DT_REG) return !IsModule(text) || AddFile(fd, name, false);
  if (type == DT_LNK) return AddFile(fd, name, true);
  if (type != DT_DIR || !IsAscii(text)) return false;
  const int folder = openat(fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (folder < 0) return false;
  const std::size_t length = prefix_.size();
  if (!prefix_.Add(text.bytes, text.length) || !prefix_.Add('/')) {
    close(folder);
    return false;
  }
  const bool added = AddOpen(folder, depth + 1);
  prefix_.Shrink(length);
  return added;
}

bool ModuleListing::AddFile(int fd, const char *name, bool is_link) {
  const Text text = TextOf(name);
  struct stat status;
  const bool is_there = fstatat(fd, name, &status, is_link ? 0 : AT_SYMLINK_NOFOLLOW) == 0;
  if (!is_there || !S_ISREG(status.st_mode)) return false;
  if (!IsModule(text)) return true;
  if (!IsAscii(text)) return false;
  int64_t stamp[kStampWidth];
  StampOf(status, stamp);
  return stamps.Add(stamp, kStampWidth) && paths.Add(prefix_.data(), prefix_.size()) &&
         paths.Add(text.bytes, text.length + 1);
}

bool ModuleListing::IsModule(const Text &name) const {
  for (std::size_t index = 0; index < endings_.count; ++index) {
    const Text ending = endings_[index];
    if (name.length <= ending.length) continue;
    // Where all endings are empty there is no memory that they are in.
    if (ending.length == 0 ||
        std::memcmp(name.bytes + name.length - ending.length, ending.bytes, ending.length) == 0)
      return true;
  }
  return false;
}

bool ModuleListing::IsExcluded(const Text &name) const {
  for (std::size_t index = 0; index < excluded_.count; ++index) {
    const Text other = excluded_[index];
    if (name.length == other.length && std::memcmp(name.bytes, other.bytes, name.length) == 0) return true;
  }
  return false;
}

} // namespace kmodctl
