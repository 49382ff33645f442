#include "uevent_socket.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

namespace kmodctl {

namespace {

constexpr unsigned kKernelGroup = 1;    // group 2 is udev's own
constexpr unsigned long kGetOwner = 0xb701; // NS_GET_USERNS of linux/nsfs.h, since Linux 4.9

} // namespace

int OpenUeventSocket(int buffer_bytes, const void *filter, std::size_t filter_bytes) {
  const int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_KOBJECT_UEVENT);
  if (fd < 0) return -errno;
  // The first goes over the system's limit and takes CAP_NET_ADMIN.
  if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer_bytes, sizeof buffer_bytes) != 0)
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer_bytes, sizeof buffer_bytes);
  if (filter_bytes >= sizeof(sock_filter)) {
    sock_fprog program{};
    program.len = static_cast<unsigned short>(filter_bytes / sizeof(sock_filter));
    program.filter = static_cast<sock_filter *>(const_cast<void *>(filter));
    (void)setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program);
  }
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  address.nl_groups = kKernelGroup;
  if (bind(fd, reinterpret_cast<sockaddr *>(&address), sizeof address) == 0) return fd;
  const int error = errno;
  close(fd);
  return -error;
}

std::size_t ReceiveUevents(int fd, uint8_t *buffer, std::size_t size, UeventFacts *facts,
                           std::size_t capacity, int *error) {
  std::size_t used = 0;
  *error = 0;
  for (std::size_t count = 0; count < capacity; ++count) {
    if (size - used < kLongestUevent) return count;
    sockaddr_nl sender{};
    iovec part{buffer + used, kLongestUevent};
    msghdr message{};
    message.msg_name = &sender;
    message.msg_namelen = sizeof sender;
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    ssize_t length;
    do length = recvmsg(fd, &message, 0);
    while (length < 0 && errno == EINTR);
    if (length < 0) {
      *error = errno;
      return count;
    }
    facts[count].length = static_cast<uint32_t>(length);
    facts[count].sender = message.msg_namelen == sizeof sender ? sender.nl_pid : UINT32_MAX;
    facts[count].cut = (message.msg_flags & MSG_TRUNC) != 0 ? 1 : 0;
    used += static_cast<std::size_t>(length);
  }
  return capacity;
}

int64_t NetworkOwner() {
  const int net = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
  if (net < 0) return -errno;
  const int owner = ioctl(net, kGetOwner);
  const int error = errno;
  close(net);
  if (owner < 0) return -error;
  struct stat status {};
  const int result = fstat(owner, &status) == 0 ? 0 : -errno;
  close(owner);
  return result != 0 ? result : static_cast<int64_t>(status.st_ino);
}

} // namespace kmodctl
