"""How many raw bytes joblib reads after an array's description (joblib.numpy_pickle).

joblib pickles a `NumpyArrayWrapper` in an array's place and writes the array's bytes right behind
the opcode that sets its state: one byte that counts the padding, the padding, then the data; or a
further pickle if the array holds objects.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from bot.world.scan_values import Global, Made, Table, Unreadable

if TYPE_CHECKING:
    from mmap import mmap

WRAPPER = ("joblib.numpy_pickle", "NumpyArrayWrapper")
_SIZED = re.compile(r"([biufcmM])([0-9]{1,2})")
_FLEXIBLE = re.compile(r"[USV][0-9]{1,9}")
_OBJECT = re.compile(r"O[0-9]?")
_OBJECT_FLAG = 0x01
"""The bit of a dtype's flags by which numpy knows that it holds objects (NPY_ITEM_HASOBJECT)."""
_MOST = 2**48
_UNKNOWN = "an array is described in an unknown way"


def is_wrapper(value: Made) -> bool:
    """Tell whether a value is an array's description that was not replaced by the array yet."""
    return isinstance(value.maker, Global) and (value.maker.module, value.maker.name) == WRAPPER


def array_bytes(wrapper: Made, file: mmap) -> int | None:
    """Read past an array's padding and return the length of its data; None if that is a pickle.

    Raises:
        Unreadable: the description is not one that joblib writes.
    """
    state = wrapper.states[0]
    if len(wrapper.states) != 1 or not isinstance(state, Table) or state.lossy:
        raise Unreadable(_UNKNOWN)
    if not {"shape", "dtype", "order", "subclass"} <= state.keys():
        raise Unreadable(_UNKNOWN)
    count = _count(state["shape"])
    size = _item_bytes(state["dtype"])
    if size is None:
        return None
    if count * size > _MOST:
        raise Unreadable("an array claims to be larger than any file")
    if state.get("numpy_array_alignment_bytes") is not None:
        (padding,) = file.read(1)
        file.seek(padding, 1)
    return count * size


def _count(shape: Any) -> int:
    count = 1
    if not isinstance(shape, tuple):
        raise Unreadable(_UNKNOWN)
    for length in shape:
        if type(length) is not int or not 0 <= length <= _MOST:
            raise Unreadable(_UNKNOWN)
        count *= length
        if count > _MOST:
            raise Unreadable("an array claims to be larger than any file")
    return count


def _item_bytes(dtype: Any) -> int | None:
    """Return the bytes of one item, None for objects; the state may say otherwise than the name."""
    if not (isinstance(dtype, Made) and dtype.maker == Global("numpy", "dtype")):
        raise Unreadable(_UNKNOWN)
    name = dtype.args[0] if isinstance(dtype.args, tuple) and dtype.args else None
    state = dtype.states[0] if len(dtype.states) == 1 else None
    # (version, byte order, subarray, field names, fields, item size, alignment, flags, ...)
    if not isinstance(name, str) or not isinstance(state, tuple) or len(state) not in (8, 9):
        raise Unreadable(_UNKNOWN)
    flags, objects = state[7], _OBJECT.fullmatch(name) is not None
    if type(flags) is not int or bool(flags & _OBJECT_FLAG) != objects or state[2] is not None:
        raise Unreadable(_UNKNOWN)
    if objects:
        return None
    if (match := _SIZED.fullmatch(name)) is not None and state[4] is None:
        return int(match[2])
    if _FLEXIBLE.fullmatch(name) and type(state[5]) is int and state[5] >= 0:
        _fields(state[4])
        return int(state[5])
    raise Unreadable(_UNKNOWN)


def _fields(fields: Any) -> None:
    """Insist that no field of a record holds objects."""
    if fields is None:
        return
    if not isinstance(fields, Table) or fields.lossy:
        raise Unreadable(_UNKNOWN)
    for field in fields.values():
        if not isinstance(field, tuple) or not field or _item_bytes(field[0]) is None:
            raise Unreadable(_UNKNOWN)
