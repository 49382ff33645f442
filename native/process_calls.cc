// All functions here run on the JS thread of their environment.
#include "process_calls.h"

#include "call_guard.h"
#include "open_files.h"
#include "system_log.h"
#include "text_bytes.h"

namespace kmodctl {

namespace {

using Napi::CallbackInfo;
using Napi::Value;

Value WriteSystemLogCall(const CallbackInfo &info) {
  if (!Expect(info, info[0].IsString() && info[1].IsNumber() && info[2].IsString(),
              "writeSystemLog(string, number, string)"))
    return {};
  const int result = WriteSystemLog(TextBytes(info[0]),
                                    info[1].As<Napi::Number>().Int32Value(),
                                    TextBytes(info[2]));
  return Napi::Number::New(info.Env(), result);
}

Value CompareOpenFilesCall(const CallbackInfo &info) {
  if (!Expect(info, info[0].IsNumber() && info[1].IsNumber(), "compareOpenFiles(number, number)")) return {};
  const int result =
      CompareOpenFiles(info[0].As<Napi::Number>().Int32Value(), info[1].As<Napi::Number>().Int32Value());
  return Napi::Number::New(info.Env(), result);
}

Value SeekToEndCall(const CallbackInfo &info) {
  if (!Expect(info, info[0].IsNumber(), "seekToEnd(number)")) return {};
  return Napi::Number::New(info.Env(), SeekToEnd(info[0].As<Napi::Number>().Int32Value()));
}

} // namespace

void ExportProcessCalls(Napi::Env env, Napi::Object exports) {
  exports.Set("writeSystemLog", Napi::Function::New(env, WriteSystemLogCall, "writeSystemLog"));
  exports.Set("compareOpenFiles", Napi::Function::New(env, CompareOpenFilesCall, "compareOpenFiles"));
  exports.Set("seekToEnd", Napi::Function::New(env, SeekToEndCall, "seekToEnd"));
}

} // namespace kmodctl
