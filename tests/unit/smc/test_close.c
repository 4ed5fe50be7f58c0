// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Does a connection end as the protocol says, and do both ends always reach the
 * end? First all states and events are compared with a table, then two ends
 * shut down, close, abort and hear from each other in all orders.
 */
#include "../../../clients/smc/conn/cdc.h"
#include "../../../clients/smc/conn/close.h"
#include "test.h"

static const enum dibs_smc_state states[] = {
	DIBS_SMC_STATE_INIT, DIBS_SMC_STATE_LISTEN, DIBS_SMC_STATE_ACTIVE,
	DIBS_SMC_STATE_PEERCLOSEWAIT1, DIBS_SMC_STATE_PEERCLOSEWAIT2,
	DIBS_SMC_STATE_APPCLOSEWAIT1, DIBS_SMC_STATE_APPCLOSEWAIT2,
	DIBS_SMC_STATE_APPFINCLOSEWAIT, DIBS_SMC_STATE_PEERFINCLOSEWAIT,
	DIBS_SMC_STATE_PEERABORTWAIT, DIBS_SMC_STATE_PROCESSABORT, DIBS_SMC_STATE_CLOSED,
};

/* As above, short. */
static const char * const names[] = {
	"INIT", "LIST", "ACTV", "PCW1", "PCW2", "ACW1", "ACW2", "AFCW",
	"PFCW", "PABW", "PROC", "OVER",
};

/*
 * A cell has the new state, then letters for actions: d drain, D send done, C
 * send closed, A send abort, E send abort if bytes are dropped, else drain and
 * send closed, r ECONNRESET, R EPIPE if the peer is done writing, else
 * ECONNRESET, a ECONNABORTED, w wake. "." means nothing at all.
 * A slash separates the cells for false and true; the column has the condition.
 */
#define COLUMNS 7
static const struct {
	enum smc_close_event event;
	u32 fact;
} columns[COLUMNS] = {
	{ SMC_CLOSE_SHUTDOWN, 0 },
	{ SMC_CLOSE_CLOSE, SMC_CLOSE_IF_PEER },
	{ SMC_CLOSE_ABORT, SMC_CLOSE_IF_DEAD },
	{ SMC_CLOSE_LOST, 0 },
	{ SMC_CLOSE_PEER_DONE, 0 },
	{ SMC_CLOSE_PEER_CLOSED, SMC_CLOSE_IF_DEAD },
	{ SMC_CLOSE_PEER_ABORT, SMC_CLOSE_IF_DEAD },
};

static const char * const table[][COLUMNS] = {
	/* Columns: shutdown, close, abort, lost; peer: done, closed, abort. */
	/* INIT */
	{ ".", "OVER", "OVERaw", ".", ".", ".", "PROCRw" },
	/* LISTEN */
	{ ".", "OVER", ".", ".", ".", ".", "." },
	/* ACTIVE */
	{ "PCW1dD", "PCW1E", "PABWAaw/OVERA", "OVERrw", "ACW1w", "ACW1w",
	  "PROCRw" },
	/* PEERCLOSEWAIT1 */
	{ ".", "PCW1E", "PABWAaw/OVERA", "OVERrw", "PCW2w", "AFCWw/OVERw",
	  "PROCrw/OVERrw" },
	/* PEERCLOSEWAIT2 */
	{ ".", "PCW2E", "PABWAaw/OVERA", "OVERrw", ".", "AFCWw/OVERw",
	  "PROCrw/OVERrw" },
	/* APPCLOSEWAIT1 */
	{ "ACW2dD", "PFCWE/OVERE", "PABWAaw/OVERA", "OVERrw", ".", "ACW1w",
	  "PROCRw" },
	/* APPCLOSEWAIT2 */
	{ ".", "PFCWE/OVERE", "PABWAaw/OVERA", "OVERrw", ".", "ACW2w",
	  "OVERArw" },
	/* APPFINCLOSEWAIT */
	{ ".", "OVERE", "PABWAaw/OVERA", "OVERrw", ".", ".", "PROCrw" },
	/* PEERFINCLOSEWAIT */
	{ ".", ".", "OVERA", "OVERrw", ".", "OVERw", "OVERrw" },
	/* PEERABORTWAIT */
	{ ".", "OVER", ".", "OVERw", ".", "OVERw", "OVERw" },
	/* PROCESSABORT */
	{ ".", "OVERA", ".", "OVERw", ".", ".", "." },
	/* CLOSED */
	{ ".", ".", ".", ".", ".", ".", "." },
};

