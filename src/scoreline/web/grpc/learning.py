"""How the layout of a message is found: by reading the format that protobuf wrote it in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from scoreline.serving.protocols.oip.datatypes import DTYPES, FORMATS
from scoreline.web.grpc.layout import SHORT, Counted, Fixed, Heads, Layout, Manner, Step, Whole

NAME, VERSION, ID, PARAMETERS, INPUT, OUTPUT, RAW = (number << 3 | 2 for number in range(1, 8))
"""Tags of a request's members, …"""
TENSOR_NAME, TENSOR_TYPE, TENSOR_SHAPE, _, TENSOR_CONTENTS = (number << 3 | 2 for number in range(1, 6))
"""… and of a tensor's."""
FIXED_TAGS = {"FP32": 6 << 3 | 2, "FP64": 7 << 3 | 2}
"""Of contents, by what is in them: values of one size, …"""
WHOLE_TAGS = {
    "BOOL": (1 << 3 | 2, 1, False),
    **dict.fromkeys(("INT8", "INT16", "INT32"), (2 << 3 | 2, 32, True)),
    "INT64": (3 << 3 | 2, 64, True),
    **dict.fromkeys(("UINT8", "UINT16", "UINT32"), (4 << 3 | 2, 32, False)),
    "UINT64": (5 << 3 | 2, 64, False),
}
"""… integers, with their bits and whether they have a sign, …"""
BYTES_TAG = 8 << 3 | 2
"""… and texts."""
ROW_SHAPES = (b"\x01", b"\x01\x01")
MOST_COLUMNS = 1000
MOST_BYTES, MOST_NAME_BYTES = 16 * 1024, 256
"""Of a message, and of what says whose value one is: layouts must not fill the memory."""


class _Unlike(Exception):
    """The message has nothing that could be learned."""


class _Steps:
    """Steps, of which neighbours are put together where they are fixed."""

    def __init__(self) -> None:
        self.found: list[Step] = []
        self._known: list[bytes] = [b""]
        self._formats: list[str] = []

    def known(self, data: bytes) -> None:
        self._known[-1] += data

    def value(self, form: str) -> None:
        self._formats.append(form)
        self._known.append(b"")

    def counted(self, step: Counted) -> None:
        self.end()
        self.found.append(step)

    def end(self) -> None:
        if self._formats or self._known[0]:
            self.found.append(Fixed(self._known, self._formats))
        self._known, self._formats = [b""], []


def learn(data: bytes, message: Any) -> Layout | None:
    """Return the layout of ``data``, which protobuf has read as ``message``; None: there is none to be learned."""
    inputs = message.inputs
    if not 0 < len(inputs) <= MOST_COLUMNS or len(data) > MOST_BYTES:
        return None
    manner = Manner(tuple(output.name for output in message.outputs), bool(message.raw_input_contents))
    tensors = [Tensor(tensor.datatype, list(tensor.shape), is_alone=len(inputs) == 1) for tensor in inputs]
    steps = _Steps()
    try:
        _read(data, tensors, manner, steps)
    except (_Unlike, IndexError):
        return None
    steps.end()
    layout = Layout(
        message.model_name,
        message.model_version,
        tuple(tensor.name for tensor in inputs),
        manner,
        steps.found,
        has_id=bool(message.id),
        is_matrix=tensors[0].is_matrix,
    )
    return layout if layout.read(data) is not None else None


class Tensor:
    """An input, as it describes itself."""

    def __init__(self, datatype: str, shape: list[int], *, is_alone: bool) -> None:
        self.datatype = datatype
        self.shape = shape
        self.is_matrix = is_alone and len(shape) == 2
        """Whether it may hold all columns."""
        self.n_values = shape[1] if self.is_matrix else 1


