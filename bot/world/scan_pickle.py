"""Read a pickle's opcodes without running them, and list every global it could reach.

The reader is a pickle machine whose values are mostly unknown.  It follows the stack and the memo
exactly, so that a name assembled from memoised strings is still seen, and it refuses whatever the
real machine could take in another way than it does: unknown is not safe.  Joblib writes array
bytes between opcodes; `scan_arrays` says how many to skip, and the ways of making the two readings
differ (a wrapper made or passed on in an unusual way, frames that end elsewhere) are refused.
"""

from __future__ import annotations

import pickletools
import struct
from typing import IO, TYPE_CHECKING, Any, ClassVar, cast

from bot.world.scan_arrays import WRAPPER, array_bytes, is_wrapper
from bot.world.scan_stack import Stack
from bot.world.scan_values import OPAQUE, Global, Made, Tally, Unreadable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from mmap import mmap

_CODES = {opcode.code: opcode for opcode in pickletools.opcodes}
_OPCODES = 30_000_000
_DEPTH = 8
_NUMBERS = ("INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT")
_LITERALS = frozenset((*_NUMBERS, "UNICODE", "SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8"))
_BYTES = frozenset(
    ("BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8", "EMPTY_LIST", "EMPTY_SET")
)
_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False, "EMPTY_TUPLE": ()}
_TUPLES = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}
_BROKEN = (ValueError, IndexError, KeyError, EOFError, struct.error, OverflowError, MemoryError)


def read_streams(file: mmap, tally: Tally, *, joblib: bool) -> None:
    """Read every pickle of a file, one after the other, to its last byte.

    Raises:
        Unreadable: a part is no pickle, or could be taken in two ways.
    """
    while file.tell() < len(file):
        Machine(file, tally, joblib=joblib).run()


