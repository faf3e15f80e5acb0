
// A page posts "client_id session_state" and is told "unchanged", "changed" or "error".
const cookie = document.documentElement.dataset.cookie;

function browserState() {
  const pairs = document.cookie.split("; ").map((pair) => pair.split("="));
  const found = pairs.find(([name]) => name === cookie);
  return found ? found[1] : "";
}

async function sha256(text) {
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function status(origin, message) {
  const words = typeof message === "string" ? message.split(" ") : [];
  const [client, state] = words;
  const parts = words.length === 2 && client ? state.split(".") : [];
  if (parts.length !== 2) return "error";
  const hash = await sha256([client, origin, browserState(), parts[1]].join(" "));
  return hash === parts[0] ? "unchanged" : "changed";
}

window.addEventListener("message", async (event) => {
  if (!event.source || event.source === window) return;
  event.source.postMessage(await status(event.origin, event.data), event.origin);
});
