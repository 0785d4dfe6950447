# SPDX-License-Identifier: LGPL-2.1-or-later
"""Physically contiguous shared memory, without a copy.

    import pmmshm

    with pmmshm.Connection() as pmm:
        block = pmm.alloc(8 << 20)
        block.memory[:5] = b"hello"
        print(block.shmid)              # any program can attach it by that
        pixels = numpy.asarray(block)   # the same memory, as an array

Where the pmm module is not loaded, blocks are ordinary shared memory; block.caps says
what that means.  Failures are OSError, whose text says what failed, why, and what helps; numbers
that C has no room for are OverflowError.
The functions are those of <pmmshm.h>, which describes them.
"""

from __future__ import annotations

import ctypes
import dataclasses
import enum
import os
import weakref
from types import TracebackType
from typing import Any, Iterator, Optional

from . import _library
from ._library import LIBRARY as _lib

__all__ = [
    "Block",
    "BlockInfo",
    "Cap",
    "Connection",
    "Migration",
    "MigrationError",
    "Segment",
    "State",
    "Sync",
    "Type",
    "TypeCap",
]
__version__ = _lib.version().decode()

_SHM_RDONLY = 0o10000


class Cap(enum.IntFlag):
    """What is guaranteed of a block."""

    CONTIGUOUS = 1 << 0
    DEVICE = 1 << 1
    RESIDENT = 1 << 2
    SYSV = 1 << 3
    NAME = 1 << 4
    FD = 1 << 5


class State(enum.IntFlag):
    """What a block is at the moment."""

    READONLY = 1 << 0
    HOME = 1 << 1
    SYSV = 1 << 2
    FILE = 1 << 3
    SEALED = 1 << 4
    INCOMPLETE = 1 << 5
    POISONED = 1 << 6
    GONE = 1 << 7


class TypeCap(enum.IntFlag):
    """What a type's memory is: PMM_TYPE_* of <linux/pmm.h>."""

    RAM = 1 << 0
    DEVICE = 1 << 1
    MAPPABLE = 1 << 2
    SYNC = 1 << 3
    MIGRATE = 1 << 4


class Sync(enum.IntFlag):
    """For Block.sync()."""

    READ = 1 << 0
    WRITE = 1 << 1
    BEGIN = 1 << 2
    END = 1 << 3


@dataclasses.dataclass(frozen=True)
class BlockInfo:
    id: int
    length: int
    align: int
    phys: int
    state: State
    huge: int
    holders: int
    uid: int
    shmid: int
    type: str
    aliases: int


@dataclasses.dataclass(frozen=True)
class Type:
    name: str
    allocator: str
    caps: TypeCap
    min_align: int
    max_align: int
    total: int
    free: int
    largest_free: int
    quarantined: int
    retired: int
    blocks: int
    limit: int


@dataclasses.dataclass(frozen=True)
class Segment:
    id: int
    length: int
    attached: int
    shmid: int
    key: int
    mode: int
    uid: int
    gid: int
    removed: bool


@dataclasses.dataclass(frozen=True)
class Migration:
    """What became of memory that was to be moved, in bytes of whole pages."""

    moved: int
    there: int
    unmapped: int
    unfit: int
    shared: int
    large: int
    busy: int
    left: int


class MigrationError(OSError):
    """Not all of it is there; `figures` says how much is, and why the rest is not."""

    def __init__(self, error: OSError, figures: Migration) -> None:
        super().__init__(error.errno, error.strerror)
        self.figures = figures


def _values(structure: ctypes.Structure) -> dict[str, Any]:
    """Its fields, with text as str."""
    values = {}
    for field in structure._fields_:
        value = getattr(structure, field[0])
        values[field[0]] = value.decode() if isinstance(value, bytes) else value
    return values


def _migrated(result: int, structure: ctypes.Structure) -> Migration:
    figures = Migration(**_values(structure))
    if result < 0:
        raise MigrationError(_lib.failure(), figures)
    return figures


