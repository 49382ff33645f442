// The socket that the kernel's uevents come from (netlink, NETLINK_KOBJECT_UEVENT). Texts go through unread.
#ifndef KMODCTL_UEVENT_SOCKET_H
#define KMODCTL_UEVENT_SOCKET_H

#include <cstddef>
#include <cstdint>

namespace kmodctl {

// A socket, closed by exec and never blocking, that gets the kernel's own uevents (group 1): the descriptor or
// `-errno`. The buffer is set as large as wanted, or as allowed. `filter` is an array of `struct sock_filter`
// for what comes; where the kernel does not take it, everything comes.
int OpenUeventSocket(int buffer_bytes, const void *filter, std::size_t filter_bytes);

// What came with a message.
struct UeventFacts {
  uint32_t length; // bytes that were stored
  uint32_t sender; // 0 is the kernel
  uint32_t cut;    // 1 where the message was longer than that
};

// Receives into `buffer` one message after the other, until none is left, another might not fit, or `capacity`
// is reached: how many. `*error` is why it ended: 0, EAGAIN for none left, ENOBUFS for lost ones, or another errno.
std::size_t ReceiveUevents(int fd, uint8_t *buffer, std::size_t size, UeventFacts *facts,
                           std::size_t capacity, int *error);

// The longest message that the kernel sends has 2 KiB of variables and a path; longer ones are cut.
constexpr std::size_t kLongestUevent = 8192;

// The number of the user namespace that owns this process's network namespace, or `-errno`: EPERM where it is
// out of sight, so that of an ancestor.
int64_t NetworkOwner();

} // namespace kmodctl

#endif
