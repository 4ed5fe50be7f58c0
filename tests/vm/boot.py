# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
"""Boots a kernel in QEMU and runs a command in it. Started by "run"."""

import argparse
import contextlib
import fcntl
import glob
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile

import image
import klog
from machine import FLAGS, X86_FLAGS, Machine, join, kvm_works

HERE = os.path.dirname(os.path.realpath(__file__))
REPO = os.path.dirname(os.path.dirname(HERE))
CACHE = os.path.join(os.environ.get('XDG_CACHE_HOME') or
                     os.path.expanduser('~/.cache'), 'dibs')
os.environ['DIBS_CACHE'] = CACHE

# Exit statuses that are not the command's.
REPORT, DIED, TIMEOUT, FAILED = 121, 122, 124, 125

EPILOG = '''
exit status: the command's; or
  121  the kernel complained (WARN, Oops, lockdep, KASAN, leak ...)
  122  the guest panicked or died
  124  it took longer than --timeout
  125  the guest could not be prepared
'''

BOOT_MODULES = ('virtio_pci', 'virtio_ccw', 'virtio_console', 'virtio_rng',
                'fuse', 'virtiofs', 'overlay')
# What tests load besides ours, for guests without the host's files.
USEFUL_MODULES = ('veth', 'dummy', 'inet_diag', 'tcp_diag', 'af_packet', 'tls')


class Failure(Exception):
    """The guest cannot be prepared."""


def arguments():
    parser = argparse.ArgumentParser(
        prog='run', description=__doc__.splitlines()[0], epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add('--arch', default='x86_64', choices=('x86_64', 's390x'))
    add('--kernel', default=None, metavar='KERNEL',
        help='6.12, 6.1, debug, kcsan or a release; default 6.12, on '
        's390x 6.1')
    add('--cpus', type=int, metavar='N', help='default 2; 1 for each of two')
    add('--guests', type=int, default=1, choices=(1, 2),
        help='2: another one, on a network with the first, whose commands it '
        'obeys; see guest/peer')
    add('--icount', action='store_true',
        help='one CPU whose time is a count of instructions: repeatable')
    add('--pin', action='store_true',
        help='each CPU keeps to one of the host\'s, if it has enough: for '
        'measurements')
    add('--mem', metavar='SIZE', help='default 2G, on s390x and with debug 1G')
    add('--timeout', type=float, default=300, metavar='SECONDS',
        help='the whole guest, 0 for none; default %(default)d')
    add('--env', action='append', default=[], metavar='NAME=VALUE')
    add('--append', default='', metavar='FLAGS',
        help='more for the kernel command line')
    add('--log', metavar='FILE', help='keep the kernel log here')
    add('--no-build', action='store_true', help='use what is built')
    add('--shell', action='store_true', help='an interactive shell')
    add('-v', '--verbose', action='store_true', help='show the kernel log')
    add('command', nargs='*', metavar='COMMAND')
    args = parser.parse_args()
    if not args.command and not args.shell:
        parser.error('no command')
    if args.guests > 1 and args.arch != 'x86_64':
        parser.error(f'one guest of {args.arch}')
    return args


# --- what a guest consists of ----------------------------------------------------

class Guest:
    """A kernel and the machine to run it on."""

    def __init__(self, args):
        self.arch = args.arch
        self.host_files = self.arch == 'x86_64'
        self.kernel = args.kernel or ('6.12' if self.host_files else '6.1')
        self.icount = args.icount
        self.cpus = 1 if args.icount else args.cpus or 3 - args.guests
        self.release = self._fetch()
        top = os.path.join(CACHE, 'kernels', self.release)
        self.image = os.path.join(top, 'vmlinuz')
        self.debug = '-dibs-debug' in self.release
        # Looking for leaks takes time in proportion to memory.
        small = self.debug or not self.host_files
        small = small or args.guests > 1
        self.mem = args.mem or ('1G' if small else '2G')
        self.out = os.path.join(REPO, 'build', self.release)
        self.cached_modules = os.path.join(top, 'lib/modules', self.release)
        suffix = '' if self.host_files else '-' + self.arch
        self.tools = os.path.join(REPO, 'build/tools' + suffix)
        self.static = os.path.join(REPO, 'build/static-' + self.arch)

    def _fetch(self):
        """Makes sure the kernel is in the cache; its release."""
        if not self.host_files:
            if self.kernel != '6.1':
                raise Failure(f'no kernel {self.kernel} for {self.arch}')
            part = 's390x'
        else:
            part = self.kernel
        parts = ['host']
        if part in ('6.12', '6.1', 'debug', 'kcsan', 's390x'):
            parts.append(part)
        call([os.path.join(HERE, 'setup')] + parts)
        found = subprocess.run([os.path.join(HERE, 'kernels'), 'release',
                                part], stdout=subprocess.PIPE, text=True)
        release = found.stdout.strip()
        if not os.path.exists(os.path.join(CACHE, 'kernels', release,
                                           'vmlinuz')) or not release:
            raise Failure(f'no kernel {self.kernel} in the cache')
        return release


def call(command):
    """Runs it; its output is not the command's, so all goes to stderr."""
    if subprocess.run(command, stdout=sys.stderr).returncode:
        raise Failure(f'failed: {shlex.join(command)}')


@contextlib.contextmanager
def lock(name):
    """Builds are done by one runner at a time."""
    folder = os.path.join(REPO, 'build')
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, '.lock-' + name), 'w') as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def newer(target, *sources):
    """target exists and is newer than all sources."""
    with contextlib.suppress(FileNotFoundError):
        made = os.stat(target).st_mtime_ns
        return all(os.stat(source).st_mtime_ns < made for source in sources)
    return False


