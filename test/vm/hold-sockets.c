/* Holds sockets open until it is killed: a family, a type and a protocol for each. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int count, char **words) {
  for (int at = 1; at + 2 < count; at += 3)
    if (socket(atoi(words[at]), atoi(words[at + 1]), atoi(words[at + 2])) < 0) {
      perror("socket");
      return 1;
    }
  puts("open");
  fflush(stdout);
  pause();
  return 0;
}
