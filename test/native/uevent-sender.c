/* Sends messages to the group that the kernel's uevents go to, as any program with CAP_NET_ADMIN can: argv[1] times a forged
 * event about a module, then one that is longer than any of the kernel's. */
#include <linux/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

int main(int argc, char **argv)
{
	static char forged[] = "add@/module/forged\0ACTION=add\0DEVPATH=/module/forged\0SUBSYSTEM=module\0SEQNUM=1";
	static char longer[20000];
	struct sockaddr_nl group = { .nl_family = AF_NETLINK, .nl_groups = 1 };
	int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_KOBJECT_UEVENT);

	memset(longer, 'x', sizeof(longer));
	memcpy(longer, "add@/module/", 12);
	for (int left = argc > 1 ? atoi(argv[1]) : 1; left >= 0; left--) {
		const char *text = left > 0 ? forged : longer;
		size_t length = left > 0 ? sizeof(forged) : sizeof(longer);
		if (sendto(fd, text, length, 0, (struct sockaddr *)&group, sizeof(group)) < 0) {
			perror("sendto");
			return 1;
		}
	}
	return 0;
}
