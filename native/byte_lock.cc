#include "byte_lock.h"

#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

namespace kmodctl {

int SetByteLock(int fd, int64_t offset, ByteLock lock) {
  struct flock range = {};
  range.l_type = lock == ByteLock::kNone ? F_UNLCK : lock == ByteLock::kShared ? F_RDLCK : F_WRLCK;
  range.l_whence = SEEK_SET;
  range.l_start = static_cast<off_t>(offset);
  range.l_len = 1;
  while (fcntl(fd, F_OFD_SETLK, &range) != 0)
    if (errno != EINTR) return errno == EACCES ? -EAGAIN : -errno;
  return 0;
}

} // namespace kmodctl
