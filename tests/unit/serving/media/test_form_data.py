"""Forms are split where their fields end, whatever is in them."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoreline.core.errors import BadRequest
from scoreline.serving.media.form_data import N_PARTS, field_of


def form(*fields: tuple[str, bytes], border: bytes = b"x7") -> bytes:
    head = (
        b'--%b\r\nContent-Disposition: form-data; name="%b"; filename="a.csv"\r\nContent-Type: text/csv\r\n\r\n%b\r\n'
    )
    parts = [head % (border, name.encode(), content) for name, content in fields]
    return b"".join(parts) + b"--%b--\r\n" % border


@given(
    st.binary().filter(lambda content: b"--x7" not in content), st.binary().filter(lambda other: b"--x7" not in other)
)
def test_the_table_comes_out_as_it_went_in(content: bytes, other: bytes) -> None:
    assert field_of(form(("comment", other), ("dataset", content))) == content
    assert field_of(form(("file", content))) == content


@given(st.binary())
def test_bytes_that_are_no_form_are_refused(noise: bytes) -> None:
    for body in (noise, b"--x7\r\n" + noise, form(("a", noise), ("b", b""))[: len(noise) + 20]):
        with contextlib.suppress(BadRequest):
            field_of(body)


def test_a_form_has_so_many_fields_at_most() -> None:
    fields = [(str(i), b"") for i in range(N_PARTS + 1)]
    with pytest.raises(BadRequest, match="no field `dataset`"):
        field_of(form(*fields[:-1]))
    with pytest.raises(BadRequest, match=f"more than {N_PARTS} fields"):
        field_of(form(*fields))
