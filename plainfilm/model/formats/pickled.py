"""A machine that reads pickles of tensors, and can build tensors and nothing else.

A pickle is a program: Python's own reader imports and calls whatever it names. This one is written for the files of
`torch.save` and `paddle.save`:

- It knows the operations that those need. object other one is an error.
- It imports nothing and calls nothing. A name is a text; `pickle_names` has those that may stand in a file, and what
  each means here. Another name is an error that quotes it.
- It builds descriptions: where a tensor's bytes lie, its type, shape and strides. The bytes stay in the file. What
  stands beside the tensors as an object (settings, paths, counters) is not built, and what is put into it is dropped.
- What it builds is paid from a budget, so a small file cannot fill the memory; keys are texts or numbers, and nothing
  is ever walked recursively, so neither depth nor repetition does harm. An entry under another key is dropped.

The format: https://github.com/python/cpython/blob/main/Lib/pickletools.py (protocols 2 to 5).
"""

import struct
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from plainfilm.errors import ModelFileError
from plainfilm.model.formats import pickle_names

MAX_BUILT_BYTES = 2**25  # a ResNet-152 with its optimiser's state takes half of that
OPERATION_BYTES = 128  # what one operation may leave behind: an empty container, its place on the stack and in the memo
RESULT_BYTES = 256  # what a name may leave behind: a description, a key
MAX_TEXT_BYTES = 200  # a longer text can only be the bytes of an array
MAX_NAME_BYTES = 100

CONSTANTS = {b"N": None, b"\x88": True, b"\x89": False}
NUMBERS = {b"J": "<i", b"K": "<B", b"M": "<H", b"G": ">d"}
TEXTS = {b"X": "<I", b"\x8c": "<B", b"\x8d": "<Q"}  # by the format of their length
OCTETS = {b"B": "<I", b"C": "<B", b"\x8e": "<Q", b"\x96": "<Q"}
OLD_TEXTS = {b"U": "<B", b"T": "<i"}  # of Python 2: texts and bytes alike
PUTS = {b"q": "<B", b"r": "<I"}
GETS = {b"h": "<B", b"j": "<I"}
EMPTY: dict[bytes, Callable[[], object]] = {b"}": dict, b"]": list, b")": tuple}
LEAVES = frozenset((*CONSTANTS, *NUMBERS, *TEXTS, *OLD_TEXTS, *OCTETS, *GETS, *EMPTY, b"\x8a", b"\x8f"))
TUPLES = {b"\x85": 1, b"\x86": 2, b"\x87": 3}


@dataclass(frozen=True, slots=True)
class Pickle:
    """What a pickle describes."""

    content: object
    end: int  # the place after its last byte
    storages: dict[str, str]  # torch's storages: key -> type
    budget_bytes: int  # what is left of the budget


def read_pickle(data: memoryview, path: str, start: int = 0, budget_bytes: int | None = None) -> Pickle:
    """What the pickle at `start` describes.

    Containers are dict, list and tuple; leaves are numbers, texts and the classes of `pickle_names`. `budget_bytes`:
    what it may take, not given: MAX_BUILT_BYTES.

    Raises ModelFileError: a name that is not known, an operation outside those of this machine, a budget overdrawn, an
    end that is missing.
    """
    machine = _Machine(data, path, start, MAX_BUILT_BYTES if budget_bytes is None else budget_bytes)
    return Pickle(machine.run(), machine.place, machine.storages, machine.budget_bytes)


