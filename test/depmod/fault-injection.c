/* A library to preload: the system calls that change a folder are counted, and something happens at one of them.
 *
 * FAULT_FOLDER: calls on anything below this folder count, and on the folder itself.
 * FAULT_KIND:   count  nothing happens; each call's name is written to standard error
 *               kill   the process is killed before the call; another process that makes the call goes on
 *               crash  the process is killed before the call, and with it any other that makes the call
 *               terminate  SIGTERM comes before the call
 *               full   from that call on there is no more space on the disk
 *               broken the call fails with EIO
 * FAULT_AT:     number of the call, from 1. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char *folder = "";
static const char *kind = "";
static long at;
static long count;
static pid_t main_process;

__attribute__((constructor)) static void set_up(void) {
  folder = getenv("FAULT_FOLDER") ? getenv("FAULT_FOLDER") : "";
  kind = getenv("FAULT_KIND") ? getenv("FAULT_KIND") : "";
  at = getenv("FAULT_AT") ? atol(getenv("FAULT_AT")) : 0;
  main_process = getpid();
}

static int is_below(const char *path) {
  size_t length = strlen(folder);
  return length > 0 && strncmp(path, folder, length) == 0 && (path[length] == '/' || path[length] == 0);
}

static int is_descriptor_below(int fd) {
  char link[64], path[PATH_MAX];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return 0;
  path[length] = 0;
  return is_below(path);
}

static int is_place_below(int directory, const char *path) {
  return path[0] == '/' ? is_below(path) : directory != AT_FDCWD && is_descriptor_below(directory);
}

/* 0, or the errno that the call has to fail with. */
static int fault(const char *name, int takes_space) {
  long number = ++count; /* one thread at a time changes the folder */
  if (strcmp(kind, "count") == 0) {
    dprintf(2, "fault-injection %ld %s\n", number, name);
    return 0;
  }
  if (strcmp(kind, "full") == 0) return number >= at && takes_space ? ENOSPC : 0;
  if (number != at) return 0;
  if (strcmp(kind, "broken") == 0) return EIO;
  if (strcmp(kind, "terminate") == 0) {
    kill(main_process, SIGTERM);
    return 0;
  }
  kill(main_process, SIGKILL);
  if (strcmp(kind, "crash") == 0) syscall(SYS_kill, syscall(SYS_getpid), SIGKILL);
  return 0;
}

#define REAL(type, name, ...)                                                                                          \
  static type (*real)(__VA_ARGS__);                                                                                    \
  if (!real) real = (type(*)(__VA_ARGS__))dlsym(RTLD_NEXT, name)
#define FAIL_IF(condition, name, takes_space)                                                                          \
  if (condition) {                                                                                                     \
    int error = fault(name, takes_space);                                                                              \
    if (error) {                                                                                                       \
      errno = error;                                                                                                   \
      return -1;                                                                                                       \
    }                                                                                                                  \
  }

static int open_with(int (*real)(const char *, int, ...), const char *path, int flags, mode_t mode) {
  FAIL_IF((flags & O_CREAT) && is_below(path), "create", 1)
  return real(path, flags, mode);
}

int open(const char *path, int flags, ...) {
  REAL(int, "open", const char *, int, ...);
  va_list list;
  va_start(list, flags);
  mode_t mode = (flags & O_CREAT) ? va_arg(list, mode_t) : 0;
  va_end(list);
  return open_with(real, path, flags, mode);
}

int open64(const char *path, int flags, ...) {
  REAL(int, "open64", const char *, int, ...);
  va_list list;
  va_start(list, flags);
  mode_t mode = (flags & O_CREAT) ? va_arg(list, mode_t) : 0;
  va_end(list);
  return open_with(real, path, flags, mode);
}

ssize_t write(int fd, const void *bytes, size_t length) {
  REAL(ssize_t, "write", int, const void *, size_t);
  FAIL_IF(fd > 2 && is_descriptor_below(fd), "write", 1)
  return real(fd, bytes, length);
}

ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t place) {
  REAL(ssize_t, "pwrite64", int, const void *, size_t, off64_t);
  FAIL_IF(fd > 2 && is_descriptor_below(fd), "pwrite", 1)
  return real(fd, bytes, length, place);
}

int fsync(int fd) {
  REAL(int, "fsync", int);
  FAIL_IF(is_descriptor_below(fd), "fsync", 1)
  return real(fd);
}

int mkdir(const char *path, mode_t mode) {
  REAL(int, "mkdir", const char *, mode_t);
  FAIL_IF(is_below(path), "mkdir", 1)
  return real(path, mode);
}

int chmod(const char *path, mode_t mode) {
  REAL(int, "chmod", const char *, mode_t);
  FAIL_IF(is_below(path), "chmod", 0)
  return real(path, mode);
}

int fchmod(int fd, mode_t mode) {
  REAL(int, "fchmod", int, mode_t);
  FAIL_IF(is_descriptor_below(fd), "fchmod", 0)
  return real(fd, mode);
}

int rename(const char *from, const char *to) {
  REAL(int, "rename", const char *, const char *);
  FAIL_IF(is_below(to), "rename", 1)
  return real(from, to);
}

int renameat(int from_directory, const char *from, int to_directory, const char *to) {
  REAL(int, "renameat", int, const char *, int, const char *);
  FAIL_IF(is_place_below(to_directory, to), "renameat", 1)
  return real(from_directory, from, to_directory, to);
}

int unlink(const char *path) {
  REAL(int, "unlink", const char *);
  FAIL_IF(is_below(path), "unlink", 0)
  return real(path);
}

int rmdir(const char *path) {
  REAL(int, "rmdir", const char *);
  FAIL_IF(is_below(path), "rmdir", 0)
  return real(path);
}

int unlinkat(int directory, const char *path, int flags) {
  REAL(int, "unlinkat", int, const char *, int);
  FAIL_IF(is_place_below(directory, path), "unlinkat", 0)
  return real(directory, path, flags);
}
