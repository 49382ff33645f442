// The addon's function for tree_indexes.h: argument decoding, and the way of the files into JavaScript.
#ifndef KMODCTL_TREE_INDEX_CALLS_H
#define KMODCTL_TREE_INDEX_CALLS_H

#include <napi.h>

namespace kmodctl {

// JS thread. Adds makeIndexes.
void ExportTreeIndexCalls(Napi::Env env, Napi::Object exports);

} // namespace kmodctl

#endif
