"""The stack, memo and containers of a pickle machine whose values are mostly unknown."""

from __future__ import annotations

from typing import Any

from bot.world.scan_arrays import WRAPPER, is_wrapper
from bot.world.scan_values import OPAQUE, Global, Made, Table, Tally, Unreadable


class Stack:
    """Follows where values go; what a list or a set holds is forgotten."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._stack: list[Any] = []
        self._marks: list[list[Any]] = []
        self._memo: dict[int, Any] = {}

    def push(self, value: Any) -> None:
        """Put a value on the stack."""
        self._stack.append(value)

    def replace(self, count: int, value: Any) -> None:
        """Pop `count` values and push one."""
        if len(self._stack) < count:
            raise Unreadable("it takes more from its stack than there is")
        del self._stack[len(self._stack) - count :]
        self._stack.append(value)

    def since_mark(self) -> list[Any]:
        """Take everything above the last mark, and the mark."""
        items, self._stack = self._stack, self._marks.pop()
        return items

    def mark(self, _: Any) -> None:
        """Begin a group of values."""
        self._marks.append(self._stack)
        self._stack = []

    def pop(self, _: Any) -> None:
        """Drop the value on top, or an empty group."""
        if self._stack:
            self._stack.pop()
        else:
            self.since_mark()

    def drop(self, _: Any) -> None:
        """Drop the last group."""
        self.since_mark()

    def dup(self, _: Any) -> None:
        """Repeat the value on top."""
        self.push(self._stack[-1])

    def push_text(self, arg: str) -> None:
        """Push a byte string of Python 2."""
        # Python 2's byte strings: only ASCII is the same text for every reader.
        self.push(arg if arg.isascii() else OPAQUE)

    def put(self, arg: Any) -> None:
        """Remember the value on top under a number."""
        self._memo[int(arg)] = self._stack[-1]

    def get(self, arg: Any) -> None:
        """Push a remembered value."""
        self.push(self._memo[int(arg)])

    def memoize(self, _: Any) -> None:
        """Remember the value on top under the next number."""
        self.put(len(self._memo))

    def make_tuple(self, count: int) -> None:
        """Turn the values on top into a tuple."""
        items = tuple(self._stack[len(self._stack) - count :])
        self.followed(items)
        self.replace(count, items)

    def close_tuple(self, _: Any) -> None:
        """Turn the last group into a tuple."""
        items = tuple(self.since_mark())
        self.followed(items)
        self.push(items)

    def close_collection(self, _: Any) -> None:
        """Turn the last group into a list or a set."""
        self.followed(self.since_mark())
        self.push(OPAQUE)

    def extend(self, _: Any) -> None:
        """Add the last group to the value below it."""
        self.followed(self.since_mark())
        self.touch(self._stack[-1])

    def append(self, _: Any) -> None:
        """Add the value on top to the one below it."""
        self.followed([self._stack.pop()])
        self.touch(self._stack[-1])

    def set_items(self, _: Any) -> None:
        """Set the items of the last group on the value below it."""
        items = self.since_mark()
        self.fill(self._stack[-1], items)

    def set_item(self, _: Any) -> None:
        """Set one item on the value below it."""
        value, key = self._stack.pop(), self._stack.pop()
        self.fill(self._stack[-1], [key, value])

    def close_dict(self, _: Any) -> None:
        """Turn the last group into a dict."""
        items, table = self.since_mark(), Table()
        self.fill(table, items)
        self.push(table)

    def open_dict(self, _: Any) -> None:
        """Push an empty dict."""
        self.push(Table())

    def fill(self, target: Any, items: list[Any]) -> None:
        """Set keys and values, which take turns, on a target."""
        self.followed(items)
        self.touch(target)
        if isinstance(target, Table):
            for key, value in zip(items[::2], items[1::2], strict=True):
                target.keep(key, value)

    def touch(self, target: Any) -> None:
        """Note that a target is changed, if that is a global."""
        if isinstance(target, Global):
            self._tally.note(f"a change of {target.dotted}")

    def followed(self, items: Any) -> None:
        """Refuse to let a joblib wrapper, or its class, go where it can no longer be followed."""
        for item in items:
            unbuilt = isinstance(item, Made) and is_wrapper(item)
            if unbuilt or (isinstance(item, Global) and (item.module, item.name) == WRAPPER):
                raise Unreadable("it uses an array wrapper in an unknown way")
