"""The languages: each needs its own standard library and no more. The key is read from ``SCORELINE_API_KEY``.

``url`` and JSON are printable ASCII: in a text of any language only quotes and backslashes have to be escaped.
"""

from __future__ import annotations

import json
import pprint
import shlex
from typing import Any, Protocol

from scoreline.core.extensions import Extensions

WIDTH = 100


class Language(Protocol):
    """Writes code."""

    @property
    def name(self) -> str: ...

    def write(self, url: str, document: Any) -> str:
        """Return a program that posts ``document`` as JSON and prints the answer."""
        ...


class Curl:
    """A POSIX shell."""

    name = "curl"

    def write(self, url: str, document: Any) -> str:
        return f"""\
curl -sS {shlex.quote(url)} \\
  -H "Authorization: Bearer $SCORELINE_API_KEY" \\
  -H 'Content-Type: application/json' \\
  -d {shlex.quote(json.dumps(document))}
"""


class Python:
    """Python 3."""

    name = "python"

    def write(self, url: str, document: Any) -> str:
        literal = pprint.pformat(document, sort_dicts=False, width=WIDTH)
        body = literal.encode("ascii", "backslashreplace").decode()
        return f"""\
import json
import os
import urllib.error
import urllib.request

body = {body}
request = urllib.request.Request(
    {_text(url)},
    data=json.dumps(body).encode(),
    headers={{
        "Authorization": "Bearer " + os.environ.get("SCORELINE_API_KEY", ""),
        "Content-Type": "application/json",
    }},
)
try:
    with urllib.request.urlopen(request) as response:
        print(response.read().decode())
except urllib.error.HTTPError as refused:
    print(refused.read().decode())
"""


class JavaScript:
    """Node.js 18, Deno or Bun."""

    name = "javascript"

    def write(self, url: str, document: Any) -> str:
        return f"""\
const body = {json.dumps(document, indent=2)};

fetch({_text(url)}, {{
  method: "POST",
  headers: {{
    "Authorization": "Bearer " + (process.env.SCORELINE_API_KEY ?? ""),
    "Content-Type": "application/json",
  }},
  body: JSON.stringify(body),
}})
  .then((response) => response.text())
  .then(console.log);
"""


class Java:
    """Java 11: ``java Score.java``."""

    name = "java"

    def write(self, url: str, document: Any) -> str:
        return f"""\
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;

public class Score {{
    public static void main(String[] arguments) throws Exception {{
        String body = {_json(document)};
        HttpRequest request = HttpRequest.newBuilder(URI.create({_text(url)}))
            .header("Authorization", "Bearer " + System.getenv().getOrDefault("SCORELINE_API_KEY", ""))
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build();
        HttpResponse<String> response =
            HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
        System.out.println(response.body());
    }}
}}
"""


class Scala:
    """Scala 2.12, 2.13 or 3, on Java 11."""

    name = "scala"

    def write(self, url: str, document: Any) -> str:
        return f"""\
import java.net.URI
import java.net.http.{{HttpClient, HttpRequest, HttpResponse}}

object Score {{
  def main(arguments: Array[String]): Unit = {{
    val body = {_json(document)}
    val request = HttpRequest.newBuilder(URI.create({_text(url)}))
      .header("Authorization", "Bearer " + sys.env.getOrElse("SCORELINE_API_KEY", ""))
      .header("Content-Type", "application/json")
      .POST(HttpRequest.BodyPublishers.ofString(body))
      .build()
    val response = HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString())
    println(response.body())
  }}
}}
"""


class R:
    """R has no POST of its own; the curl program, which every system has today, sends it."""

    name = "r"

    def write(self, url: str, document: Any) -> str:
        return f"""\
body <- {_json(document)}
answer <- system2(
  "curl",
  c(
    "-sS", shQuote({_text(url)}),
    "-H", shQuote(paste("Authorization: Bearer", Sys.getenv("SCORELINE_API_KEY"))),
    "-H", shQuote("Content-Type: application/json"),
    "--data-binary", "@-"
  ),
  input = body, stdout = TRUE
)
cat(answer, sep = "\\n")
"""


class CSharp:
    """C# 9, on .NET 5 or later: ``Program.cs``."""

    name = "csharp"

    def write(self, url: str, document: Any) -> str:
        return f"""\
using System;
using System.Net.Http;
using System.Text;

var body = {_json(document)};
using var client = new HttpClient();
using var request = new HttpRequestMessage(HttpMethod.Post, {_text(url)});
request.Headers.TryAddWithoutValidation(
    "Authorization", "Bearer " + Environment.GetEnvironmentVariable("SCORELINE_API_KEY"));
request.Content = new StringContent(body, Encoding.UTF8, "application/json");
using var response = await client.SendAsync(request);
Console.WriteLine(await response.Content.ReadAsStringAsync());
"""


class Go:
    """Go: ``go run score.go``."""

    name = "go"

    def write(self, url: str, document: Any) -> str:
        return f"""\
package main

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"strings"
)

func main() {{
	body := {_json(document)}
	request, err := http.NewRequest("POST", {_text(url)}, strings.NewReader(body))
	if err != nil {{
		log.Fatal(err)
	}}
	request.Header.Set("Authorization", "Bearer "+os.Getenv("SCORELINE_API_KEY"))
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {{
		log.Fatal(err)
	}}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {{
		log.Fatal(err)
	}}
	fmt.Println(string(answer))
}}
"""


def _json(document: Any) -> str:
    return _text(json.dumps(document))


def _text(ascii_text: str) -> str:
    escaped = ascii_text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


LANGUAGES: Extensions[Language] = Extensions(
    "language", [Curl(), Python(), JavaScript(), Java(), Scala(), R(), CSharp(), Go()]
)
