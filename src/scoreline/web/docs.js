// Shows the document with Swagger UI; every request, that for the document too, goes with the key of the page.
async function show() {
  const answer = await fetch("openapi.json", withKey({ headers: {} }));
  const found = await answer.json();
  tell(answer.ok ? "" : `${found.error.message}: ${found.error.hint}`);
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

showWithKey(show);