class Machine(Stack):
    """Reads one pickle from where a file stands to its STOP."""

    def __init__(self, file: mmap, tally: Tally, *, joblib: bool, depth: int = 0) -> None:
        super().__init__(tally)
        self._file, self._joblib, self._depth = file, joblib, depth
        self._frame = -1
        """Where the current frame ends; joblib's own reader takes a frame whole."""

    def run(self) -> None:
        """Read to STOP.

        Raises:
            Unreadable: the bytes are no pickle that is taken in one way only.
        """
        try:
            for _ in range(_OPCODES):
                if not self._step():
                    return
        except _BROKEN:
            raise Unreadable("it is no whole pickle") from None
        raise Unreadable(f"it has more than {_OPCODES:,} opcodes")

    def _step(self) -> bool:
        start = self._file.tell()
        opcode = _CODES[self._file.read(1).decode("latin-1")]
        arg = opcode.arg.reader(cast("IO[bytes]", self._file)) if opcode.arg is not None else None
        if start < self._frame < self._file.tell():
            raise Unreadable("an opcode crosses the end of its frame")
        name = opcode.name
        if name in _LITERALS:
            self.push(arg)
        elif name in _BYTES:
            self.push(OPAQUE)
        elif name in _CONSTANTS:
            self.push(_CONSTANTS[name])
        elif name == "STOP":
            self._whole_frame()
            return False
        elif name in _TUPLES:
            self.make_tuple(_TUPLES[name])
        else:
            self._ACTIONS[name](self, arg)
        return True

    def _global(self, arg: str) -> None:
        # The argument is both lines, joined by a space that neither name may hold.
        module, _, name = arg.partition(" ")
        self.push(self._met(module, name))

    def _stack_global(self, _: Any) -> None:
        name, module = self._stack.pop(), self._stack.pop()
        self.push(self._met(module, name))

    def _met(self, module: Any, name: Any) -> Any:
        if not isinstance(module, str) or not isinstance(name, str):
            self._tally.note("a name that is computed while loading")
            return OPAQUE
        self._tally.meet(module, name)
        return Global(module, name)

    def _extension(self, arg: Any) -> None:
        self._tally.note(f"extension code {arg}")
        self.push(OPAQUE)

    def _call(self, maker: Any, args: Any) -> Made:
        """Note a call of anything but a named global."""
        self.followed([args])
        if not isinstance(maker, Global):
            self._tally.note("a call of something computed while loading")
        elif (maker.module, maker.name) == WRAPPER:
            raise Unreadable("it makes an array wrapper in an unknown way")
        return Made(maker, args)

    def _reduce(self, _: Any) -> None:
        args = self._stack.pop()
        self.replace(1, self._call(self._stack[-1], args))

    def _new(self, _: Any) -> None:
        args = self._stack.pop()
        maker = self._stack[-1]
        if isinstance(maker, Global) and (maker.module, maker.name) == WRAPPER and args == ():
            self.replace(1, Made(maker, args))
        else:
            self.replace(1, self._call(maker, args))

    def _new_with_names(self, _: Any) -> None:
        names, args = self._stack.pop(), self._stack.pop()
        self.followed([names])
        self.replace(1, self._call(self._stack[-1], args))

    def _object(self, _: Any) -> None:
        maker, *args = self.since_mark()
        self.followed(args)
        self.push(self._call(maker, tuple(args)))

    def _instance(self, arg: str) -> None:
        module, _, name = arg.partition(" ")
        args = self.since_mark()
        self.followed(args)
        self.push(self._call(self._met(module, name), tuple(args)))

    def _build(self, _: Any) -> None:
        state = self._stack.pop()
        target = self._stack[-1]
        self.followed([state])
        self.touch(target)
        if isinstance(target, Made):
            target.states.append(state)
            if is_wrapper(target) and self._joblib:
                self._skip_array(target)

    def _skip_array(self, wrapper: Made) -> None:
        self._whole_frame()
        size = array_bytes(wrapper, self._file)
        if size is None:
            if self._depth >= _DEPTH:
                raise Unreadable("arrays of objects lie too deep in each other")
            Machine(self._file, self._tally, joblib=False, depth=self._depth + 1).run()
        elif self._file.tell() + size > len(self._file):
            raise Unreadable("an array is cut short")
        else:
            self._file.seek(size, 1)
        # The memo still holds the wrapper, as it does while loading; any further use is refused.
        self.replace(1, OPAQUE)

    def _begin_frame(self, arg: Any) -> None:
        if self._frame > self._file.tell() - 9:
            raise Unreadable("a frame begins inside a frame")
        self._frame = self._file.tell() + int(arg)

    def _whole_frame(self) -> None:
        if self._frame > self._file.tell():
            raise Unreadable("a frame holds bytes that are not read")

    def _outside(self, _: Any) -> None:
        raise Unreadable("it names objects that are not in the file")

    def _nothing(self, _: Any) -> None:
        """Read on."""

    _ACTIONS: ClassVar[Mapping[str, Callable[[Machine, Any], None]]] = {
        "PROTO": _nothing,
        "FRAME": _begin_frame,
        "MARK": Stack.mark,
        "POP": Stack.pop,
        "POP_MARK": Stack.drop,
        "DUP": Stack.dup,
        "MEMOIZE": Stack.memoize,
        "EMPTY_DICT": Stack.open_dict,
        "TUPLE": Stack.close_tuple,
        "LIST": Stack.close_collection,
        "FROZENSET": Stack.close_collection,
        "APPEND": Stack.append,
        "APPENDS": Stack.extend,
        "ADDITEMS": Stack.extend,
        "DICT": Stack.close_dict,
        "SETITEM": Stack.set_item,
        "SETITEMS": Stack.set_items,
        "GLOBAL": _global,
        "STACK_GLOBAL": _stack_global,
        "REDUCE": _reduce,
        "NEWOBJ": _new,
        "NEWOBJ_EX": _new_with_names,
        "OBJ": _object,
        "INST": _instance,
        "BUILD": _build,
        **dict.fromkeys(("STRING", "BINSTRING", "SHORT_BINSTRING"), Stack.push_text),
        **dict.fromkeys(("PUT", "BINPUT", "LONG_BINPUT"), Stack.put),
        **dict.fromkeys(("GET", "BINGET", "LONG_BINGET"), Stack.get),
        **dict.fromkeys(("EXT1", "EXT2", "EXT4"), _extension),
        **dict.fromkeys(("PERSID", "BINPERSID", "NEXT_BUFFER", "READONLY_BUFFER"), _outside),
    }
