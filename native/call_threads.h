// Threads for blocking calls. Each call has a thread to itself; one that has finished waits a second for the
// next call, because to make and end a thread costs several times as much as to wake one. Safe on any thread.
#ifndef KMODCTL_CALL_THREADS_H
#define KMODCTL_CALL_THREADS_H

namespace kmodctl {

// Runs `main(data)` on a thread of its own, soon. Answers 0, or the errno of pthread_create: then nothing runs.
// There is no limit on their number but the system's: a module's init that never returns keeps its thread, and
// must not keep others from being loaded.
int RunOnCallThread(void (*main)(void *), void *data);

} // namespace kmodctl

#endif
