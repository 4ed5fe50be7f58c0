#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
#
# Unmodified programs run for an hour over SMC-D, all at once, while clients and
# servers are killed at random: redis, nginx, iperf3, PostgreSQL. Nothing hangs,
# and nothing is left. smc_programs.py runs and kills them.
#
#   smc-programs.sh [MINUTES]      60, or DIBS_PROGRAMS_MINUTES
#
# runs-on: 6.12
# needs: programs
# minutes: 75

# shellcheck source=../system/lib/program.bash
. "$(dirname "$0")/../system/lib/program.bash"

minutes=${1-${DIBS_PROGRAMS_MINUTES-60}}
pg=$(echo /usr/lib/postgresql/*/bin)

prepare "$@"

# --- what is left -------------------------------------------------------------

# Prints the memory in KiB that connections could leave behind.
kernel_memory() {
	sync
	echo 3 >/proc/sys/vm/drop_caches
	awk '/^(SUnreclaim|Percpu|VmallocUsed|KernelStack):/ { sum += $2 }
		END { print sum }' /proc/meminfo
}

# Closing takes a moment after the last program has ended.
nothing_left() {
	dibs smc list --json && dibs dmb list --json &&
		[[ $({ dibs smc list --json; dibs dmb list --json; } |
			tr -d ' \n') == "[][]" ]]
}

# Within the difference between two runs.
as_much_as_before() {
	local now

	now=$(kernel_memory)
	echo "$before KiB before, $now KiB now" >"$scratch/memory"
	((now < before + 10240))
}

connections() {
	dibs smc fallbacks
	json_holds "sum(r['count'] for r in d if r['carrier'] == 'SMC-D') > 100" \
		\
		dibs smc fallbacks --json
}

# --- the programs -------------------------------------------------------------

prepare_nginx() {
	mkdir -p "$scratch/www"
	head -c 300000 /dev/urandom >"$scratch/www/file"
	nginx_conf 127.0.0.1:5401 >"$scratch/nginx.conf"
}

prepare_postgres() {
	local as=(setpriv --reuid=postgres --regid=postgres --clear-groups
		env HOME="$scratch/pg")

	mkdir "$scratch/pg"
	chown postgres: "$scratch/pg"
	"${as[@]}" "$pg/initdb" -D "$scratch/pg/data" -A trust -E UTF8 \
		--locale=C --no-sync
	"${as[@]}" "$pg/postgres" -D "$scratch/pg/data" -k '' -h 127.0.0.1 \
		-p 5432 -F &
	within 120 "$pg/pg_isready" -q -h 127.0.0.1 -p 5432
	pgbench -h 127.0.0.1 -p 5432 -U postgres -i -q -s 1 postgres
	kill $!
	wait $!
}

run_all() {
	python3 -B tests/soak/lib/smc_programs.py "$1" "$scratch" \
		redis nginx iperf3 postgres
}

if ! needs "programs that are killed leave nothing behind" redis-server \
	redis-benchmark nginx wrk iperf3 "$pg/postgres" pgbench; then
	done_testing
fi
modprobe dibs_loopback || bail_out "no module dibs_loopback"
prepare_nginx
ok "a database is created" prepare_postgres
# What the kernel caches for later is allocated in the first run.
ok "all programs work for a while" run_all 20
ok "no socket and no DMB is left after a while" within 60 nothing_left
before=$(kernel_memory)
ok "nothing hangs for $minutes minutes" run_all $((minutes * 60))
sed 's/^/# /' "$scratch/out"
ok "SMC-D carried connections" connections
ok "no socket and no DMB is left" within 60 nothing_left
# TIME_WAIT sockets go within a minute, too.
ok "memory usage is back to where it was" within 180 as_much_as_before
sed 's/^/# /' "$scratch/memory"
ok "dibs_smc can be unloaded" within 60 rmmod dibs_smc
ok "dibs_loopback and dibs can be unloaded" rmmod dibs_loopback dibs

done_testing
