// All functions here run on the JS thread of their environment.
#include "event_calls.h"

#include <cerrno>
#include <fcntl.h>
#include <poll.h>

#include "call_guard.h"
#include "readable_watch.h"
#include "uevent_socket.h"

namespace kmodctl {

namespace {

using Napi::CallbackInfo;
using Napi::Value;

constexpr std::size_t kFacts = sizeof(UeventFacts) / sizeof(uint32_t);

// The watch's object, or `-errno`.
Value Watch(const CallbackInfo &info, int fd, Awaited awaited, const Value &callback) {
  if (fd < 0) return Napi::Number::New(info.Env(), fd);
  int error = 0;
  const napi_value watch = WatchReadable(info.Env(), fd, awaited, callback, &error);
  if (watch != nullptr) return Value(info.Env(), watch);
  return Napi::Number::New(info.Env(), error == 0 ? -ECANCELED : -error);
}

Value WatchUevents(const CallbackInfo &info) {
  if (!Expect(info, info[0].IsNumber() && info[1].IsTypedArray() && info[2].IsFunction(),
              "watchUevents(number, Uint8Array, function)"))
    return {};
  const auto filter = info[1].As<Napi::Uint8Array>();
  return Watch(info,
               OpenUeventSocket(info[0].As<Napi::Number>().Int32Value(), filter.Data(), filter.ByteLength()),
               Awaited::kReadable, info[2]);
}

// Works on a duplicate: what JavaScript opens, it closes.
Value WatchReadableCall(const CallbackInfo &info) {
  if (!Expect(info, info[0].IsNumber() && info[1].IsFunction() && info[2].IsBoolean(),
              "watchReadable(number, function, boolean)"))
    return {};
  const int fd = fcntl(info[0].As<Napi::Number>().Int32Value(), F_DUPFD_CLOEXEC, 0);
  const Awaited awaited = info[2].As<Napi::Boolean>().Value() ? Awaited::kEnd : Awaited::kReadable;
  return Watch(info, fd < 0 ? -errno : fd, awaited, info[1]);
}

Value ReceiveUeventsCall(const CallbackInfo &info) {
  if (!Expect(info, info[0].IsObject() && info[1].IsTypedArray() && info[2].IsTypedArray() &&
                        info[2].As<Napi::TypedArray>().TypedArrayType() == napi_uint32_array,
              "receiveUevents(watch, Uint8Array, Uint32Array)"))
    return {};
  const int fd = WatchedDescriptor(info.Env(), info[0]);
  if (!Expect(info, fd != -2, "receiveUevents(watch, Uint8Array, Uint32Array)")) return {};
  auto buffer = info[1].As<Napi::Uint8Array>();
  auto facts = info[2].As<Napi::Uint32Array>();
  // The first element is the reason of the end.
  const std::size_t room = facts.ElementLength();
  if (!Expect(info, room >= 1, "receiveUevents(watch, Uint8Array, Uint32Array)")) return {};
  int error = EBADF;
  std::size_t count = 0;
  if (fd >= 0)
    count = ReceiveUevents(fd, buffer.Data(), buffer.ByteLength(),
                           reinterpret_cast<UeventFacts *>(facts.Data() + 1), (room - 1) / kFacts, &error);
  facts.Data()[0] = static_cast<uint32_t>(error);
  return Napi::Number::New(info.Env(), static_cast<double>(count));
}

Value ReferWatchCall(const CallbackInfo &info) {
  if (Expect(info, info[0].IsObject() && info[1].IsBoolean(), "referWatch(watch, boolean)"))
    ReferWatch(info.Env(), info[0], info[1].As<Napi::Boolean>().Value());
  return info.Env().Undefined();
}

Value CloseWatchCall(const CallbackInfo &info) {
  if (Expect(info, info[0].IsObject(), "closeWatch(watch)")) CloseWatch(info.Env(), info[0]);
  return info.Env().Undefined();
}

// Whether a write would not block; also where it would fail.
Value HasRoomCall(const CallbackInfo &info) {
  if (!Expect(info, info[0].IsNumber(), "hasRoom(number)")) return {};
  pollfd asked = {info[0].As<Napi::Number>().Int32Value(), POLLOUT, 0};
  int result;
  do result = poll(&asked, 1, 0);
  while (result < 0 && errno == EINTR);
  return Napi::Boolean::New(info.Env(), result != 0);
}

Value NetworkOwnerCall(const CallbackInfo &info) {
  return Napi::Number::New(info.Env(), static_cast<double>(NetworkOwner()));
}

} // namespace

void ExportEventCalls(Napi::Env env, Napi::Object exports) {
  exports.Set("watchUevents", Napi::Function::New(env, WatchUevents, "watchUevents"));
  exports.Set("watchReadable", Napi::Function::New(env, WatchReadableCall, "watchReadable"));
  exports.Set("receiveUevents", Napi::Function::New(env, ReceiveUeventsCall, "receiveUevents"));
  exports.Set("referWatch", Napi::Function::New(env, ReferWatchCall, "referWatch"));
  exports.Set("closeWatch", Napi::Function::New(env, CloseWatchCall, "closeWatch"));
  exports.Set("hasRoom", Napi::Function::New(env, HasRoomCall, "hasRoom"));
  exports.Set("networkOwner", Napi::Function::New(env, NetworkOwnerCall, "networkOwner"));
}

} // namespace kmodctl
