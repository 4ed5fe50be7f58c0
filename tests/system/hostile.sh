#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
#
# Is each hostile act refused with its own error, and counted by its own counter
# and no other? tests/kernel/hostile.c tests that nothing is written.
#
# tests/kernel/control.c performs the acts, in the namespace of the caller.
#
# in-check:
# runs-on: 6.12 debug

cd "$(dirname "$0")" || exit
# shellcheck source=lib/lib.sh
. lib/lib.sh

selftest=/sys/module/dibs_selftest/parameters/do

# Prints the counters of refusals of both clients in this namespace, one per
# line. A handle that was detached is no namespace's, so only the total has it.
refusals() {
	dibs stats --json | python3 -c '
import json, sys
rows = json.load(sys.stdin)
for row in sorted(rows, key=lambda r: (r["device"], r["client"])):
    if not row["client"].startswith("selftest"):
        continue
    for name, value in sorted(row["counters"].items()):
        if name == "reject_detached":
            value = row.get("total", {}).get(name, 0)
        if name.startswith("reject"):
            print(row["device"], name.replace("_", "-"), row["client"], value)
'
}

# went_up BEFORE AFTER: prints what increased between two lists: "COUNTER by N"
went_up() {
	python3 - "$1" "$2" <<'END'
import sys
before, after = ({line.rsplit(' ', 1)[0]: int(line.rsplit(' ', 1)[1])
                  for line in open(name)} for name in sys.argv[1:])
for key, value in after.items():
    if value != before.get(key, 0):
        print(key.split()[1], 'by', value - before.get(key, 0))
END
}

# act WHAT ERROR COUNTER [NETNS]
act() {
	local run=(bash -c) seen
	[[ -z ${4-} ]] || run=(in_netns "$4" bash -c)

	"${run[@]}" "$(declare -f refusals); refusals" >"$scratch/before"
	if "${run[@]}" "echo hostile $1 lo >$selftest" 2>"$scratch/error"; then
		echo "was not refused"
		return 1
	fi
	cat "$scratch/error"
	grep -q "$2" "$scratch/error" || return
	"${run[@]}" "$(declare -f refusals); refusals" >"$scratch/after"
	seen=$(went_up "$scratch/before" "$scratch/after")
	echo "went up: ${seen:-nothing}"
	[[ $seen == "reject-$3 by 1" ]]
}

unload_modules || bail_out "modules are in use"
modprobe dibs_loopback || bail_out "no module dibs_loopback"
modprobe dibs_selftest run= || bail_out "no module dibs_selftest"
netns_add red
dibs stats --json >"$scratch/stats" || bail_out "no statistics"

ok "an attach with an unknown token is ENOENT" act token "No such file" token
ok "an attach to a DMB dedicated to another GID is EPERM" \
	act gid "not permitted" gid
ok "an attach to a DMB of another client is EACCES" \
	act client "Permission denied" client
ok "an attach of more bytes than the DMB has is ERANGE" \
	act length "out of range" range
ok "an attach to a closed DMB is ECONNREFUSED" act closed "refused" closed
ok "a second attach to a DMB is EBUSY" act busy "busy" busy
ok "a move to an offset at the end of the DMB is ERANGE" \
	act range "out of range" range
ok "a signal with bit 16 is EINVAL" act mask "Invalid argument" mask
ok "a move into a DMB that its owner gave up is ESTALE" act stale "Stale" stale
ok "a second detach is EALREADY" act detached "already" detached
in_netns red dibs device leave lo
ok "an attach from a namespace that left the device is EXDEV" \
	act netns "Invalid cross-device" netns red
json "no DMB is left" "d == []" dibs dmb list --json
ok "modules can be unloaded" unload_modules

done_testing
