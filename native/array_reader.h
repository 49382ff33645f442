#ifndef KMODCTL_ARRAY_READER_H
#define KMODCTL_ARRAY_READER_H

#include <napi.h>

#include "packed_texts.h"

namespace kmodctl {

// Reads typed arrays out of objects; after a mistake of the caller all that follows is empty. JS thread.
class ArrayReader {
public:
  template <typename T> Span<T> Get(const Napi::Object &object, const char *key) {
    const Napi::Value value = object.Get(key);
    const auto type = sizeof(T) == 1 ? napi_uint8_array : napi_uint32_array;
    if (!value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != type) {
      failed = true;
      return {};
    }
    const auto array = value.As<Napi::TypedArrayOf<T>>();
    return {array.Data(), array.ElementLength()};
  }

  Napi::Object GetObject(const Napi::Object &object, const char *key) {
    const Napi::Value value = object.Get(key);
    failed = failed || !value.IsObject();
    return failed ? Napi::Object::New(object.Env()) : value.As<Napi::Object>();
  }

  // Texts in the form of packed-texts.ts.
  PackedTexts GetTexts(const Napi::Object &object) {
    const auto bytes = Get<uint8_t>(object, "bytes");
    const auto starts = Get<uint32_t>(object, "starts");
    failed = failed || starts.size == 0 || starts.data[0] != 0 || !Ascend(starts.data, starts.size, bytes.size);
    return failed ? PackedTexts{} : PackedTexts{bytes.data, starts.data + 1, starts.size - 1};
  }

  bool failed = false;
};

} // namespace kmodctl

#endif
