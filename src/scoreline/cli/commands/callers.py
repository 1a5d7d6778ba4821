"""What a caller of a deployment pastes: snippet, thrift."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from scoreline.cli.command import argument, command, option
from scoreline.cli.session import Session

PANEL = "Serving"
URL = "http://127.0.0.1:9090"

Name = Annotated[str, argument("DEPLOYMENT", "A deployment's name.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    command(
        app,
        "snippet",
        "scoreline snippet credit-risk --language python",
        "scoreline snippet credit-risk --language curl | sh",
        "scoreline snippet credit-risk --language java --dialect ibm | tee Score.java",
        "scoreline snippet credit-risk --language go --url https://scores:9443",
        panel=PANEL,
        in_space=True,
    )(snippet)
    command(
        app,
        "thrift",
        "scoreline thrift credit-risk | tee scoring.thrift",
        panel=PANEL,
        in_space=True,
    )(thrift)


def _languages() -> list[str]:
    from scoreline.web.snippets import LANGUAGES

    return LANGUAGES.names


def _dialects() -> list[str]:
    from scoreline.web.snippets import DIALECTS

    return DIALECTS.names


def snippet(
    session: Session,
    name: Name,
    language: Annotated[
        str,
        option(
            "--language -l",
            "LANGUAGE",
            "curl, python, javascript, java, scala, r, csharp, go or powershell.",
            default=True,
            choices=_languages,
        ),
    ] = "curl",
    dialect: Annotated[
        str,
        option(
            "--dialect",
            "DIALECT",
            "Whose bodies it sends, such as h2o, ibm, azure, mlflow.",
            default=True,
            choices=_dialects,
        ),
    ] = "native",
    url: Annotated[str, option("--url", "URL", "Where the server answers.", default=True)] = URL,
) -> None:
    """Write code that scores a real row of a deployment.

    Its first lines say how it is run. It needs no package, but httr2 in R.
    The key is read from SCORELINE_API_KEY, so that none stands in code.
    """
    from scoreline.app.answering import answering
    from scoreline.web import snippets

    code = snippets.snippet(language, answering(session.app, name), url, dialect)
    if session.as_json:
        session.document({"deployment": name, "language": language, "dialect": dialect, "code": code})
    else:
        session.literal(code.removesuffix("\n"))
    if "SCORELINE_API_KEY" not in os.environ:
        make = f"{session.program} key create NAME --deployment {name}{session.home_option}{session.space_option}"
        session.note("the code reads its key from SCORELINE_API_KEY, which is not set here:")
        session.note(f"  export SCORELINE_API_KEY=$({make})")


def thrift(session: Session, name: Name) -> None:
    """Write the Thrift IDL of a deployment: its columns are the fields of Row."""
    from scoreline.app.answering import thrift_idl

    text = thrift_idl(session.app, name)
    if session.as_json:
        session.document({"deployment": name, "idl": text})
    else:
        session.literal(text.removesuffix("\n"))
