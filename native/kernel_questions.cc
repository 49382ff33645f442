#include "kernel_questions.h"

#include <cerrno>
#include <cstring>
#include <linux/netlink.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/xattr.h>
#include <unistd.h>

namespace kmodctl {

namespace {

constexpr std::size_t kLargestAnswer = std::size_t{16} << 20;
constexpr std::size_t kLargestPart = std::size_t{64} << 10;
constexpr int kSeconds = 2;

class Socket {
public:
  explicit Socket(int protocol) : fd(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol)) {}
  Socket(const Socket &) = delete;
  Socket &operator=(const Socket &) = delete;
  ~Socket() {
    if (fd >= 0) close(fd);
  }
  const int fd;
};

// Whether the messages of one part end the answer: 1 yes, 0 no, or the error that the kernel answers with.
int EndOf(const uint8_t *part, std::size_t size) {
  for (std::size_t at = 0; size - at >= sizeof(nlmsghdr);) {
    nlmsghdr header;
    std::memcpy(&header, part + at, sizeof header);
    if (header.nlmsg_len < sizeof header || header.nlmsg_len > size - at) return -EBADMSG;
    if (header.nlmsg_type == NLMSG_ERROR) {
      int32_t error = 0;
      if (header.nlmsg_len < sizeof header + sizeof error) return -EBADMSG;
      std::memcpy(&error, part + at + sizeof header, sizeof error);
      return error == 0 ? 1 : error;
    }
    if (header.nlmsg_type == NLMSG_DONE || (header.nlmsg_flags & NLM_F_MULTI) == 0) return 1;
    at += NLMSG_ALIGN(header.nlmsg_len);
    if (at > size) break;
  }
  return 0;
}

} // namespace

int AskNetlink(int protocol, const uint8_t *request, std::size_t size, std::vector<uint8_t> *answer) {
  const Socket link(protocol);
  if (link.fd < 0) return -errno;
  const timeval limit = {kSeconds, 0};
  if (setsockopt(link.fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) != 0) return -errno;
  sockaddr_nl kernel = {};
  kernel.nl_family = AF_NETLINK;
  if (sendto(link.fd, request, size, 0, reinterpret_cast<const sockaddr *>(&kernel), sizeof kernel) < 0)
    return -errno;
  for (;;) {
    const std::size_t before = answer->size();
    if (before + kLargestPart > kLargestAnswer) return -EMSGSIZE;
    answer->resize(before + kLargestPart);
    sockaddr_nl sender = {};
    socklen_t length = sizeof sender;
    ssize_t got;
    do {
      got = recvfrom(link.fd, answer->data() + before, kLargestPart, MSG_TRUNC,
                     reinterpret_cast<sockaddr *>(&sender), &length);
    } while (got < 0 && errno == EINTR);
    if (got < 0) return errno == EAGAIN ? -ETIME : -errno;
    if (static_cast<std::size_t>(got) > kLargestPart) return -EMSGSIZE;
    // What another process sends is no answer.
    answer->resize(sender.nl_pid == 0 ? before + static_cast<std::size_t>(got) : before);
    if (sender.nl_pid != 0) continue;
    const int end = EndOf(answer->data() + before, static_cast<std::size_t>(got));
    if (end != 0) return end == 1 ? 0 : end;
  }
}

int ReadAttribute(const std::string &path, const std::string &name, std::string *value) {
  char buffer[1024];
  const ssize_t size = getxattr(path.c_str(), name.c_str(), buffer, sizeof buffer);
  if (size < 0) return -errno;
  value->assign(buffer, static_cast<std::size_t>(size));
  return 0;
}

int ControlDevice(int fd, unsigned long request, uint8_t *structure) {
  const int result = ioctl(fd, request, structure);
  return result < 0 ? -errno : result;
}

} // namespace kmodctl
