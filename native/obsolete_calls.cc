#include "obsolete_calls.h"

#include <cerrno>
#include <sys/syscall.h>
#include <unistd.h>

namespace kmodctl {

namespace {

template <typename... Arguments>
[[maybe_unused]] long Call(long number, Arguments... arguments) {
  const long answer = syscall(number, arguments...);
  const int error = errno;
  return answer == -1 ? -static_cast<long>(error) : answer;
}

} // namespace

long CreateModule([[maybe_unused]] const char *name, [[maybe_unused]] std::size_t size) {
#ifdef SYS_create_module
  return Call(SYS_create_module, name, size);
#else
  return -ENOSYS;
#endif
}

long GetKernelSyms([[maybe_unused]] void *table) {
#ifdef SYS_get_kernel_syms
  return Call(SYS_get_kernel_syms, table);
#else
  return -ENOSYS;
#endif
}

long QueryModule([[maybe_unused]] const char *name, [[maybe_unused]] int which, [[maybe_unused]] void *buffer,
                 [[maybe_unused]] std::size_t size, [[maybe_unused]] std::size_t *ret) {
#ifdef SYS_query_module
  return Call(SYS_query_module, name, static_cast<long>(which), buffer, size, ret);
#else
  return -ENOSYS;
#endif
}

} // namespace kmodctl
