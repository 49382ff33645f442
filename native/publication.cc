#include "publication.h"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <sched.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

namespace kmodctl {

namespace {

constexpr std::size_t kStackSize = 256 * 1024;

struct Task {
  const Moves *moves;
  MovesResult result;
};

// System calls only: another process may run this on memory that it shares with all of this one's threads.
int Move(const Moves &moves, MovesResult *result) {
  const int directory = moves.directory;
  if (moves.staging != nullptr) {
    if (renameat(directory, moves.staging, directory, moves.commit) != 0) return -errno;
    result->committed = true;
    if (fsync(directory) != 0) return -errno;
  }
  result->committed = true;
  const int commit = openat(directory, moves.commit, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (commit < 0) return errno == ENOENT ? 0 : -errno; // another program has finished it
  int error = 0;
  for (std::size_t index = 0; index < moves.count && error == 0; ++index)
    if (renameat(commit, moves.names[index], directory, moves.names[index]) != 0 && errno != ENOENT)
      error = -errno;
  close(commit);
  if (error != 0) return error;
  if (fsync(directory) != 0) return -errno;
  // Another program's set may be there by now.
  const bool is_gone = unlinkat(directory, moves.commit, AT_REMOVEDIR) == 0 || errno == ENOENT;
  return is_gone || errno == ENOTEMPTY || errno == EEXIST ? 0 : -errno;
}

int RunTask(void *argument) {
  auto *task = static_cast<Task *>(argument);
  (void)setsid();
  task->result.error = Move(*task->moves, &task->result);
  _exit(0);
}

} // namespace

int TryLock(int fd) {
  while (flock(fd, LOCK_EX | LOCK_NB) != 0)
    if (errno != EINTR) return -errno;
  return 0;
}

int SyncFiles(const int *fds, std::size_t count) {
  for (std::size_t index = 0; index < count; ++index)
    (void)sync_file_range(fds[index], 0, 0, SYNC_FILE_RANGE_WRITE); // a hint: fsync alone decides
  for (std::size_t index = 0; index < count; ++index)
    if (fsync(fds[index]) != 0) return -errno;
  return 0;
}

MovesResult MoveFiles(const Moves &moves) {
  Task task{&moves, {0, false}};
  void *stack = std::malloc(kStackSize);
  pid_t child = -1;
  if (stack != nullptr) {
    // The child shares this memory, so no handler of this process may run in it: it inherits the blocked signals.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    // The calling thread sleeps until the child has ended. No SIGCHLD, which is not for us to send.
    child = clone(RunTask, static_cast<char *>(stack) + kStackSize, CLONE_VM | CLONE_VFORK, &task);
    if (child > 0)
      while (waitpid(child, nullptr, __WCLONE) < 0 && errno == EINTR) {
      }
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
  }
  std::free(stack);
  if (child < 0) task.result.error = Move(moves, &task.result);
  return task.result;
}

} // namespace kmodctl
