"""Languages with a compiler."""

from __future__ import annotations

from typing import Any

from scoreline.web.snippets.literals import laid_out, quoted

_TRUST_IN_JAVA = (
    "keytool -importcert -noprompt -file scoreline-cert.pem -keystore trusted.p12 -storepass scoreline",
    "export JAVA_TOOL_OPTIONS='-Djavax.net.ssl.trustStore=trusted.p12 -Djavax.net.ssl.trustStorePassword=scoreline'",
)


class Java:
    """Java, from the version that runs a file of code."""

    name = "java"
    file = "Score.java"
    needs = "Java 11 or later"
    comment = "//"
    run = ("export SCORELINE_API_KEY='your key'", "java Score.java")
    trust = _TRUST_IN_JAVA

    def write(self, url: str, document: Any) -> str:
        return f"""\
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;

public class Score {{
    public static void main(String[] arguments) throws Exception {{
        String body = String.join("\\n",
            {_lines(document, " " * 12)});
        HttpRequest request = HttpRequest.newBuilder(URI.create({quoted(url)}))
            .header("Authorization", "Bearer " + System.getenv().getOrDefault("SCORELINE_API_KEY", ""))
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build();
        HttpResponse<String> response =
            HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
        if (response.statusCode() / 100 != 2) {{
            System.err.println(response.statusCode() + " " + response.body());
            System.exit(1);
        }}
        System.out.println(response.body());
    }}
}}
"""


class Scala:
    """Scala, with the client that is in Java."""

    name = "scala"
    file = "Score.scala"
    needs = "Scala 2.11 to 3, on Java 11 or later"
    comment = "//"
    run = ("export SCORELINE_API_KEY='your key'", "scala Score.scala")
    trust = _TRUST_IN_JAVA

    def write(self, url: str, document: Any) -> str:
        return f"""\
import java.net.URI
import java.net.http.{{HttpClient, HttpRequest, HttpResponse}}

object Score {{
  def main(arguments: Array[String]): Unit = {{
    val body = List(
      {_lines(document, " " * 6)}
    ).mkString("\\n")
    val request = HttpRequest.newBuilder(URI.create({quoted(url)}))
      .header("Authorization", "Bearer " + sys.env.getOrElse("SCORELINE_API_KEY", ""))
      .header("Content-Type", "application/json")
      .POST(HttpRequest.BodyPublishers.ofString(body))
      .build()
    val response = HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString())
    if (response.statusCode() / 100 != 2) {{
      System.err.println(response.statusCode().toString + " " + response.body())
      sys.exit(1)
    }}
    println(response.body())
  }}
}}
"""


class CSharp:
    """C# 5, which Mono reads too: no ``Main`` that is async, no statements outside of a class."""

    name = "csharp"
    file = "score/Program.cs"
    needs = ".NET 5 or later, after dotnet new console --output score"
    comment = "//"
    run = ("export SCORELINE_API_KEY='your key'", "dotnet run --project score")
    trust = ("export SSL_CERT_FILE=scoreline-cert.pem",)

    def write(self, url: str, document: Any) -> str:
        body = laid_out(document).replace('"', '""')
        return f"""\
using System;
using System.Net.Http;
using System.Text;
using System.Threading.Tasks;

public static class Program
{{
    public static int Main()
    {{
        return Score().GetAwaiter().GetResult();
    }}

    private static async Task<int> Score()
    {{
        var body = @"{body}";
        var request = new HttpRequestMessage(HttpMethod.Post, {quoted(url)});
        request.Headers.TryAddWithoutValidation(
            "Authorization", "Bearer " + Environment.GetEnvironmentVariable("SCORELINE_API_KEY"));
        request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        var response = await new HttpClient().SendAsync(request);
        var answer = await response.Content.ReadAsStringAsync();
        if (!response.IsSuccessStatusCode)
        {{
            Console.Error.WriteLine((int)response.StatusCode + " " + answer);
            return 1;
        }}
        Console.WriteLine(answer);
        return 0;
    }}
}}
"""


class Go:
    """Go."""

    name = "go"
    file = "score.go"
    needs = "Go 1.16"
    comment = "//"
    run = ("export SCORELINE_API_KEY='your key'", "go run score.go")
    trust = ("export SSL_CERT_FILE=scoreline-cert.pem",)

    def write(self, url: str, document: Any) -> str:
        body = laid_out(document).replace("`", "\\u0060")
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
	body := `{body}`
	request, err := http.NewRequest("POST", {quoted(url)}, strings.NewReader(body))
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
	if response.StatusCode/100 != 2 {{
		log.Fatal(response.Status, " ", string(answer))
	}}
	fmt.Println(string(answer))
}}
"""


def _lines(document: Any, indent: str) -> str:
    """Texts, one for each line of JSON: raw ones are for Java 15 or later, and in Scala 2 not quite raw."""
    return f",\n{indent}".join(quoted(line) for line in laid_out(document).splitlines())
