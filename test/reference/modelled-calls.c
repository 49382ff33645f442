/* A library to preload into kmod: the module calls ask the process at the socket KMODCTL_TEST_KERNEL, which answers with the
 * call's result. kmod's own tests replace the same functions. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

static int ask(const char *question, int length) {
  const char *path = getenv("KMODCTL_TEST_KERNEL");
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (path == NULL || strlen(path) >= sizeof address.sun_path) return -ENOSYS;
  strcpy(address.sun_path, path);
  int connection = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  char answer[32] = "";
  int isAnswered = connection >= 0 && connect(connection, (struct sockaddr *)&address, sizeof address) == 0 &&
                   write(connection, question, length) == length &&
                   read(connection, answer, sizeof answer - 1) > 0;
  if (connection >= 0) close(connection);
  return isAnswered ? atoi(answer) : -ENOSYS;
}

static long result_of(const char *question, int length) {
  int result = ask(question, length);
  if (result >= 0) return result;
  errno = -result;
  return -1;
}

long delete_module(const char *name, unsigned int flags) {
  char question[512];
  return result_of(question, snprintf(question, sizeof question, "delete %s %u\n", name, flags));
}

long init_module(const void *image, unsigned long size, const char *parameters) {
  char question[8192];
  (void)image;
  return result_of(question, snprintf(question, sizeof question, "init %lu bytes %s\n", size, parameters));
}

/* The file is named by its inode: /proc is not the real one here. */
static long finit_module(int fd, const char *parameters, int flags) {
  char question[8192];
  struct stat file;
  if (fstat(fd, &file) != 0) return -1;
  int length = snprintf(question, sizeof question, "finit #%lu %d %s\n", (unsigned long)file.st_ino, flags, parameters);
  return result_of(question, length);
}

long syscall(long number, ...) {
  static long (*real)(long, ...);
  long a[6];
  va_list list;
  va_start(list, number);
  for (int i = 0; i < 6; i++) a[i] = va_arg(list, long);
  va_end(list);
  if (number == SYS_finit_module) return finit_module((int)a[0], (const char *)a[1], (int)a[2]);
  if (real == NULL) *(void **)&real = dlsym(RTLD_NEXT, "syscall");
  return real(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}
