/*
 * Loads and unloads one module over and over, with nothing but the two system calls between two readings of
 * the clock. The counterpart of module-calls.ts; prints one line of JSON with the same fields.
 *
 *   cc -O2 -o module-calls module-calls.c
 *   ./module-calls MODULE.ko MODULE_NAME [CYCLES] [WARM_UP_CYCLES] [LONGEST_PAUSE_MS]
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static long long nanoseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static void fail(const char *call) {
  fprintf(stderr, "module-calls: %s: %s\n", call, strerror(errno));
  exit(1);
}

static int ascending(const void *a, const void *b) {
  const long long x = *(const long long *)a, y = *(const long long *)b;
  return x < y ? -1 : x > y;
}

static int longest_pause; /* milliseconds */

/*
 * Outside of what is measured. The kernel's waits end on ticks of its clock: a loop without pauses falls in step with
 * them, and a difference of microseconds shows as a whole tick or not at all.
 */
static void pause_at_random(void) {
  if (longest_pause == 0) return;
  const struct timespec pause = {0, rand() % (longest_pause * 1000000)};
  nanosleep(&pause, NULL);
}

static long long cycle(int fd, const char *name) {
  pause_at_random();
  const long long start = nanoseconds();
  if (syscall(SYS_finit_module, fd, "", 0) != 0) fail("finit_module");
  if (syscall(SYS_delete_module, name, O_NONBLOCK) != 0) fail("delete_module");
  return nanoseconds() - start;
}

int main(int argc, char **argv) {
  if (argc < 3) {
    fprintf(stderr, "usage: %s MODULE.ko MODULE_NAME [CYCLES] [WARM_UP_CYCLES] [LONGEST_PAUSE_MS]\n", argv[0]);
    return 2;
  }
  const int cycles = argc > 3 ? atoi(argv[3]) : 1000;
  const int warm_up = argc > 4 ? atoi(argv[4]) : 100;
  longest_pause = argc > 5 ? atoi(argv[5]) : 0;
  if (cycles < 1 || warm_up < 0 || longest_pause < 0 || longest_pause > 999) {
    fprintf(stderr, "module-calls: at least one cycle\n");
    return 2;
  }
  const int fd = open(argv[1], O_RDONLY | O_CLOEXEC);
  if (fd < 0) fail("open");
  long long *times = calloc(cycles, sizeof *times);
  if (times == NULL) fail("calloc");
  for (int i = 0; i < warm_up; i++) cycle(fd, argv[2]);
  for (int i = 0; i < cycles; i++) times[i] = cycle(fd, argv[2]);
  qsort(times, cycles, sizeof *times, ascending);
  printf("{\"form\":\"c\",\"cycles\":%d,\"medianNanoseconds\":%lld,\"minimumNanoseconds\":%lld}\n", cycles,
         times[cycles / 2], times[0]);
  return 0;
}
