/* Talk: who is here, who types, what was said; all by one socket that comes back by itself. */
const { connect } = await import(document.getElementById("script").dataset.module);
const it = (id) => document.getElementById(id);
const WORDS = { open: "connected", waiting: "the line is gone, calling again", connecting: "connecting" };

const names = ["Wren", "Robin", "Finch", "Linnet", "Dunnock", "Siskin", "Martin", "Crake"];
const asked = new URLSearchParams(location.search).get("name");
const name = asked || sessionStorage.name || `${names[Math.floor(Math.random() * names.length)]} ${100 + Math.floor(Math.random() * 900)}`;
sessionStorage.name = name;

function hear({ name, text, at }) {
  const item = document.createElement("li"), who = document.createElement("b"), time = document.createElement("span");
  who.textContent = `${name}: `;
  time.textContent = at;
  time.className = "quiet num";
  item.append(who, text, time);
  it("heard").prepend(item);
}

const live = connect(`/counter/socket/?name=${encodeURIComponent(name)}`);
live.onstate = (state) => { it("state").dataset.state = state === "open" ? "live" : "waiting"; it("state").textContent = WORDS[state] ?? state; };
live.onmessage = (value) => value?.said?.forEach(hear);
live.subscribe("counter", hear);
live.presence("counter", (members) => { it("here").textContent = Object.keys(members).sort().join(", ") || "–"; });

let quiet = 0;
live.subscribe("counter.typing", (who) => {
  if (who === name) return;
  it("typing").textContent = `${who} types`;
  clearTimeout(quiet);
  quiet = setTimeout(() => { it("typing").textContent = ""; }, 3000);
});

let told = 0;
it("text").addEventListener("input", () => {
  if (Date.now() - told > 2000) { told = Date.now(); live.send({ typing: true }); }
});
it("say").addEventListener("submit", (event) => {
  event.preventDefault();
  live.send({ text: it("text").value });
  it("text").value = "";
});
