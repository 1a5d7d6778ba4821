"""Reads the text of a ``.proto``: protobuf's own API makes messages out of descriptors, but none out of text.

What it reads of proto3: ``package``; ``message`` with fields, ``repeated``, ``map``, ``oneof``, ``enum`` and messages
within; ``service`` with ``rpc`` and ``stream``. Anything else is a ValueError: the text is ours.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from google.protobuf.descriptor_pb2 import FieldDescriptorProto, FileDescriptorProto

_TOKEN = re.compile(r'//[^\n]*|([\w.]+|"[^"]*"|[{}()<>=;,])')
_SCALARS = {
    name: getattr(FieldDescriptorProto, f"TYPE_{name.upper()}")
    for name in ("bool", "int32", "int64", "uint32", "uint64", "float", "double", "string", "bytes")
}


def read_proto(text: str, file_name: str) -> Any:
    """Return the FileDescriptorProto of ``text``. Raises ValueError."""
    return _Reader(text).read(file_name)


class _Reader:
    def __init__(self, text: str) -> None:
        self._tokens: Iterator[str] = (token for token in _TOKEN.findall(text) if token)
        self._next = next(self._tokens, "")
        self._messages: set[str] = set()
        self._enums: set[str] = set()
        """Full names."""
        self._meant: list[tuple[Any, str, str]] = []
        """Descriptors that mean a message, their member that names it, and the scope in which they stand."""

    def read(self, file_name: str) -> Any:
        file = FileDescriptorProto(name=file_name, syntax="proto3")
        self._expect("syntax", "=", '"proto3"', ";", "package")
        file.package = self._take()
        self._expect(";")
        while self._next:
            what = self._take()
            if what == "message":
                self._message(file.message_type.add(), file.package)
            elif what == "service":
                self._service(file.service.add(), file.package)
            else:
                raise ValueError(f"expected a message or a service, found {what!r}")
        for descriptor, member, scope in self._meant:
            full_name = self._resolve(getattr(descriptor, member), scope)
            setattr(descriptor, member, "." + full_name)
            if full_name in self._enums:
                descriptor.type = FieldDescriptorProto.TYPE_ENUM
        return file

    def _message(self, message: Any, scope: str) -> None:
        message.name = self._take()
        full_name = f"{scope}.{message.name}"
        self._messages.add(full_name)
        self._expect("{")
        while self._next != "}":
            if self._next == "message":
                self._take()
                self._message(message.nested_type.add(), full_name)
            elif self._next == "enum":
                self._take()
                self._enum(message.enum_type.add(), full_name)
            elif self._next == "oneof":
                self._take()
                message.oneof_decl.add(name=self._take())
                self._expect("{")
                while self._next != "}":
                    self._field(message, full_name).oneof_index = len(message.oneof_decl) - 1
                self._expect("}")
            elif self._next == "map":
                self._map(message, full_name)
            else:
                self._field(message, full_name)
        self._expect("}")

    def _enum(self, enum: Any, scope: str) -> None:
        enum.name = self._take()
        self._enums.add(f"{scope}.{enum.name}")
        self._expect("{")
        while self._next != "}":
            name = self._take()
            self._expect("=")
            enum.value.add(name=name, number=int(self._take()))
            self._expect(";")
        self._expect("}")

    def _field(self, message: Any, scope: str) -> Any:
        label = FieldDescriptorProto.LABEL_OPTIONAL
        if self._next == "repeated":
            self._take()
            label = FieldDescriptorProto.LABEL_REPEATED
        type_name, name = self._take(), self._take()
        self._expect("=")
        number = int(self._take())
        self._expect(";")
        return self._add(message, scope, type_name, name=name, number=number, label=label)

    def _map(self, message: Any, scope: str) -> None:
        self._expect("map", "<")
        key = self._take()
        self._expect(",")
        value = self._take()
        self._expect(">")
        name = self._take()
        self._expect("=")
        number = int(self._take())
        self._expect(";")
        entry = message.nested_type.add(name=name.title().replace("_", "") + "Entry")
        entry.options.map_entry = True
        entry_name = f"{scope}.{entry.name}"
        self._messages.add(entry_name)
        for n, (part, type_name) in enumerate((("key", key), ("value", value)), 1):
            self._add(entry, scope, type_name, name=part, number=n, label=FieldDescriptorProto.LABEL_OPTIONAL)
        self._add(message, scope, entry.name, name=name, number=number, label=FieldDescriptorProto.LABEL_REPEATED)

    def _add(self, message: Any, scope: str, type_name: str, **said: Any) -> Any:
        field = message.field.add(**said)
        if type_name in _SCALARS:
            field.type = _SCALARS[type_name]
        else:
            field.type, field.type_name = FieldDescriptorProto.TYPE_MESSAGE, type_name
            self._meant.append((field, "type_name", scope))
        return field

    def _service(self, service: Any, package: str) -> None:
        service.name = self._take()
        self._expect("{")
        while self._next != "}":
            self._expect("rpc")
            method = service.method.add(name=self._take())
            self._expect("(")
            method.client_streaming = self._is_stream()
            method.input_type = self._take()
            self._expect(")", "returns", "(")
            method.server_streaming = self._is_stream()
            method.output_type = self._take()
            self._expect(")", ";")
        self._expect("}")
        self._meant += [
            (method, member, package) for method in service.method for member in ("input_type", "output_type")
        ]

    def _is_stream(self) -> bool:
        if self._next != "stream":
            return False
        self._take()
        return True

    def _resolve(self, name: str, scope: str) -> str:
        """Return the full name of the message or enum that ``name`` means in ``scope``, the nearest one."""
        while scope:
            if (full_name := f"{scope}.{name}") in self._messages | self._enums:
                return full_name
            scope = scope.rpartition(".")[0]
        raise ValueError(f"no message is named {name!r}")

    def _take(self) -> str:
        token, self._next = self._next, next(self._tokens, "")
        return token

    def _expect(self, *tokens: str) -> None:
        for expected in tokens:
            if (found := self._take()) != expected:
                raise ValueError(f"expected {expected!r}, found {found!r}")
