"""Frozen dataclasses as JSON and back: one way in, one way out, decided by the types of the fields.

- A key that no field has is passed over; a field without a key has its default, else it is None, NaN or empty: so files
  of an earlier and of a later version are read. A field marked ABSENT has no key where it is None, the others always
  have one. The field `class_` has the key `class`.
- A field made by `inlined` has its entries beside the other fields, not in an object of their own.
- A field that is NaN is null, and the other way round.
"""

import math
import types
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, field, fields, is_dataclass
from functools import cache
from typing import TypeVar, Union, get_args, get_origin, get_type_hints

Object = dict[str, object]
"""An object of JSON."""
T = TypeVar("T")
ABSENT = {"absent": True}
"""Metadata of a field that has no key if it is None."""


class Mismatch(ValueError):
    """What is no JSON of a record: the name of the field, and what it holds."""


def inlined(belongs: Callable[[object], bool] = lambda _: True) -> Mapping[str, T]:
    """A field, of a Mapping, whose entries are beside the other fields: what `belongs` and is no field."""
    made: Mapping[str, T] = field(default_factory=dict, metadata={"belongs": belongs})
    return made


def as_dict(record: object) -> Object:
    """A record as JSON has it."""
    assert is_dataclass(record)
    found: Object = {}
    for entry in fields(record):
        value = getattr(record, entry.name)
        if "belongs" in entry.metadata:
            found |= {name: plain(part) for name, part in value.items()}
        elif value is not None or "absent" not in entry.metadata:
            found[entry.name.rstrip("_")] = None if isinstance(value, float) and math.isnan(value) else plain(value)
    return found


def plain(value: object) -> object:
    """Records, and what holds some, as JSON has them."""
    if is_dataclass(value) and not isinstance(value, type):
        return as_dict(value)
    if isinstance(value, Mapping):
        return {name: plain(entry) for name, entry in value.items()}
    if isinstance(value, tuple | list):
        return [plain(entry) for entry in value]
    return value


def from_dict(kind: type[T], entry: object, *, exact: bool = False) -> T:
    """Undoes `as_dict`; `exact`: no key may be missing or unknown. Raises Mismatch for what is no such JSON."""
    return kind(**_values(kind, entry, exact))


def _values(kind: type, entry: object, exact: bool) -> Object:
    """The values of the fields."""
    if not isinstance(entry, Mapping):
        raise Mismatch(f"{kind.__name__}: {type(entry).__name__}")
    hints, known = _hints(kind), _fields(kind)
    keys = {name for name, own in known.items() if "belongs" not in own.metadata}
    if exact and (unknown := {*entry} - keys):
        raise Mismatch(f"{kind.__name__}: {min(map(str, unknown))}")
    values: Object = {}
    for name, own in known.items():
        hint = hints[own.name]
        if "belongs" in own.metadata:
            others = {key: value for key, value in entry.items() if key not in keys and own.metadata["belongs"](value)}
            values[own.name] = _read(hint, others, name, exact)
        elif name in entry:
            values[own.name] = _read(hint, entry[name], name, exact)
        elif exact and "absent" not in own.metadata:
            raise Mismatch(name)
        elif own.default is MISSING and own.default_factory is MISSING:
            empty: object = () if get_origin(hint) is tuple else {} if get_origin(hint) is Mapping else None
            values[own.name] = _read(hint, empty, name, exact)
    return values


@cache
def _fields(kind: type) -> Mapping[str, Field[object]]:
    assert is_dataclass(kind)
    return {entry.name.rstrip("_"): entry for entry in fields(kind)}


@cache
def _hints(kind: type) -> Mapping[str, object]:
    return get_type_hints(kind)


def _read(hint: object, value: object, name: str, exact: bool) -> object:
    """A value of JSON as a field of a type has it."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        if value is None and type(None) in arguments:
            return None
        (hint,) = (argument for argument in arguments if argument is not type(None))
        return _read(hint, value, name, exact)
    if origin is tuple and isinstance(value, list | tuple):
        return tuple(_read(arguments[0], entry, name, exact) for entry in value)
    if origin in (Mapping, dict) and isinstance(value, Mapping):
        return {key: _read(arguments[1], entry, name, exact) for key, entry in value.items()}
    if isinstance(hint, type) and is_dataclass(hint):
        return from_dict(hint, value, exact=exact)
    if hint is float:
        if value is None:
            return math.nan
        if isinstance(value, int | float) and not isinstance(value, bool):
            return value
    elif hint is object or (isinstance(hint, type) and type(value) is hint):
        return value
    raise Mismatch(f"{name}: {type(value).__name__}")
