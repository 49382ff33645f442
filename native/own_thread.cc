#include "own_thread.h"

#include <csignal>
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
  napi_threadsafe_function notify = nullptr; // guarded by mutex; null once released or no environment
};

using PendingCallRef = std::shared_ptr<PendingCall>;

// Cleanup hook, JS thread. Registered after the thread-safe function, so it runs before that one is torn
// down: from here on the thread finds null and leaves the dead environment alone.
void OnEnvironmentCleanup(void *data) {
  auto *handle = static_cast<PendingCallRef *>(data);
  {
    const std::lock_guard<std::mutex> lock((*handle)->mutex);
    (*handle)->notify = nullptr;
  }
  delete handle;
}

// JS thread. `env` is null when the queue is drained for a dead environment; the hook has freed the handle
// then.
void OnDone(napi_env env, napi_value, void *context, void *) {
  if (env == nullptr) return;
  auto *handle = static_cast<PendingCallRef *>(context);
  const PendingCallRef call = *handle;
  // The thread still holds the mutex while it releases the thread-safe function. Without this wait, removing
  // the hook first lets the environment die under napi_release_threadsafe_function (seen once in 1,000
  // terminations).
  { const std::lock_guard<std::mutex> lock(call->mutex); }
  if (napi_remove_env_cleanup_hook(env, OnEnvironmentCleanup, handle) != napi_ok) return;
  delete handle;
  napi_value result;
  if (napi_create_int64(env, call->result, &result) != napi_ok) return;
  (void)napi_resolve_deferred(env, call->deferred, result); // fails only while terminating: nobody listens
}

// JS thread. Takes a call back that no thread has seen. The promise is settled only to free the deferred:
// nobody holds it.
void Abandon(napi_env env, PendingCallRef *handle) {
  const PendingCallRef call = *handle;
  if (napi_remove_env_cleanup_hook(env, OnEnvironmentCleanup, handle) == napi_ok) delete handle;
  (void)napi_release_threadsafe_function(call->notify, napi_tsfn_abort);
  napi_value nothing;
  if (napi_get_undefined(env, &nothing) == napi_ok) (void)napi_resolve_deferred(env, call->deferred, nothing);
}

// The new thread. Runs the work and hands its result over, if there is still somebody to take it.
void RunAndNotify(PendingCall &call) {
  const long result = call.work();
  call.work = nullptr; // what it holds (a descriptor, a copy of the image) is gone before the promise settles
  const std::lock_guard<std::mutex> lock(call.mutex);
  call.result = result;
  if (call.notify == nullptr) return;
  (void)napi_call_threadsafe_function(call.notify, nullptr, napi_tsfn_nonblocking);
  (void)napi_release_threadsafe_function(call.notify, napi_tsfn_release);
  call.notify = nullptr;
}

// The new thread. A signal handler of the process must not run here: it would interrupt the kernel's wait for
// another load of the same module, or for its lock, with EINTR.
void BlockSignals() {
  sigset_t signals;
  sigfillset(&signals);
  for (const int fault : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP}) sigdelset(&signals, fault);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

// The new thread.
void *ThreadMain(void *data) {
  const std::unique_ptr<PendingCallRef> owned(static_cast<PendingCallRef *>(data));
  BlockSignals();
  // `ps -L` and the kernel's reports of hung tasks show this name: a module's init that hangs is found by it.
  pthread_setname_np(pthread_self(), "kmodctl-call");
  RunAndNotify(**owned);
  return nullptr;
}

// JS thread. Answers 0, or the errno of pthread_create; the new thread owns `data` only after 0.
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

} // namespace

// Plain C API with every status checked: node-addon-api's wrappers return empty values while an environment
// is terminating, and using those crashes.
napi_value RunOnOwnThread(napi_env env, std::function<long()> work, int *error) {
  // Not make_shared: without RTTI that needs a symbol which older C++ libraries lack (GLIBCXX_3.4.26).
  const PendingCallRef call(new PendingCall());
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
  *error = StartDetached(owned);
  if (*error == 0) return promise;
  delete owned;
  Abandon(env, handle);
  return nullptr;
}

} // namespace kmodctl
