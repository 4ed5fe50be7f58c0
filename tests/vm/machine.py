# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
"""One guest: its processes on the host and what comes out of it."""

import contextlib
import ctypes
import glob
import os
import re
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

import klog

VIRTIOFSD = ('/usr/lib/qemu/virtiofsd', '/usr/libexec/virtiofsd')
LAST_WORDS = 5      # seconds for the log's end to arrive

FLAGS = ('panic=-1 oops=panic watchdog_thresh=30 loglevel=7 '
         'rcupdate.rcu_cpu_stall_timeout=60 net.ifnames=0 '
         'printk.devkmsg=on ')
X86_FLAGS = ('console=ttyS0 mitigations=off no_timer_check '
             'i8042.noaux i8042.nokbd 8250.nr_uarts=1 ')


def die_with_parent():
    """Whatever ends the runner, even SIGKILL, ends its children."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def remove_leftovers(parent):
    """Folders of runners that were killed."""
    for name in os.listdir(parent):
        pid = name.split('-')[2] if name.startswith('dibs-vm-') else ''
        if pid.isdigit() and not os.path.exists('/proc/' + pid):
            shutil.rmtree(os.path.join(parent, name), ignore_errors=True)


class Frames:
    """Splits what the agent sends; see guest/agent.c."""

    def __init__(self):
        self.buffer = b''

    def feed(self, data):
        self.buffer += data
        while len(self.buffer) >= 5:
            kind, size = struct.unpack('>cI', self.buffer[:5])
            if len(self.buffer) < 5 + size:
                return
            yield kind, self.buffer[5:5 + size]
            self.buffer = self.buffer[5 + size:]


class Machine:
    """Start it, then run() until it ends. Always stop() it."""

    def __init__(self, verbose=False):
        parent = tempfile.gettempdir()
        remove_leftovers(parent)
        self.folder = tempfile.mkdtemp(prefix=f'dibs-vm-{os.getpid()}-',
                                       dir=parent)
        self.console = os.path.join(self.folder, 'console')
        self.initrd = os.path.join(self.folder, 'initrd')
        self.resets = os.path.join(self.folder, 'resets')
        self.network = None     # (number, socket), see join()
        self.verbose = verbose
        self.children = []
        self.shown = 0
        open(self.console, 'w').close()

    # --- processes ---------------------------------------------------------

    def _spawn(self, command, **options):
        child = subprocess.Popen(command, preexec_fn=die_with_parent,
                                 **options)
        self.children.append(child)
        return child

    def _virtiofsd(self):
        """Serves the host's / on a socket; returns the socket's path. In a
        mount namespace of its own where / is read-only."""
        path = os.path.join(self.folder, 'fs')
        server = socket.socket(socket.AF_UNIX)
        server.bind(path)
        server.listen(1)
        os.chmod(path, 0o666)
        fd = str(server.fileno())
        binary = next(p for p in VIRTIOFSD if os.path.exists(p))
        if binary == VIRTIOFSD[0]:
            serve = [binary, '--fd=' + fd, '-o', 'source=/', '-o',
                     'sandbox=chroot', '-o', 'cache=always', '-o',
                     'no_posix_lock', '-o', 'log_level=err']
        else:
            serve = [binary, '--fd=' + fd, '--shared-dir=/',
                     '--sandbox=chroot', '--cache=always',
                     '--log-level=error']
        become_root = [] if os.geteuid() == 0 else ['sudo', '-C', '64']
        # The socket is open already: it needs no writable tree any more.
        protect = 'mount -o remount,bind,ro / && exec "$@"'
        with open(os.path.join(self.folder, 'virtiofsd'), 'w') as log:
            self._spawn(become_root + ['unshare', '-m', 'sh', '-c', protect,
                                       'sh'] + serve,
                        stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                        pass_fds=[server.fileno()])
        server.close()
        return path

    def _network(self):
        """The options for it; the socket is QEMU's when that has started."""
        number, line = self.network
        return ['-netdev', 'stream,id=net,server=off,addr.type=fd,'
                f'addr.str={line.fileno()}',
                '-device', 'virtio-net-pci,netdev=net,romfile=,'
                f'mac=52:54:00:00:00:{number:02x}']

    def start(self, guest, append, shell=False):
        """guest: the kernel's traits, see boot.py."""
        ours, theirs = socket.socketpair()
        bus = 'ccw' if guest.arch == 's390x' else 'pci'
        command = [
            'qemu-system-' + guest.arch, *accelerator(guest),
            '-smp', str(guest.cpus), '-nodefaults', '-no-user-config',
            '-display', 'none', '-no-reboot', '-name', 'debug-threads=on',
            '-kernel', guest.image, '-initrd', self.initrd,
            '-append', append,
            '-d', 'cpu_reset', '-D', self.resets,
            '-chardev', 'file,id=console,path=' + self.console,
            '-serial', 'chardev:console',
            '-device', f'virtio-rng-{bus}',
            '-device', f'virtio-serial-{bus}',
            '-chardev', f'socket,id=agent,fd={theirs.fileno()}',
            '-device', 'virtserialport,chardev=agent,name=dibs']
        command += ['-m', guest.mem]
        if guest.host_files:
            command += [
                '-object', 'memory-backend-memfd,id=mem,share=on,'
                f'size={guest.mem}', '-numa', 'node,memdev=mem',
                '-chardev', 'socket,id=fs,path=' + self._virtiofsd(),
                '-device', f'vhost-user-fs-{bus},chardev=fs,tag=root']
        if shell:
            command += ['-chardev', 'stdio,id=tty,signal=off',
                        '-device', 'virtconsole,chardev=tty']
        given = [theirs]
        if self.network:
            command += self._network()
            given.append(self.network[1])
        self.qemu = self._spawn(
            command, pass_fds=[each.fileno() for each in given],
            stdin=None if shell else subprocess.DEVNULL)
        for each in given:
            each.close()
        self.agent = ours

    def pin(self, first, cpus):
        """Each of its processors gets one of the host's for itself, from the
        first one on. False: the host has too few."""
        host = sorted(os.sched_getaffinity(0))[first:]
        if len(host) < cpus:
            return False
        threads = {}
        deadline = time.monotonic() + LAST_WORDS
        while len(threads) < cpus and time.monotonic() < deadline:
            time.sleep(0.05)
            threads = self._processors()
        for number, thread in threads.items():
            os.sched_setaffinity(thread, {host[number]})
        return len(threads) == cpus

    def _processors(self):
        """QEMU's threads, by the number of the processor that each is."""
        found = {}
        for path in glob.glob(f'/proc/{self.qemu.pid}/task/*/comm'):
            with contextlib.suppress(OSError), open(path) as file:
                match = re.match(r'CPU (\d+)/', file.read())
                if match:
                    found[int(match[1])] = int(path.split('/')[-2])
        return found

    def stop(self):
        for child in reversed(self.children):
            child.kill()
            child.wait()
        self.children = []

    def remove(self):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    # --- what comes out --------------------------------------------------------

    def log(self):
        with open(self.console, errors='replace') as file:
            return file.read().replace('\r', '')

    def _show_console(self):
        if not self.verbose:
            return
        text = self.log()
        sys.stderr.write(text[self.shown:])
        sys.stderr.flush()
        self.shown = len(text)

    def run(self, timeout):
        """Passes on the command's output. Returns its status, or None: the
        guest ended without saying one. Raises TimeoutError."""
        deadline = time.monotonic() + timeout if timeout else None
        frames = Frames()
        while True:
            if deadline and time.monotonic() > deadline:
                raise TimeoutError
            self._show_console()
            if not select.select([self.agent], [], [], 0.2)[0]:
                if self.qemu.poll() is not None:
                    return None
                continue
            try:
                data = self.agent.recv(1 << 16)
            except ConnectionResetError:
                data = b''
            if not data:
                return None
            for kind, payload in frames.feed(data):
                if kind == b's':
                    return int(payload)
                stream = sys.stdout if kind == b'o' else sys.stderr
                stream.buffer.write(payload)
                stream.buffer.flush()

    def death(self):
        """How a guest ended that said no status: lines for people."""
        try:
            status = self.qemu.wait(LAST_WORDS)
        except subprocess.TimeoutExpired:
            return ['its end of the line was closed']
        if status < 0:
            return [f'QEMU was ended by {signal.Signals(-status).name}']
        with contextlib.suppress(FileNotFoundError):
            with open(self.resets, errors='replace') as file:
                before, fault, after = file.read().partition('Triple fault')
            if fault:
                return ['triple fault', *after.splitlines()[1:25]]
        return [f'QEMU ended with status {status}']

    def finish(self):
        """Waits until the log is complete."""
        deadline = time.monotonic() + LAST_WORDS
        while (klog.END not in self.log() and self.qemu.poll() is None and
               time.monotonic() < deadline):
            time.sleep(0.02)
        self.stop()
        self._show_console()


