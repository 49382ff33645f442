// The addon's functions for questions to the kernel: argument decoding for kernel_questions.h.
#ifndef KMODCTL_QUESTION_CALLS_H
#define KMODCTL_QUESTION_CALLS_H

#include <napi.h>

namespace kmodctl {

// JS thread. Adds askNetlink, readAttribute and controlDevice.
void ExportQuestionCalls(Napi::Env env, Napi::Object exports);

} // namespace kmodctl

#endif
