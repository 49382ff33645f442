#include "own_thread.h"

#include <memory>
#include <mutex>
#include <utility>

#include "call_threads.h"

namespace kmodctl {

namespace {

// The way back from the threads to one environment. Shared by it and every call under way.
struct Mailbox {
  std::mutex mutex;
  napi_threadsafe_function notify = nullptr; // guarded by mutex; null once the environment is gone
  int pending = 0;                           // JS thread only
};

using MailboxRef = std::shared_ptr<Mailbox>;

// Belongs to the thread until it is posted, then to the JS thread.
struct Call {
  MailboxRef mailbox;
  std::function<long()> work;
  std::function<napi_value(napi_env, long)> answer; // may be empty; called on the JS thread
  long result = 0;
  napi_deferred deferred = nullptr; // JS thread only
};

// Cleanup hook, JS thread. Registered after the thread-safe function, so it runs before that one is torn
// down: from here on threads find null and leave the dead environment alone.
void OnEnvironmentCleanup(void *data) {
  auto *mailbox = static_cast<MailboxRef *>(data);
  const std::lock_guard<std::mutex> lock((*mailbox)->mutex);
  (*mailbox)->notify = nullptr;
}

void DeleteMailboxRef(napi_env, void *data, void *) { delete static_cast<MailboxRef *>(data); }

// JS thread. `env` is null when the queue is drained for a dead environment.
void OnDone(napi_env env, napi_value, void *, void *data) {
  const std::unique_ptr<Call> call(static_cast<Call *>(data));
  if (env == nullptr) return;
  Mailbox &mailbox = *call->mailbox;
  // Without a call under way the process may end. The JS thread alone sets `notify`, so it may read it.
  if (--mailbox.pending == 0 && mailbox.notify != nullptr)
    (void)napi_unref_threadsafe_function(env, mailbox.notify);
  napi_value result;
  if (call->answer) result = call->answer(env, call->result);
  else if (napi_create_int64(env, call->result, &result) != napi_ok) return;
  if (result == nullptr) return;
  (void)napi_resolve_deferred(env, call->deferred, result); // fails only while terminating: nobody listens
}

// The call's thread. Runs the work and hands the call over, if there is still somebody to take it.
void RunAndPost(void *data) {
  std::unique_ptr<Call> call(static_cast<Call *>(data));
  call->result = call->work();
  call->work = nullptr; // what it holds (a descriptor, a copy of the image) is gone before the promise settles
  const MailboxRef mailbox = call->mailbox;
  // Under the mutex: the environment cannot go on with its end before this has been posted.
  const std::lock_guard<std::mutex> lock(mailbox->mutex);
  if (mailbox->notify == nullptr) return;
  Call *const posted = call.release();
  if (napi_call_threadsafe_function(mailbox->notify, posted, napi_tsfn_nonblocking) != napi_ok) delete posted;
}

// JS thread. The environment's mailbox, made at its first call; null while the environment is going away.
MailboxRef *MailboxOf(napi_env env) {
  void *data = nullptr;
  if (napi_get_instance_data(env, &data) != napi_ok) return nullptr;
  if (data != nullptr) return static_cast<MailboxRef *>(data);

  napi_value name;
  if (napi_create_string_utf8(env, "kmodctl.module_call", NAPI_AUTO_LENGTH, &name) != napi_ok) return nullptr;
  // Not make_shared: without RTTI that needs a symbol which older C++ libraries lack (GLIBCXX_3.4.26).
  std::unique_ptr<MailboxRef> mailbox(new MailboxRef(new Mailbox()));
  napi_threadsafe_function notify;
  if (napi_create_threadsafe_function(env, nullptr, nullptr, name, 0, 1, nullptr, nullptr, nullptr, OnDone,
                                      &notify) != napi_ok)
    return nullptr;
  if (napi_unref_threadsafe_function(env, notify) != napi_ok ||
      napi_set_instance_data(env, mailbox.get(), DeleteMailboxRef, nullptr) != napi_ok) {
    (void)napi_release_threadsafe_function(notify, napi_tsfn_abort);
    return nullptr;
  }
  MailboxRef *const kept = mailbox.release();
  // Last, with nothing to be undone after it. Where it fails, `notify` stays null, and no call is started.
  if (napi_add_env_cleanup_hook(env, OnEnvironmentCleanup, kept) == napi_ok) (*kept)->notify = notify;
  return kept;
}

// JS thread. Takes a call back that no thread has seen. The promise is settled only to free the deferred:
// nobody holds it.
void Abandon(napi_env env, Call *call) {
  napi_value nothing;
  if (napi_get_undefined(env, &nothing) == napi_ok) (void)napi_resolve_deferred(env, call->deferred, nothing);
  delete call;
}

} // namespace

// Plain C API with every status checked: node-addon-api's wrappers return empty values while an environment
// is terminating, and using those crashes.
napi_value RunOnOwnThread(napi_env env, std::function<long()> work, int *error,
                          std::function<napi_value(napi_env, long)> answer) {
  MailboxRef *const mailbox = MailboxOf(env);
  if (mailbox == nullptr || (*mailbox)->notify == nullptr) return nullptr;
  auto *call = new Call();
  call->mailbox = *mailbox;
  call->work = std::move(work);
  call->answer = std::move(answer);
  napi_value promise;
  if (napi_create_promise(env, &call->deferred, &promise) != napi_ok) {
    delete call;
    return nullptr;
  }
  *error = RunOnCallThread(RunAndPost, call);
  if (*error != 0) {
    Abandon(env, call);
    return nullptr;
  }
  if ((*mailbox)->pending++ == 0) (void)napi_ref_threadsafe_function(env, (*mailbox)->notify);
  return promise;
}

} // namespace kmodctl
