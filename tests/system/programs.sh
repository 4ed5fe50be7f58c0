#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
#
# Programs that generate traffic behave over SMC sockets as over TCP: iperf3,
# sockperf, stress-ng.
#
# runs-on: 6.12
# needs: programs
# cpus: 1
# in-check:

# shellcheck source=lib/program.bash
. "$(dirname "$0")/lib/program.bash"

prepare "$@"

# --- iperf3 -------------------------------------------------------------------

run_iperf3() {
	local options

	rm -f "$scratch"/json.*
	serve iperf3 -s -p "$port"
	for options in "-t 1" "-t 1 --bidir" "-t 1 -P 8" "-l 64 -n 100K"; do
		# shellcheck disable=SC2086 # several words
		"${over[@]}" iperf3 -c "$host" -p "$port" -J $options \
			>"$scratch/json.$options"
		echo "iperf3 $options: status $?"
	done
	python3 -c '
import json, sys
for name in sys.argv[1:]:
    end = json.load(open(name))["end"]
    print("streams:", len(end["streams"]),
          "bytes arrived:", end["sum_received"]["bytes"] > 0)
' "$scratch"/json.*
}

# --- sockperf -----------------------------------------------------------------

run_sockperf() {
	local options

	serve sockperf server --tcp -i 127.0.0.1 -p "$port"
	for options in "ping-pong -m 4096" under-load throughput; do
		# shellcheck disable=SC2086 # several words
		"${over[@]}" sockperf $options --tcp -i 127.0.0.1 -p "$port" \
			-t 1 >"$scratch/client" 2>&1
		echo "sockperf $options: status $?"
		# sockperf counts what is in flight at the end as dropped.
		grep -o '# duplicated messages = .* = [0-9]*' "$scratch/client"
	done
}

# --- stress-ng ----------------------------------------------------------------

run_stress() {
	local options=(-t 2 --temp-path "$scratch")

	"${over[@]}" stress-ng --sock 1 --sock-domain ipv4 --sock-type stream \
		--sock-port "$port" --verify "${options[@]}"
	echo "stress-ng sock: status $?"
	"${over[@]}" stress-ng --sock 1 --sock-domain ipv6 --sock-opts random \
		--sock-port $((port + 100)) --verify "${options[@]}"
	echo "stress-ng sock v6: status $?"
	"${over[@]}" stress-ng --sockmany 1 --sockmany-ops 100 "${options[@]}"
	echo "stress-ng sockmany: status $?"
	"${over[@]}" stress-ng --sockabuse 1 --sockabuse-ops 50 "${options[@]}"
	echo "stress-ng sockabuse: status $?"
}

if needs "iperf3 works over SMC" iperf3; then
	program iperf3 5201 run_iperf3
fi
if needs "sockperf works over SMC" sockperf; then
	program sockperf 5301 run_sockperf
fi
if needs "stress-ng works over SMC" stress-ng; then
	# stress-ng closes sockets right after accept() and while they connect.
	tolerated=50
	program stress-ng 5701 run_stress "connected listener"
fi
done_testing
