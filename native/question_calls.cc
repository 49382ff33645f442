// All functions here run on the JS thread of their environment.
#include "question_calls.h"

#include <string>
#include <vector>

#include "call_guard.h"
#include "kernel_questions.h"
#include "text_bytes.h"

namespace kmodctl {

namespace {

using Napi::CallbackInfo;
using Napi::Value;

Value AskNetlinkCall(const CallbackInfo &info) {
  if (!Expect(info, info[0].IsNumber() && info[1].IsTypedArray(), "askNetlink(number, Uint8Array)"))
    return {};
  const auto request = info[1].As<Napi::Uint8Array>();
  std::vector<uint8_t> answer;
  const int result = AskNetlink(info[0].As<Napi::Number>().Int32Value(), request.Data(), request.ByteLength(), &answer);
  if (result != 0) return Napi::Number::New(info.Env(), result);
  return Napi::Buffer<uint8_t>::Copy(info.Env(), answer.data(), answer.size());
}

Value ReadAttributeCall(const CallbackInfo &info) {
  if (!Expect(info, info[0].IsString() && info[1].IsString(), "readAttribute(string, string)")) return {};
  std::string value;
  const int result = ReadAttribute(TextBytes(info[0]), TextBytes(info[1]), &value);
  if (result != 0) return Napi::Number::New(info.Env(), result);
  return Napi::Buffer<char>::Copy(info.Env(), value.data(), value.size());
}

Value ControlDeviceCall(const CallbackInfo &info) {
  if (!Expect(info, info[0].IsNumber() && info[1].IsNumber() && info[2].IsTypedArray(),
              "controlDevice(number, number, Uint8Array)"))
    return {};
  const auto request = static_cast<unsigned long>(info[1].As<Napi::Number>().Int64Value());
  const int result = ControlDevice(info[0].As<Napi::Number>().Int32Value(), request, info[2].As<Napi::Uint8Array>().Data());
  return Napi::Number::New(info.Env(), result);
}

} // namespace

void ExportQuestionCalls(Napi::Env env, Napi::Object exports) {
  exports.Set("askNetlink", Napi::Function::New(env, AskNetlinkCall, "askNetlink"));
  exports.Set("readAttribute", Napi::Function::New(env, ReadAttributeCall, "readAttribute"));
  exports.Set("controlDevice", Napi::Function::New(env, ControlDeviceCall, "controlDevice"));
}

} // namespace kmodctl
