// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) The DIBS authors
 *
 * Are cursors right, and are lies of a peer detected? The model that they are
 * compared with counts bytes from the beginning of the stream and never wraps:
 * all values for small rings, random ones for real sizes.
 */
#include "../../../clients/smc/conn/cursor.h"
#include "test.h"

/* A position in the stream, as a cursor and as a 64-bit word. */
static struct smc_cursor at(u32 size, u64 place)
{
	struct smc_cursor cursor = {
		.wrap = place / size % 65536,
		.count = place % size,
	};

	return cursor;
}

static u64 word_at(u32 size, u64 place)
{
	return smc_cdc_word(at(size, place), (struct smc_cdc_flags){});
}

static bool same(struct smc_cursor a, struct smc_cursor b)
{
	return a.wrap == b.wrap && a.count == b.count;
}

/* xorshift64: the same numbers in every run. */
static u64 seed = 88172645463325252ull;

static u64 random_below(u64 limit)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed % limit;
}

/* --- words --------------------------------------------------------------- */

static void a_cursor_word_has_the_layout_of_memory(void **state)
{
	static const u16 wrap = 0x0b9e;
	static const u32 count = 0x00006ac5;
	struct smc_cursor cursor = { .wrap = wrap, .count = count };
	struct smc_cdc_flags flags = { .prod = 0x80, .state = 0x60 };
	u64 word = smc_cdc_word(cursor, flags);
	const u8 *bytes = (const u8 *)&word;

	(void)state;
	assert_memory_equal(bytes, &wrap, 2);
	assert_memory_equal(bytes + 2, &count, 4);
	assert_int_equal(bytes[6], 0x80);
	assert_int_equal(bytes[7], 0x60);
}

static void only_known_state_flags_are_seen(void **state)
{
	struct smc_cursor cursor = {};
	unsigned int value;

	(void)state;
	for (value = 0; value < 256; value++) {
		struct smc_cdc_flags flags = { .prod = value, .state = value };

		flags = smc_cdc_word_flags(smc_cdc_word(cursor, flags));
		assert_int_equal(flags.prod, value);
		assert_int_equal(flags.state, value & 0xe0);
	}
}

/* --- arithmetic ---------------------------------------------------------- */

static void check_arithmetic(u32 size, u64 from, u32 len)
{
	struct smc_cursor a = at(size, from), b = at(size, from + len);
	struct smc_piece piece[2] = {};
	unsigned int pieces, i;
	u64 place = from;

	assert_true(same(smc_cursor_add(size, a, len), b));
	assert_true(same(smc_cursor_sub(size, b, len), a));
	assert_true(smc_cursor_diff(size, a, b) == len);
	assert_true(smc_cursor_diff(size, b, a) == -(s64)len);
	assert_int_equal(smc_cursor_readable(size, a, b), len);
	assert_int_equal(smc_cursor_writable(size, a, b), size - len);

	pieces = smc_cursor_split(size, a, len, piece);
	assert_int_equal(pieces, !len ? 0 : from % size + len > size ? 2 : 1);
	for (i = 0; i < pieces; i++) {
		assert_true(piece[i].len);
		assert_int_equal(piece[i].offset, place % size);
		assert_true(piece[i].offset + piece[i].len <= size);
		place += piece[i].len;
	}
	assert_true(place == from + len);
}

/* Positions near the beginning, and near where the wrap count overflows. */
static void small_rings_agree_with_the_model(void **state)
{
	u64 from;
	u32 size, len;

	(void)state;
	for (size = 1; size <= 33; size++) {
		for (len = 0; len <= size; len++) {
			for (from = 0; from < 3 * size; from++) {
				check_arithmetic(size, from, len);
				check_arithmetic(size, 65534ull * size + from,
						 len);
			}
		}
	}
}

static u32 real_size(void)
{
	if (!random_below(8))
		return 1 + random_below(SMC_RING_SIZE_MAX);
	return (16384u << random_below(7)) - SMC_CDC_LEN;
}

static void large_rings_agree_with_the_model(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < 300000; i++) {
		u32 size = real_size();

		check_arithmetic(size, random_below(1ull << 50),
				 random_below(size + 1ull));
	}
}

/* --- what a peer claims -------------------------------------------------- */

/*
 * Compares one claim with the model: seen <= claim <= limit for a claim with
 * the word's wrap count and count.
 */
static void check_claim(u32 size, u64 consumer, u64 producer, u16 wrap,
			u32 count)
{
	struct smc_cursor claim = { .wrap = wrap, .count = count };
	u64 word = smc_cdc_word(claim, (struct smc_cdc_flags){ 0xff, 0xff });
	struct smc_cursor seen;
	int writer = -EPROTO, reader = -EPROTO, got;
	u64 place;

	for (place = consumer; place <= consumer + size; place++) {
		if (!same(at(size, place), claim))
			continue;
		if (place >= producer)
			writer = place - producer;
		if (place <= producer)
			reader = place - consumer;
	}

	seen = at(size, producer);
	got = smc_cdc_producer_check(size, word, at(size, consumer), &seen);
	assert_int_equal(got, writer);
	assert_true(same(seen, got < 0 ? at(size, producer) : claim));

	seen = at(size, consumer);
	got = smc_cdc_consumer_check(size, word, at(size, producer), &seen);
	assert_int_equal(got, reader);
	assert_true(same(seen, got < 0 ? at(size, consumer) : claim));
}

