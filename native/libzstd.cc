#include "libzstd.h"

#include <pthread.h>

#include "shared_library.h"

namespace kmodctl {

namespace {

// Plain C objects without destructors: at exit() threads may still be decoding.
pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
bool loaded = false; // guarded by mutex, as is the table until it is true
Libzstd library;

} // namespace

const Libzstd *LoadLibzstd(char *reason, std::size_t reason_size) {
  const ImportedFunction functions[] = {
      {"ZSTD_createDCtx", reinterpret_cast<void **>(&library.create)},
      {"ZSTD_freeDCtx", reinterpret_cast<void **>(&library.free)},
      {"ZSTD_DCtx_reset", reinterpret_cast<void **>(&library.reset)},
      {"ZSTD_DCtx_setParameter", reinterpret_cast<void **>(&library.set_parameter)},
      {"ZSTD_decompressStream", reinterpret_cast<void **>(&library.decompress)},
      {"ZSTD_sizeof_DCtx", reinterpret_cast<void **>(&library.memory_usage)},
      {"ZSTD_isError", reinterpret_cast<void **>(&library.is_error)},
      {"ZSTD_getErrorCode", reinterpret_cast<void **>(&library.error_code)},
      {"ZSTD_getFrameContentSize", reinterpret_cast<void **>(&library.content_size)},
  };
  pthread_mutex_lock(&mutex);
  if (!loaded)
    loaded = LoadSharedLibrary("libzstd.so.1", functions, sizeof functions / sizeof *functions, reason,
                               reason_size);
  const bool there = loaded;
  pthread_mutex_unlock(&mutex);
  return there ? &library : nullptr;
}

} // namespace kmodctl
