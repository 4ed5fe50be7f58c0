// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (C) The DIBS authors
 *
 * The socket conformance suite: which cases exist, which are run, and the
 * report in TAP. See conformance.h for how a case works, and "differences" for
 * what may differ from TCP.
 */

#include <fnmatch.h>
#include <getopt.h>

#include "run.h"

#define GROUPS(X) \
	X(make) X(bind) X(listen) X(accept) X(connect) X(nonblock) X(names) \
	X(send) X(receive) X(message) X(urgent) X(cork) X(timeout) X(signal) \
	X(linger) X(close) X(shutdown) X(buffer) X(sockopt) X(tcpopt) \
	X(ipopt) X(badopt) X(fault) X(splice) X(ioctl) X(async) X(poll) \
	X(epoll) X(edge) X(uring) X(descriptor) X(many) X(life) X(wrap) \
	X(flow) X(unread)

#define DECLARE(topic) extern const struct group topic##_group;
GROUPS(DECLARE)

#define ENTRY(topic) &topic##_group,
static const struct group *const groups[] = { GROUPS(ENTRY) };

static const struct carrier carriers[] = {
	{ .name = "TCP", .tcp = true },
	{ .name = "IPPROTO_SMC" },
	{ .name = "AF_SMC", .own_family = true },
	/* TCP against itself: is the suite the same every time? */
	{ .name = "TCP-again", .tcp = true },
};

static struct {
	const char *pattern;
	const char *carrier;
	const char *differences;
	const char *dmb_differences;
	unsigned int workers;
	bool once;
	bool slowest;
} options = {
	.differences = "tests/conformance/differences",
	.dmb_differences = "tests/conformance/differences-dmb",
	.workers = 8,
};

static bool wanted(const struct test *test, int family)
{
	if (options.once && family != AF_INET && !(test->flags & ONLY_V6))
		return false;
	if (test->flags & ONLY_V4 && family != AF_INET)
		return false;
	if (test->flags & ONLY_V6 && family != AF_INET6)
		return false;
	return !options.pattern || !fnmatch(options.pattern, test->name, 0);
}

static unsigned int each(void (*visit)(struct plan *, const struct test *, int),
			 struct plan *plan)
{
	static const int families[] = { AF_INET, AF_INET6 };
	unsigned int g, t, f, count = 0;

	for (g = 0; g < ARRAY_SIZE(groups); g++) {
		for (t = 0; t < groups[g]->count; t++) {
			const struct test *test = &groups[g]->tests[t];

			for (f = 0; f < ARRAY_SIZE(families); f++) {
				if (!wanted(test, families[f]))
					continue;
				if (visit)
					visit(plan, test, families[f]);
				count++;
			}
		}
	}
	return count;
}

static void add_job(struct plan *plan, const struct test *test, int family)
{
	struct job *job = &plan->jobs[plan->count++];

	job->test = test;
	job->family = family;
}

static void list(struct plan *plan, const struct test *test, int family)
{
	(void)plan;
	if (family == AF_INET || test->flags & ONLY_V6)
		printf("%-36s %s\n", test->name, test->says);
}

static void choose_carriers(struct plan *plan)
{
	unsigned int i;

	plan->carrier[plan->carriers++] = &carriers[0];
	for (i = 1; i < ARRAY_SIZE(carriers); i++) {
		if (options.carrier ?
			    !fnmatch(options.carrier, carriers[i].name, 0) :
			    !carriers[i].tcp)
			plan->carrier[plan->carriers++] = &carriers[i];
	}
	if (plan->carriers == 1 && options.carrier &&
	    strcmp(options.carrier, "TCP")) {
		fprintf(stderr, "no carrier %s\n", options.carrier);
		exit(2);
	}
}

/* Without the module there is nothing to compare. */
static void check_carriers(const struct plan *plan)
{
	unsigned int i;
	int fd;

	for (i = 0; i < plan->carriers; i++) {
		setting.carrier = plan->carrier[i];
		setting.family = AF_INET;
		fd = sock_type(SOCK_STREAM);
		if (fd < 0) {
			printf("Bail out! no socket over %s: %s\n",
			       setting.carrier->name, strerror(errno));
			exit(1);
		}
		close(fd);
	}
}

/* --- the report ---------------------------------------------------------- */

static unsigned int bad, row;

static void say(bool good, const char *family, const char *carrier,
		const char *statement, const char *skipped)
{
	printf("%sok %u - %s %s: %s%s%s\n", good ? "" : "not ", ++row, family,
	       carrier, statement, *skipped ? " # SKIP " : "", skipped);
	if (!good)
		bad++;
}

