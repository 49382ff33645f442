// SPDX-License-Identifier: GPL-2.0
/* Starts a program from the kernel in each way of waiting, and one that there is not. */
#include <linux/string.h>
#include <linux/umh.h>

#include "book.h"

static char *program = "/root/helper";
module_param(program, charp, 0444);
MODULE_PARM_DESC(program, "Program to start");

static char *environment[] = { "HOME=/", "TERM=linux", "PATH=/sbin:/usr/sbin:/bin:/usr/bin", NULL };

/* Not on the stack: whoever does not wait is gone before the program reads its arguments. */
struct way {
	char *arguments[3];
	int wait;
};

static struct way ways[] = {
	{ { NULL, "nowait", NULL }, UMH_NO_WAIT },
	{ { NULL, "exec", NULL }, UMH_WAIT_EXEC },
	{ { NULL, "proc", NULL }, UMH_WAIT_PROC },
};

static struct way missing_ways[3];

static void start_all(const char *title, char *path, struct way *way)
{
	int results[3];
	int i;

	for (i = 0; i < 3; i++) {
		way[i].arguments[0] = path;
		results[i] = call_usermodehelper(path, way[i].arguments, environment, way[i].wait);
	}
	pr_info("umh: %s nowait=%i exec=%i proc=%i\n", title, results[0], results[1], results[2]);
}

static int __init umh_init(void)
{
	memcpy(missing_ways, ways, sizeof(ways));
	start_all("there", program, ways);
	start_all("missing", "/nonexistent", missing_ways);
	return 0;
}

static void __exit umh_exit(void)
{
}

module_init(umh_init);
module_exit(umh_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("The book's example: starts programs from the kernel");
