# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
"""blocked_page.py fuse|userfaultfd write|read: see blocked-page.sh."""

import ctypes
import errno
import fcntl
import os
import select
import stat
import struct
import subprocess
import sys
import tempfile
import threading

PAGE = 4096
LIBC = ctypes.CDLL(None, use_errno=True)
LIBC.mmap.restype = ctypes.c_void_p
LIBC.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int,
                      ctypes.c_int, ctypes.c_int, ctypes.c_long]
for call in (LIBC.read, LIBC.write):
    call.restype = ctypes.c_ssize_t
    call.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_size_t]
READ, WRITE, PRIVATE, ANONYMOUS = 1, 2, 2, 0x20
WAIT = 30       # seconds for what should happen at once


def memory(size, fd=-1, access=READ | WRITE):
    flags = PRIVATE | (ANONYMOUS if fd < 0 else 0)
    address = LIBC.mmap(None, size, access, flags, fd, 0)
    if address == ctypes.c_void_p(-1).value:
        raise OSError(ctypes.get_errno(), 'mmap')
    return address


class Userfaultfd:
    """Two pages: the first is present, the second comes with release()."""

    SYSCALL = 323
    API, REGISTER, COPY = 0xc018aa3f, 0xc020aa00, 0xc028aa03

    def __init__(self):
        self.fd = LIBC.syscall(self.SYSCALL, os.O_CLOEXEC)
        if self.fd < 0:
            raise OSError(ctypes.get_errno(), 'userfaultfd')
        fcntl.ioctl(self.fd, self.API, struct.pack('QQQ', 0xaa, 0, 0))
        self.address, self.size = memory(2 * PAGE), 2 * PAGE
        ctypes.memset(self.address, 1, PAGE)
        self.missing = self.address + PAGE
        fcntl.ioctl(self.fd, self.REGISTER,
                    struct.pack('QQQQ', self.missing, PAGE, 1, 0))

    def wait(self):
        return bool(select.select([self.fd], [], [], WAIT)[0])

    def release(self):
        source = memory(PAGE)
        ctypes.memset(source, 2, PAGE)
        fcntl.ioctl(self.fd, self.COPY,
                    struct.pack('QQQQq', self.missing, source, PAGE, 0, 0))


class Fuse:
    """A file of one page, whose content comes with release()."""

    LOOKUP, FORGET, GETATTR, OPEN, READ_OP, INIT = 1, 2, 3, 14, 15, 26

    def __init__(self):
        self.folder = tempfile.mkdtemp()
        self.asked, self.answer = threading.Event(), threading.Event()
        self.fd = os.open('/dev/fuse', os.O_RDWR)
        options = f'fd={self.fd},rootmode=40000,user_id=0,group_id=0'
        if LIBC.mount(b'test', self.folder.encode(), b'fuse', 0,
                      options.encode()):
            raise OSError(ctypes.get_errno(), 'mount')
        threading.Thread(target=self._serve, daemon=True).start()
        file = os.open(self.folder + '/page', os.O_RDONLY)
        self.address, self.size = memory(PAGE, file, READ), PAGE
        # close() flushes. After ENOSYS the kernel never flushes again, which
        # a child process, closing its copy, would wait for.
        os.close(file)

    @staticmethod
    def _attributes(node):
        mode = stat.S_IFDIR | 0o755 if node == 1 else stat.S_IFREG | 0o644
        return struct.pack('6Q10I', node, PAGE, 8, 0, 0, 0, 0, 0, 0, mode, 1,
                           0, 0, 0, PAGE, 0)

    def _reply(self, unique, data=b'', error=0):
        os.write(self.fd, struct.pack('IiQ', 16 + len(data), -error, unique) +
                 data)

    def _read_late(self, unique):
        self.asked.set()
        self.answer.wait()
        self._reply(unique, b'F' * PAGE)

    def _request(self, operation, unique, node):
        if operation == self.INIT:
            self._reply(unique, struct.pack('IIIIHHII32x', 7, 31, 0, 0, 1, 1,
                                            PAGE, 1))
        elif operation == self.LOOKUP:
            self._reply(unique, struct.pack('QQQQII', 2, 0, 1000, 1000, 0,
                                            0) + self._attributes(2))
        elif operation == self.GETATTR:
            self._reply(unique, struct.pack('QII', 1000, 0, 0) +
                        self._attributes(node))
        elif operation == self.OPEN:
            self._reply(unique, struct.pack('QII', 0, 0, 0))
        elif operation == self.READ_OP:
            threading.Thread(target=self._read_late, args=[unique],
                             daemon=True).start()
        elif operation != self.FORGET:
            self._reply(unique, error=errno.ENOSYS)

    def _serve(self):
        while True:
            try:
                data = os.read(self.fd, 1 << 17)
            except OSError as error:
                if error.errno == errno.EINTR:
                    continue
                return
            _, operation, unique, node = struct.unpack('IIQQ', data[:24])
            self._request(operation, unique, node)

    def wait(self):
        return self.asked.wait(WAIT)

    def release(self):
        self.answer.set()


class Mover(threading.Thread):
    def __init__(self, fd, source, writes):
        super().__init__(daemon=True)
        self.fd, self.source = fd, source
        self.call = LIBC.write if writes else LIBC.read
        self.result = self.error = None

    def run(self):
        self.result = self.call(self.fd, self.source.address,
                                self.source.size)
        self.error = ctypes.get_errno() if self.result < 0 else 0


def right_result(mover, writes, source):
    """Is the result right once the page has come?"""
    if not writes:
        return mover.result == source.size      # the program's own memory
    if source.size == PAGE:
        return mover.error == errno.ENODEV
    return mover.result == PAGE                 # as far as it got


def main():
    source = {'fuse': Fuse, 'userfaultfd': Userfaultfd}[sys.argv[1]]()
    writes = sys.argv[2] == 'write'
    fd = os.open('/dev/dibs_selftest', os.O_RDWR)
    mover = Mover(fd, source, writes)
    mover.start()
    assert source.wait(), 'nobody asks for the page'
    subprocess.run(['dibs', 'device', 'del', 'stuck'], check=True,
                   timeout=WAIT)
    assert mover.is_alive(), 'the mover did not wait'
    source.release()
    mover.join(WAIT)
    assert not mover.is_alive(), 'the mover does not end'
    print('result', mover.result, 'error', mover.error)
    assert right_result(mover, writes, source)
    os.close(fd)


main()
