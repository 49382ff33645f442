// Tells JavaScript when a descriptor can be read, or has nobody at its other end, on the event loop of its environment.
#ifndef KMODCTL_READABLE_WATCH_H
#define KMODCTL_READABLE_WATCH_H

#include <node_api.h>

namespace kmodctl {

// What is waited for. An error of the descriptor, or the end of who was at its other end, is told in each case.
enum class Awaited { kReadable, kEnd };

// JS thread only, as all of this. Takes over `fd`, also where it fails. Whether it blocks stays as it is: others
// may have it, too. Calls `callback` without arguments as long as there is what is waited for; what it throws is
// an uncaught exception. Returns an object for the functions below, or null with `error` set to an errno, or to 0 while the
// environment is going away.
//
// The watch is closed by CloseWatch, or when its environment ends, whichever comes first, and keeps the
// environment alive until then unless it is unreferenced.
napi_value WatchReadable(napi_env env, int fd, Awaited awaited, napi_value callback, int *error);

// The descriptor of such an object; -1 where it has been closed, -2 where it is no such object.
int WatchedDescriptor(napi_env env, napi_value watch);

// Whether the watch keeps the event loop going.
void ReferWatch(napi_env env, napi_value watch, bool keeps);

// Closes the descriptor at once. Calling it again does nothing.
void CloseWatch(napi_env env, napi_value watch);

} // namespace kmodctl

#endif
