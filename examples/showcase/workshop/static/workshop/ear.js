/* A recording as it is heard. Each piece has its number, so that what is told twice is drawn once; a page that is
   opened in the middle begins with what was told so far, and goes on from there. */
const it = (id) => document.getElementById(id);
const { module, events } = it("script").dataset;
const { connect } = await import(module);
const { told, since, topic } = JSON.parse(it("told").textContent);

const NAMES = ["C", "C♯", "D", "D♯", "E", "F", "F♯", "G", "G♯", "A", "A♯", "B"];
const LINE = { open: "listening", events: "listening", waiting: "the line is gone, calling again", connecting: "connecting" };
const pieces = [];
let of = 0, live = null;

const named = (tone) => `${NAMES[Math.round(tone) % 12]}${Math.floor(Math.round(tone) / 12) - 1}`;
function off(cents) {
  return Math.abs(cents) <= 3 ? "in tune" : `${Math.abs(cents)} cents ${cents > 0 ? "sharp" : "flat"}`;
}
function make(tag, attributes, text = "", space = null) {
  const made = space ? document.createElementNS(space, tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.textContent = text;
  return made;
}

function draw() {
  const width = Math.max(of, 1) * 10, bars = [];
  for (let at = 0; at < of; at++) {
    const [loud, tone] = pieces[at] ?? [0, null];
    const height = pieces[at] ? Math.max(2, loud * 94) : 2;
    const kind = !pieces[at] ? "ahead" : tone === null ? "toneless" : "toned";
    const bar = make("rect", { class: kind, x: at * 10 + 1.5, y: 50 - height / 2, width: 7, height, rx: 1.5 }, "", "http://www.w3.org/2000/svg");
    if (kind === "toned") bar.style.setProperty("--hue", (Math.round(tone) % 12) * 30);
    bars.push(bar);
  }
  it("wave").setAttribute("viewBox", `0 0 ${width} 100`);
  it("wave").setAttribute("preserveAspectRatio", "none");
  it("wave").replaceChildren(...bars);
  const done = pieces.filter(Boolean).length;
  it("progress").value = of ? done / of : 0;
  it("share").textContent = `${of ? Math.floor((100 * done) / of) : 0} %`;
}

function finish(heard) {
  live?.close();
  it("state").dataset.state = heard.fault ? "waiting" : "live";
  it("state").textContent = heard.fault ? "not heard" : "heard";
  it("title").textContent = heard.fault ?? heard.title;
  it("tone").textContent = heard.fault ? "–" : "The whole of it";
  if (heard.fault) return;
  of = heard.of;
  pieces.splice(0, pieces.length, ...heard.pieces);
  it("facts").textContent = `${heard.seconds} s, ${heard.of} pieces`;
  it("tones").replaceChildren(...heard.tones.map(({ name, share, cents }) => {
    const tile = make("li", { class: "tile" });
    tile.append(make("span", {}, `${Math.round(share * 100)} % of it`), make("b", {}, name), make("span", {}, off(cents)));
    return tile;
  }));
  it("verdict").hidden = !heard.tones.length;
}

function hear(news) {
  if ("of" in news) { of = news.of; it("title").textContent = `${news.seconds} seconds of sound`; }
  if ("at" in news) {
    pieces[news.at] = news.piece;
    const tone = news.piece[1];
    it("tone").textContent = tone === null ? "–" : `${named(tone)}, ${off(Math.round(100 * (tone - Math.round(tone))))}`;
  }
  if (news.waits && !of) it("title").textContent = "It waits for its turn.";
  if (news.heard) finish(news.heard);
}

told.forEach(hear);
draw();
if (!told.some((news) => news.heard)) {
  live = connect("/ear/socket/", { since, events });
  live.onstate = (state) => {
    if (!(state in LINE)) return;
    it("state").dataset.state = state === "open" || state === "events" ? "live" : "waiting";
    it("state").textContent = LINE[state];
  };
  live.ongap = () => location.reload();
  live.subscribe(topic, (news) => { hear(news); draw(); });
}
