// All functions here run on the JS thread of their environment, but for the work of unpackAsync.
#include "decompress.h"

#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>

#include "call_guard.h"
#include "decoder.h"
#include "own_thread.h"
#include "unpacked_memory.h"

namespace kmodctl {

namespace {

using Napi::CallbackInfo;
using Napi::Value;

bool IsFormat(const Value &value) {
  if (!value.IsNumber()) return false;
  const int number = value.As<Napi::Number>().Int32Value();
  return number == static_cast<int>(Format::kXz) || number == static_cast<int>(Format::kZstd);
}

Format FormatOf(const Value &value) { return static_cast<Format>(value.As<Napi::Number>().Int32Value()); }

bool IsSize(const Value &value) {
  return value.IsNumber() && value.As<Napi::Number>().Int64Value() >= 0 &&
         static_cast<uint64_t>(value.As<Napi::Number>().Int64Value()) < SIZE_MAX;
}

std::size_t Size(const Value &value) {
  return static_cast<std::size_t>(value.As<Napi::Number>().Int64Value());
}

// {result, position}; null while the environment is going away.
napi_value Refusal(napi_env env, int result, std::size_t position) {
  napi_value object, result_value, position_value;
  if (napi_create_object(env, &object) != napi_ok || napi_create_int32(env, result, &result_value) != napi_ok ||
      napi_create_double(env, static_cast<double>(position), &position_value) != napi_ok ||
      napi_set_named_property(env, object, "result", result_value) != napi_ok ||
      napi_set_named_property(env, object, "position", position_value) != napi_ok)
    return nullptr;
  return object;
}

void FreeBytes(napi_env, void *bytes, void *) { std::free(bytes); }

// The memory itself becomes the Buffer's, where this Node allows that; else a copy. Null while the
// environment is going away.
napi_value BufferOf(napi_env env, UnpackedMemory *memory) {
  const std::size_t size = memory->size();
  napi_value buffer;
  if (size > 0 && napi_create_external_buffer(env, size, const_cast<uint8_t *>(memory->bytes()), FreeBytes,
                                              nullptr, &buffer) == napi_ok) {
    (void)memory->Take();
    return buffer;
  }
  void *copy;
  if (napi_create_buffer(env, size, &copy, &buffer) == napi_ok) {
    if (size > 0) std::memcpy(copy, memory->bytes(), size);
    return buffer;
  }
  napi_value exception; // of the allocation, which is answered as a refusal instead
  (void)napi_get_and_clear_last_exception(env, &exception);
  return Refusal(env, kNoMemory, memory->position());
}

// Random, so that no other addon has the same.
constexpr napi_type_tag kDecoderTag = {0x8f1c3d52a6e94b07, 0xb2e7506cd81f43a9};

void DeleteDecoder(napi_env, void *decoder, void *) { delete static_cast<Decoder *>(decoder); }

// An object with a decoder for this environment alone, which goes with the garbage collection or the
// environment. A wrapped object and not an "external" value: Node does not free what belongs to those at its
// end.
Value CreateDecoder(const CallbackInfo &info) {
  const napi_env env = info.Env();
  std::unique_ptr<Decoder> decoder(new (std::nothrow) Decoder());
  napi_value object;
  if (decoder == nullptr || napi_create_object(env, &object) != napi_ok ||
      napi_type_tag_object(env, object, &kDecoderTag) != napi_ok ||
      napi_wrap(env, object, decoder.get(), DeleteDecoder, nullptr, nullptr) != napi_ok)
    return info.Env().Null();
  (void)decoder.release();
  return Value(env, object);
}

// Null where it is none.
Decoder *DecoderOf(const Value &value) {
  bool tagged = false;
  void *decoder = nullptr;
  if (!value.IsObject() || napi_check_object_type_tag(value.Env(), value, &kDecoderTag, &tagged) != napi_ok ||
      !tagged || napi_unwrap(value.Env(), value, &decoder) != napi_ok)
    return nullptr;
  return static_cast<Decoder *>(decoder);
}

// decode(decoder, format, input, output, produced, limit): the size of the output, or a refusal. Format 0
// goes on with the file of the last call.
Value Decode(const CallbackInfo &info) {
  Decoder *const decoder = DecoderOf(info[0]);
  if (!Expect(info,
              decoder != nullptr && info[1].IsNumber() && info[2].IsTypedArray() && info[3].IsTypedArray() &&
                  IsSize(info[4]) && IsSize(info[5]),
              "decode(decoder, number, Uint8Array, Uint8Array, number, number)"))
    return {};
  const auto input = info[2].As<Napi::Uint8Array>();
  auto output = info[3].As<Napi::Uint8Array>();
  std::size_t produced = Size(info[4]);
  int result = 0;
  if (IsFormat(info[1])) result = decoder->Start(FormatOf(info[1]), Size(info[5]));
  if (result == 0)
    result = decoder->Continue(input.Data(), input.ByteLength(), output.Data(), output.ByteLength(), &produced);
  if (result == 0) return Napi::Number::New(info.Env(), static_cast<double>(produced));
  return Value(info.Env(), Refusal(info.Env(), result, decoder->position()));
}

Value ReleaseDecoder(const CallbackInfo &info) {
  Decoder *const decoder = DecoderOf(info[0]);
  if (!Expect(info, decoder != nullptr, "releaseDecoder(decoder)")) return {};
  decoder->Release();
  return info.Env().Undefined();
}

// unpackAsync(format, input, limit): a promise of a Buffer or a refusal; or -errno where it could not be
// started. Works on a copy, because JavaScript may change or transfer the buffer while the thread reads it.
Value UnpackAsync(const CallbackInfo &info) {
  if (!Expect(info, IsFormat(info[0]) && info[1].IsTypedArray() && IsSize(info[2]),
              "unpackAsync(number, Uint8Array, number)"))
    return {};
  const napi_env env = info.Env();
  const Format format = FormatOf(info[0]);
  char reason[2];
  // Here and not on the thread, whose stack is small.
  if (!LoadLibraryFor(format, reason, sizeof reason)) return Napi::Number::New(env, kNoLibrary);
  const auto view = info[1].As<Napi::Uint8Array>();
  const std::size_t length = view.ByteLength();
  const std::shared_ptr<uint8_t> input(new (std::nothrow) uint8_t[length], std::default_delete<uint8_t[]>());
  if (input == nullptr) return Napi::Number::New(env, kNoMemory);
  if (length > 0) std::memcpy(input.get(), view.Data(), length);
  const std::shared_ptr<UnpackedMemory> memory(new UnpackedMemory());
  int error = 0;
  const napi_value promise = RunOnOwnThread(
      env,
      [format, input, length, memory, limit = Size(info[2])] {
        return static_cast<long>(memory->Unpack(format, input.get(), length, limit));
      },
      &error,
      [memory](napi_env target, long result) {
        if (result == 0) return BufferOf(target, memory.get());
        return Refusal(target, static_cast<int>(result), memory->position());
      });
  return error != 0 ? Napi::Number::New(env, -error) : Value(env, promise);
}

// compressionLibrary(format): null where the library is there, else what the loader said.
Value CompressionLibrary(const CallbackInfo &info) {
  if (!Expect(info, IsFormat(info[0]), "compressionLibrary(number)")) return {};
  char reason[512] = "";
  if (LoadLibraryFor(FormatOf(info[0]), reason, sizeof reason)) return info.Env().Null();
  return Napi::String::New(info.Env(), reason);
}

} // namespace

void ExportDecompression(Napi::Env env, Napi::Object exports) {
  exports.Set("createDecoder", Napi::Function::New(env, CreateDecoder, "createDecoder"));
  exports.Set("decode", Napi::Function::New(env, Decode, "decode"));
  exports.Set("releaseDecoder", Napi::Function::New(env, ReleaseDecoder, "releaseDecoder"));
  exports.Set("unpackAsync", Napi::Function::New(env, UnpackAsync, "unpackAsync"));
  exports.Set("compressionLibrary", Napi::Function::New(env, CompressionLibrary, "compressionLibrary"));
}

} // namespace kmodctl
