// Runs a blocking call on a thread of its own and settles a promise with its result.
//
// Not Napi::AsyncWorker: four module inits in flight would starve libuv's pool, process.exit() would wait for
// them, and worker.terminate() aborts the process on Node 20 to 26.
#ifndef KMODCTL_OWN_THREAD_H
#define KMODCTL_OWN_THREAD_H

#include <functional>
#include <node_api.h>

namespace kmodctl {

// JS thread only. `work` runs on the new thread, must not touch JavaScript, and its captures are destroyed
// there or on the JS thread. Returns null when nothing was started: because no thread could be had (`error`
// is the errno of pthread_create then), or because the environment is going away (`error` is left as it is).
napi_value RunOnOwnThread(napi_env env, std::function<long()> work, int *error);

} // namespace kmodctl

#endif
