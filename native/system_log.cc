#include "system_log.h"

#include <cerrno>
#include <mutex>
#include <set>
#include <syslog.h>

namespace kmodctl {

int WriteSystemLog(const std::string &ident, int priority, const std::string &text) {
  if (priority < LOG_EMERG || priority > LOG_DEBUG) return -EINVAL;
  // openlog(3) keeps the pointer, for the whole process and for ever: names stay where they are. They are those of six
  // tools.
  static std::mutex mutex;
  static std::set<std::string> *const names = new std::set<std::string>;
  const std::lock_guard<std::mutex> lock(mutex);
  openlog(names->insert(ident).first->c_str(), LOG_CONS, LOG_DAEMON);
  syslog(priority, "%s", text.c_str());
  return 0;
}

} // namespace kmodctl
