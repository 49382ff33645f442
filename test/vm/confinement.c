/*
 * Runs a program confined as containers and services are:
 *
 *     confinement WORD... -- PROGRAM [ARGUMENT...]
 *
 * Words, in turn: `user` becomes the user 1000; `namespace` a user namespace in which root is who it was; `whole` one that maps
 * every id to itself; `capability` drops CAP_SYS_MODULE from all sets; `eperm` and `enosys` put a seccomp filter on the three
 * module calls that answers so.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static void require(int is_good, const char *what)
{
	if (is_good)
		return;
	perror(what);
	exit(99);
}

static void put(const char *path, const char *text)
{
	int file = open(path, O_WRONLY);
	require(file >= 0 && write(file, text, strlen(text)) == (ssize_t)strlen(text), path);
	close(file);
}

static void enter_namespace(int is_whole)
{
	char map[64];
	snprintf(map, sizeof(map), "0 %u 1", (unsigned int)getuid());
	if (!is_whole) {
		require(unshare(CLONE_NEWUSER) == 0, "unshare");
		put("/proc/self/uid_map", map);
		return;
	}
	/* Only a process outside may map more than one id. */
	int ready[2], done[2];
	char byte;
	require(pipe(ready) == 0 && pipe(done) == 0, "pipe");
	pid_t parent = getpid();
	if (fork() == 0) {
		require(read(ready[0], &byte, 1) == 1, "read");
		snprintf(map, sizeof(map), "/proc/%d/uid_map", (int)parent);
		put(map, "0 0 4294967295");
		require(write(done[1], "x", 1) == 1, "write");
		_exit(0);
	}
	require(unshare(CLONE_NEWUSER) == 0, "unshare");
	require(write(ready[1], "x", 1) == 1 && read(done[0], &byte, 1) == 1, "wait");
}

static void drop_capability(void)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2];
	require(prctl(PR_CAPBSET_DROP, CAP_SYS_MODULE) == 0, "PR_CAPBSET_DROP");
	require(syscall(SYS_capget, &header, data) == 0, "capget");
	data[0].effective &= ~(1u << CAP_SYS_MODULE);
	data[0].permitted &= ~(1u << CAP_SYS_MODULE);
	data[0].inheritable &= ~(1u << CAP_SYS_MODULE);
	require(syscall(SYS_capset, &header, data) == 0, "capset");
}

static void filter_calls(unsigned int answer)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_init_module, 2, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_finit_module, 1, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_delete_module, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | answer),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof(code) / sizeof(code[0]), code };
	require(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "PR_SET_NO_NEW_PRIVS");
	require(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0, "PR_SET_SECCOMP");
}

int main(int count, char **words)
{
	int place;
	for (place = 1; place < count && strcmp(words[place], "--") != 0; place++) {
		const char *word = words[place];
		if (strcmp(word, "user") == 0)
			require(setgid(1000) == 0 && setuid(1000) == 0 && prctl(PR_SET_DUMPABLE, 1) == 0, "setuid");
		else if (strcmp(word, "namespace") == 0)
			enter_namespace(0);
		else if (strcmp(word, "whole") == 0)
			enter_namespace(1);
		else if (strcmp(word, "capability") == 0)
			drop_capability();
		else if (strcmp(word, "eperm") == 0)
			filter_calls(EPERM);
		else if (strcmp(word, "enosys") == 0)
			filter_calls(ENOSYS);
		else
			return 98;
	}
	if (place + 1 >= count)
		return 98;
	execvp(words[place + 1], words + place + 1);
	perror(words[place + 1]);
	return 97;
}
