// The addon's functions on this process: argument decoding for system_log.h and open_files.h.
#ifndef KMODCTL_PROCESS_CALLS_H
#define KMODCTL_PROCESS_CALLS_H

#include <napi.h>

namespace kmodctl {

// JS thread. Adds writeSystemLog and compareOpenFiles.
void ExportProcessCalls(Napi::Env env, Napi::Object exports);

} // namespace kmodctl

#endif
