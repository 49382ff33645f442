// Locks on single bytes of a file, which need not exist: open file description locks (fcntl(2)).
#ifndef KMODCTL_BYTE_LOCK_H
#define KMODCTL_BYTE_LOCK_H

#include <cstdint>

namespace kmodctl {

enum class ByteLock { kNone = 0, kShared = 1, kExclusive = 2 };

// Any thread. Takes, changes or (kNone) gives back a lock, without waiting. It belongs to the open file, not to the
// process, and ends with its last descriptor. 0; -EAGAIN where another open file is in the way; another -errno.
int SetByteLock(int fd, int64_t offset, ByteLock lock);

} // namespace kmodctl

#endif
