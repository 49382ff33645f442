// The module system calls that today's kernels have. Safe on any thread; no state, no policy.
#ifndef KMODCTL_MODULE_CALLS_H
#define KMODCTL_MODULE_CALLS_H

#include <cstddef>

namespace kmodctl {

// Each answers 0 for success, -errno, or the raw value of a module's init where that lies outside the
// errno range (an init that returns -5000 makes the call return -5000 with errno untouched).
long InitModule(const void *image, std::size_t length, const char *parameters);
long FinitModule(int fd, const char *parameters, int flags);
long DeleteModule(const char *name, unsigned int flags);

} // namespace kmodctl

#endif
