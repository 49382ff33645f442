#include "liblzma.h"

#include <pthread.h>

#include "shared_library.h"

namespace kmodctl {

// The library writes into this struct: its size is part of the ABI.
static_assert(sizeof(void *) != 8 || sizeof(LzmaStream) == 136, "lzma_stream on 64 bit");

namespace {

// Plain C objects without destructors: at exit() threads may still be decoding.
pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
bool loaded = false; // guarded by mutex, as is the table until it is true
Liblzma library;

} // namespace

const Liblzma *LoadLiblzma(char *reason, std::size_t reason_size) {
  const ImportedFunction functions[] = {
      {"lzma_stream_decoder", reinterpret_cast<void **>(&library.stream_decoder)},
      {"lzma_code", reinterpret_cast<void **>(&library.code)},
      {"lzma_end", reinterpret_cast<void **>(&library.end)},
      {"lzma_memusage", reinterpret_cast<void **>(&library.memory_usage)},
  };
  pthread_mutex_lock(&mutex);
  if (!loaded)
    loaded = LoadSharedLibrary("liblzma.so.5", functions, sizeof functions / sizeof *functions, reason,
                               reason_size);
  const bool there = loaded;
  pthread_mutex_unlock(&mutex);
  return there ? &library : nullptr;
}

} // namespace kmodctl
