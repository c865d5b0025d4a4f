/* A line over time, drawn into an <svg class="plot">: points are [seconds, value], the newest last. */
const SVG = "http://www.w3.org/2000/svg";
function element(name, attributes, text) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  return made;
}
/* The top of the scale: 1, 2 or 5 times a power of ten. */
function ceiling(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].find(step => step * power >= value) * power;
}
function plot(svg, points, {span, least = 1, unit = "", axes = true}) {
  const {width, height} = svg.getBoundingClientRect();
  if (!width || !points.length) return;
  const edge = axes ? {left: 46, right: 10, top: 10, bottom: 26} : {left: 1, right: 3, top: 3, bottom: 3};
  const end = points.at(-1)[0], begin = end - span;
  const top = ceiling(Math.max(least, ...points.map(point => point[1])));
  const x = at => edge.left + (at - begin) / span * (width - edge.left - edge.right);
  const y = value => height - edge.bottom - value / top * (height - edge.top - edge.bottom);
  const parts = [];
  if (axes) {
    for (const share of [0, .25, .5, .75, 1]) {
      const level = y(top * share);
      parts.push(element("line", {class: share ? "grid" : "floor", x1: edge.left, x2: width - edge.right, y1: level, y2: level}));
      parts.push(element("text", {x: edge.left - 8, y: level + 4, "text-anchor": "end"}, +(top * share).toPrecision(3) + unit));
    }
    parts.push(element("text", {x: edge.left, y: height - 6}, `${span} s ago`));
    parts.push(element("text", {x: width - edge.right, y: height - 6, "text-anchor": "end"}, "now"));
  }
  const shown = points.filter(point => point[0] >= begin);
  const line = shown.map(([at, value]) => `${x(at).toFixed(1)},${y(value).toFixed(1)}`).join(" ");
  if (axes) parts.push(element("polygon", {class: "area", points: `${x(shown[0][0])},${y(0)} ${line} ${x(end)},${y(0)}`}));
  parts.push(element("polyline", {class: "line", points: line}));
  parts.push(element("circle", {class: "end", cx: x(end), cy: y(points.at(-1)[1]), r: axes ? 4 : 2.5}));
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  svg.replaceChildren(...parts);
}
