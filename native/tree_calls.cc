// All functions here run on the JS thread of their environment.
#include "tree_calls.h"

#include <string>
#include <vector>

#include "array_reader.h"
#include "call_guard.h"
#include "file_stamps.h"
#include "module_listing.h"
#include "publication.h"
#include "random_seed.h"
#include "text_bytes.h"
#include "text_matching.h"

namespace kmodctl {

namespace {

using Napi::CallbackInfo;
using Napi::Value;

bool IsArrayOf(const Value &value, napi_typedarray_type type) {
  return value.IsTypedArray() && value.As<Napi::TypedArray>().TypedArrayType() == type;
}

// stampFiles(paths, stamps): the number of files looked at.
Value StampFilesCall(const CallbackInfo &info) {
  if (!Expect(info, IsArrayOf(info[0], napi_uint8_array) && IsArrayOf(info[1], napi_bigint64_array),
              "stampFiles(Uint8Array, BigInt64Array)"))
    return {};
  const auto paths = info[0].As<Napi::Uint8Array>();
  auto stamps = info[1].As<Napi::BigInt64Array>();
  const std::size_t count = StampFiles(reinterpret_cast<const char *>(paths.Data()), paths.ByteLength(),
                                       stamps.Data(), stamps.ElementLength() / kStampWidth);
  return Napi::Number::New(info.Env(), static_cast<double>(count));
}

// listModules(folder, endings, excluded): {paths, stamps}, or null for a folder that is not of the usual kind.
Value ListModulesCall(const CallbackInfo &info) {
  constexpr char kSignature[] = "listModules(string, texts, texts)";
  if (!Expect(info, info[0].IsString() && info[1].IsObject() && info[2].IsObject(), kSignature)) return {};
  const Napi::Env env = info.Env();
  ArrayReader reader;
  const PackedTexts endings = reader.GetTexts(info[1].As<Napi::Object>());
  const PackedTexts excluded = reader.GetTexts(info[2].As<Napi::Object>());
  if (!Expect(info, !reader.failed, kSignature)) return {};
  ModuleListing listing(endings, excluded);
  if (!listing.AddFolder(TextBytes(info[0]).c_str())) return env.Null();
  auto stamps = Napi::BigInt64Array::New(env, listing.stamps.size());
  if (stamps.IsEmpty()) return {}; // the environment is going away
  if (listing.stamps.size() > 0)
    std::memcpy(stamps.Data(), listing.stamps.data(), listing.stamps.size() * sizeof(int64_t));
  auto answer = Napi::Object::New(env);
  answer.Set("paths", Napi::Buffer<uint8_t>::Copy(env, listing.paths.data(), listing.paths.size()));
  answer.Set("stamps", stamps);
  return answer;
}

// matchTexts(texts, others): for each text the number of the first equal one, or kNoMatch; null without memory.
Value MatchTextsCall(const CallbackInfo &info) {
  constexpr char kSignature[] = "matchTexts(texts, texts)";
  if (!Expect(info, info[0].IsObject() && info[1].IsObject(), kSignature)) return {};
  ArrayReader reader;
  const PackedTexts texts = reader.GetTexts(info[0].As<Napi::Object>());
  const PackedTexts others = reader.GetTexts(info[1].As<Napi::Object>());
  if (!Expect(info, !reader.failed, kSignature)) return {};
  auto numbers = Napi::Uint32Array::New(info.Env(), texts.count);
  if (numbers.IsEmpty()) return {}; // the environment is going away
  return MatchTexts(texts, others, RandomSeed(), numbers.Data()) ? Value(numbers) : info.Env().Null();
}

Value TryLockCall(const CallbackInfo &info) {
  if (!Expect(info, info[0].IsNumber(), "tryLock(number)")) return {};
  return Napi::Number::New(info.Env(), TryLock(info[0].As<Napi::Number>().Int32Value()));
}

Value SyncFilesCall(const CallbackInfo &info) {
  if (!Expect(info, IsArrayOf(info[0], napi_int32_array), "syncFiles(Int32Array)")) return {};
  const auto fds = info[0].As<Napi::Int32Array>();
  return Napi::Number::New(info.Env(), SyncFiles(fds.Data(), fds.ElementLength()));
}

// moveFiles(directory, staging | null, commit, names): [error, committed].
Value MoveFilesCall(const CallbackInfo &info) {
  if (!Expect(info,
              info[0].IsNumber() && (info[1].IsNull() || info[1].IsString()) && info[2].IsString() &&
                  info[3].IsArray(),
              "moveFiles(number, string | null, string, string[])"))
    return {};
  const std::string staging = info[1].IsNull() ? "" : TextBytes(info[1]);
  const std::string commit = TextBytes(info[2]);
  const auto list = info[3].As<Napi::Array>();
  std::vector<std::string> names;
  for (uint32_t index = 0; index < list.Length(); ++index) {
    const Value name = list.Get(index);
    if (!Expect(info, name.IsString(), "moveFiles: a name is no string")) return {};
    names.push_back(TextBytes(name));
  }
  std::vector<const char *> pointers;
  for (const std::string &name : names) pointers.push_back(name.c_str());
  const MovesResult result =
      MoveFiles({info[0].As<Napi::Number>().Int32Value(), info[1].IsNull() ? nullptr : staging.c_str(),
                 commit.c_str(), pointers.data(), pointers.size()});
  auto answer = Napi::Object::New(info.Env());
  answer.Set("error", result.error);
  answer.Set("committed", result.committed);
  return answer;
}

} // namespace

void ExportTreeCalls(Napi::Env env, Napi::Object exports) {
  exports.Set("stampFiles", Napi::Function::New(env, StampFilesCall, "stampFiles"));
  exports.Set("listModules", Napi::Function::New(env, ListModulesCall, "listModules"));
  exports.Set("matchTexts", Napi::Function::New(env, MatchTextsCall, "matchTexts"));
  exports.Set("tryLock", Napi::Function::New(env, TryLockCall, "tryLock"));
  exports.Set("syncFiles", Napi::Function::New(env, SyncFilesCall, "syncFiles"));
  exports.Set("moveFiles", Napi::Function::New(env, MoveFilesCall, "moveFiles"));
}

} // namespace kmodctl
