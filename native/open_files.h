// What descriptors have in common.
#ifndef KMODCTL_OPEN_FILES_H
#define KMODCTL_OPEN_FILES_H

namespace kmodctl {

// Any thread. kcmp(2): 0 where two descriptors of this process are duplicates of one another, 1 to 3 where they were
// opened apart, or -errno: ENOSYS on kernels without the call, EBADF.
int CompareOpenFiles(int first, int second);

// Any thread. lseek(2) to the end: 0 or -errno. Node has no call for it, and the kernel log begins at its oldest record.
int SeekToEnd(int descriptor);

} // namespace kmodctl

#endif
