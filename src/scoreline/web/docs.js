// Shows the document with Swagger UI; every request, that for the document too, goes with the key of the page.
const NAME = "scoreline-key";
const input = document.getElementById("key");
const problem = document.getElementById("problem");
input.value = sessionStorage.getItem(NAME) || "";

function withKey(request) {
  if (input.value) request.headers["x-api-key"] = input.value;
  return request;
}

async function show() {
  const answer = await fetch("openapi.json", withKey({ headers: {} }));
  const found = await answer.json();
  problem.hidden = answer.ok;
  problem.textContent = answer.ok ? "" : `${found.error.message}: ${found.error.hint}`;
  document.getElementById("document").replaceChildren();
  if (!answer.ok) return;
  SwaggerUIBundle({
    spec: found,
    domNode: document.getElementById("document"),
    deepLinking: true,
    docExpansion: "none",
    filter: true,
    displayRequestDuration: true,
    tryItOutEnabled: true,
    requestInterceptor: withKey,
  });
}

document.getElementById("entrance").addEventListener("submit", (event) => {
  event.preventDefault();
  sessionStorage.setItem(NAME, input.value);
  show();
});
show();
