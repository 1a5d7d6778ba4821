// Shows a stranger who has typed in a key what that key may see, and opens what is behind the links with it.
const content = document.getElementById("content");
const asked = content.innerHTML;

async function show() {
  tell("");
  content.innerHTML = asked;
  if (!input.value) return;
  const answer = await fetch("./", withKey({ headers: { accept: "text/html" } }));
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (page.getElementById("entrance")) tell("This key is not known, has expired or was revoked.");
  else content.replaceChildren(...page.getElementById("content").childNodes);
}

async function follow(link) {
  const answer = await fetch(link, withKey({ headers: {} }));
  const text = JSON.stringify(await answer.json(), null, 2);
  window.open(URL.createObjectURL(new Blob([text], { type: "application/json" })));
}

if (input) {
  showWithKey(show);
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a");
    if (!link || link.getAttribute("href") === "docs" || !input.value) return;
    event.preventDefault();
    follow(link.href);
  });
}
