#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
#
# Is each hostile act refused with its own error, counted by its own counter and
# by no other? That nothing is written is for tests/kernel/hostile.c to say.
#
# The acts are tests/kernel/control.c's, on behalf of the namespace of who asks.

# Most functions are called by those of lib.sh.
# shellcheck disable=SC2317

cd "$(dirname "$0")" || exit
# shellcheck source=lib.sh
. ./lib.sh

selftest=/sys/module/dibs_selftest/parameters/do

# The counters of refusals of both clients in this namespace, one a line.
refusals() {
	dibs stats --json | python3 -c '
import json, sys
rows = json.load(sys.stdin)
for row in sorted(rows, key=lambda r: (r["device"], r["client"])):
    if not row["client"].startswith("selftest"):
        continue
    for name, value in sorted(row["counters"].items()):
        if name.startswith("reject"):
            print(row["device"], name.replace("_", "-"), row["client"], value)
'
}

# What went up between two lists: "COUNTER by N"
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

ok "unknown token: ENOENT" act token "No such file" token
ok "dedicated to another GID: EPERM" act gid "not permitted" gid
ok "of another client: EACCES" act client "Permission denied" client
ok "longer than it is: ERANGE" act length "out of range" range
ok "closed: ECONNREFUSED" act closed "refused" closed
ok "attached before: EBUSY" act busy "busy" busy
ok "offset at the end: ERANGE" act range "out of range" range
ok "signal bit 16: EINVAL" act mask "Invalid argument" mask
ok "owner gave it up: ESTALE" act stale "Stale" stale
ok "detached twice: EALREADY" act detached "already" detached
in_netns red dibs device leave lo
ok "a namespace that left the device: EXDEV" \
	act netns "Invalid cross-device" netns red
json "no DMB is left" "d == []" dibs dmb list --json
ok "modules can be unloaded" unload_modules

done_testing