def build(guest):
    targets = ['modules', 'KVER=' + guest.release]
    if guest.host_files:
        targets += ['tools', 'test-programs']
    else:
        targets += ['tools-s390x', 'static-s390x']
    call(['make', '-s', '-C', REPO] + targets)


def compile_program(source, target, compiler='gcc'):
    source = os.path.join(HERE, source)
    target = os.path.join(REPO, 'build/vm', target)
    if not newer(target, source):
        os.makedirs(os.path.dirname(target), exist_ok=True)
        call([compiler, '-O2', '-Wall', '-static', '-o', target, source])
    return target


def build_agent(arch):
    return compile_program(
        'guest/agent.c', 'agent-' + arch,
        's390x-linux-gnu-gcc' if arch == 's390x' else 'gcc')


def clock_flags(guest):
    """How fast the counter runs that the guest has for a clock."""
    if (not guest.host_files or guest.icount or
            os.uname().machine != 'x86_64' or kvm_works(guest.image)):
        return ''
    found = subprocess.run([compile_program('tsc.c', 'tsc')], check=True,
                           stdout=subprocess.PIPE, text=True)
    return f'tsc=reliable tsc_early_khz={found.stdout.strip()} '


def module_tree(guest):
    """A /lib/modules for the guest: the kernel's own modules, by links, and
    this build's, which depmod prefers. Not while another build makes them."""
    with open(os.path.join(guest.out, '.lock'), 'w') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return link_modules(guest)


def link_modules(guest):
    top = os.path.join(guest.out, 'root')
    tree = os.path.join(top, 'lib/modules', guest.release)
    if newer(os.path.join(tree, 'modules.dep'),
             os.path.join(guest.out, '.built'), guest.image):
        return tree
    shutil.rmtree(top, ignore_errors=True)
    os.makedirs(os.path.join(tree, 'updates'))
    for name in ('kernel', 'modules.builtin', 'modules.order',
                 'modules.builtin.modinfo'):
        path = os.path.join(guest.cached_modules, name)
        if os.path.exists(path):
            os.symlink(path, os.path.join(tree, name))
    for path in glob.glob(guest.out + '/*.ko'):
        os.symlink(path, os.path.join(tree, 'updates',
                                      os.path.basename(path)))
    call(['/sbin/depmod', '-b', top, guest.release])
    return tree


# --- the initramfs ---------------------------------------------------------------

def environment(args, guest):
    path = [guest.tools]
    if guest.debug:
        path.insert(0, os.path.join(HERE, 'guest/debug-bin'))
    if not guest.host_files:
        path.append(guest.static)
    path += ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin',
             '/sbin', '/bin']
    values = {
        'PATH': ':'.join(path), 'HOME': '/root', 'USER': 'root',
        'LOGNAME': 'root', 'SHELL': '/bin/sh', 'TMPDIR': '/tmp',
        'LANG': 'C.UTF-8', 'TERM': os.environ.get('TERM', 'dumb'),
        'DIBS_GUEST': os.path.join(HERE, 'guest'), 'DIBS_CACHE': CACHE,
        'DIBS_KERNEL': guest.kernel, 'DIBS_DEBUG': '1' if guest.debug else '',
    }
    for setting in args.env:
        name, _, value = setting.partition('=')
        values[name] = value
    return values


def command_script(args, guest, number):
    """What the guest runs, with every word quoted."""
    lines = [f'export {name}={shlex.quote(value)}'
             for name, value in environment(args, guest).items()]
    lines.append('cd ' + shlex.quote(REPO))
    command = args.command or ['/bin/bash', '-i']
    if args.guests > 1:
        peer = os.path.join(HERE, 'guest/peer')
        lines.append(shlex.join([peer, '--join', str(number)]))
    if number > 1:
        command = [peer, '--obey']
    elif args.shell:
        size = shutil.get_terminal_size()
        lines.append(f'stty rows {size.lines} cols {size.columns} sane')
    lines.append('exec ' + shlex.join(command))
    return ''.join(line + '\n' for line in lines)


def settings(args, guest, number, tree):
    values = {
        'host_files': '1' if guest.host_files else '',
        'modules_root': tree,
        'keep': f'{REPO} {CACHE}',
        'shell': '1' if args.shell and number == 1 else '',
        'guest': os.path.join(HERE, 'guest'),
    }
    return ''.join(f'{name}={shlex.quote(value)}\n'
                   for name, value in values.items())


