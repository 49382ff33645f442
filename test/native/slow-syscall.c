/*
 * Preloaded into a child process: makes the module calls of the unchanged addon last, and answer, as a test
 * wants. Everything that is not a module call goes to the C library.
 *
 * KMODCTL_TEST_SYSCALL_MS      how long each module call lasts
 * KMODCTL_TEST_SYSCALL_RESULT  what it answers: a number as the kernel would return it (-17, -5000, 5);
 *                              "size": minus the size of finit_module's file, looked up after that time;
 *                              "byte": minus 5000 and the first byte of init_module's image, likewise;
 *                              not set: the kernel's own answer
 * KMODCTL_TEST_NO_THREADS      if set, no detached thread can be started (Node's own for SIGUSR1 is one, too)
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>

typedef long (*syscall_function)(long, long, long, long, long, long, long);
typedef int (*create_function)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);

static syscall_function real_syscall;
static create_function real_create;
static long milliseconds;
static const char *wanted;
static int no_threads;

/* Once, before there are threads: JavaScript can change the environment later. */
__attribute__((constructor)) static void read_environment(void) {
  real_syscall = (syscall_function)dlsym(RTLD_NEXT, "syscall");
  real_create = (create_function)dlsym(RTLD_NEXT, "pthread_create");
  const char *text = getenv("KMODCTL_TEST_SYSCALL_MS");
  milliseconds = text ? atol(text) : 0;
  text = getenv("KMODCTL_TEST_SYSCALL_RESULT");
  wanted = text ? strdup(text) : NULL;
  no_threads = getenv("KMODCTL_TEST_NO_THREADS") != NULL;
}

static void wait_out(void) {
  struct timespec rest = {milliseconds / 1000, milliseconds % 1000 * 1000000};
  while (nanosleep(&rest, &rest) == -1 && errno == EINTR) continue;
}

/* As the C library does it: only -4095 to -1 are errors. */
static long answer(long result) {
  if (result >= 0 || result < -4095) return result;
  errno = (int)-result;
  return -1;
}

static long file_size(int fd) {
  struct stat status;
  return fstat(fd, &status) == 0 ? -status.st_size : -errno;
}

long syscall(long number, ...) {
  va_list list;
  va_start(list, number);
  long a[6];
  for (int i = 0; i < 6; i++) a[i] = va_arg(list, long);
  va_end(list);
  if (!real_syscall) read_environment();
  if (number == SYS_init_module || number == SYS_finit_module || number == SYS_delete_module) {
    if (milliseconds > 0) wait_out();
    if (wanted && strcmp(wanted, "size") == 0) return answer(file_size((int)a[0]));
    if (wanted && strcmp(wanted, "byte") == 0) return answer(-5000 - *(const unsigned char *)a[0]);
    if (wanted) return answer(atol(wanted));
  }
  return real_syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *),
                   void *argument) {
  int state = PTHREAD_CREATE_JOINABLE;
  if (attributes) pthread_attr_getdetachstate(attributes, &state);
  if (no_threads && state == PTHREAD_CREATE_DETACHED) return EAGAIN;
  if (!real_create) read_environment();
  return real_create(thread, attributes, start, argument);
}
