/* A message at a time, ten in a second, and what is typed; each is answered by itself. */
{
  const SPAN = 20, PAUSE = 100, SOCKET = document.currentScript.dataset.socket;
  const trips = [];
  let count = 0, socket = null, timer = 0, delay = 500;
  const show = (id, text) => { document.getElementById(id).textContent = text; };
  const state = (name, text) => { const it = document.getElementById("state"); it.dataset.state = name; it.textContent = text; };
  const ms = value => `${value.toFixed(value < 10 ? 2 : 0)} ms`;
  function say(text) { socket.send(JSON.stringify({sent: performance.now(), text})); }
  function took(milliseconds) {
    const now = performance.now() / 1000;
    trips.push([now, milliseconds]);
    while (trips[0][0] < now - SPAN) trips.shift();
    const latest = trips.slice(-100).map(trip => trip[1]).sort((one, other) => one - other);
    show("last", ms(milliseconds)); show("median", ms(latest[latest.length >> 1])); show("slowest", ms(latest.at(-1)));
    show("count", ++count);
    plot(document.getElementById("plot"), trips, {span: SPAN, least: 1});
  }
  function hear(text, milliseconds) {
    const item = document.createElement("li"), time = document.createElement("span");
    item.textContent = text; time.textContent = ms(milliseconds); time.className = "quiet num";
    item.append(time);
    document.getElementById("heard").prepend(item);
  }
  function connect() {
    socket = new WebSocket(new URL(SOCKET, location.href.replace(/^http/, "ws")));
    socket.onopen = () => { state("live", "connected"); delay = 500; timer = setInterval(say, PAUSE, ""); };
    socket.onmessage = event => {
      const {sent, text} = JSON.parse(event.data), milliseconds = performance.now() - sent;
      took(milliseconds);
      if (text) hear(text, milliseconds);
    };
    socket.onclose = () => {
      clearInterval(timer);
      state("waiting", count ? "the line is gone, calling again" : "no answer: does this server speak WebSocket?");
      setTimeout(connect, delay = Math.min(delay * 2, 10000));
    };
  }
  document.getElementById("say").addEventListener("submit", event => {
    event.preventDefault();
    const field = document.getElementById("text");
    if (field.value && socket.readyState === WebSocket.OPEN) { say(field.value); field.value = ""; }
  });
  connect();
}
