/* Repairs as they come in. EventSource comes back by itself, with the id of the last one. */
{
  const state = document.getElementById("state");
  const source = new EventSource(document.currentScript.dataset.events);
  source.onopen = () => { state.dataset.state = "live"; state.textContent = "connected"; };
  source.onerror = () => { state.dataset.state = "waiting"; state.textContent = "the line is gone, calling again"; };
  source.onmessage = (event) => {
    const repair = JSON.parse(event.data), item = document.createElement("li"), what = document.createElement("b");
    what.textContent = repair.instrument;
    item.append(what, ` for ${repair.name}`);
    document.getElementById("board").prepend(item);
  };
}
