#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Moves memory to the type "vram" of 8 MiB and back; see test_python_migrate.sh."""

import ctypes
import dataclasses
import errno
import mmap
import os
import unittest

import pmmshm
from pmmshm import TypeCap

SIZE = 1 << 20
PAGE = mmap.PAGESIZE


def anonymous(size: int) -> mmap.mmap:
    memory = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    memory[:] = b"\x5a" * size
    return memory


def address(memory: mmap.mmap) -> int:
    return ctypes.addressof(ctypes.c_char.from_buffer(memory))


class Migration(unittest.TestCase):
    def setUp(self) -> None:
        self.pmm = pmmshm.Connection()

    def free(self) -> int:
        types = {kind.name: kind for kind in self.pmm.types()}
        self.assertIn(TypeCap.MIGRATE, types["vram"].caps)
        return types["vram"].free

    def test_there_and_back(self) -> None:
        memory = anonymous(SIZE)
        before = self.free()
        figures = self.pmm.migrate(memory, "vram")
        self.assertEqual((figures.moved, figures.there), (SIZE, 0))
        self.assertEqual(self.free(), before - SIZE)
        memory[0] = 1
        figures = self.pmm.migrate(memory, "vram")
        self.assertEqual((figures.moved, figures.there), (0, SIZE))
        self.assertEqual(self.pmm.migrate(memory).moved, SIZE)
        self.assertEqual(memory[:], b"\1" + b"\x5a" * (SIZE - 1))
        self.assertEqual(self.free(), before)

    def test_what_does_not_fit_is_told(self) -> None:
        memory = anonymous(9 << 20)
        with self.assertRaises(pmmshm.MigrationError) as caught:
            self.pmm.migrate(memory, "vram")
        self.assertEqual(caught.exception.errno, errno.ENOMEM)
        figures = caught.exception.figures
        self.assertEqual(sum(dataclasses.astuple(figures)), 9 << 20)
        self.assertLessEqual(figures.moved, 8 << 20)
        self.assertGreater(figures.left, 0)
        self.pmm.migrate(memory)

    def test_blocks_stay(self) -> None:
        with self.assertRaises(pmmshm.MigrationError) as caught:
            self.pmm.migrate(self.pmm.alloc(PAGE).memory, "vram")
        self.assertEqual(caught.exception.errno, errno.EOPNOTSUPP)
        self.assertEqual(caught.exception.figures.unfit, PAGE)

    def test_other_processes(self) -> None:
        ours, theirs = os.pipe(), os.pipe()
        pid = os.fork()
        if not pid:
            memory = anonymous(SIZE)
            os.write(theirs[1], address(memory).to_bytes(8, "little"))
            os.read(ours[0], 1)
            os._exit(memory[:] != b"\x5a" * SIZE)
        where = int.from_bytes(os.read(theirs[0], 8), "little")
        self.assertEqual(self.pmm.migrate_process(pid, where, SIZE, "vram").moved, SIZE)
        os.write(ours[1], b"x")
        self.assertEqual(os.waitpid(pid, 0)[1], 0)
        with self.assertRaises(pmmshm.MigrationError) as caught:
            self.pmm.migrate_process(pid, where, SIZE, "vram")
        self.assertEqual(caught.exception.errno, errno.ESRCH)


if __name__ == "__main__":
    unittest.main()
