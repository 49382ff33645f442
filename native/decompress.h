// The addon's functions that unpack xz and zstd: argument decoding and the way of the result into JavaScript.
#ifndef KMODCTL_DECOMPRESS_H
#define KMODCTL_DECOMPRESS_H

#include <napi.h>

namespace kmodctl {

// JS thread. Adds createDecoder, decode, releaseDecoder, unpackAsync and compressionLibrary.
void ExportDecompression(Napi::Env env, Napi::Object exports);

} // namespace kmodctl

#endif
