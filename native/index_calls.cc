// All functions here run on the JS thread of their environment.
#include "index_calls.h"

#include "index_encoding.h"

namespace kmodctl {

namespace {

using Napi::CallbackInfo;
using Napi::Value;

bool IsArrayOf(const Value &value, napi_typedarray_type type) {
  return value.IsTypedArray() && value.As<Napi::TypedArray>().TypedArrayType() == type;
}

// Nothing is read outside of the texts, whatever the numbers are.
bool Ascend(const Napi::Uint32Array &ends, std::size_t length) {
  uint32_t last = 0;
  for (std::size_t index = 0; index < ends.ElementLength(); index++) {
    const uint32_t end = ends.Data()[index];
    if (end < last || end > length) return false;
    last = end;
  }
  return true;
}

// encodeIndex(keys, keyEnds, values, valueEnds, priorities, limit): the file, or null where it is not done here.
Value EncodeIndexCall(const CallbackInfo &info) {
  const bool typed = IsArrayOf(info[0], napi_uint8_array) && IsArrayOf(info[1], napi_uint32_array) &&
                     IsArrayOf(info[2], napi_uint8_array) && IsArrayOf(info[3], napi_uint32_array) &&
                     IsArrayOf(info[4], napi_uint32_array) && info[5].IsNumber();
  if (!typed) {
    Napi::TypeError::New(info.Env(), "encodeIndex(Uint8Array, Uint32Array, Uint8Array, Uint32Array, "
                                     "Uint32Array, number)")
        .ThrowAsJavaScriptException();
    return {};
  }
  const auto keys = info[0].As<Napi::Uint8Array>();
  const auto key_ends = info[1].As<Napi::Uint32Array>();
  const auto values = info[2].As<Napi::Uint8Array>();
  const auto value_ends = info[3].As<Napi::Uint32Array>();
  const auto priorities = info[4].As<Napi::Uint32Array>();
  const std::size_t count = priorities.ElementLength();
  if (count > kMostIndexEntries || key_ends.ElementLength() != count || value_ends.ElementLength() != count ||
      !Ascend(key_ends, keys.ByteLength()) || !Ascend(value_ends, values.ByteLength()))
    return info.Env().Null();
  const IndexEntries entries{keys.Data(),       key_ends.Data(),   values.Data(),
                             value_ends.Data(), priorities.Data(), static_cast<uint32_t>(count)};
  EncodedIndex encoded = EncodeIndex(entries, static_cast<std::size_t>(info[5].As<Napi::Number>().Int64Value()));
  if (encoded.bytes == nullptr) return info.Env().Null();
  return Napi::Buffer<uint8_t>::Copy(info.Env(), encoded.bytes.get(), encoded.size);
}

} // namespace

void ExportIndexCalls(Napi::Env env, Napi::Object exports) {
  exports.Set("encodeIndex", Napi::Function::New(env, EncodeIndexCall, "encodeIndex"));
}

} // namespace kmodctl
