// Files that live in memory only and that nobody can change any more.
#ifndef KMODCTL_MEMORY_FILE_H
#define KMODCTL_MEMORY_FILE_H

namespace kmodctl {

// Any thread. memfd_create(2): an empty file, open for reading and writing, not executable, closed by exec. Its
// descriptor, or -errno. `name` is what /proc shows for it.
int CreateMemoryFile(const char *name);

// Any thread. Neither content nor size can change from now on, by whatever descriptor. 0 or -errno.
int SealMemoryFile(int fd);

} // namespace kmodctl

#endif
