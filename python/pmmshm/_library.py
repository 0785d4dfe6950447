# SPDX-License-Identifier: LGPL-2.1-or-later
"""libpmmshm as ctypes sees it: what <pmmshm.h> declares, and nothing more."""

from __future__ import annotations

import ctypes
import os
from ctypes import POINTER, c_char, c_char_p, c_int, c_size_t, c_uint, c_uint32, c_uint64, c_void_p
from typing import Any

NO_SEGMENT = 1 << 0
KEEP_SEGMENT = 1 << 1
SEGMENT_REMOVED = 1 << 0


_INTEGERS = (c_int, c_size_t, c_uint, c_uint32, c_uint64)


def _check_range(kind: Any, value: Any) -> None:
    """ctypes takes any integer, and passes on those of its bits that fit."""
    if kind in _INTEGERS and kind(value).value != value:
        bits = 8 * ctypes.sizeof(kind)
        sign = "signed" if kind is c_int else "unsigned"
        raise OverflowError(f"{int(value)} is no {sign} number of {bits} bits")


class AllocOpts(ctypes.Structure):
    _fields_ = [
        ("size", c_size_t),
        ("flags", c_uint),
        ("align", c_size_t),
        ("type", c_char_p),
        ("mode", c_uint32),
        ("caps", c_uint64),
    ]

    def __init__(self, *values: Any) -> None:
        for field, value in zip(self._fields_, values):
            _check_range(field[1], value)
        super().__init__(*values)


class BlockInfo(ctypes.Structure):
    _fields_ = [
        ("id", c_uint64),
        ("length", c_uint64),
        ("align", c_uint64),
        ("phys", c_uint64),
        ("state", c_uint64),
        ("huge", c_uint64),
        ("holders", c_uint64),
        ("uid", c_uint32),
        ("shmid", c_int),
        ("type", c_char * 32),
        ("aliases", c_uint64),
    ]


class TypeInfo(ctypes.Structure):
    _fields_ = [
        ("name", c_char * 32),
        ("allocator", c_char * 32),
        ("caps", c_uint64),
        ("min_align", c_uint64),
        ("max_align", c_uint64),
        ("total", c_uint64),
        ("free", c_uint64),
        ("largest_free", c_uint64),
        ("quarantined", c_uint64),
        ("retired", c_uint64),
        ("blocks", c_uint64),
        ("limit", c_uint64),
    ]


class SegmentInfo(ctypes.Structure):
    _fields_ = [
        ("id", c_uint64),
        ("length", c_uint64),
        ("attached", c_uint64),
        ("shmid", c_int),
        ("key", c_int),
        ("mode", c_uint32),
        ("uid", c_uint32),
        ("gid", c_uint32),
        ("flags", c_uint),
    ]


class Migration(ctypes.Structure):
    _fields_ = [
        ("moved", c_uint64),
        ("there", c_uint64),
        ("unmapped", c_uint64),
        ("unfit", c_uint64),
        ("shared", c_uint64),
        ("large", c_uint64),
        ("busy", c_uint64),
        ("left", c_uint64),
    ]


_PROTOTYPES: dict[str, tuple[Any, list[Any]]] = {
    "open": (c_void_p, [c_char_p]),
    "close": (None, [c_void_p]),
    "backend": (c_char_p, [c_void_p]),
    "error": (c_char_p, []),
    "version": (c_char_p, []),
    "type_get": (c_int, [c_void_p, c_uint, POINTER(TypeInfo)]),
    "type_resize": (c_int, [c_void_p, c_char_p, c_uint64]),
    "migrate": (c_int, [c_void_p, c_void_p, c_size_t, c_char_p, POINTER(Migration)]),
    "migrate_process": (
        c_int,
        [c_void_p, c_int, c_uint64, c_uint64, c_char_p, POINTER(Migration)],
    ),
    "segment_next": (c_int, [c_void_p, POINTER(c_uint), POINTER(SegmentInfo)]),
    "block_alloc": (c_void_p, [c_void_p, c_size_t, POINTER(AllocOpts)]),
    "block_publish": (c_void_p, [c_void_p, c_size_t, c_int, c_uint32, POINTER(AllocOpts)]),
    "block_import_shmid": (c_void_p, [c_void_p, c_int, c_int]),
    "block_import_name": (c_void_p, [c_void_p, c_char_p, c_int]),
    "block_import_fd": (c_void_p, [c_void_p, c_int, c_int]),
    "block_free": (None, [c_void_p]),
    "block_data": (c_void_p, [c_void_p]),
    "block_size": (c_size_t, [c_void_p]),
    "block_shmid": (c_int, [c_void_p]),
    "block_fd": (c_int, [c_void_p]),
    "block_caps": (c_uint64, [c_void_p]),
    "block_get_info": (c_int, [c_void_p, POINTER(BlockInfo)]),
    "block_home_fd": (c_int, [c_void_p, c_int]),
    "block_link": (c_int, [c_void_p, c_char_p, c_uint32, c_uint]),
    "block_dmabuf_fd": (c_int, [c_void_p]),
    "block_sync": (c_int, [c_void_p, c_size_t, c_size_t, c_uint]),
}


def _checked(function: Any, kinds: list[Any]) -> Any:
    def call(*values: Any) -> Any:
        for kind, value in zip(kinds, values):
            _check_range(kind, value)
        return function(*values)

    return call


class Library:
    """Its functions, without the prefix that they have in C."""

    def __init__(self) -> None:
        library = ctypes.CDLL("libpmmshm.so.0", use_errno=True)
        for name, (result, arguments) in _PROTOTYPES.items():
            function = getattr(library, "pmmshm_" + name)
            function.restype = result
            function.argtypes = arguments
            setattr(self, name, _checked(function, arguments))

    # For type checkers, which do not see what was set above.
    def __getattr__(self, name: str) -> Any:
        raise AttributeError(name)

    def failure(self) -> OSError:
        """What the last call of this thread failed with; FileNotFoundError for ENOENT, and so on."""
        return OSError(ctypes.get_errno(), self.error().decode(errors="replace"))


LIBRARY = Library()


def path(name: str) -> bytes:
    return os.fsencode(name)
