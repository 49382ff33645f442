// Tells JavaScript when a descriptor can be read, on the event loop of its environment.
#ifndef KMODCTL_READABLE_WATCH_H
#define KMODCTL_READABLE_WATCH_H

#include <node_api.h>

namespace kmodctl {

// JS thread only, as all of this. Takes over `fd`, which must not block, also where it fails. Calls `callback`
// without arguments whenever there is something to read, or an error to get; what it throws is an uncaught
// exception. Returns an object for the functions below, or null with `error` set to an errno, or to 0 while the
// environment is going away.
//
// The watch is closed by CloseWatch, or when its environment ends, whichever comes first, and keeps the
// environment alive until then unless it is unreferenced.
napi_value WatchReadable(napi_env env, int fd, napi_value callback, int *error);

// The descriptor of such an object; -1 where it has been closed, -2 where it is no such object.
int WatchedDescriptor(napi_env env, napi_value watch);

// Whether the watch keeps the event loop going.
void ReferWatch(napi_env env, napi_value watch, bool keeps);

// Closes the descriptor at once. Calling it again does nothing.
void CloseWatch(napi_env env, napi_value watch);

} // namespace kmodctl

#endif