class _Machine:
    def __init__(self, data: memoryview, path: str, start: int, budget_bytes: int) -> None:
        self.data, self.path, self.place = data, path, start
        self.stack: list[object] = []
        self.marked: list[list[object]] = []  # the stacks below each mark
        self.memo: dict[int, object] = {}
        self.storages: dict[str, str] = {}
        self.budget_bytes = budget_bytes

    def damaged(self, reason_key: str) -> ModelFileError:
        return ModelFileError("weights-damaged", path=self.path, reason_key=reason_key)

    def run(self) -> object:
        while True:
            self.pay(OPERATION_BYTES)
            operation = bytes(self.take(1))
            if operation == b".":
                return self.pop()
            self.step(operation)

    def step(self, operation: bytes) -> None:
        """One operation; the comments give its name in the format."""
        if operation in LEAVES:
            self.stack.append(self.leaf(operation))
            return
        match operation:
            case b"q" | b"r":
                self.memo[self.number(PUTS[operation])] = self.top()
            case b"\x94":  # MEMOIZE
                self.memo[len(self.memo)] = self.top()
            case b"\x80":  # PROTO
                self.take(1)
            case b"\x95":  # FRAME
                self.take(8)
            case b"(":
                self.marked.append(self.stack)
                self.stack = []
            case b"\x85" | b"\x86" | b"\x87":
                entries = [self.pop() for _ in range(TUPLES[operation])]
                self.stack.append(tuple(reversed(entries)))
            case b"t":  # TUPLE
                entries = self.since_mark()
                self.stack.append(tuple(entries))
            case b"a" | b"e":
                self.extend([self.pop()] if operation == b"a" else self.since_mark())
            case b"s" | b"u":
                self.put_in([self.pop(), self.pop()][::-1] if operation == b"s" else self.since_mark())
            case b"c" | b"i":  # GLOBAL; INST, which would call what it names
                self.stack.append(self.known(self.line(), self.line()))
                if operation == b"i":
                    raise self.damaged("damage.operation")
            case b"\x93":  # STACK_GLOBAL
                name, module = self.pop(), self.pop()
                self.stack.append(self.known(module, name))
            case b"Q":  # BINPERSID
                self.stack.append(self.storage(self.pop()))
            case b"\x90":  # ADDITEMS
                self.extend(self.since_mark())
            case b"\x91":  # FROZENSET
                self.since_mark()
                self.stack.append(pickle_names.OPAQUE)
            case b"R" | b"\x81":  # REDUCE; NEWOBJ
                arguments, name = self.pop(), self.pop()
                self.stack.append(self.call(name, arguments))
            case b"b":  # BUILD
                self.build(self.pop(), self.top())
            case _:
                raise self.damaged("damage.operation")

    def leaf(self, operation: bytes) -> object:
        """What an operation that takes nothing from the stack puts there."""
        if operation in CONSTANTS:
            return CONSTANTS[operation]
        if operation in EMPTY:
            return EMPTY[operation]()
        if operation in NUMBERS:
            return self.number(NUMBERS[operation])
        if operation in TEXTS:
            return self.text(self.take(self.number(TEXTS[operation])))
        if operation in GETS:
            return self.remembered(self.number(GETS[operation]))
        if operation == b"\x8f":  # EMPTY_SET
            return pickle_names.OPAQUE
        if operation in OLD_TEXTS:
            return self.old_text(self.take(max(0, self.number(OLD_TEXTS[operation]))))
        if operation in OCTETS:
            self.pay(OPERATION_BYTES)
            return pickle_names.Octets(self.take(self.number(OCTETS[operation])))
        octets = self.take(self.number("<B"))  # LONG1
        self.pay(len(octets))
        return int.from_bytes(octets, "little", signed=True)

    # --- the file, the stack, the budget ---

    def pay(self, num_bytes: int) -> None:
        self.budget_bytes -= num_bytes
        if self.budget_bytes < 0:
            raise self.damaged("damage.budget")

    def take(self, count: int) -> memoryview:
        if count > len(self.data) - self.place:
            raise self.damaged("damage.cut-off")
        self.place += count
        return self.data[self.place - count : self.place]

    def number(self, format_: str) -> Any:
        return struct.unpack(format_, self.take(struct.calcsize(format_)))[0]

    def line(self) -> str:
        """The text up to the next end of a line."""
        view = self.data[self.place : self.place + MAX_NAME_BYTES + 1]
        text, newline, _ = bytes(view).partition(b"\n")
        if not newline:
            raise self.damaged("damage.cut-off" if len(view) <= MAX_NAME_BYTES else "damage.arguments")
        self.place += len(text) + 1
        return text.decode("utf-8", "replace")

    def text(self, view: memoryview) -> str | pickle_names.Octets:
        if len(view) > MAX_TEXT_BYTES:
            self.pay(OPERATION_BYTES)
            return pickle_names.Octets(view, is_text=True)
        try:
            text = str(view, "utf-8")
        except UnicodeDecodeError as error:
            raise self.damaged("damage.arguments") from error
        self.pay(sys.getsizeof(text))
        return text

    def old_text(self, view: memoryview) -> str | pickle_names.Octets:
        if len(view) > MAX_TEXT_BYTES or not bytes(view).isascii():
            self.pay(OPERATION_BYTES)
            return pickle_names.Octets(view)
        return self.text(view)

    def top(self) -> object:
        if not self.stack:
            raise self.damaged("damage.operation")
        return self.stack[-1]

    def pop(self) -> object:
        self.top()
        return self.stack.pop()

    def since_mark(self) -> list[object]:
        if not self.marked:
            raise self.damaged("damage.operation")
        entries, self.stack = self.stack, self.marked.pop()
        return entries

    def remembered(self, number: int) -> object:
        if number not in self.memo:
            raise self.damaged("damage.operation")
        return self.memo[number]

    def extend(self, entries: list[object]) -> None:
        target = self.top()
        if target is pickle_names.OPAQUE:
            return
        if not isinstance(target, list):
            raise self.damaged("damage.operation")
        target.extend(entries)

    def put_in(self, entries: list[object]) -> None:
        target = self.top()
        if target is pickle_names.OPAQUE:
            return
        if not isinstance(target, dict) or len(entries) % 2:
            raise self.damaged("damage.operation")
        for key, value in zip(entries[::2], entries[1::2], strict=True):
            if not isinstance(key, str | int | float | None):
                continue
            if key in target:
                raise self.damaged("damage.arguments")
            self.pay(OPERATION_BYTES)
            target[key] = value

    def known(self, module: object, name: object) -> pickle_names.Name:
        full_name = f"{module}.{name}" if isinstance(module, str) and isinstance(name, str) else "?"
        if not pickle_names.is_known(full_name):
            raise ModelFileError(
                "weights-class" if pickle_names.is_class_of_others(full_name) else "weights-code",
                path=self.path,
                name=full_name[:MAX_NAME_BYTES],
            )
        return pickle_names.Name(full_name)

    def storage(self, identity: object) -> pickle_names.TorchTensor | pickle_names.Name:
        self.pay(RESULT_BYTES)
        whole = pickle_names.as_storage(identity)
        if whole is None:
            raise self.damaged("damage.arguments")
        if isinstance(whole, pickle_names.TorchTensor):
            self.storages[whole.key] = whole.dtype
        return whole

    def call(self, name: object, arguments: object) -> object:
        self.pay(RESULT_BYTES)
        result = pickle_names.as_result(name, arguments)
        if result is None:
            raise self.damaged("damage.arguments")
        if isinstance(result, dict):
            self.pay(OPERATION_BYTES * len(result))
        return result

    def build(self, state: object, target: object) -> None:
        if not pickle_names.put_state(target, state):
            raise self.damaged("damage.arguments")
