// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (C) The DIBS authors
 *
 * Runs cases. A few workers, each in a network namespace of its own, take one
 * case after the other and run it over every carrier, each time in a new
 * process that is killed with all its parts if it takes too long:
 *
 *	main --- worker --- case --- part 1
 *	      |		     '--- part 2
 *	      '- worker --- case
 */

#include <net/if.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "run.h"

struct setting setting;

static void enter_new_net(void)
{
	struct ifreq lo = { .ifr_name = "lo",
			    .ifr_flags = IFF_UP | IFF_LOOPBACK };
	int fd;

	if (unshare(CLONE_NEWNET))
		broken("unshare");
	/* With SYN cookies, a connection whose last ACK is dropped is lost. */
	set_sysctl("net/ipv4/tcp_syncookies", "0");
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &lo))
		broken("lo up");
	close(fd);
	path_choose();
}

/* ::1 exists a moment later than the interface. */
static void wait_for_ipv6(void)
{
	struct sockaddr_in6 addr = { .sin6_family = AF_INET6,
				     .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	struct wait wait = {};
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);

	while (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) &&
	       wait_more(&wait))
		;
	close(fd);
}

/* Fallbacks may be counted after the case has ended. */
static bool has_own_net(const struct test *test)
{
	return test->flags & (OWN_NET | FALLS_BACK | MAY_FALL_BACK);
}

__attribute__((noreturn))
static void case_process(const struct test *test)
{
	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGURG, SIG_DFL);
	parts_begin();
	setting.falls_back = test->flags & (FALLS_BACK | MAY_FALL_BACK);
	if (has_own_net(test)) {
		enter_new_net();
		wait_for_ipv6();
		path_before();
	}
	test->run();
	if (has_own_net(test))
		path_after(test);
	_exit(0);
}

static void name_end(int status)
{
	char text[50];

	if (WIFSIGNALED(status))
		snprintf(text, sizeof(text), "signal %d", WTERMSIG(status));
	else
		snprintf(text, sizeof(text), "status %d", WEXITSTATUS(status));
	record_end(text);
}

/* Also kills what is left: parts, and a case that hangs. */
static void await_case(pid_t pid)
{
	struct pollfd p = { .events = POLLIN };
	int status;

	p.fd = syscall(SYS_pidfd_open, pid, 0);
	if (p.fd < 0)
		broken("pidfd_open");
	if (poll(&p, 1, setting.patience * 1000) == 0) {
		record_column(0);
		record_end("hung");
		kill(-pid, SIGKILL);
		waitpid(pid, &status, 0);
	} else {
		waitpid(pid, &status, 0);
		kill(-pid, SIGKILL);
		record_column(0);
		if (status)
			name_end(status);
	}
	close(p.fd);
}

static void clear(struct record *r)
{
	int i;

	memset(r, 0, offsetof(struct record, columns));
	for (i = 0; i < COLUMNS; i++) {
		r->columns[i].count = 0;
		r->columns[i].full = false;
	}
}

static void run_case(const struct test *test, struct record *into)
{
	pid_t pid;

	record = into;
	clear(into);
	pid = fork();
	if (!pid)
		case_process(test);
	if (pid < 0)
		broken("fork");
	setpgid(pid, pid);
	await_case(pid);
}

static void run_job(struct plan *plan, struct job *job, struct record *records)
{
	unsigned int i;

	setting.family = job->family;
	for (i = 0; i < plan->carriers; i++) {
		struct result *result = &job->results[i];
		struct record *seen = &records[i ? 1 : 0];
		long begin = now_ms();

		setting.carrier = plan->carrier[i];
		if (!has_own_net(job->test))
			path_before();
		run_case(job->test, seen);
		if (!has_own_net(job->test))
			path_after(job->test);
		result->good = judge(job->test, setting.carrier->name, seen,
				     i ? &records[0] : NULL, result->text,
				     sizeof(result->text));
		snprintf(result->skipped, sizeof(result->skipped), "%s",
			 seen->skipped);
		result->ms = now_ms() - begin;
	}
	__atomic_store_n(&job->done, true, __ATOMIC_RELEASE);
}

static void *shared(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED) {
		perror("mmap");
		exit(2);
	}
	return memory;
}

static void worker(struct plan *plan)
{
	struct record *records = shared(2 * sizeof(struct record));
	unsigned int next;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	record = records;
	enter_new_net();
	wait_for_ipv6();
	for (;;) {
		next = __atomic_fetch_add(&plan->next, 1, __ATOMIC_RELAXED);
		if (next >= plan->count)
			_exit(0);
		run_job(plan, &plan->jobs[next], records);
	}
}

struct plan *plan_make(unsigned int jobs)
{
	return shared(sizeof(struct plan) + jobs * sizeof(struct job));
}

void plan_start(struct plan *plan, unsigned int workers)
{
	unsigned int i;

	fflush(stdout);
	for (i = 0; i < workers; i++) {
		pid_t pid = fork();

		if (pid < 0) {
			perror("fork");
			exit(2);
		}
		if (!pid)
			worker(plan);
	}
}

/* Returns false if no worker is left. */
bool plan_wait(const struct job *job)
{
	struct timespec pause = { .tv_nsec = 2000000 };

	while (!__atomic_load_n(&job->done, __ATOMIC_ACQUIRE)) {
		if (waitpid(-1, NULL, WNOHANG) < 0)
			return __atomic_load_n(&job->done, __ATOMIC_ACQUIRE);
		nanosleep(&pause, NULL);
	}
	return true;
}
