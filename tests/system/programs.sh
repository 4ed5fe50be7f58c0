#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
#
# Programs that make traffic do the same over SMC sockets as over TCP: iperf3,
# sockperf, stress-ng.
#
# runs-on: 6.12
# needs: programs

# shellcheck disable=SC2317 # functions are called by name
# shellcheck source=program.bash
. "$(dirname "$0")/program.bash"

prepare "$@"

# --- iperf3 --------------------------------------------------------------------

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

# --- sockperf --------------------------------------------------------------------

run_sockperf() {
	local options

	serve sockperf server --tcp -i 127.0.0.1 -p "$port"
	for options in "ping-pong -m 4096" under-load throughput; do
		# shellcheck disable=SC2086 # several words
		"${over[@]}" sockperf $options --tcp -i 127.0.0.1 -p "$port" \
			-t 1 >"$scratch/client" 2>&1
		echo "sockperf $options: status $?"
		# What is under way when time is over counts as dropped.
		grep -o '# duplicated messages = .* = [0-9]*' "$scratch/client"
	done
}

# --- stress-ng ------------------------------------------------------------------------

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

if needs iperf3 iperf3; then
	program iperf3 5201 run_iperf3
fi
if needs sockperf sockperf; then
	program sockperf 5301 run_sockperf
fi
if needs stress-ng stress-ng; then
	# It closes what it accepted at once, and what it has not connected yet.
	tolerated=50
	program stress-ng 5701 run_stress "connected listener"
fi
done_testing
