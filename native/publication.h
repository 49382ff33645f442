// The system calls that put a set of files in the place of another: flock, fsync, and renames that nobody can cut short.
#ifndef KMODCTL_PUBLICATION_H
#define KMODCTL_PUBLICATION_H

#include <cstddef>

namespace kmodctl {

// Any thread. Takes the exclusive lock of an open file or folder without waiting: 0, -EWOULDBLOCK, or another -errno.
int TryLock(int fd);

// Any thread. fsync(2) of all of these; their data is on its way before the first is waited for. 0 or -errno.
int SyncFiles(const int *fds, std::size_t count);

struct Moves {
  int directory;          // an open folder, which all names are in
  const char *staging;    // folder to be renamed to `commit` first; null where that was done before
  const char *commit;     // folder that the files are moved out of, into `directory`
  const char *const *names;
  std::size_t count;
};

struct MovesResult {
  int error;      // 0 or -errno of the first call that failed
  bool committed; // whether `commit` is there, or was and is used up
};

// Any thread; it waits. Renames staging to commit, makes that durable, moves the files, makes that durable, removes
// commit. A file that is not there was moved by somebody else.
//
// Works in a process of its own, in a session of its own: once it has begun, neither a signal to this process or its
// group nor this process's death stops it. Where no process can be had it works right here.
MovesResult MoveFiles(const Moves &moves);

} // namespace kmodctl

#endif
