// Questions to the kernel that neither /proc nor /sys answers. None of them changes anything.
#ifndef KMODCTL_KERNEL_QUESTIONS_H
#define KMODCTL_KERNEL_QUESTIONS_H

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace kmodctl {

// Sends one request to a netlink protocol and collects the messages of the answer, up to the one that ends it.
// 0 or -errno; EMSGSIZE over 16 MiB, ETIME where the kernel does not answer within two seconds.
int AskNetlink(int protocol, const uint8_t *request, std::size_t size, std::vector<uint8_t> *answer);

// getxattr(2), through links: 0 or -errno.
int ReadAttribute(const std::string &path, const std::string &name, std::string *value);

// ioctl(2) with a structure of variable size: the call's result or -errno.
int ControlDevice(int fd, unsigned long request, uint8_t *structure);

} // namespace kmodctl

#endif
