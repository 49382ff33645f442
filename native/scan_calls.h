// The addon's functions for module_scan.h: argument decoding, and the way of the columns into JavaScript.
#ifndef KMODCTL_SCAN_CALLS_H
#define KMODCTL_SCAN_CALLS_H

#include <napi.h>

namespace kmodctl {

// JS thread. Adds startScan, stepScan and takeScan.
void ExportScanCalls(Napi::Env env, Napi::Object exports);

} // namespace kmodctl

#endif
