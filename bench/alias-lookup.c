/*
 * Looks up every line of a file with libkmod's kmod_module_new_from_lookup and prints one line of JSON: the nanoseconds that
 * this took, the number of modules found and the most memory that was resident. The counterpart of alias-lookup.ts.
 *
 *   cc -O2 -Wl,--allow-shlib-undefined -o alias-lookup alias-lookup.c /path/to/libkmod.so.2
 *   ./alias-lookup MODULE_DIRECTORY REQUESTS [--results]
 *
 * With --results it prints, in place of the JSON, for each request the names of its modules with blanks between.
 * Configuration is left out: only the indexes are compared.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

struct kmod_ctx;
struct kmod_list;
struct kmod_module;

/* Declared here, so that no development package is needed. */
struct kmod_ctx *kmod_new(const char *, const char *const *);
int kmod_load_resources(struct kmod_ctx *);
struct kmod_ctx *kmod_unref(struct kmod_ctx *);
int kmod_module_new_from_lookup(struct kmod_ctx *, const char *, struct kmod_list **);
struct kmod_list *kmod_list_next(const struct kmod_list *, const struct kmod_list *);
struct kmod_module *kmod_module_get_module(const struct kmod_list *);
const char *kmod_module_get_name(const struct kmod_module *);
struct kmod_module *kmod_module_unref(struct kmod_module *);
int kmod_module_unref_list(struct kmod_list *);

static long long nanoseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static long peak_kilobytes(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static char *read_file(const char *path) {
  FILE *file = fopen(path, "r");
  if (file == NULL || fseek(file, 0, SEEK_END) != 0) fail(path);
  const long size = ftell(file);
  char *text = malloc(size + 1);
  rewind(file);
  if (text == NULL || fread(text, 1, size, file) != (size_t)size) fail(path);
  fclose(file);
  text[size] = '\0';
  return text;
}

/* A module goes out of use again at once, as a lookup on its own would leave it. */
static long look_up(struct kmod_ctx *ctx, const char *request, int prints) {
  struct kmod_list *list = NULL;
  struct kmod_list *item;
  long found = 0;
  if (kmod_module_new_from_lookup(ctx, request, &list) < 0) {
    if (prints) puts("(error)");
    return 0;
  }
  for (item = list; item != NULL; item = kmod_list_next(list, item)) {
    struct kmod_module *module = kmod_module_get_module(item);
    if (prints) printf("%s%s", found > 0 ? " " : "", kmod_module_get_name(module));
    kmod_module_unref(module);
    found++;
  }
  if (prints) putchar('\n');
  kmod_module_unref_list(list);
  return found;
}

int main(int argc, char **argv) {
  const char *no_configuration[] = {NULL};
  if (argc < 3) {
    fprintf(stderr, "usage: alias-lookup MODULE_DIRECTORY REQUESTS [--results]\n");
    return 2;
  }
  const int prints = argc > 3 && strcmp(argv[3], "--results") == 0;
  char *text = read_file(argv[2]);
  struct kmod_ctx *ctx = kmod_new(argv[1], no_configuration);
  if (ctx == NULL || kmod_load_resources(ctx) < 0) fail(argv[1]);
  const long before = peak_kilobytes();
  const long long start = nanoseconds();
  long requests = 0, found = 0;
  char *line = text;
  while (*line != '\0') {
    char *end = strchr(line, '\n');
    if (end != NULL) *end = '\0';
    found += look_up(ctx, line, prints);
    requests++;
    if (end == NULL) break;
    line = end + 1;
  }
  if (!prints)
    printf("{\"nanoseconds\":%lld,\"requests\":%ld,\"found\":%ld,\"peakKilobytes\":%ld,\"peakBefore\":%ld}\n",
           nanoseconds() - start, requests, found, peak_kilobytes(), before);
  kmod_unref(ctx);
  free(text);
  return 0;
}