static u32 letters(const char *text, size_t len, u32 facts)
{
	static const struct {
		char letter;
		u32 todo;
	} known[] = {
		{ 'd', SMC_CLOSE_DO_DRAIN }, { 'D', SMC_CLOSE_DO_SEND_DONE },
		{ 'C', SMC_CLOSE_DO_SEND_CLOSED },
		{ 'A', SMC_CLOSE_DO_SEND_ABORT }, { 'r', SMC_CLOSE_DO_RESET },
		{ 'a', SMC_CLOSE_DO_ABORTED }, { 'w', SMC_CLOSE_DO_WAKE },
	};
	u32 todo = 0;
	size_t i, j;

	for (i = 0; i < len; i++) {
		if (text[i] == 'E')
			todo |= facts & SMC_CLOSE_IF_UNREAD ?
				SMC_CLOSE_DO_SEND_ABORT :
				SMC_CLOSE_DO_DRAIN | SMC_CLOSE_DO_SEND_CLOSED;
		if (text[i] == 'R')
			todo |= facts & SMC_CLOSE_IF_DONE ?
				SMC_CLOSE_DO_PIPE : SMC_CLOSE_DO_RESET;
		for (j = 0; j < ARRAY_SIZE(known); j++)
			if (known[j].letter == text[i])
				todo |= known[j].todo;
	}
	return todo;
}

static struct smc_close_step cell(unsigned int row, unsigned int column,
				  u32 facts)
{
	struct smc_close_step want = { states[row], 0 };
	const char *text = table[row][column];
	const char *slash = strchr(text, '/');
	size_t len = slash ? slash - text : strlen(text);
	unsigned int i;

	if (*text == '.')
		return want;
	if (slash && facts & columns[column].fact) {
		text = slash + 1;
		len = strlen(text);
	}
	for (i = 0; i < ARRAY_SIZE(names); i++)
		if (!strncmp(names[i], text, 4))
			want.state = states[i];
	want.todo = letters(text + 4, len - 4, facts);
	return want;
}

static void every_state_and_event_does_what_the_table_says(void **state)
{
	struct smc_close_step want, got;
	unsigned int row, column;
	u32 facts;

	(void)state;
	for (row = 0; row < ARRAY_SIZE(states); row++) {
		for (column = 0; column < COLUMNS; column++) {
			for (facts = 0; facts < 16; facts++) {
				want = cell(row, column, facts);
				got = smc_close_next(states[row],
						     columns[column].event,
						     facts);
				if (got.state == want.state &&
				    got.todo == want.todo)
					continue;
				fail_msg("%s, event %u, facts %u: %u, 0x%x",
					 names[row], column, facts, got.state,
					 got.todo);
			}
		}
	}
}

static void numbers_are_those_of_the_tools(void **state)
{
	(void)state;
	assert_int_equal(DIBS_SMC_STATE_ACTIVE, 1);
	assert_int_equal(DIBS_SMC_STATE_INIT, 2);
	assert_int_equal(DIBS_SMC_STATE_CLOSED, 7);
	assert_int_equal(DIBS_SMC_STATE_LISTEN, 10);
	assert_int_equal(DIBS_SMC_STATE_PEERCLOSEWAIT1, 20);
	assert_int_equal(DIBS_SMC_STATE_PEERCLOSEWAIT2, 21);
	assert_int_equal(DIBS_SMC_STATE_APPCLOSEWAIT1, 22);
	assert_int_equal(DIBS_SMC_STATE_APPCLOSEWAIT2, 23);
	assert_int_equal(DIBS_SMC_STATE_APPFINCLOSEWAIT, 24);
	assert_int_equal(DIBS_SMC_STATE_PEERFINCLOSEWAIT, 25);
	assert_int_equal(DIBS_SMC_STATE_PEERABORTWAIT, 26);
	assert_int_equal(DIBS_SMC_STATE_PROCESSABORT, 27);
}

/* --- two ends ------------------------------------------------------------ */

/* One end; fields of a byte, so that a pair of ends is a key. */
struct end {
	u8 state;	/* index into states[] */
	u8 said;	/* SMC_CDC_... */
	u8 heard;	/* SMC_CDC_... */
	u8 dead;	/* the program has closed */
};

struct both {
	struct end end[2];
};

#define BOTH_MAX 20000

static struct both *known;
static unsigned int known_count;

static void remember(const struct both *both)
{
	unsigned int i;

	for (i = 0; i < known_count; i++)
		if (!memcmp(&known[i], both, sizeof(*both)))
			return;
	assert_true(known_count < BOTH_MAX);
	known[known_count++] = *both;
}

static unsigned int index_of(enum dibs_smc_state state)
{
	unsigned int i = 0;

	while (states[i] != state)
		i++;
	return i;
}

static void happen(struct end *end, enum smc_close_event event, u32 facts)
{
	struct smc_close_step step;

	if (end->dead)
		facts |= SMC_CLOSE_IF_DEAD;
	if (end->heard & (SMC_CDC_CLOSED | SMC_CDC_ABORT))
		facts |= SMC_CLOSE_IF_PEER;
	if (end->heard & (SMC_CDC_DONE_WRITING | SMC_CDC_CLOSED))
		facts |= SMC_CLOSE_IF_DONE;
	step = smc_close_next(states[end->state], event, facts);
	end->state = index_of(step.state);
	if (step.todo & SMC_CLOSE_DO_SEND_DONE)
		end->said |= SMC_CDC_DONE_WRITING;
	if (step.todo & SMC_CLOSE_DO_SEND_CLOSED)
		end->said |= SMC_CDC_CLOSED;
	if (step.todo & SMC_CLOSE_DO_SEND_ABORT)
		end->said |= SMC_CDC_ABORT;
}

