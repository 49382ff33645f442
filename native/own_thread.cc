#include "own_thread.h"

#include <cerrno>
#include <memory>
#include <mutex>
#include <pthread.h>
#include <utility>

namespace kmodctl {

namespace {

// Shared by the thread and the environment; whoever lets go last frees it.
struct PendingCall {
  std::function<long()> work;
  long result = 0;
  napi_deferred deferred = nullptr; // JS thread only
  std::mutex mutex;
  napi_threadsafe_function notify = nullptr; // guarded by mutex; null once released or the environment is gone
};

using PendingCallRef = std::shared_ptr<PendingCall>;

// Cleanup hook, JS thread. Registered after the thread-safe function, so it runs before that one is torn down:
// from here on the thread finds null and leaves the dead environment alone.
void OnEnvironmentCleanup(void *data) {
  auto *handle = static_cast<PendingCallRef *>(data);
  {
    const std::lock_guard<std::mutex> lock((*handle)->mutex);
    (*handle)->notify = nullptr;
  }
  delete handle;
}

// JS thread. `env` is null when the queue is drained for a dead environment; the hook has freed the handle then.
void OnDone(napi_env env, napi_value, void *context, void *) {
  if (env == nullptr) return;
  auto *handle = static_cast<PendingCallRef *>(context);
  const PendingCallRef call = *handle;
  // The thread still holds the mutex while it releases the thread-safe function. Without this wait, removing the
  // hook first lets the environment die under napi_release_threadsafe_function (seen once in 1,000 terminations).
  { const std::lock_guard<std::mutex> lock(call->mutex); }
  if (napi_remove_env_cleanup_hook(env, OnEnvironmentCleanup, handle) != napi_ok) return;
  delete handle;
  napi_value result;
  if (napi_create_int64(env, call->result, &result) != napi_ok) return;
  (void)napi_resolve_deferred(env, call->deferred, result); // fails only while terminating: nobody listens then
}

// The new thread.
void *ThreadMain(void *data) {
  const std::unique_ptr<PendingCallRef> owned(static_cast<PendingCallRef *>(data));
  PendingCall &call = **owned;
  const long result = call.work();
  const std::lock_guard<std::mutex> lock(call.mutex);
  call.result = result;
  if (call.notify == nullptr) return nullptr;
  (void)napi_call_threadsafe_function(call.notify, nullptr, napi_tsfn_nonblocking);
  (void)napi_release_threadsafe_function(call.notify, napi_tsfn_release);
  call.notify = nullptr;
  return nullptr;
}

int StartDetached(PendingCallRef *data) {
  pthread_attr_t attributes;
  int error = pthread_attr_init(&attributes);
  if (error != 0) return error;
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_attr_setstacksize(&attributes, 256 * 1024);
  pthread_t thread;
  error = pthread_create(&thread, &attributes, ThreadMain, data);
  pthread_attr_destroy(&attributes);
  return error;
}

// No thread to be had: the same way back as from a finished one, so that there is one way to settle.
void FinishWithoutThread(PendingCallRef *data, int error) {
  (*data)->work = [error] { return -static_cast<long>(error); };
  ThreadMain(data);
}

} // namespace

// Plain C API with every status checked: node-addon-api's wrappers return empty values while an environment is
// terminating, and using those crashes.
napi_value RunOnOwnThread(napi_env env, std::function<long()> work) {
  const auto call = std::make_shared<PendingCall>();
  call->work = std::move(work);

  napi_value promise;
  napi_value name;
  if (napi_create_string_utf8(env, "kmodctl.module_call", NAPI_AUTO_LENGTH, &name) != napi_ok) return nullptr;
  if (napi_create_promise(env, &call->deferred, &promise) != napi_ok) return nullptr;

  auto *handle = new PendingCallRef(call);
  if (napi_create_threadsafe_function(env, nullptr, nullptr, name, 0, 1, nullptr, nullptr, handle, OnDone,
                                      &call->notify) != napi_ok) {
    delete handle;
    return nullptr;
  }
  if (napi_add_env_cleanup_hook(env, OnEnvironmentCleanup, handle) != napi_ok) {
    (void)napi_release_threadsafe_function(call->notify, napi_tsfn_abort);
    delete handle;
    return nullptr;
  }
  auto *owned = new PendingCallRef(call);
  const int error = StartDetached(owned);
  if (error != 0) FinishWithoutThread(owned, error);
  return promise;
}

} // namespace kmodctl
