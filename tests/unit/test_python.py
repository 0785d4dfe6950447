#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""The Python bindings, on whatever backend $PMMSHM_BACKEND chooses."""

import ctypes
import errno
import gc
import mmap
import multiprocessing
import os
import re
import signal
import subprocess
import sys
import tempfile
import unittest
from typing import Optional

import pmmshm
from pmmshm import Cap, State, Sync, TypeCap, _library

try:
    import numpy
except ImportError:
    numpy = None  # type: ignore[assignment]

TREE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
NAME = f"/pmmshm-python-{os.getpid()}"


def child_reads(shmid: int, queue: "multiprocessing.Queue[bytes]") -> None:
    with pmmshm.Connection().import_shmid(shmid, readonly=True) as block:
        queue.put(bytes(block.memory[:5]))


class Bindings(unittest.TestCase):
    def setUp(self) -> None:
        self.pmm = pmmshm.Connection()
        self.real = self.pmm.backend == "pmm"

    def test_declarations_are_those_of_c(self) -> None:
        names: "dict[str, type[ctypes.Structure]]" = {
            "alloc_opts": _library.AllocOpts,
            "block_info": _library.BlockInfo,
            "type_info": _library.TypeInfo,
            "segment_info": _library.SegmentInfo,
            "migration": _library.Migration,
        }
        want = ""
        lines = ""
        for name, structure in names.items():
            want += f"{name} {ctypes.sizeof(structure)}\n"
            lines += f'printf("{name} %zu\\n", sizeof(struct pmmshm_{name}));\n'
            for field in structure._fields_:
                where = getattr(structure, field[0])
                want += f"{field[0]} {where.offset} {where.size}\n"
                member = f"struct pmmshm_{name}, {field[0]}"
                lines += f'printf("{field[0]} %zu %zu\\n", offsetof({member}), '
                lines += f"sizeof(((struct pmmshm_{name} *)0)->{field[0]}));\n"
        with tempfile.TemporaryDirectory() as work:
            with open(work + "/layout.c", "w", encoding="ascii") as source:
                source.write("#include <stdio.h>\n#include <pmmshm.h>\nint main(void)\n{\n")
                source.write(lines + "return 0;\n}\n")
            command = ["cc", "-I", TREE + "/libpmmshm", "-o", work + "/layout", source.name]
            subprocess.run(command, check=True)
            got = subprocess.run([work + "/layout"], check=True, capture_output=True, text=True)
        self.assertEqual(got.stdout, want)

    def test_flags_are_all_those_of_c(self) -> None:
        flags = {
            "libpmmshm/pmmshm.h PMMSHM_CAP": Cap,
            "libpmmshm/pmmshm.h PMMSHM_STATE": State,
            "libpmmshm/pmmshm.h PMMSHM_SYNC": Sync,
            "include/uapi/linux/pmm.h PMM_TYPE": TypeCap,
        }
        for where, enumeration in flags.items():
            header, prefix = where.split()
            with open(f"{TREE}/{header}", encoding="ascii") as source:
                found = re.findall(rf"#define {prefix}_([A-Z]+)\s+\(1UL* << (\d+)\)", source.read())
            want = {name: 1 << int(bit) for name, bit in found}
            self.assertEqual({flag.name: flag.value for flag in enumeration}, want, where)

    def test_memory_is_zeroed_and_writable(self) -> None:
        with self.pmm.alloc(10000) as block:
            self.assertEqual(len(block), 12288)
            self.assertEqual(bytes(block.memory), bytes(12288))
            block.memory[12287] = 1
            self.assertEqual(block.memory[12287], 1)
            self.assertGreaterEqual(block.shmid, 0)
            self.assertEqual(block.info().shmid, block.shmid)
            self.assertEqual(block.info().uid, os.getuid())
            self.assertIn(State.SYSV, block.info().state)
            self.assertIn(f"shmid {block.shmid}", repr(block))

    def test_promises(self) -> None:
        block = self.pmm.alloc(4096)
        self.assertIn(Cap.SYSV, block.caps)
        self.assertEqual(Cap.CONTIGUOUS in block.caps, self.real)
        if self.real:
            self.assertGreaterEqual(block.fileno(), 0)
            self.pmm.alloc(4096, caps=TypeCap.RAM)
        else:
            self.assertRaises(ValueError, block.fileno)
            with self.assertRaises(OSError) as caught:
                block.link(NAME)
            self.assertEqual(caught.exception.errno, errno.EOPNOTSUPP)
            with self.assertRaisesRegex(FileNotFoundError, "modprobe pmm"):
                self.pmm.alloc(4096, caps=TypeCap.RAM)

    def test_other_processes_see_it(self) -> None:
        block = self.pmm.alloc(4096)
        block.memory[:5] = b"hello"
        context = multiprocessing.get_context("spawn")
        queue: "multiprocessing.Queue[bytes]" = context.Queue()
        child = context.Process(target=child_reads, args=(block.shmid, queue))
        child.start()
        self.assertEqual(queue.get(), b"hello")
        child.join()

    def test_readers_cannot_write(self) -> None:
        block = self.pmm.alloc(4096)
        reader = self.pmm.import_shmid(block.shmid, readonly=True)
        self.assertTrue(reader.readonly and reader.memory.readonly)
        with self.assertRaises(TypeError):
            reader.memory[0] = 1
        with self.assertRaises(PermissionError):
            reader.sync(Sync.BEGIN | Sync.WRITE)
        block.sync(Sync.BEGIN | Sync.WRITE, 0, 100)
        block.sync(Sync.END | Sync.WRITE, 4000)

    def test_names_and_fds(self) -> None:
        block = self.pmm.alloc(4096, segment=False)
        self.assertEqual(block.shmid, -1)
        block.link(NAME, 0o600)
        with self.assertRaises(FileExistsError):
            block.link(NAME, 0o600)
        named = self.pmm.import_name(NAME)
        os.unlink("/dev/shm" + NAME)
        named.memory[:3] = b"abc"
        fd = block.home_fd(writable=False)
        with mmap.mmap(fd, 4096, prot=mmap.PROT_READ) as mapped:
            self.assertEqual(mapped[:3], b"abc")
        self.assertEqual(bytes(self.pmm.import_fd(fd, readonly=True).memory[:3]), b"abc")
        os.close(fd)
        with self.assertRaises(FileNotFoundError):
            self.pmm.import_name(NAME)

    def test_keys(self) -> None:
        key = 0x51000000 + os.getpid()
        block = self.pmm.publish(4096, key)
        try:
            with self.assertRaisesRegex(FileExistsError, "is taken by segment"):
                self.pmm.publish(4096, key)
            found = [s for s in self.pmm.segments() if s.shmid == block.shmid]
            self.assertEqual([(s.key, s.mode, s.removed) for s in found], [(key, 0o600, False)])
        finally:
            subprocess.run(["ipcrm", "-m", str(block.shmid)], check=True)

    def test_types(self) -> None:
        types = list(self.pmm.types())
        self.assertEqual(types[0].name, "general" if self.real else "shm")
        self.assertEqual(TypeCap.RAM in types[0].caps, self.real)
        with self.assertRaisesRegex(OSError, "no type of memory has a name as long"):
            self.pmm.resize(1, "x" * 100)

    def test_memory_that_cannot_be_moved(self) -> None:
        with self.assertRaises(pmmshm.MigrationError) as caught:
            self.pmm.migrate(bytearray(4096), "nonesuch")
        want = errno.ENOENT if self.real else errno.EOPNOTSUPP
        self.assertEqual(caught.exception.errno, want)
        self.assertEqual(caught.exception.figures.moved, 0)
        with self.assertRaises(TypeError):
            self.pmm.migrate(b"for reading only", "nonesuch")
        with self.assertRaises(pmmshm.MigrationError):
            self.pmm.migrate_process(os.getppid(), 0, 4096, "nonesuch")

    def test_errors_have_words(self) -> None:
        with self.assertRaisesRegex(OSError, "a block cannot have 0 bytes") as caught:
            self.pmm.alloc(0)
        self.assertEqual(caught.exception.errno, errno.EINVAL)
        if os.environ.get("PMMSHM_BACKEND") != "shm":
            with self.assertRaisesRegex(FileNotFoundError, "/dev/nonesuch"):
                pmmshm.Connection("/dev/nonesuch")

    def test_numbers_are_not_cut(self) -> None:
        block = self.pmm.alloc(4096)
        big = 1 << 64
        for call in (
            lambda: self.pmm.alloc(big + 4096),
            lambda: self.pmm.alloc(-big + 4096),
            lambda: self.pmm.alloc(4096, align=big),
            lambda: self.pmm.alloc(4096, mode=(1 << 32) + 0o600),
            lambda: self.pmm.alloc(4096, caps=big),  # type: ignore[arg-type]
            lambda: self.pmm.publish(4096, 1 << 32),
            lambda: self.pmm.import_shmid((1 << 32) + block.shmid),
            lambda: self.pmm.import_fd(1 << 32),
            lambda: self.pmm.resize(big),
            lambda: self.pmm.migrate_process((1 << 32) + os.getpid(), 0, 4096),
            lambda: self.pmm.migrate_process(os.getpid(), big, 4096),
            lambda: self.pmm.migrate_process(os.getpid(), 0, big + 4096),
            lambda: block.sync(Sync.BEGIN | Sync.READ, big),
            lambda: block.sync(Sync.BEGIN | Sync.READ, 0, -1),
            lambda: block.link(NAME, (1 << 32) + 0o600),
        ):
            with self.assertRaisesRegex(OverflowError, "is no (un)?signed number of (32|64) bits"):
                call()

    def assert_gone(self, shmid: int) -> None:
        gc.collect()
        with self.assertRaises(OSError):
            self.pmm.import_shmid(shmid)

    def test_views_keep_the_memory(self) -> None:
        block = self.pmm.alloc(1 << 20)
        shmid = block.shmid
        view: Optional[memoryview] = block.memory[100:200]
        assert view
        block.close()
        self.assertRaises(ValueError, lambda: block.memory)
        self.assertRaises(ValueError, block.info)
        self.assertEqual(repr(block), "<pmmshm.Block, closed>")
        view[99] = 7
        self.assertEqual(self.pmm.import_shmid(shmid).memory[199], 7)
        view = None
        self.assert_gone(shmid)

    def test_nothing_is_left(self) -> None:
        fds = len(os.listdir("/proc/self/fd"))
        for _ in range(50):
            self.pmm.alloc(4096, segment=False)
            pmmshm.Connection()
            self.assertRaises(OSError, self.pmm.alloc, 4096, type="nix")
        gc.collect()
        self.assertEqual(len(os.listdir("/proc/self/fd")), fds)

    @unittest.skipUnless(numpy, "numpy is not installed")
    def test_arrays_are_the_memory(self) -> None:
        block = self.pmm.alloc(640 * 480 * 4)
        shmid = block.shmid
        pixels = numpy.asarray(block)[: 640 * 480 * 4].reshape(480, 640, 4)
        pixels[479, 639] = (1, 2, 3, 4)
        self.assertEqual(bytes(block.memory[640 * 480 * 4 - 4 : 640 * 480 * 4]), b"\1\2\3\4")
        self.assertEqual(numpy.frombuffer(block.memory, numpy.uint32)[640 * 480 - 1], 0x04030201)
        reader = numpy.asarray(self.pmm.import_shmid(shmid, readonly=True))
        self.assertFalse(reader.flags.writeable)
        block.close()
        del reader
        gc.collect()
        self.assertEqual(pixels[479, 639, 3], 4)
        del pixels
        self.assert_gone(shmid)

    def test_the_end_of_a_program_is_quiet(self) -> None:
        code = "import pmmshm; p = pmmshm.Connection(); b = p.alloc(1 << 22); m = b.memory; b.close(); m[5] = 1"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, b""))


if __name__ == "__main__":
    signal.alarm(300)
    unittest.main()