def join(first, second):
    """A network of these two, which is no network of the host's."""
    lines = socket.socketpair()
    first.network, second.network = (1, lines[0]), (2, lines[1])


# --- how to run guest code -----------------------------------------------------

def accelerator(guest):
    # The other machine's interrupt table takes its interpreter minutes.
    machine = ['-machine', 'q35'] if guest.arch == 'x86_64' else []
    if guest.arch == 'x86_64' and not guest.icount and kvm_works(guest.image):
        return machine + ['-accel', 'kvm', '-cpu', 'host']
    cpu = 'max'
    if guest.arch == 'x86_64':
        # With these the kernel copies a byte at a time under TCG.
        cpu += ',-erms,-fsrm'
    if guest.icount:
        # 2 ns an instruction; an idle guest's time jumps to its next timer
        return machine + ['-accel', 'tcg,thread=single,tb-size=512',
                          '-icount', 'shift=1,sleep=off', '-cpu', cpu]
    return machine + ['-accel', 'tcg,thread=multi,tb-size=512', '-cpu', cpu]


def kvm_works(image):
    """Some machines have /dev/kvm and cannot run a guest: see whether one
    comes to life. Found out once for each boot of the host."""
    if not os.access('/dev/kvm', os.R_OK | os.W_OK):
        return False
    with open('/proc/sys/kernel/random/boot_id') as file:
        boot = file.read().strip()
    answer = os.path.join(os.environ['DIBS_CACHE'], 'kvm')
    try:
        with open(answer) as file:
            known, works = file.read().split()
        if known == boot:
            return works == 'yes'
    except (FileNotFoundError, ValueError):
        pass
    works = probe_kvm(image)
    with open(answer + '.new', 'w') as file:
        file.write(f'{boot} {"yes" if works else "no"}\n')
    os.replace(answer + '.new', answer)
    return works


def probe_kvm(image):
    command = ['qemu-system-x86_64', '-accel', 'kvm', '-cpu', 'host',
               '-smp', '2', '-m', '512M', '-nodefaults', '-display', 'none',
               '-no-reboot', '-serial', 'stdio', '-kernel', image,
               '-append', 'console=ttyS0 panic=-1']
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, timeout=15,
                              stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL)
    except subprocess.TimeoutExpired:
        return False
    # Without a root it dies, but only after it came all the way.
    return b'Unable to mount root' in done.stdout
