// The bytes of a text of JavaScript: see byte-text.ts, which says how a text stands for bytes that are no UTF-8.
#ifndef KMODCTL_TEXT_BYTES_H
#define KMODCTL_TEXT_BYTES_H

#include <napi.h>

#include <string>

namespace kmodctl {

// JS thread. Half a pair of surrogates that stands for no byte becomes U+FFFD.
std::string TextBytes(const Napi::Value &text);

} // namespace kmodctl

#endif
