#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
#
# Does an independent decoder understand the CLC messages that we build? Runs
# the program clc_print, wraps each message into a TCP connection of its own,
# with the SMC option in its handshake, and compares what tshark decodes. Prints
# TAP.

import json
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile

SMC_OPTION = bytes([1, 1, 254, 6]) + b"\xe2\xd4\xc3\xd9"
SYN, ACK, PSH = 0x02, 0x10, 0x08
SERVER_PORT = 7788

# Complete messages that tshark 4.0 reads beyond their end. clients/smc sends
# none of them but the last, and that only to peers of release 0; the same
# extension decodes well in confirm_v20. Their fields are compared nevertheless.
OVERRUNS = {
    "v1_smcr": "tshark wants an SMC-D area in every proposal",
    "v2_none": "tshark wants an SMC-D area in every proposal",
    "accept_v20": "tshark wants release 1's 16 bytes in every accept",
}


def read_messages(program):
    """Returns [(name, kind, bytes, {field: [values]})]."""
    messages = []
    output = subprocess.run([program], check=True, capture_output=True)
    for line in output.stdout.decode().splitlines():
        field, value = line.split(" ", 1)
        if field == "message":
            name, kind, data = value.split()
            messages.append((name, int(kind), bytes.fromhex(data), {}))
        else:
            messages[-1][3].setdefault(field, []).append(value)
    return messages


def segment(sport, dport, seq, ack, flags, data=b"", option=b""):
    """Builds an Ethernet frame with IPv4 and TCP, without checksums."""
    tcp = struct.pack(">HHIIBBHHH", sport, dport, seq, ack,
                      (20 + len(option)) << 2, flags, 65535, 0, 0)
    tcp += option + data
    ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(tcp), 0, 0, 64, 6, 0,
                     bytes([127, 0, 0, 1]), bytes([127, 0, 0, 1]))
    return bytes(12) + b"\x08\x00" + ip + tcp


def connection(client, message, from_server):
    yield segment(client, SERVER_PORT, 100, 0, SYN, option=SMC_OPTION)
    yield segment(SERVER_PORT, client, 200, 101, SYN | ACK, option=SMC_OPTION)
    yield segment(client, SERVER_PORT, 101, 201, ACK)
    if from_server:
        yield segment(SERVER_PORT, client, 201, 101, PSH | ACK, message)
    else:
        yield segment(client, SERVER_PORT, 101, 201, PSH | ACK, message)


def write_pcap(path, messages):
    with open(path, "wb") as file:
        file.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))
        time = 0
        for number, (_, kind, data, _) in enumerate(messages):
            for frame in connection(40000 + number, data, kind == 2):
                time += 1
                file.write(struct.pack("<IIII", 1, time, len(frame),
                                       len(frame)) + frame)


def walk(node, found):
    """Collects all fields of a decoded packet, in order, at any depth."""
    for key, value in node:
        if isinstance(value, list) and value and isinstance(value[0], tuple):
            walk(value, found)
        elif isinstance(value, list):
            for item in value:
                if isinstance(item, list):
                    walk(item, found)
                else:
                    found.append((key, item))
        else:
            found.append((key, value))


def decode(path):
    """Returns the fields of each packet with data."""
    output = subprocess.run(
        ["tshark", "-r", path, "-T", "json", "-Y", "tcp.len > 0"],
        check=True, capture_output=True).stdout
    # A field may occur twice: keep pairs instead of dictionaries.
    packets = json.loads(output, object_pairs_hook=lambda pairs: pairs)
    result = []
    for packet in packets:
        found = []
        walk(packet, found)
        result.append(found)
    return result


def same(want, got):
    if want.startswith("0x") or want.isdigit():
        try:
            return int(want, 0) == int(got, 0)
        except ValueError:
            return False
    return want.rstrip() == got.rstrip()


def differences(name, fields, found):
    overruns = name in OVERRUNS
    if not any(name == "smc.clc_msg" for name, _ in found):
        yield "not seen as a CLC message"
    for field, value in found:
        if field.startswith(("_ws.malformed", "_ws.expert")) and \
                not overruns:
            yield f"{field}: {value}"
    for field, values in fields.items():
        got = [value for name, value in found if name == field]
        if len(got) != len(values) or \
                not all(map(same, values, got)):
            yield f"{field}: built {values}, decoded {got}"


def main():
    if not shutil.which("tshark"):
        print("1..0 # SKIP tshark is not installed")
        return 0
    messages = read_messages(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        path = str(pathlib.Path(folder, "clc.pcap"))
        write_pcap(path, messages)
        packets = decode(path)
    print(f"1..{len(messages)}")
    failed = 0
    for number, (name, _, _, fields) in enumerate(messages):
        found = packets[number] if number < len(packets) else []
        problems = list(differences(name, fields, found))
        for problem in problems:
            print(f"# {problem}")
        print(f"{'not ' if problems else ''}ok {number + 1} - "
              f"tshark decodes {name}" +
              (f" ({OVERRUNS[name]})" if name in OVERRUNS else ""))
        failed |= bool(problems)
    return failed


sys.exit(main())
