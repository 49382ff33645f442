#include "memory_file.h"

#include <cerrno>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace kmodctl {

namespace {

// Of linux/memfd.h; the headers of older systems lack the last.
constexpr unsigned kCloseOnExec = 0x1;
constexpr unsigned kAllowSealing = 0x2;
constexpr unsigned kNoExecSeal = 0x8;

} // namespace

int CreateMemoryFile(const char *name) {
  // A kernel since 6.3 may insist on the last flag (vm.memfd_noexec), an older one does not know it.
  long fd = syscall(SYS_memfd_create, name, kCloseOnExec | kAllowSealing | kNoExecSeal);
  if (fd < 0 && errno == EINVAL) fd = syscall(SYS_memfd_create, name, kCloseOnExec | kAllowSealing);
  return fd < 0 ? -errno : static_cast<int>(fd);
}

int SealMemoryFile(int fd) {
  const int seals = F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;
  return fcntl(fd, F_ADD_SEALS, seals) != 0 ? -errno : 0;
}

} // namespace kmodctl