static void report(const struct plan *plan, const struct job *job)
{
	const char *family = job->family == AF_INET ? "v4" : "v6";
	unsigned int i;

	for (i = 0; i < plan->carriers; i++) {
		const struct result *result = &job->results[i];

		say(result->good, family, plan->carrier[i]->name,
		    job->test->says, result->skipped);
		if (!result->good)
			printf("# case %s\n%s", job->test->name, result->text);
		if (options.slowest && result->ms > 300)
			printf("# %ld ms: %s\n", result->ms, job->test->name);
	}
	fflush(stdout);
}

/* An entry that no case can check is worthless. */
static void report_list(const struct plan *plan)
{
	unsigned int i, j;

	for (i = 0; i < difference_count(); i++) {
		bool named = false;

		for (j = 0; j < plan->count; j++)
			named |= difference_names(i, plan->jobs[j].test);
		if (!named) {
			printf("# entry for no case: %s\n", difference_text(i));
			bad++;
		}
	}
}

static void usage(FILE *to)
{
	fputs("Usage: conformance [OPTION]...\n"
	      "  --list                 list the cases\n"
	      "  --case GLOB            run only cases with such names\n"
	      "  --carrier GLOB         TCP (alone), IPPROTO_SMC, AF_SMC or\n"
	      "                         TCP-again, each compared with TCP\n"
	      "  --path PATH            tcp, mapped or moving: what has to carry\n"
	      "                         the bytes of SMC sockets\n"
	      "  --differences FILE     what may differ from TCP\n"
	      "  --dmb-differences FILE the same, on the paths mapped and moving\n"
	      "  --workers N            run N cases at once [8]\n"
	      "  --patience SECONDS     until a case counts as hung [20]\n"
	      "  --once                 IPv6 only for cases that IPv4 lacks\n"
	      "  --slowest              report cases that take long\n", to);
}

static const struct option long_options[] = {
	{ "list", no_argument, NULL, 'l' },
	{ "case", required_argument, NULL, 'c' },
	{ "carrier", required_argument, NULL, 'C' },
	{ "path", required_argument, NULL, 'a' },
	{ "differences", required_argument, NULL, 'd' },
	{ "dmb-differences", required_argument, NULL, 'D' },
	{ "workers", required_argument, NULL, 'w' },
	{ "patience", required_argument, NULL, 'P' },
	{ "once", no_argument, NULL, 'o' },
	{ "slowest", no_argument, NULL, 's' },
	{ "help", no_argument, NULL, 'h' },
	{}
};

static void choose_path(const char *name)
{
	if (path_by_name(name))
		return;
	fprintf(stderr, "no path %s\n", name);
	exit(2);
}

static void read_differences(void)
{
	bool dmb = setting.path == PATH_MAPPED || setting.path == PATH_MOVING;

	if (differences_read(options.differences)) {
		perror(options.differences);
		exit(2);
	}
	if (dmb && differences_read(options.dmb_differences)) {
		perror(options.dmb_differences);
		exit(2);
	}
}

static void parse(int argc, char **argv)
{
	int option;
	bool only_list = false;

	while ((option = getopt_long(argc, argv, "", long_options, NULL)) > 0) {
		switch (option) {
		case 'l': only_list = true; break;
		case 'c': options.pattern = optarg; break;
		case 'C': options.carrier = optarg; break;
		case 'a': choose_path(optarg); break;
		case 'd': options.differences = optarg; break;
		case 'D': options.dmb_differences = optarg; break;
		case 'w': options.workers = atoi(optarg); break;
		case 'o': options.once = true; break;
		case 'P': setting.patience = atoi(optarg); break;
		case 's': options.slowest = true; break;
		case 'h': usage(stdout); exit(0);
		default: usage(stderr); exit(2);
		}
	}
	if (only_list) {
		each(list, NULL);
		exit(0);
	}
}

int main(int argc, char **argv)
{
	const char *debug = getenv("DIBS_DEBUG");
	struct plan *plan;
	unsigned int i;

	setting.patience = debug && *debug ? 120 : 20;
	parse(argc, argv);
	read_differences();
	plan = plan_make(each(NULL, NULL));
	choose_carriers(plan);
	check_carriers(plan);
	each(add_job, plan);
	printf("TAP version 13\n1..%u\n", plan->count * plan->carriers);
	keys_hold();
	plan_start(plan, options.workers);
	for (i = 0; i < plan->count; i++) {
		if (!plan_wait(&plan->jobs[i])) {
			printf("Bail out! the workers are gone\n");
			return 1;
		}
		report(plan, &plan->jobs[i]);
	}
	if (!options.pattern && !options.carrier)
		report_list(plan);
	printf("# %u cases, %u rows, %u bad\n", plan->count, row, bad);
	return !!bad;
}
