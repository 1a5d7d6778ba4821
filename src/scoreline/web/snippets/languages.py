"""The languages: each needs its own standard library and no more, but for R. Keys are read from the environment."""

from __future__ import annotations

from typing import Any, Protocol

from scoreline.core.extensions import Extensions
from scoreline.web.snippets.compiled import CSharp, Go, Java, Scala
from scoreline.web.snippets.scripts import Curl, JavaScript, PowerShell, Python, R


class Language(Protocol):
    """Writes code, and knows how it is run."""

    @property
    def name(self) -> str: ...
    @property
    def file(self) -> str:
        """What the code is saved as."""
        ...

    @property
    def needs(self) -> str:
        """What runs it."""
        ...

    @property
    def comment(self) -> str:
        """What begins a comment of a line."""
        ...

    @property
    def run(self) -> tuple[str, ...]:
        """What a shell is told to run it: the key first."""
        ...

    @property
    def trust(self) -> tuple[str, ...]:
        """What it is told before, where the certificate is ``scoreline-cert.pem`` and no authority signed it."""
        ...

    def write(self, url: str, document: Any) -> str:
        """Return a program that posts ``document`` as JSON and prints the answer.

        ``url`` is printable ASCII without quotes. An answer that is an error is printed with its status, and the
        program fails.
        """
        ...


LANGUAGES: Extensions[Language] = Extensions(
    "language", [Curl(), Python(), JavaScript(), Java(), Scala(), R(), CSharp(), Go(), PowerShell()]
)


def program(language: Language, url: str, document: Any) -> str:
    """Return code that scores ``document``, under lines that tell how it is run."""
    told = [f"{language.file}, for {language.needs}:", *(f"  {command}" for command in language.run)]
    if url.startswith("https:"):
        told += ["Before, where the certificate is one that `scoreline cert` made:"]
        told += [f"  {command}" for command in language.trust]
    return "".join(f"{language.comment} {line}\n" for line in told) + "\n" + language.write(url, document)