static void hear(struct end *end, u8 said)
{
	end->heard = said;
	if (said & SMC_CDC_ABORT)
		happen(end, SMC_CLOSE_PEER_ABORT, 0);
	else if (said & SMC_CDC_CLOSED)
		happen(end, SMC_CLOSE_PEER_CLOSED, 0);
	else
		happen(end, SMC_CLOSE_PEER_DONE, 0);
}

static bool quiet(const struct both *both)
{
	return both->end[0].heard == both->end[1].said &&
	       both->end[1].heard == both->end[0].said;
}

/* All that can happen next at one end. */
static void explore(const struct both *before, unsigned int who, bool aborts)
{
	const struct end *other = &before->end[!who];
	struct both both = *before;
	struct end *end = &both.end[who];

	if (end->heard != other->said) {
		hear(end, other->said);
		remember(&both);
	}
	if (aborts) {
		both = *before;
		happen(end, SMC_CLOSE_ABORT, 0);
		remember(&both);
	}
	if (before->end[who].dead)
		return;
	both = *before;
	happen(end, SMC_CLOSE_SHUTDOWN, 0);
	remember(&both);
	both = *before;
	happen(end, SMC_CLOSE_CLOSE, 0);
	end->dead = 1;
	remember(&both);
	both = *before;
	happen(end, SMC_CLOSE_CLOSE, SMC_CLOSE_IF_UNREAD);
	end->dead = 1;
	remember(&both);
}

static void explore_all(bool aborts)
{
	struct both both = {};
	unsigned int i;

	known = calloc(BOTH_MAX, sizeof(*known));
	assert_non_null(known);
	known_count = 0;
	both.end[0].state = index_of(DIBS_SMC_STATE_ACTIVE);
	both.end[1] = both.end[0];
	remember(&both);
	for (i = 0; i < known_count; i++) {
		explore(&known[i], 0, aborts);
		explore(&known[i], 1, aborts);
	}
}

static void both_ends_always_reach_the_end(void **state)
{
	unsigned int aborts, i, ends;

	(void)state;
	for (aborts = 0; aborts < 2; aborts++) {
		explore_all(aborts);
		for (i = ends = 0; i < known_count; i++) {
			const struct end *a = &known[i].end[0];
			const struct end *b = &known[i].end[1];

			if (!a->dead || !b->dead || !quiet(&known[i]))
				continue;
			ends++;
			if (states[a->state] != DIBS_SMC_STATE_CLOSED ||
			    states[b->state] != DIBS_SMC_STATE_CLOSED)
				fail_msg("%s, said 0x%x; %s, said 0x%x",
					 names[a->state], a->said,
					 names[b->state], b->said);
		}
		assert_true(ends);
		free(known);
	}
}

/* What an end knows about the other is true. */
static void states_reflect_what_happened(void **state)
{
	unsigned int i, j;

	(void)state;
	explore_all(true);
	for (i = 0; i < known_count; i++) {
		for (j = 0; j < 2; j++) {
			const struct end *end = &known[i].end[j];
			enum dibs_smc_state is = states[end->state];
			bool done = end->heard;

			if (is == DIBS_SMC_STATE_ACTIVE)
				assert_false(done || end->said || end->dead);
			if (is == DIBS_SMC_STATE_PEERCLOSEWAIT1)
				assert_true(!done && end->said);
			if (is == DIBS_SMC_STATE_PEERCLOSEWAIT2)
				assert_true(done && end->said);
			if (is == DIBS_SMC_STATE_APPCLOSEWAIT1)
				assert_true(done && !end->said);
			if (is == DIBS_SMC_STATE_APPCLOSEWAIT2)
				assert_true(done && end->said && !end->dead);
			if (is == DIBS_SMC_STATE_APPFINCLOSEWAIT)
				assert_true(end->heard & SMC_CDC_CLOSED &&
					    !end->dead);
			if (is == DIBS_SMC_STATE_PEERFINCLOSEWAIT)
				assert_true(done && end->dead);
			if (is == DIBS_SMC_STATE_PROCESSABORT)
				assert_true(end->heard & SMC_CDC_ABORT &&
					    !end->dead);
			if (is == DIBS_SMC_STATE_CLOSED && end->dead)
				assert_true(end->said & (SMC_CDC_CLOSED |
							 SMC_CDC_ABORT));
		}
	}
	free(known);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			every_state_and_event_does_what_the_table_says),
		cmocka_unit_test(numbers_are_those_of_the_tools),
		cmocka_unit_test(both_ends_always_reach_the_end),
		cmocka_unit_test(states_reflect_what_happened),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
