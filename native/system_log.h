// syslog(3): it finds the log's socket, connects again when the log was restarted, and prints on the console when there
// is none.
#ifndef KMODCTL_SYSTEM_LOG_H
#define KMODCTL_SYSTEM_LOG_H

#include <string>

namespace kmodctl {

// Any thread. Sends a message of the facility "daemon" with `ident` in front. `priority` is that of syslog(3), 0 to 7.
// 0, or -EINVAL for another priority.
int WriteSystemLog(const std::string &ident, int priority, const std::string &text);

} // namespace kmodctl

#endif
