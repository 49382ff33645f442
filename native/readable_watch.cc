#include "readable_watch.h"

#include <fcntl.h>
#include <memory>
#include <unistd.h>
#include <uv.h>

namespace kmodctl {

namespace {

const napi_type_tag kWatchTag = {0x6b6d6f6463746c77, 0x617463682d72642d};

struct Watch;

// What the object of JavaScript holds. It and the watch end in either order.
struct Handle {
  Watch *watch = nullptr; // null once closed
};

// Lives until libuv has let go of its handle.
struct Watch {
  uv_poll_t poll{};
  napi_env env = nullptr;
  napi_ref callback = nullptr;
  napi_async_cleanup_hook_handle hook = nullptr;
  Handle *handle = nullptr; // null once the object has been collected
  int fd = -1;
  int events = 0;
  bool closing = false;
};

void OnClosed(uv_handle_t *handle) {
  const std::unique_ptr<Watch> watch(static_cast<Watch *>(handle->data));
  // An environment that ends has been waiting for this.
  if (watch->hook != nullptr) (void)napi_remove_async_cleanup_hook(watch->hook);
}

void Close(Watch *watch) {
  if (watch->closing) return;
  watch->closing = true;
  if (watch->handle != nullptr) watch->handle->watch = nullptr;
  if (watch->callback != nullptr) (void)napi_delete_reference(watch->env, watch->callback);
  watch->callback = nullptr;
  (void)uv_poll_stop(&watch->poll);
  uv_close(reinterpret_cast<uv_handle_t *>(&watch->poll), OnClosed);
  (void)close(watch->fd); // libuv has taken it out of its set
  watch->fd = -1;
}

// JS thread: the environment ends. It waits until OnClosed has removed the hook.
void OnCleanup(napi_async_cleanup_hook_handle, void *data) { Close(static_cast<Watch *>(data)); }

// What the callback, or something that became due with it, has thrown is an uncaught exception. The end of a
// worker's execution looks like one, too, but has no value.
void Report(napi_env env) {
  napi_value exception;
  napi_valuetype type;
  if (napi_get_and_clear_last_exception(env, &exception) == napi_ok &&
      napi_typeof(env, exception, &type) == napi_ok && type != napi_null && type != napi_undefined)
    (void)napi_fatal_exception(env, exception);
}

void OnReadable(uv_poll_t *poll, int status, int) {
  auto *const watch = static_cast<Watch *>(poll->data);
  // An error of the socket (lost messages) stops libuv's polling; whoever reads takes it away.
  if (status < 0) (void)uv_poll_start(poll, watch->events, OnReadable);
  const napi_env env = watch->env; // the callback may close the watch
  napi_handle_scope scope;
  if (napi_open_handle_scope(env, &scope) != napi_ok) return;
  napi_value receiver;
  napi_value callback;
  if (napi_get_global(env, &receiver) == napi_ok &&
      napi_get_reference_value(env, watch->callback, &callback) == napi_ok && callback != nullptr &&
      napi_make_callback(env, nullptr, receiver, callback, 0, nullptr, nullptr) == napi_pending_exception)
    Report(env);
  (void)napi_close_handle_scope(env, scope);
}

void DeleteHandle(napi_env, void *data, void *) {
  const std::unique_ptr<Handle> handle(static_cast<Handle *>(data));
  if (handle->watch != nullptr) handle->watch->handle = nullptr;
}

Handle *HandleOf(napi_env env, napi_value value) {
  bool tagged = false;
  void *handle = nullptr;
  napi_valuetype type;
  if (napi_typeof(env, value, &type) != napi_ok || type != napi_object) return nullptr;
  if (napi_check_object_type_tag(env, value, &kWatchTag, &tagged) != napi_ok || !tagged) return nullptr;
  return napi_unwrap(env, value, &handle) == napi_ok ? static_cast<Handle *>(handle) : nullptr;
}

// libuv keeps the descriptor from blocking. It need not, and whoever else writes to the same pipe is not ready for that.
int BeginPoll(uv_loop_t *loop, uv_poll_t *poll, int fd) {
  const int flags = fcntl(fd, F_GETFL);
  const int result = uv_poll_init(loop, poll, fd);
  if (flags >= 0 && (flags & O_NONBLOCK) == 0) (void)fcntl(fd, F_SETFL, flags);
  return result;
}

} // namespace

napi_value WatchReadable(napi_env env, int fd, Awaited awaited, napi_value callback, int *error) {
  *error = 0;
  uv_loop_t *loop = nullptr;
  napi_value object;
  std::unique_ptr<Watch> watch(new Watch());
  std::unique_ptr<Handle> handle(new Handle());
  if (napi_get_uv_event_loop(env, &loop) != napi_ok || napi_create_object(env, &object) != napi_ok ||
      napi_type_tag_object(env, object, &kWatchTag) != napi_ok) {
    close(fd);
    return nullptr;
  }
  *error = -BeginPoll(loop, &watch->poll, fd);
  if (*error != 0) {
    close(fd);
    return nullptr;
  }
  // From here on the watch belongs to libuv, and ends in OnClosed.
  Watch *const begun = watch.release();
  begun->poll.data = begun;
  begun->env = env;
  begun->fd = fd;
  // Ends are always told. Urgent data, which libuv needs to be asked for something, neither a pipe nor a local socket has.
  begun->events = awaited == Awaited::kEnd ? UV_PRIORITIZED : UV_READABLE;
  if (napi_wrap(env, object, handle.get(), DeleteHandle, nullptr, nullptr) == napi_ok) {
    begun->handle = handle.release();
    begun->handle->watch = begun;
    if (napi_create_reference(env, callback, 1, &begun->callback) == napi_ok &&
        napi_add_async_cleanup_hook(env, OnCleanup, begun, &begun->hook) == napi_ok) {
      *error = -uv_poll_start(&begun->poll, begun->events, OnReadable);
      if (*error == 0) return object;
    }
  }
  Close(begun);
  return nullptr;
}

int WatchedDescriptor(napi_env env, napi_value watch) {
  const Handle *const handle = HandleOf(env, watch);
  if (handle == nullptr) return -2;
  return handle->watch == nullptr ? -1 : handle->watch->fd;
}

void ReferWatch(napi_env env, napi_value watch, bool keeps) {
  const Handle *const handle = HandleOf(env, watch);
  if (handle == nullptr || handle->watch == nullptr) return;
  auto *const poll = reinterpret_cast<uv_handle_t *>(&handle->watch->poll);
  if (keeps) uv_ref(poll);
  else uv_unref(poll);
}

void CloseWatch(napi_env env, napi_value watch) {
  const Handle *const handle = HandleOf(env, watch);
  if (handle != nullptr && handle->watch != nullptr) Close(handle->watch);
}

} // namespace kmodctl