def _check(result: int) -> int:
    if result < 0:
        raise _lib.failure()
    return result


class Block:
    """A block that is mapped in this process.

    Whoever has a view of its memory (a memoryview, an array) has it for as long as he
    keeps that: close() only ends this object's part.  It is no error to forget close().
    """

    def __init__(self, pointer: Optional[int]) -> None:
        if not pointer:
            raise _lib.failure()
        self._pointer = pointer
        self.size: int = _lib.block_size(pointer)
        owner = (ctypes.c_ubyte * self.size).from_address(_lib.block_data(pointer))
        # The memory is its own owner: views refer to it, and the last one frees the block.
        # At the end of the program the kernel does, whatever still uses it then.
        weakref.finalize(owner, _lib.block_free, pointer).atexit = False
        self._owner: Optional[ctypes.Array[ctypes.c_ubyte]] = owner
        self.readonly = bool(self._read_info(pointer).state & State.READONLY)

    def __enter__(self) -> Block:
        return self

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        self.close()

    def __len__(self) -> int:
        return self.size

    def __repr__(self) -> str:
        if self._owner is None:
            return "<pmmshm.Block, closed>"
        return f"<pmmshm.Block of {self.size} bytes, shmid {self.shmid}>"

    def _keep(self) -> ctypes.Array[ctypes.c_ubyte]:
        """What to hold on to during a call, so that nobody frees the block meanwhile."""
        if self._owner is None:
            raise ValueError("the block is closed")
        return self._owner

    def close(self) -> None:
        self._owner = None

    @property
    def memory(self) -> memoryview:
        """The memory itself."""
        view = memoryview(self._keep()).cast("B")
        return view.toreadonly() if self.readonly else view

    def __buffer__(self, flags: int) -> memoryview:
        return self.memory

    @property
    def __array_interface__(self) -> dict[str, Any]:
        return {"version": 3, "shape": (self.size,), "typestr": "|u1", "data": self.memory}

    @property
    def shmid(self) -> int:
        """Its System V id, or -1."""
        keep = self._keep()
        result: int = _lib.block_shmid(self._pointer)
        del keep
        return result

    @property
    def caps(self) -> Cap:
        keep = self._keep()
        result = Cap(_lib.block_caps(self._pointer))
        del keep
        return result

    def fileno(self) -> int:
        """The block's own fd, which ends with it; ValueError if it has none."""
        keep = self._keep()
        fd: int = _lib.block_fd(self._pointer)
        del keep
        if fd < 0:
            raise ValueError("the block has no fd")
        return fd

    @staticmethod
    def _read_info(pointer: int) -> BlockInfo:
        info = _library.BlockInfo()
        _check(_lib.block_get_info(pointer, info))
        values = _values(info)
        values["state"] = State(values["state"])
        return BlockInfo(**values)

    def info(self) -> BlockInfo:
        keep = self._keep()
        result = self._read_info(self._pointer)
        del keep
        return result

    def home_fd(self, writable: bool = True) -> int:
        """A new fd of the memory, to be passed on; the caller closes it."""
        keep = self._keep()
        fd = _check(_lib.block_home_fd(self._pointer, os.O_RDWR if writable else os.O_RDONLY))
        del keep
        return fd

    def dmabuf_fd(self) -> int:
        """A new dma-buf; the caller closes it."""
        keep = self._keep()
        fd = _check(_lib.block_dmabuf_fd(self._pointer))
        del keep
        return fd

    def link(self, name: str, mode: int = 0o600) -> None:
        """Give it a POSIX name, such as "/camera"."""
        keep = self._keep()
        _check(_lib.block_link(self._pointer, _library.path(name), mode, 0))
        del keep

    def sync(self, flags: Sync, offset: int = 0, length: Optional[int] = None) -> None:
        keep = self._keep()
        length = self.size - offset if length is None else length
        _check(_lib.block_sync(self._pointer, offset, length, flags))
        del keep


