#include "module_calls.h"

#include <cerrno>
#include <sys/syscall.h>
#include <unistd.h>

namespace kmodctl {

namespace {

// errno means something only when the C library answered -1.
long RawResult(long answer) {
  const int error = errno;
  return answer == -1 ? -static_cast<long>(error) : answer;
}

} // namespace

long InitModule(const void *image, std::size_t length, const char *parameters) {
  return RawResult(syscall(SYS_init_module, image, static_cast<unsigned long>(length), parameters));
}

long FinitModule(int fd, const char *parameters, int flags) {
  return RawResult(syscall(SYS_finit_module, fd, parameters, flags));
}

long DeleteModule(const char *name, unsigned int flags) {
  return RawResult(syscall(SYS_delete_module, name, flags));
}

} // namespace kmodctl
