// Argument decoding only: every decision is made in TypeScript, every system call in the other files.
// All functions here run on the JS thread of their environment.
#include <napi.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <fcntl.h>
#include <functional>
#include <memory>
#include <new>
#include <string>
#include <unistd.h>
#include <utility>

#include "call_guard.h"
#include "decompress.h"
#include "event_calls.h"
#include "index_calls.h"
#include "module_calls.h"
#include "obsolete_calls.h"
#include "own_thread.h"
#include "process_calls.h"
#include "question_calls.h"
#include "run_calls.h"
#include "scan_calls.h"
#include "text_bytes.h"
#include "tree_calls.h"
#include "tree_index_calls.h"

namespace {

using kmodctl::Expect;
using Napi::CallbackInfo;
using Napi::Value;

std::string Text(const Value &value) { return kmodctl::TextBytes(value); }

int Int(const Value &value) { return value.As<Napi::Number>().Int32Value(); }

Value Result(const CallbackInfo &info, long result) {
  return Napi::Number::New(info.Env(), static_cast<double>(result));
}

// A promise of the call's result. Where the call could not even be started: -errno itself, a number, so that
// it is not taken for the kernel's answer (EAGAIN from delete_module means "in use").
Value Promise(const CallbackInfo &info, std::function<long()> work) {
  int error = 0;
  const napi_value promise = kmodctl::RunOnOwnThread(info.Env(), std::move(work), &error);
  return error != 0 ? Result(info, -error) : Value(info.Env(), promise);
}

Value InitModule(const CallbackInfo &info) {
  if (!Expect(info, info[0].IsTypedArray() && info[1].IsString(), "initModule(Uint8Array, string)"))
    return {};
  const auto image = info[0].As<Napi::Uint8Array>();
  return Result(info, kmodctl::InitModule(image.Data(), image.ByteLength(), Text(info[1]).c_str()));
}

// Works on a copy: JavaScript may change or transfer the buffer while the thread reads it. The copy is made
// without exceptions (this addon is compiled without them, a bad_alloc would end the process).
Value InitModuleAsync(const CallbackInfo &info) {
  if (!Expect(info, info[0].IsTypedArray() && info[1].IsString(), "initModuleAsync(Uint8Array, string)"))
    return {};
  const auto view = info[0].As<Napi::Uint8Array>();
  const std::size_t length = view.ByteLength();
  const std::shared_ptr<uint8_t> image(new (std::nothrow) uint8_t[length], std::default_delete<uint8_t[]>());
  if (image == nullptr) return Result(info, -ENOMEM);
  if (length > 0) std::memcpy(image.get(), view.Data(), length);
  return Promise(info, [image, length, parameters = Text(info[1])] {
    return kmodctl::InitModule(image.get(), length, parameters.c_str());
  });
}

Value FinitModule(const CallbackInfo &info) {
  if (!Expect(info, info[0].IsNumber() && info[1].IsString() && info[2].IsNumber(),
              "finitModule(number, string, number)"))
    return {};
  return Result(info, kmodctl::FinitModule(Int(info[0]), Text(info[1]).c_str(), Int(info[2])));
}

// Closes the duplicate on whichever thread drops it last.
struct DuplicateFd {
  explicit DuplicateFd(int original) : fd(fcntl(original, F_DUPFD_CLOEXEC, 0)), error(fd < 0 ? errno : 0) {}
  DuplicateFd(const DuplicateFd &) = delete;
  DuplicateFd &operator=(const DuplicateFd &) = delete;
  ~DuplicateFd() {
    if (fd >= 0) close(fd);
  }
  const int fd; // -1 where the original was not open: the kernel then answers in its own order of checks
  const int error; // EMFILE above all, which must not come out as the kernel's EBADF
};

// Works on a duplicate: the caller may close its descriptor, and the number be given to another file, before
// the thread has come to the call.
Value FinitModuleAsync(const CallbackInfo &info) {
  if (!Expect(info, info[0].IsNumber() && info[1].IsString() && info[2].IsNumber(),
              "finitModuleAsync(number, string, number)"))
    return {};
  const std::shared_ptr<DuplicateFd> duplicate(new DuplicateFd(Int(info[0])));
  if (duplicate->error != 0 && duplicate->error != EBADF) return Result(info, -duplicate->error);
  return Promise(info, [duplicate, parameters = Text(info[1]), flags = Int(info[2])] {
    return kmodctl::FinitModule(duplicate->fd, parameters.c_str(), flags);
  });
}

Value DeleteModule(const CallbackInfo &info) {
  if (!Expect(info, info[0].IsString() && info[1].IsNumber(), "deleteModule(string, number)")) return {};
  return Result(info, kmodctl::DeleteModule(Text(info[0]).c_str(), static_cast<unsigned>(Int(info[1]))));
}

Value DeleteModuleAsync(const CallbackInfo &info) {
  if (!Expect(info, info[0].IsString() && info[1].IsNumber(), "deleteModuleAsync(string, number)")) return {};
  return Promise(info, [name = Text(info[0]), flags = static_cast<unsigned>(Int(info[1]))] {
    return kmodctl::DeleteModule(name.c_str(), flags);
  });
}

Value CreateModule(const CallbackInfo &info) {
  if (!Expect(info, info[0].IsString() && info[1].IsNumber(), "createModule(string, number)")) return {};
  const auto size = static_cast<std::size_t>(info[1].As<Napi::Number>().Int64Value());
  const long answer = kmodctl::CreateModule(Text(info[0]).c_str(), size);
  return Napi::BigInt::New(info.Env(), static_cast<int64_t>(answer));
}

Value GetKernelSyms(const CallbackInfo &info) {
  if (!Expect(info, info[0].IsNull() || info[0].IsTypedArray(), "getKernelSyms(Uint8Array | null)"))
    return {};
  void *table = nullptr;
  if (!info[0].IsNull()) {
    auto view = info[0].As<Napi::Uint8Array>();
    table = view.Data();
  }
  return Result(info, kmodctl::GetKernelSyms(table));
}

Value QueryModule(const CallbackInfo &info) {
  if (!Expect(info,
              (info[0].IsNull() || info[0].IsString()) && info[1].IsNumber() &&
                  (info[2].IsNull() || info[2].IsTypedArray()),
              "queryModule(string | null, number, Uint8Array | null)"))
    return {};
  const std::string name = info[0].IsNull() ? "" : Text(info[0]);
  void *buffer = nullptr;
  std::size_t size = 0;
  if (!info[2].IsNull()) {
    auto view = info[2].As<Napi::Uint8Array>();
    buffer = view.Data();
    size = view.ByteLength();
  }
  std::size_t ret = 0;
  const char *subject = info[0].IsNull() ? nullptr : name.c_str();
  const long result = kmodctl::QueryModule(subject, Int(info[1]), buffer, size, &ret);
  auto answer = Napi::Object::New(info.Env());
  answer.Set("result", static_cast<double>(result));
  answer.Set("ret", static_cast<double>(ret));
  return answer;
}

Napi::Object Initialize(Napi::Env env, Napi::Object exports) {
  exports.Set("initModule", Napi::Function::New(env, InitModule, "initModule"));
  exports.Set("initModuleAsync", Napi::Function::New(env, InitModuleAsync, "initModuleAsync"));
  exports.Set("finitModule", Napi::Function::New(env, FinitModule, "finitModule"));
  exports.Set("finitModuleAsync", Napi::Function::New(env, FinitModuleAsync, "finitModuleAsync"));
  exports.Set("deleteModule", Napi::Function::New(env, DeleteModule, "deleteModule"));
  exports.Set("deleteModuleAsync", Napi::Function::New(env, DeleteModuleAsync, "deleteModuleAsync"));
  exports.Set("createModule", Napi::Function::New(env, CreateModule, "createModule"));
  exports.Set("getKernelSyms", Napi::Function::New(env, GetKernelSyms, "getKernelSyms"));
  exports.Set("queryModule", Napi::Function::New(env, QueryModule, "queryModule"));
  kmodctl::ExportDecompression(env, exports);
  kmodctl::ExportScanCalls(env, exports);
  kmodctl::ExportIndexCalls(env, exports);
  kmodctl::ExportTreeCalls(env, exports);
  kmodctl::ExportTreeIndexCalls(env, exports);
  kmodctl::ExportProcessCalls(env, exports);
  kmodctl::ExportQuestionCalls(env, exports);
  kmodctl::ExportRunCalls(env, exports);
  kmodctl::ExportEventCalls(env, exports);
  return exports;
}

} // namespace

NODE_API_MODULE(kmodctl, Initialize)
