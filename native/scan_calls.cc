// All functions here run on the JS thread of their environment.
#include "scan_calls.h"

#include <cstring>

#include "call_guard.h"
#include "module_scan.h"

namespace kmodctl {

namespace {

using Napi::CallbackInfo;
using Napi::Value;

bool IsArrayOf(const Value &value, napi_typedarray_type type) {
  return value.IsTypedArray() && value.As<Napi::TypedArray>().TypedArrayType() == type;
}

const napi_type_tag kScanTag = {0x6b6d6f6463746c73, 0x63616e68616e646c};

void DestroyScan(napi_env, void *scan, void *) { delete static_cast<ModuleScan *>(scan); }

ModuleScan *ScanOf(const CallbackInfo &info, const char *signature) {
  bool is_scan = false;
  void *scan = nullptr;
  if (info[0].IsExternal()) napi_check_object_type_tag(info.Env(), info[0], &kScanTag, &is_scan);
  if (is_scan) napi_get_value_external(info.Env(), info[0], &scan);
  return Expect(info, scan != nullptr, signature) ? static_cast<ModuleScan *>(scan) : nullptr;
}

// startScan(paths, order, helpers, compat): null without memory.
Value StartScan(const CallbackInfo &info) {
  if (!Expect(info,
              IsArrayOf(info[0], napi_uint8_array) && IsArrayOf(info[1], napi_uint32_array) && info[2].IsNumber() &&
                  info[3].IsBoolean(),
              "startScan(Uint8Array, Uint32Array, number, boolean)"))
    return {};
  const auto paths = info[0].As<Napi::Uint8Array>();
  const auto order = info[1].As<Napi::Uint32Array>();
  ModuleScan *scan = ModuleScan::Start(paths.Data(), paths.ByteLength(), order.Data(), order.ElementLength(),
                                       info[2].As<Napi::Number>().Uint32Value(), info[3].As<Napi::Boolean>().Value());
  if (scan == nullptr) return info.Env().Null();
  napi_value handle;
  if (napi_create_external(info.Env(), scan, DestroyScan, nullptr, &handle) != napi_ok) {
    delete scan;
    return info.Env().Null();
  }
  napi_type_tag_object(info.Env(), handle, &kScanTag);
  return Value(info.Env(), handle);
}

// stepScan(scan, milliseconds): the number of files that are done.
Value StepScan(const CallbackInfo &info) {
  ModuleScan *scan = ScanOf(info, "stepScan(scan, number)");
  if (scan == nullptr || !Expect(info, info[1].IsNumber(), "stepScan(scan, number)")) return {};
  return Napi::Number::New(info.Env(),
                           static_cast<double>(scan->Step(info[1].As<Napi::Number>().Uint32Value())));
}

// A column of all shares, one behind the other. No value, as all arrays here, while the environment is going away.
template <typename Array, typename Select> Array Join(Napi::Env env, const ModuleScan &scan, Select select) {
  std::size_t length = 0;
  for (std::size_t index = 0; index < scan.share_count(); ++index) length += select(scan.share(index)).size();
  Array array = Array::New(env, length);
  if (array.IsEmpty()) return array;
  auto *place = array.Data();
  for (std::size_t index = 0; index < scan.share_count(); ++index) {
    const auto &column = select(scan.share(index));
    if (column.size() > 0) std::memcpy(place, column.data(), column.size() * sizeof *place);
    place += column.size();
  }
  return array;
}

// Symbols, with the numbers that they have in the first share.
template <typename Select>
Napi::Uint32Array JoinSymbols(Napi::Env env, const ModuleScan &scan, Select select) {
  auto joined = Join<Napi::Uint32Array>(env, scan, select);
  if (joined.IsEmpty()) return joined;
  uint32_t *symbol = joined.Data() + select(scan.share(0)).size();
  for (std::size_t index = 1; index < scan.share_count(); ++index) {
    const Column<uint32_t> &numbers = scan.numbers(index);
    const uint32_t *const end = symbol + select(scan.share(index)).size();
    for (; symbol < end; ++symbol) *symbol = numbers[*symbol];
  }
  return joined;
}

Value NamesOf(Napi::Env env, const SymbolNames &names) {
  auto bytes = Napi::Uint8Array::New(env, names.bytes().size());
  auto starts = Napi::Uint32Array::New(env, names.size() + 1);
  if (bytes.IsEmpty() || starts.IsEmpty()) return {};
  if (names.bytes().size() > 0) std::memcpy(bytes.Data(), names.bytes().data(), names.bytes().size());
  if (names.size() > 0) std::memcpy(starts.Data() + 1, names.ends().data(), names.size() * sizeof(uint32_t));
  auto packed = Napi::Object::New(env);
  packed.Set("bytes", bytes);
  packed.Set("starts", starts);
  return packed;
}

Value ColumnsOf(Napi::Env env, const ModuleScan &scan) {
  using U32 = Napi::Uint32Array;
  using U8 = Napi::Uint8Array;
  auto columns = Napi::Object::New(env);
  columns.Set("rows", Join<U32>(env, scan, [](const ScanShare &share) -> const auto & {
                return share.reader.columns().rows;
              }));
  columns.Set("exports", JoinSymbols(env, scan, [](const ScanShare &share) -> const auto & {
                return share.reader.columns().exports;
              }));
  columns.Set("exportCrcs", Join<U32>(env, scan, [](const ScanShare &share) -> const auto & {
                return share.reader.columns().export_crcs;
              }));
  columns.Set("needs", JoinSymbols(env, scan, [](const ScanShare &share) -> const auto & {
                return share.reader.columns().needs;
              }));
  columns.Set("needCrcs", Join<U32>(env, scan, [](const ScanShare &share) -> const auto & {
                return share.reader.columns().need_crcs;
              }));
  columns.Set("needWeak", Join<U8>(env, scan, [](const ScanShare &share) -> const auto & {
                return share.reader.columns().need_weak;
              }));
  auto texts = Napi::Array::New(env, kTextKinds);
  for (uint32_t kind = 0; kind < kTextKinds; ++kind)
    texts.Set(kind, Join<U8>(env, scan, [kind](const ScanShare &share) -> const auto & {
                return share.reader.columns().texts[kind];
              }));
  columns.Set("texts", texts);
  return columns;
}

// takeScan(scan): what was read, once all is done; null without memory.
Value TakeScan(const CallbackInfo &info) {
  ModuleScan *scan = ScanOf(info, "takeScan(scan)");
  if (scan == nullptr) return {};
  const Napi::Env env = info.Env();
  scan->Step(0xffffffff);
  if (scan->failed() || !scan->Merge()) return env.Null();
  auto answer = Napi::Object::New(env);
  answer.Set("columns", ColumnsOf(env, *scan));
  answer.Set("names", NamesOf(env, scan->share(0).reader.names()));
  answer.Set("left", Join<Napi::Uint32Array>(
                         env, *scan, [](const ScanShare &share) -> const auto & { return share.left; }));
  return answer;
}

} // namespace

void ExportScanCalls(Napi::Env env, Napi::Object exports) {
  exports.Set("startScan", Napi::Function::New(env, StartScan, "startScan"));
  exports.Set("stepScan", Napi::Function::New(env, StepScan, "stepScan"));
  exports.Set("takeScan", Napi::Function::New(env, TakeScan, "takeScan"));
}

} // namespace kmodctl
