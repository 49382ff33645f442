// The addon's functions for waiting for events: argument decoding for readable_watch.h and uevent_socket.h.
#ifndef KMODCTL_EVENT_CALLS_H
#define KMODCTL_EVENT_CALLS_H

#include <napi.h>

namespace kmodctl {

// JS thread. Adds watchUevents, watchReadable, receiveUevents, referWatch, closeWatch and networkOwner.
void ExportEventCalls(Napi::Env env, Napi::Object exports);

} // namespace kmodctl

#endif
