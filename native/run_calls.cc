// All functions here run on the JS thread of their environment.
#include "run_calls.h"

#include <string>

#include "byte_lock.h"
#include "call_guard.h"
#include "memory_file.h"
#include "text_bytes.h"

namespace kmodctl {

namespace {

using Napi::CallbackInfo;
using Napi::Value;

int Int(const Value &value) { return value.As<Napi::Number>().Int32Value(); }

Value CreateMemoryFileCall(const CallbackInfo &info) {
  if (!Expect(info, info[0].IsString(), "createMemoryFile(string)")) return {};
  const std::string name = TextBytes(info[0]);
  return Napi::Number::New(info.Env(), CreateMemoryFile(name.c_str()));
}

Value SealMemoryFileCall(const CallbackInfo &info) {
  if (!Expect(info, info[0].IsNumber(), "sealMemoryFile(number)")) return {};
  return Napi::Number::New(info.Env(), SealMemoryFile(Int(info[0])));
}

Value SetByteLockCall(const CallbackInfo &info) {
  if (!Expect(info,
              info[0].IsNumber() && info[1].IsNumber() && info[2].IsNumber() && Int(info[2]) >= 0 &&
                  Int(info[2]) <= static_cast<int>(ByteLock::kExclusive),
              "setByteLock(number, number, 0 | 1 | 2)"))
    return {};
  const int64_t offset = info[1].As<Napi::Number>().Int64Value();
  return Napi::Number::New(info.Env(), SetByteLock(Int(info[0]), offset, static_cast<ByteLock>(Int(info[2]))));
}

} // namespace

void ExportRunCalls(Napi::Env env, Napi::Object exports) {
  exports.Set("createMemoryFile", Napi::Function::New(env, CreateMemoryFileCall, "createMemoryFile"));
  exports.Set("sealMemoryFile", Napi::Function::New(env, SealMemoryFileCall, "sealMemoryFile"));
  exports.Set("setByteLock", Napi::Function::New(env, SetByteLockCall, "setByteLock"));
}

} // namespace kmodctl