static void check_claims(u32 size, u64 consumer, u64 producer)
{
	static const s32 rounds[] = {
		-32769, -32768, -32767, -2, -1, 0, 1, 2, 3, 32766, 32767
	};
	u32 count, i;

	for (i = 0; i < ARRAY_SIZE(rounds); i++) {
		u16 wrap = consumer / size + rounds[i];

		for (count = 0; count <= size + 1; count++)
			check_claim(size, consumer, producer, wrap, count);
		check_claim(size, consumer, producer, wrap, 0x80000000);
		check_claim(size, consumer, producer, wrap, 0xffffffff);
	}
}

static void every_lie_about_a_small_ring_is_detected(void **state)
{
	u64 base, consumer, producer;
	u32 size;

	(void)state;
	for (size = 1; size <= 6; size++) {
		for (base = 0; base < 2; base++) {
			u64 first = base * 65534 * size;

			for (consumer = first; consumer < first + 3 * size;
			     consumer++)
				for (producer = consumer;
				     producer <= consumer + size; producer++)
					check_claims(size, consumer,
						     producer);
		}
	}
}

static void all_wraps_of_a_tiny_ring_are_judged_right(void **state)
{
	unsigned int wrap;
	u32 count, used;

	(void)state;
	for (wrap = 0; wrap < 65536; wrap++)
		for (count = 0; count < 4; count++)
			for (used = 0; used <= 3; used++)
				check_claim(3, 7, 7 + used, wrap, count);
}

/* A random claim is nearly always a lie; so are near misses. */
static void lies_about_large_rings_are_detected(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < 300000; i++) {
		u32 size = real_size();
		u64 consumer = size + random_below(1ull << 50);
		u64 used = random_below(size + 1ull);
		u64 producer = consumer + used, claim;
		struct smc_cursor seen = at(size, producer);

		claim = consumer + random_below(size + 1ull);
		assert_int_equal(smc_cdc_producer_check(size,
				 word_at(size, claim), at(size, consumer),
				 &seen),
				 claim < producer ? -EPROTO :
				 (int)(claim - producer));
		seen = at(size, consumer);
		assert_int_equal(smc_cdc_consumer_check(size,
				 word_at(size, claim), at(size, producer),
				 &seen),
				 claim > producer ? -EPROTO :
				 (int)(claim - consumer));

		seen = at(size, producer);
		claim = consumer + size + 1 + random_below(size);
		assert_int_equal(smc_cdc_producer_check(size,
				 word_at(size, claim), at(size, consumer),
				 &seen), -EPROTO);
		claim = producer - 1 - random_below(size);
		assert_int_equal(smc_cdc_producer_check(size,
				 word_at(size, claim), at(size, consumer),
				 &seen), -EPROTO);
		assert_true(same(seen, at(size, producer)));
	}
}

/* --- a whole transfer ---------------------------------------------------- */

/*
 * A writer and a reader with a ring in between, who only know each other's
 * cursors, published now and then. Each byte of the stream is its own position.
 */
struct transfer {
	u32 size;
	u8 ring[1 << 15];
	u64 written, read, sent_total;
	struct smc_cursor prod, cons;		/* true ones */
	struct smc_cursor prod_seen, cons_seen;	/* by the other end */
	bool blocked;
};

static void transfer_write(struct transfer *t)
{
	u32 room = smc_cursor_writable(t->size, t->cons_seen, t->prod);
	u32 want = random_below(t->size) + 1, len, i, j;
	struct smc_piece piece[2];
	unsigned int pieces;

	if (want > t->sent_total - t->written)
		want = t->sent_total - t->written;
	len = want < room ? want : room;
	t->blocked = want && smc_window_write_blocked(want, room);
	pieces = smc_cursor_split(t->size, t->prod, len, piece);
	for (i = 0; i < pieces; i++)
		for (j = 0; j < piece[i].len; j++)
			t->ring[piece[i].offset + j] = t->written++ * 7 / 5;
	t->prod = smc_cursor_add(t->size, t->prod, len);
}

