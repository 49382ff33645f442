// The addon's functions on folders of modules: argument decoding for file_stamps.h and publication.h.
#ifndef KMODCTL_TREE_CALLS_H
#define KMODCTL_TREE_CALLS_H

#include <napi.h>

namespace kmodctl {

// JS thread. Adds stampFiles, tryLock, syncFiles and moveFiles.
void ExportTreeCalls(Napi::Env env, Napi::Object exports);

} // namespace kmodctl

#endif
