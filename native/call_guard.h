// What calls from TypeScript are checked by. JS thread.
#ifndef KMODCTL_CALL_GUARD_H
#define KMODCTL_CALL_GUARD_H

#include <napi.h>

namespace kmodctl {

// A caller in TypeScript has checked the types; this guards against a mistake there. Throws a TypeError with the
// signature where the condition does not hold, and answers whether it does.
inline bool Expect(const Napi::CallbackInfo &info, bool condition, const char *signature) {
  if (!condition) Napi::TypeError::New(info.Env(), signature).ThrowAsJavaScriptException();
  return condition;
}

} // namespace kmodctl

#endif
