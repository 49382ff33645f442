// The addon's functions for running plans: argument decoding for memory_file.h and byte_lock.h.
#ifndef KMODCTL_RUN_CALLS_H
#define KMODCTL_RUN_CALLS_H

#include <napi.h>

namespace kmodctl {

// JS thread. Adds createMemoryFile, sealMemoryFile and setByteLock.
void ExportRunCalls(Napi::Env env, Napi::Object exports);

} // namespace kmodctl

#endif