/* Returns bytes read plus cursors published: 0 if both wait. */
static u32 transfer_read(struct transfer *t)
{
	struct smc_window window = { .size = t->size };
	struct smc_piece piece[2];
	unsigned int pieces;
	u32 len, i, j;
	int new;

	new = smc_cdc_producer_check(t->size,
				     smc_cdc_word(t->prod,
						  (struct smc_cdc_flags){}),
				     t->cons_seen, &t->prod_seen);
	assert_true(new >= 0);
	len = smc_cursor_readable(t->size, t->cons, t->prod_seen);
	if (len && random_below(2))
		len = random_below(len) + 1;
	pieces = smc_cursor_split(t->size, t->cons, len, piece);
	for (i = 0; i < pieces; i++)
		for (j = 0; j < piece[i].len; j++)
			assert_int_equal(t->ring[piece[i].offset + j],
					 (u8)(t->read++ * 7 / 5));
	t->cons = smc_cursor_add(t->size, t->cons, len);

	window.unconfirmed = smc_cursor_readable(t->size, t->cons_seen,
						 t->cons);
	window.room = smc_cursor_writable(t->size, t->cons_seen, t->prod_seen);
	window.prod_flags = t->blocked ? SMC_CDC_WRITE_BLOCKED : 0;
	if (!smc_window_update_due(&window))
		return len;
	new = smc_cdc_consumer_check(t->size,
				     smc_cdc_word(t->cons,
						  (struct smc_cdc_flags){}),
				     t->prod, &t->cons_seen);
	assert_true(new > 0);
	return len + new;
}

static void transfers_end_and_carry_every_byte(void **state)
{
	static const u32 sizes[] = {
		1, 2, 3, 7, 100, 2303, 2304, 2305, 4608, 4609, 5000,
		16384 - SMC_CDC_LEN, 32768 - SMC_CDC_LEN
	};
	static struct transfer t;
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		u64 before;

		memset(&t, 0, sizeof(t));
		t.size = sizes[i];
		t.sent_total = 70 * t.size + 13;
		while (t.read < t.sent_total) {
			before = t.written;
			transfer_write(&t);
			if (transfer_read(&t) || t.written > before)
				continue;
			fail_msg("size %u: both wait at %llu", t.size,
				 (unsigned long long)t.read);
		}
		assert_true(t.written == t.sent_total);
	}
}

/* --- rules --------------------------------------------------------------- */

static void updates_are_due_as_the_rules_say(void **state)
{
	static const u32 size = 65536 - SMC_CDC_LEN;	/* a tenth: 6550 */
	struct smc_window window = { .size = size, .room = size };

	(void)state;
	window.prod_flags = 0xff;
	window.urgent_read = true;
	assert_false(smc_window_update_due(&window));
	window.unconfirmed = 1;
	assert_true(smc_window_update_due(&window));
	window.urgent_read = false;
	window.prod_flags = SMC_CDC_UPDATE_WANTED;
	assert_true(smc_window_update_due(&window));
	window.prod_flags = SMC_CDC_WRITE_BLOCKED;
	window.unconfirmed = 6550;
	assert_false(smc_window_update_due(&window));
	window.unconfirmed = 6551;
	assert_true(smc_window_update_due(&window));
	window.prod_flags = 0;
	window.room = size / 2 + 1;
	assert_false(smc_window_update_due(&window));
	window.room = size / 2;
	assert_true(smc_window_update_due(&window));

	window.size = 16384 - SMC_CDC_LEN;
	window.room = 0;
	window.unconfirmed = 2304;
	assert_false(smc_window_update_due(&window));
	window.unconfirmed = 2305;
	assert_true(smc_window_update_due(&window));
}

static void a_writer_is_blocked_when_no_room_is_left(void **state)
{
	(void)state;
	assert_false(smc_window_write_blocked(0, 1));
	assert_false(smc_window_write_blocked(9, 10));
	assert_true(smc_window_write_blocked(10, 10));
	assert_true(smc_window_write_blocked(11, 10));
	assert_true(smc_window_write_blocked(0, 0));
}

static void reading_stops_before_the_urgent_byte(void **state)
{
	u64 consumer, urgent;
	u32 size, len;

	(void)state;
	for (size = 1; size <= 9; size++) {
		for (consumer = 2 * size; consumer < 4 * size; consumer++) {
			for (urgent = consumer - size;
			     urgent < consumer + size; urgent++) {
				for (len = 0; len <= size; len++) {
					u32 want = len;

					if (urgent >= consumer &&
					    urgent - consumer < len)
						want = urgent - consumer;
					assert_int_equal(smc_urgent_clip(size,
						at(size, consumer),
						at(size, urgent), len), want);
				}
			}
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_cursor_word_has_the_layout_of_memory),
		cmocka_unit_test(only_known_state_flags_are_seen),
		cmocka_unit_test(small_rings_agree_with_the_model),
		cmocka_unit_test(large_rings_agree_with_the_model),
		cmocka_unit_test(every_lie_about_a_small_ring_is_detected),
		cmocka_unit_test(all_wraps_of_a_tiny_ring_are_judged_right),
		cmocka_unit_test(lies_about_large_rings_are_detected),
		cmocka_unit_test(transfers_end_and_carry_every_byte),
		cmocka_unit_test(updates_are_due_as_the_rules_say),
		cmocka_unit_test(a_writer_is_blocked_when_no_room_is_left),
		cmocka_unit_test(reading_stops_before_the_urgent_byte),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