def add_libraries(archive):
    """For programs of the tools folder, which are linked dynamically."""
    for pattern in ('/usr/s390x-linux-gnu/lib/ld64.so.1',
                    '/usr/s390x-linux-gnu/lib/lib[cm].so.6',
                    '/usr/s390x-linux-gnu/lib/libpthread.so.0',
                    CACHE + '/sysroot/s390x/usr/lib/*/libmnl.so.0',
                    CACHE + '/sysroot/s390x/usr/lib/*/libjansson.so.4'):
        for path in glob.glob(pattern):
            archive.copy('lib/' + os.path.basename(path), path)


def add_repository(archive, guest):
    """Guests without the host's files: the parts of the repository that run
    there, at the same place."""
    inside = REPO.lstrip('/')
    archive.folder(inside)
    for path in (guest.tools, guest.static, REPO + '/tests/kernel',
                 HERE + '/guest'):
        if os.path.isdir(path):
            archive.copy_tree(path.lstrip('/'), path)
    if os.path.isdir(guest.tools):
        add_libraries(archive)


def make_initrd(args, guest, number, path):
    tree = module_tree(guest)
    modules = image.Modules(tree)
    archive = image.Archive()
    debian = 's390x' if guest.arch == 's390x' else 'amd64'
    archive.copy('bin/busybox', os.path.join(CACHE, 'busybox', debian))
    archive.copy('init', os.path.join(HERE, 'guest/init'))
    archive.copy('main', os.path.join(HERE, 'guest/main'))
    archive.copy('agent', build_agent(guest.arch))
    archive.add('job/settings', settings(args, guest, number, tree))
    archive.add('job/command', command_script(args, guest, number))
    image.add_boot_modules(archive, modules, BOOT_MODULES)
    for name in ('sbin', 'usr/bin', 'usr/sbin'):
        archive.folder(os.path.dirname(name))
        archive.link(name, '/bin')
    if not guest.host_files:
        ours = [image.Modules.name(path)
                for path in glob.glob(guest.out + '/*.ko')]
        image.add_module_tree(archive, modules, guest.release,
                              ours + list(USEFUL_MODULES))
        add_repository(archive, guest)
    archive.write(path)


# --- the run -----------------------------------------------------------------------

def complain(*lines):
    for line in lines:
        print(f'vm: {line}', file=sys.stderr)


def whole_log(machines):
    """The first one's log, then what the others said after their start."""
    logs = [machine.log() for machine in machines]
    return logs[0] + ''.join('\n'.join(klog.since_start(log.splitlines()))
                             for log in logs[1:])


def keep_log(args, guest, log):
    """The log goes where it was asked for; a failed run's is always kept."""
    path = args.log
    if not path:
        handle, path = tempfile.mkstemp(prefix=f'{guest.kernel}-',
                                        suffix='.log',
                                        dir=os.path.join(REPO, 'build/vm'))
        os.close(handle)
    with open(path, 'w') as file:
        file.write(log)
    return path


def judge(args, guest, log, status, death):
    """The run's exit status; says why it failed. death: of a guest that said
    no status, lines that tell how; None: it took too long"""
    reports = klog.reports(log)
    if death is None:
        verdict = TIMEOUT
        complain(f'no end after {args.timeout:g} s')
    elif status is None:
        verdict = DIED
        complain('the guest died: ' + death[0], *death[1:])
    elif reports:
        verdict = REPORT
        complain('the kernel complained')
    else:
        if args.log:
            keep_log(args, guest, log)
        return status
    for report in reports[:5]:
        complain(*[klog.message(line) for line in report], '...')
    if not reports:
        complain('the last it said:', *[
            klog.message(line) for line in log.splitlines()[-15:]])
    complain(f'log: {keep_log(args, guest, log)}')
    return verdict


def start(args, guest, machines):
    """All of them, the first one last."""
    append = FLAGS + (X86_FLAGS if guest.host_files else '')
    with lock('build'):
        append += clock_flags(guest) + args.append
        if not args.no_build:
            build(guest)
        for number, machine in enumerate(machines, 1):
            make_initrd(args, guest, number, machine.initrd)
    if len(machines) > 1:
        join(*machines)
    for machine in reversed(machines):
        machine.start(guest, append, args.shell and machine is machines[0])
        if args.pin and not machine.pin(guest.cpus * machines.index(machine),
                                        guest.cpus):
            complain('its CPUs are not pinned: the host has too few')


def execute(args, guest, machines):
    """The first guest's command is the run's."""
    start(args, guest, machines)
    status, death = None, None
    try:
        status = machines[0].run(0 if args.shell else args.timeout)
        death = machines[0].death() if status is None else []
    except TimeoutError:
        pass
    if status is not None:
        machines[0].finish()
    for machine in machines:
        machine.stop()
    return judge(args, guest, whole_log(machines), status, death)


def stop_by_signal(number, _):
    sys.exit(128 + number)


def main():
    args = arguments()
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, stop_by_signal)
    machines = []
    try:
        guest = Guest(args)
        machines += [Machine(args.verbose) for _ in range(args.guests)]
        sys.exit(execute(args, guest, machines))
    except Failure as failure:
        complain(failure)
        sys.exit(FAILED)
    finally:
        for machine in machines:
            machine.remove()


if __name__ == '__main__':
    main()
