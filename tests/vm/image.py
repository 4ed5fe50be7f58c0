# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
"""Makes a guest's initramfs: an archive in cpio's "newc" format."""

import lzma
import os
import stat
import subprocess


class Archive:
    """Collects files; missing folders are added on the way."""

    def __init__(self):
        self.data = bytearray()
        self.names = set()

    def _entry(self, name, mode, content):
        head = [len(self.names) + 1, mode, 0, 0, 1, 0, len(content),
                0, 0, 0, 0, len(name) + 1, 0]
        self.data += b'070701' + b''.join(b'%08X' % n for n in head)
        self.data += name.encode() + b'\0'
        self.data += bytes(-len(self.data) % 4)
        self.data += content
        self.data += bytes(-len(self.data) % 4)
        self.names.add(name)

    def folder(self, name):
        if name and name not in self.names:
            self.folder(os.path.dirname(name))
            self._entry(name, stat.S_IFDIR | 0o755, b'')

    def add(self, name, content, mode=0o644):
        if name in self.names:
            return
        self.folder(os.path.dirname(name))
        if isinstance(content, str):
            content = content.encode()
        self._entry(name, stat.S_IFREG | mode, content)

    def link(self, name, target):
        self.folder(os.path.dirname(name))
        self._entry(name, stat.S_IFLNK | 0o777, target.encode())

    def copy(self, name, path):
        """A file of the host, with its permission to be executed."""
        with open(path, 'rb') as source:
            content = source.read()
            mode = os.fstat(source.fileno()).st_mode & 0o777
        self.add(name, content, mode)

    def copy_tree(self, name, path):
        for folder, _, files in os.walk(path):
            inside = os.path.normpath(
                os.path.join(name, os.path.relpath(folder, path)))
            self.folder(inside)
            for file in files:
                self.copy(os.path.join(inside, file),
                          os.path.join(folder, file))

    def write(self, path):
        self._entry('TRAILER!!!', 0, b'')
        with open(path, 'wb') as file:
            file.write(self.data)


class Modules:
    """The module tree of one kernel, as depmod describes it."""

    def __init__(self, tree):
        self.tree = tree
        self.needs = {}
        self.paths = {}
        for line in self._lines('modules.dep'):
            path, needs = line.split(':')
            self.needs[path] = needs.split()
            self.paths[self.name(path)] = path
        self.builtin = {self.name(line)
                        for line in self._lines('modules.builtin')}

    def _lines(self, file):
        try:
            with open(os.path.join(self.tree, file)) as lines:
                return [line.rstrip() for line in lines]
        except FileNotFoundError:
            return []

    @staticmethod
    def name(path):
        return os.path.basename(path).split('.ko')[0].replace('-', '_')

    def with_needs(self, names):
        """Paths of these modules and what they need, in order of loading."""
        order = []
        for name in names:
            if name in self.builtin or name not in self.paths:
                continue
            path = self.paths[name]
            for each in reversed([path] + self.needs[path]):
                if each not in order:
                    order.append(each)
        return order

    def content(self, path):
        """A module, uncompressed."""
        path = os.path.join(self.tree, path)
        if path.endswith('.zst'):
            return subprocess.check_output(['zstd', '-dcq', path])
        opener = lzma.open if path.endswith('.xz') else open
        with opener(path, 'rb') as file:
            return file.read()


def plain(path):
    """The name of an uncompressed module."""
    return path[:path.index('.ko') + 3]


def add_boot_modules(archive, modules, names):
    """What a guest loads before it sees its files."""
    files = []
    for path in modules.with_needs(names):
        name = os.path.basename(plain(path))
        archive.add('job/' + name, modules.content(path))
        files.append(name)
    archive.add('job/modules', ''.join(name + '\n' for name in files))


def add_module_tree(archive, modules, release, names):
    """A /lib/modules for a guest without the host's files."""
    top = 'lib/modules/' + release
    chosen = modules.with_needs(names)
    lines = []
    for path in chosen:
        archive.add(f'{top}/{plain(path)}', modules.content(path))
        needs = [plain(need) for need in modules.needs[path]]
        lines.append(f'{plain(path)}: {" ".join(needs)}'.rstrip() + '\n')
    archive.add(top + '/modules.dep', ''.join(lines))
    kept = {modules.name(path) for path in chosen}
    for file in ('modules.alias', 'modules.symbols'):
        archive.add(f'{top}/{file}', ''.join(
            line + '\n' for line in modules._lines(file)
            if line.split()[-1].replace('-', '_') in kept))
    archive.add(top + '/modules.builtin', ''.join(
        line + '\n' for line in modules._lines('modules.builtin')))
