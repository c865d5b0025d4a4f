/* The figures as they come. Rates are differences: the stream only tells counters. */
{
  const SPAN = 60;
  const {events, hello} = document.currentScript.dataset;
  const source = new EventSource(events);
  const series = {rate: [], cpu: [], memory: [], threads: [], watchers: [], late: []};
  const show = (id, text) => { document.getElementById(id).textContent = text; };
  const state = (name, text) => { const it = document.getElementById("state"); it.dataset.state = name; it.textContent = text; };
  let before = null;
  function keep(name, at, value) {
    series[name].push([at, value]);
    while (series[name][0][0] < at - SPAN - 2) series[name].shift();
  }
  function draw() {
    plot(document.getElementById("plot"), series.rate, {span: SPAN, least: 10});
    for (const svg of document.querySelectorAll("[data-plot]")) plot(svg, series[svg.dataset.plot], {span: SPAN, least: 2, axes: false});
  }
  function rates(now) {
    const seconds = now.at - before.at;
    const rate = (now.requests - before.requests) / seconds, cpu = 100 * (now.cpu_seconds - before.cpu_seconds) / seconds;
    keep("rate", now.at, rate); keep("cpu", now.at, cpu);
    show("rate", rate.toFixed(rate < 10 ? 1 : 0)); show("cpu", `${cpu.toFixed(0)} %`);
  }
  source.addEventListener("figures", event => {
    const now = JSON.parse(event.data);
    state("live", "live");
    /* Another worker counts anew. */
    if (before && before.pid !== now.pid) { before = null; for (const name in series) series[name].length = 0; }
    if (before) rates(now);
    for (const [name, value] of [["memory", now.memory_mb], ["threads", now.threads], ["watchers", now.watchers], ["late", now.late_ms]]) keep(name, now.at, value);
    show("memory", `${now.memory_mb.toFixed(0)} MB`); show("threads", now.threads); show("watchers", now.watchers);
    show("late", `${now.late_ms.toFixed(1)} ms`); show("pid", now.pid);
    show("in_stock", now.shop.in_stock); show("repairs", now.shop.repairs); show("latest", now.shop.latest || "nothing yet");
    before = now;
    draw();
  });
  source.onerror = () => state("waiting", "the line is gone, calling again");
  addEventListener("resize", draw);
  document.getElementById("noise").addEventListener("click", async () => {
    for (let round = 0; round < 25; round++) await Promise.all(Array.from({length: 8}, () => fetch(hello, {cache: "no-store"})));
  });
}