class Connection:
    """To the module, or to what stands in for it.  Blocks outlive it."""

    def __init__(self, device: Optional[str] = None) -> None:
        self._pointer = _lib.open(None if device is None else _library.path(device))
        if not self._pointer:
            raise _lib.failure()
        weakref.finalize(self, _lib.close, self._pointer).atexit = False

    def __enter__(self) -> Connection:
        return self

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        """It is closed when nobody refers to it any more."""

    @property
    def backend(self) -> str:
        """ "pmm" or "shm"."""
        name: bytes = _lib.backend(self._pointer)
        return name.decode()

    def types(self) -> Iterator[Type]:
        index = 0
        while True:
            info = _library.TypeInfo()
            try:
                _check(_lib.type_get(self._pointer, index, info))
            except FileNotFoundError:
                return
            values = _values(info)
            values["caps"] = TypeCap(values["caps"])
            yield Type(**values)
            index += 1

    def resize(self, total: int, type: str = "") -> None:
        """Grow or shrink the pool of a type of memory."""
        _check(_lib.type_resize(self._pointer, type.encode(), total))

    def segments(self) -> Iterator[Segment]:
        """The System V segments that are blocks, of those that the caller may read."""
        place = ctypes.c_uint(0)
        while True:
            info = _library.SegmentInfo()
            try:
                _check(_lib.segment_next(self._pointer, place, info))
            except FileNotFoundError:
                return
            values = _values(info)
            values["removed"] = bool(values.pop("flags") & _library.SEGMENT_REMOVED)
            yield Segment(**values)

    def alloc(
        self,
        size: int,
        *,
        type: str = "",
        align: int = 0,
        caps: TypeCap = TypeCap(0),
        segment: bool = True,
        keep: bool = False,
        mode: int = 0,
    ) -> Block:
        """Allocate a block, by default with a System V segment of mode 0600."""
        flags = (0 if segment else _library.NO_SEGMENT) | (_library.KEEP_SEGMENT if keep else 0)
        opts = _library.AllocOpts(
            ctypes.sizeof(_library.AllocOpts), flags, align, type.encode(), mode, caps
        )
        return Block(_lib.block_alloc(self._pointer, size, opts))

    def publish(self, size: int, key: int, mode: int = 0o600) -> Block:
        """Allocate a block under a System V key, where it stays until it is removed."""
        return Block(_lib.block_publish(self._pointer, size, key, mode, None))

    def import_shmid(self, shmid: int, readonly: bool = False) -> Block:
        return Block(_lib.block_import_shmid(self._pointer, shmid, _SHM_RDONLY if readonly else 0))

    def import_name(self, name: str, readonly: bool = False) -> Block:
        flags = os.O_RDONLY if readonly else os.O_RDWR
        return Block(_lib.block_import_name(self._pointer, _library.path(name), flags))

    def import_fd(self, fd: int, readonly: bool = False) -> Block:
        """The fd stays the caller's."""
        flags = os.O_RDONLY if readonly else os.O_RDWR
        return Block(_lib.block_import_fd(self._pointer, fd, flags))

    def migrate(self, memory: Any, type: str = "") -> Migration:
        """Move a writable buffer's memory to a type with TypeCap.MIGRATE; to RAM without one.

        All pages are moved that have any of it.  Address and contents stay the same, and
        whoever uses it can go on.  Only memory of this process can be moved, no block:
        bytearray, an array of NumPy's, mmap.mmap(-1, size, mmap.MAP_PRIVATE).
        """
        view = memoryview(memory).cast("B")
        pages = (ctypes.c_ubyte * len(view)).from_buffer(view)
        figures = _library.Migration()
        result = _lib.migrate(
            self._pointer, ctypes.addressof(pages), len(view), type.encode(), figures
        )
        return _migrated(result, figures)

    def migrate_process(self, pid: int, address: int, size: int, type: str = "") -> Migration:
        """The same with memory of another process, which the caller may ptrace."""
        figures = _library.Migration()
        result = _lib.migrate_process(self._pointer, pid, address, size, type.encode(), figures)
        return _migrated(result, figures)
