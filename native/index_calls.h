// The addon's function for index_encoding.h: argument decoding.
#ifndef KMODCTL_INDEX_CALLS_H
#define KMODCTL_INDEX_CALLS_H

#include <napi.h>

namespace kmodctl {

// JS thread. Adds encodeIndex.
void ExportIndexCalls(Napi::Env env, Napi::Object exports);

} // namespace kmodctl

#endif
