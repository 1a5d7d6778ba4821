// The key that a page's requests go with: typed in, and kept no longer than the tab is. An open server's page has none.
const NAME = "scoreline-key";
const input = document.getElementById("key");
const problem = document.getElementById("problem");
if (input) input.value = sessionStorage.getItem(NAME) || "";

function withKey(request) {
  if (input && input.value) request.headers["x-api-key"] = input.value.trim();
  return request;
}

function tell(text) {
  problem.hidden = !text;
  problem.textContent = text;
}

function showWithKey(show) {
  document.getElementById("entrance").addEventListener("submit", (event) => {
    event.preventDefault();
    sessionStorage.setItem(NAME, input.value.trim());
    show();
  });
  show();
}
