from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoreline.core.errors import BadSetting
from scoreline.registry.names import Reference, check_name, parse_reference, suggest_name

LETTERS = string.ascii_letters + string.digits
names = st.builds("{}{}".format, st.sampled_from(LETTERS), st.text(LETTERS + "._-", max_size=99))
aliases = names.filter(lambda name: not name.isdigit())


@given(names)
def test_a_model_alone_means_its_champion(name: str) -> None:
    assert parse_reference(name) == (name, Reference("champion", None))


@given(names, st.integers(1, 999_999_999))
def test_a_number_after_the_at_is_a_version(name: str, number: int) -> None:
    assert parse_reference(f"{name}@{number}") == (name, Reference(None, number))


@given(names, aliases)
def test_a_name_after_the_at_is_an_alias(name: str, alias: str) -> None:
    model, reference = parse_reference(f"{name}@{alias}")
    assert (model, str(reference)) == (name, f"@{alias}")


@given(st.text())
def test_any_text_is_a_reference_or_an_error_with_a_sentence(text: str) -> None:
    try:
        model, reference = parse_reference(text)
    except BadSetting:
        return
    assert check_name("model", model) == model
    assert (reference.alias is None) != (reference.number is None)


@given(st.text())
def test_a_suggested_name_is_allowed(text: str) -> None:
    suggestion = suggest_name(text)
    if suggestion:
        assert check_name("model", suggestion) == suggestion


@given(names)
def test_an_allowed_name_is_its_own_suggestion_but_for_its_end(name: str) -> None:
    assert suggest_name(name) == name.rstrip("._-")


@pytest.mark.parametrize("name", ["", "a b", "é", "a/b", "..", ".hidden", "-rf", "a@b", "x" * 101, "a\n", "٣"])
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(BadSetting, match="letters, digits, dot, dash and underscore"):
        check_name("model", name)


def test_a_refused_name_comes_with_one_that_is_allowed() -> None:
    with pytest.raises(BadSetting, match="try 'German-credit-2026'"):
        check_name("model", "German credit (2026)")


def test_an_alias_may_not_read_as_a_version() -> None:
    with pytest.raises(BadSetting, match="reads as a version number"):
        check_name("alias", "3")


@pytest.mark.parametrize("text", ["credit@", "credit@@3", "credit@0", "credit@champion@3", "@3"])
def test_a_broken_reference_is_refused(text: str) -> None:
    with pytest.raises(BadSetting):
        parse_reference(text)
