#include "open_files.h"

#include <cerrno>
#include <sys/syscall.h>
#include <unistd.h>

namespace kmodctl {

int CompareOpenFiles(int first, int second) {
  constexpr int kFile = 0; // KCMP_FILE of linux/kcmp.h, which not every system has
  const pid_t self = getpid();
  const long result = syscall(SYS_kcmp, self, self, kFile, static_cast<unsigned long>(first),
                              static_cast<unsigned long>(second));
  return result < 0 ? -errno : static_cast<int>(result);
}

int SeekToEnd(int descriptor) { return lseek(descriptor, 0, SEEK_END) < 0 ? -errno : 0; }

} // namespace kmodctl
