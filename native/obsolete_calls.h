// The calls of 1995 to Linux 2.4, by number. Architectures that never had them reuse the numbers for other
// calls (arm64, riscv), so there nothing is issued and the answer is -ENOSYS. Safe on any thread.
#ifndef KMODCTL_OBSOLETE_CALLS_H
#define KMODCTL_OBSOLETE_CALLS_H

#include <cstddef>

namespace kmodctl {

// The address of the new module's struct, or -errno.
long CreateModule(const char *name, std::size_t size);
// The number of symbols, or -errno. `table` may be null: the count alone.
long GetKernelSyms(void *table);
// 0 or -errno; `ret` is what the kernel wrote there, if anything. `name` and `buffer` may be null.
long QueryModule(const char *name, int which, void *buffer, std::size_t size, std::size_t *ret);

} // namespace kmodctl

#endif
