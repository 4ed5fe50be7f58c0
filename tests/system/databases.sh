#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
#
# Databases behave over SMC sockets as over TCP: redis, memcached and
# PostgreSQL, each with its own load generator.
#
# runs-on: 6.12
# needs: programs
# in-check:

# shellcheck source=lib/program.bash
. "$(dirname "$0")/lib/program.bash"

prepare "$@"

# --- redis --------------------------------------------------------------------

run_redis() {
	local client=("${over[@]}" redis-cli -h "$host" -p "$port")

	serve redis-server --port "$port" --bind "$host" --save '' \
		--dir "$scratch" --loglevel warning
	"${over[@]}" redis-benchmark -h "$host" -p "$port" -q -n 1000 -c 20 -d 300 \
		-t set,get,incr,lpush,lrange_100 >"$scratch/client"
	echo "redis-benchmark: status $?"
	grep -ciE 'requests per second' "$scratch/client"
	"${over[@]}" redis-benchmark -h "$host" -p "$port" -q -n 2000 -c 20 -P 16 \
		-t set,get >"$scratch/client"
	echo "redis-benchmark -P: status $?"
	"${client[@]}" -x set big <"$scratch/file"
	"${client[@]}" --raw get big | head -c 5000000 | cmp - "$scratch/file"
	echo "a value of 5 MB came back: status $?"
	"${client[@]}" shutdown nosave
	echo "redis-cli shutdown: status $?"
}

# --- memcached ----------------------------------------------------------------

memcached_client() {
	"${over[@]}" python3 - "$host" "$port" <<'END_OF_PROGRAM'
import hashlib, random, socket, sys
random.seed(3)
sock = socket.create_connection((sys.argv[1], int(sys.argv[2])))
stream = sock.makefile('rwb')
values = {b'k%d' % n: random.randbytes(random.randrange(100000))
          for n in range(100)}
for key, value in values.items():
    stream.write(b'set %s 0 0 %d\r\n%s\r\n' % (key, len(value), value))
stream.flush()
stored = sum(stream.readline() == b'STORED\r\n' for key in values)
right = 0
for key, value in values.items():
    stream.write(b'get %s\r\n' % key)
    stream.flush()
    size = int(stream.readline().split()[3])
    right += stream.read(size) == value
    stream.read(2)
    right += stream.readline() == b'END\r\n'
print('stored', stored, 'right', right)
END_OF_PROGRAM
}

run_memcached() {
	serve memcached -l 127.0.0.1,::1 -p "$port" -U 0 -u nobody -m 64
	"${over[@]}" memcslap --servers="127.0.0.1:$port" --concurrency=8 \
		--execute-number=200 --initial-load=200 --test=get \
		>"$scratch/client"
	echo "memcslap get: status $?"
	"${over[@]}" memcslap --servers="127.0.0.1:$port" --concurrency=8 \
		--execute-number=200 --test=set >"$scratch/client"
	echo "memcslap set: status $?"
	memcached_client
}

# --- PostgreSQL ---------------------------------------------------------------

# An array, not a function: in the background, a function would be one more
# process.
as_postgres=(setpriv --reuid=postgres --regid=postgres --clear-groups
	env HOME="$scratch/pg")

prepare_postgres() {
	mkdir "$scratch/pg"
	chown postgres: "$scratch/pg"
	"${as_postgres[@]}" "$pg/initdb" \
		-D "$scratch/pg/data" -A trust -E UTF8 \
		--locale=C --no-sync >"$scratch/initdb"
}

psql_value() {
	"${over[@]}" psql -h "$host" -p "$port" -U postgres -Atc "$1" postgres
}

run_postgres() {
	local client=(-h "$host" -p "$port" -U postgres postgres)

	"${as_postgres[@]}" "${over[@]}" \
		"$pg/postgres" -D "$scratch/pg/data" -k '' \
		-h "$host" -p "$port" -F >"$scratch/server" 2>&1 &
	servers+=($!)
	within 60 "${over[@]}" "$pg/pg_isready" -q -h "$host" -p "$port"
	"${over[@]}" pgbench -i -q -s 1 "${client[@]}" >"$scratch/client" 2>&1
	echo "pgbench -i: status $?"
	"${over[@]}" pgbench -c 4 -j 2 -t 15 "${client[@]}" >"$scratch/client" 2>&1
	echo "pgbench: status $?"
	grep -E 'processed' "$scratch/client"
	"${over[@]}" pgbench -C -c 2 -t 5 -S "${client[@]}" >"$scratch/client" 2>&1
	echo "pgbench -C: status $?"
	echo "balanced: $(psql_value "select (select sum(abalance)
		from pgbench_accounts) = (select sum(delta) from pgbench_history)")"
	psql_value "select md5(string_agg(md5(n::text), ''))
		from generate_series(1, 5000) n"
	psql_value "select repeat('x', 3000000)" | wc -c
}

pg=$(echo /usr/lib/postgresql/*/bin)
preparing=
if [[ -z ${DIBS_SHORT-} ]] &&
	needs "PostgreSQL works over SMC" "$pg/postgres" pgbench psql; then
	# A new cluster takes long; the other databases leave a CPU free.
	prepare_postgres &
	preparing=$!
fi
if needs "redis works over SMC" redis-server redis-cli redis-benchmark; then
	head -c 5000000 /dev/urandom >"$scratch/file"
	program redis 6379 run_redis
fi
if needs "memcached works over SMC" memcached memcslap; then
	program memcached 11300 run_memcached
fi
if [[ -n $preparing ]]; then
	wait $preparing
	program PostgreSQL 5432 run_postgres
fi
done_testing
