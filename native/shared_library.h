// Libraries of the system that are loaded when they are first needed, and never at the addon's own load: the
// package works without them until it meets a file that needs one.
#ifndef KMODCTL_SHARED_LIBRARY_H
#define KMODCTL_SHARED_LIBRARY_H

#include <cstddef>

namespace kmodctl {

struct ImportedFunction {
  const char *name;
  void **address; // set by the load
};

// Safe on any thread, but needs a stack of ordinary size: the loader works on it. Loads `soname` and sets
// every function's address, or none. It is never unloaded. False: `reason` says what the loader answered.
bool LoadSharedLibrary(const char *soname, const ImportedFunction *functions, std::size_t count, char *reason,
                       std::size_t reason_size);

} // namespace kmodctl

#endif