def _read(data: bytes, tensors: Sequence[Tensor], manner: Manner, steps: _Steps) -> None:
    """Write the steps of a message."""
    n_inputs, n_raw, last = 0, 0, NAME
    for n_members, (tag, part, whole) in enumerate(_members(data)):
        if tag < last or (tag == last and last in (VERSION, ID)) or (tag == NAME and n_members):
            raise _Unlike  # protobuf writes members in order, each of these once
        if tag == ID and part:
            steps.counted(Counted(Heads(ID, b"", b"")))
        elif tag == INPUT:
            tensor = tensors[n_inputs]
            _check_shape(part, tensor)
            if manner.is_raw:
                steps.known(whole)
            else:
                _read_typed(part, whole, tensor, steps)
            n_inputs += 1
        elif tag == RAW:
            _read_raw(part, whole, tensors[n_raw], steps)
            n_raw += 1
        elif tag == ID:
            raise _Unlike
        else:
            steps.known(whole)
        last = tag
    if n_inputs != len(tensors) or n_raw != (n_inputs if manner.is_raw else 0):
        raise _Unlike


def _members(data: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """Give the members of a message: their tags, what is in them, and all of their bytes."""
    at = 0
    while at < len(data):
        tag, n_bytes, begin = data[at], data[at + 1], at + 2
        if n_bytes > SHORT:
            n_bytes, begin = (n_bytes & SHORT) | data[at + 2] << 7, at + 3
            if data[at + 2] > SHORT:
                raise _Unlike
        end = begin + n_bytes
        if tag > SHORT or tag & 7 != 2 or end > len(data):
            raise _Unlike
        yield tag, data[begin:end], data[at:end]
        at = end


def _check_shape(part: bytes, tensor: Tensor) -> None:
    """Raise _Unlike unless a tensor is one row, says so as protobuf does, and has no parameters."""
    members = [(tag, inner) for tag, inner, _ in _members(part)]
    tags = [tag for tag, _ in members]
    if tags[:3] != [TENSOR_NAME, TENSOR_TYPE, TENSOR_SHAPE] or tags[3:] not in ([], [TENSOR_CONTENTS]):
        raise _Unlike
    if tensor.shape[0] != 1 or not 0 < tensor.n_values <= MOST_COLUMNS:
        raise _Unlike
    if not tensor.is_matrix and members[2][1] not in ROW_SHAPES:
        raise _Unlike


def _read_typed(part: bytes, whole: bytes, tensor: Tensor, steps: _Steps) -> None:
    members = list(_members(part))
    if len(members) != 4:
        raise _Unlike
    contents = list(_members(members[3][1]))
    if len(contents) != 1:
        raise _Unlike
    tag, value, _ = contents[0]
    name = part[: len(part) - len(members[3][2])]
    if len(name) > MOST_NAME_BYTES:
        raise _Unlike
    heads = Heads(INPUT, name, bytes((TENSOR_CONTENTS, tag)))
    if tag == FIXED_TAGS.get(tensor.datatype):
        _read_fixed(value, whole, tensor, steps)
    elif tensor.is_matrix:
        raise _Unlike
    elif tensor.datatype == "BYTES" and tag == BYTES_TAG:
        steps.counted(Counted(heads))
    elif tag == WHOLE_TAGS.get(tensor.datatype, (0,))[0]:
        _, n_bits, is_signed = WHOLE_TAGS[tensor.datatype]
        steps.counted(Whole(heads, n_bits, is_signed=is_signed))
    else:
        raise _Unlike


def _read_raw(part: bytes, whole: bytes, tensor: Tensor, steps: _Steps) -> None:
    if tensor.datatype in DTYPES:
        _read_fixed(part, whole, tensor, steps)
    else:
        steps.counted(Counted(Heads(RAW, b"", b"", is_raw=True)))


def _read_fixed(value: bytes, whole: bytes, tensor: Tensor, steps: _Steps) -> None:
    if len(value) != tensor.n_values * DTYPES[tensor.datatype].itemsize:
        raise _Unlike
    steps.known(whole[: len(whole) - len(value)])
    for _ in range(tensor.n_values):
        steps.value(FORMATS[tensor.datatype])
