/* A library to preload into kmod: delete_module asks the process at the socket KMODCTL_TEST_KERNEL, which answers with the
 * call's result. kmod's own tests replace the same function. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
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

long delete_module(const char *name, unsigned int flags) {
  char question[512];
  int length = snprintf(question, sizeof question, "delete %s %u\n", name, flags);
  int result = ask(question, length);
  if (result == 0) return 0;
  errno = -result;
  return -1;
}
