#include "shared_library.h"

#include <cstdio>
#include <dlfcn.h>

namespace kmodctl {

namespace {

// Node itself has libzstd in it since 22.15, and its symbols are visible to every library. Without isolation
// the system's libzstd would call Node's functions where it means its own, with data of another version's
// layout. Sanitizers do not work with it, and musl does not have it.
#if defined(__SANITIZE_ADDRESS__)
#define KMODCTL_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define KMODCTL_SANITIZED 1
#endif
#endif
#if defined(RTLD_DEEPBIND) && !defined(KMODCTL_SANITIZED)
constexpr int kIsolated = RTLD_DEEPBIND;
#else
constexpr int kIsolated = 0;
#endif

bool FindFunctions(void *library, const ImportedFunction *functions, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    *functions[i].address = dlsym(library, functions[i].name);
    if (*functions[i].address == nullptr) return false;
  }
  return true;
}

} // namespace

bool LoadSharedLibrary(const char *soname, const ImportedFunction *functions, std::size_t count, char *reason,
                       std::size_t reason_size) {
  // Where the library would use the process's own functions, those are used for all.
  if (kIsolated == 0 && FindFunctions(RTLD_DEFAULT, functions, count)) return true;
  void *const library = dlopen(soname, RTLD_NOW | RTLD_LOCAL | kIsolated);
  if (library != nullptr && FindFunctions(library, functions, count)) return true;
  const char *const text = dlerror(); // of this thread, and of the last of these calls
  std::snprintf(reason, reason_size, "%s", text != nullptr ? text : "unknown reason");
  if (library != nullptr) dlclose(library);
  return false;
}

} // namespace kmodctl
