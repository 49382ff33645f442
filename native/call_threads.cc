#include "call_threads.h"

#include <csignal>
#include <ctime>
#include <initializer_list>
#include <pthread.h>

namespace kmodctl {

namespace {

constexpr int kMostIdle = 4;
constexpr time_t kIdleSeconds = 1;

struct Job {
  void (*main)(void *) = nullptr;
  void *data = nullptr;
};

// On the stack of a waiting thread, linked while it waits.
struct IdleThread {
  pthread_cond_t wake;
  Job job;
  IdleThread *next = nullptr;
};

// Plain C objects without destructors: at exit() threads may still be here.
pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
IdleThread *idle = nullptr; // guarded by mutex, as is the count
int idle_count = 0;

void Unlink(IdleThread *thread) {
  for (IdleThread **place = &idle; *place != nullptr; place = &(*place)->next) {
    if (*place != thread) continue;
    *place = thread->next;
    --idle_count;
    return;
  }
}

// A thread that has finished its job. False: nothing came, it may end.
bool WaitForJob(Job *job) {
  IdleThread self;
  pthread_condattr_t attributes;
  pthread_condattr_init(&attributes);
  pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
  pthread_cond_init(&self.wake, &attributes);
  pthread_condattr_destroy(&attributes);
  timespec deadline;
  clock_gettime(CLOCK_MONOTONIC, &deadline);
  deadline.tv_sec += kIdleSeconds;

  pthread_mutex_lock(&mutex);
  if (idle_count < kMostIdle) {
    self.next = idle;
    idle = &self;
    ++idle_count;
    while (self.job.main == nullptr && pthread_cond_timedwait(&self.wake, &mutex, &deadline) == 0) {
    }
    if (self.job.main == nullptr) Unlink(&self);
  }
  pthread_mutex_unlock(&mutex);
  pthread_cond_destroy(&self.wake);
  *job = self.job;
  return job->main != nullptr;
}

// A signal handler of the process must not run here: it would interrupt the kernel's wait for another load of
// the same module, or for its lock, with EINTR.
void BlockSignals() {
  sigset_t signals;
  sigfillset(&signals);
  for (const int fault : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP}) sigdelset(&signals, fault);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

void *ThreadMain(void *data) {
  auto *first = static_cast<Job *>(data);
  Job job = *first;
  delete first;
  BlockSignals();
  // `ps -L` and the kernel's reports of hung tasks show this name: a module's init that hangs is found by it.
  pthread_setname_np(pthread_self(), "kmodctl-call");
  do job.main(job.data);
  while (WaitForJob(&job));
  return nullptr;
}

bool WakeIdle(const Job &job) {
  pthread_mutex_lock(&mutex);
  IdleThread *thread = idle;
  if (thread != nullptr) {
    Unlink(thread);
    thread->job = job;
    pthread_cond_signal(&thread->wake);
  }
  pthread_mutex_unlock(&mutex);
  return thread != nullptr;
}

int StartThread(const Job &job) {
  pthread_attr_t attributes;
  int error = pthread_attr_init(&attributes);
  if (error != 0) return error;
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_attr_setstacksize(&attributes, 256 * 1024);
  auto *first = new Job(job);
  pthread_t thread;
  error = pthread_create(&thread, &attributes, ThreadMain, first);
  if (error != 0) delete first;
  pthread_attr_destroy(&attributes);
  return error;
}

} // namespace

int RunOnCallThread(void (*main)(void *), void *data) {
  const Job job{main, data};
  return WakeIdle(job) ? 0 : StartThread(job);
}

} // namespace kmodctl
