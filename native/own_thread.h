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
// `answer` runs on the JS thread, if there still is one, and makes the promise's value of the result; without
// it that is the result as a number. Where it answers null the promise is never settled: only while the
// environment ends.
napi_value RunOnOwnThread(napi_env env, std::function<long()> work, int *error,
                          std::function<napi_value(napi_env, long)> answer = nullptr);

} // namespace kmodctl

#endif
