// Draws the interactive figures from the numbers in #data: dots (scores by model),
// scatter (gaps) and curves (training).
"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const root = document.getElementById("chart");
const tip = document.querySelector(".tip");
const NS = "http://www.w3.org/2000/svg";
const svgNode = (name, attributes, parent, text) => {
  const node = document.createElementNS(NS, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  if (text !== undefined) node.textContent = text;
  if (parent) parent.append(node);
  return node;
};
const htmlNode = (name, attributes, parent, text) => {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  if (text !== undefined) node.textContent = text;
  if (parent) parent.append(node);
  return node;
};
const show = (value, digits = 1) =>
  value === null || value === undefined ? "–" : value.toFixed(Math.abs(value) < 10 ? Math.max(digits, 2) : digits).replace("-", "−");
const hover = (node, title, lines) => {
  const place = (event) => {
    tip.style.display = "block";
    const { width, height } = tip.getBoundingClientRect();
    tip.style.left = Math.min(event.clientX + 14, innerWidth - width - 6) + "px";
    tip.style.top = Math.max(6, Math.min(event.clientY + 14, innerHeight - height - 6)) + "px";
  };
  const open = (event) => {
    tip.replaceChildren();
    htmlNode("b", {}, tip, title);
    for (const line of lines) htmlNode("div", {}, tip, line);
    if (event.clientX !== undefined) place(event);
    else { const box = node.getBoundingClientRect(); place({ clientX: box.right, clientY: box.top }); }
  };
  node.setAttribute("tabindex", "0");
  node.setAttribute("role", "img");
  node.setAttribute("aria-label", [title, ...lines].join("; "));
  node.addEventListener("mousemove", open);
  node.addEventListener("focus", open);
  for (const end of ["mouseleave", "blur"]) node.addEventListener(end, () => { tip.style.display = "none"; });
};
const mark = (parent, shape, x, y, size, colour) => {
  const s = size;
  const common = { fill: colour, stroke: "var(--paper)", "stroke-width": 0.7 };
  const path = (d) => svgNode("path", { d, ...common }, parent);
  switch (shape) {
    case "s": return svgNode("rect", { x: x - s * 0.88, y: y - s * 0.88, width: s * 1.76, height: s * 1.76, ...common }, parent);
    case "D": return path(`M${x} ${y - s * 1.25}L${x + s * 1.25} ${y}L${x} ${y + s * 1.25}L${x - s * 1.25} ${y}Z`);
    case "v": return path(`M${x - s * 1.1} ${y - s}L${x + s * 1.1} ${y - s}L${x} ${y + s * 1.1}Z`);
    case "^": return path(`M${x - s * 1.1} ${y + s}L${x + s * 1.1} ${y + s}L${x} ${y - s * 1.1}Z`);
    case "<": return path(`M${x - s * 1.1} ${y}L${x + s} ${y - s * 1.1}L${x + s} ${y + s * 1.1}Z`);
    case ">": return path(`M${x + s * 1.1} ${y}L${x - s} ${y - s * 1.1}L${x - s} ${y + s * 1.1}Z`);
    case "P": return path(`M${x - s * .4} ${y - s * 1.1}h${s * .8}v${s * .7}h${s * .7}v${s * .8}h${-s * .7}v${s * .7}h${-s * .8}v${-s * .7}h${-s * .7}v${-s * .8}h${s * .7}Z`);
    case "X": return path(`M${x - s} ${y - s * .5}l${s * .5} ${-s * .5}l${s * .5} ${s * .5}l${s * .5} ${-s * .5}l${s * .5} ${s * .5}l${-s * .5} ${s * .5}l${s * .5} ${s * .5}l${-s * .5} ${s * .5}l${-s * .5} ${-s * .5}l${-s * .5} ${s * .5}l${-s * .5} ${-s * .5}l${s * .5} ${-s * .5}Z`);
    case "_": return svgNode("rect", { x: x - 1.2, y: y - s * 1.3, width: 2.4, height: s * 2.6, ...common }, parent);
    default: return svgNode("circle", { cx: x, cy: y, r: s, ...common }, parent);
  }
};
const brush = document.createElement("canvas").getContext("2d");
const wide = (words, size) => { // in pixels
  brush.font = `${size}px ${getComputedStyle(document.body).fontFamily}`;
  return brush.measureText(words).width;
};
const ticks = (low, high, count = 5) => {
  const span = high - low || 1;
  const raw = span / count;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 2.5, 5, 10].map((m) => m * power).find((s) => s >= raw);
  const found = [];
  for (let k = Math.ceil(low / step); k * step <= high + step * 1e-9; k++) found.push(Number((k * step).toPrecision(12)));
  return found;
};
const shownTick = (v) => String(v).replace("-", "−");
const besideTicks = (values, least) => Math.max(least, 28 + Math.max(0, ...values.map((v) => wide(shownTick(v), 11)))); // room for a rotated title and the labels
const range = (values) => {
  let [low, high] = [Math.min(...values), Math.max(...values)];
  const pad = (high - low) * 0.06 || Math.max(Math.abs(high) * 0.05, 0.5);
  return [low - pad, high + pad];
};
const hidden = new Set();
const state = { setting: 0, language: "" };
function choices(options, key, all) {
  const row = htmlNode("div", { class: "choices" }, root);
  for (const [value, label] of options) {
    const button = htmlNode("button", { type: "button" }, row, label);
    button.addEventListener("click", () => { state[key] = value; draw(); });
    button.dataset.key = key; button.dataset.value = value;
  }
}
function legend(entries) {
  const row = htmlNode("div", { class: "legend" }, root);
  for (const [name, label, colour] of entries) {
    const button = htmlNode("button", { type: "button", "aria-pressed": "true" }, row);
    const swatch = htmlNode("span", { class: "swatch" }, button);
    swatch.style.background = colour;
    button.append(label);
    button.addEventListener("click", () => {
      if (hidden.has(name)) hidden.delete(name); else hidden.add(name);
      button.setAttribute("aria-pressed", String(!hidden.has(name)));
      draw();
    });
  }
}
const mean = (list) => list.reduce((a, b) => a + b, 0) / list.length;
function dotPoints(panel) {
  const groups = new Map();
  for (const [model, name, language, setting, score, stderr, n, seeds] of panel.points) {
    if (setting !== state.setting || hidden.has(name)) continue;
    if (state.language && language !== state.language) continue;
    const key = model + "\u0000" + name;
    if (!groups.has(key)) groups.set(key, { model, name, parts: [] });
    groups.get(key).parts.push({ language, score, stderr, n, seeds });
  }
  // A mean is over the languages that native, translated and untuned models have in common.
  const shared = (model) => {
    const sets = new Map();
    for (const [m, name, language, setting] of panel.points) {
      if (m !== model || setting !== state.setting || (data.core && !data.core.includes(name))) continue;
      if (state.language && language !== state.language) continue;
      if (!sets.has(name)) sets.set(name, new Set());
      sets.get(name).add(language);
    }
    const [first, ...rest] = [...sets.values()];
    return first ? [...first].filter((language) => rest.every((set) => set.has(language))) : [];
  };
  const common = new Map(Object.keys(data.models).map((model) => [model, shared(model)]));
  for (const g of groups.values()) {
    const codes = common.get(g.model);
    g.parts = g.parts.filter((p) => codes.includes(p.language));
    g.whole = g.parts.length > 0 && g.parts.length === codes.length;
  }
  return [...groups.values()].filter((g) => g.whole).map((g) => {
    const score = mean(g.parts.map((p) => p.score));
    const known = g.parts.every((p) => p.stderr !== null);
    const half = known ? 1.96 * Math.sqrt(g.parts.reduce((a, p) => a + p.stderr ** 2, 0)) / g.parts.length : null;
    const scores = g.parts.map((p) => p.score);
    const share = panel.unit === "%"; // no bar leaves 0 to 100
    return { ...g, score, low: known ? Math.max(score - half, share ? 0 : -Infinity) : Math.min(...scores), high: known ? Math.min(score + half, share ? 100 : Infinity) : Math.max(...scores), known };
  });
}
function drawDots(panel, place) {
  const points = dotPoints(panel);
  const box = htmlNode("div", { class: "panel" }, place);
  htmlNode("h2", {}, box, panel.title);
  const less = panel.metric.includes("less is better");
  htmlNode("div", { class: "hint" }, box, panel.metric + (less ? "" : ` (${panel.unit})`));
  if (!points.length) { htmlNode("p", { class: "hint" }, box, "No scores for this choice."); return; }
  const models = Object.keys(data.models).filter((m) => points.some((p) => p.model === m));
  const names = Object.keys(data.series).filter((s) => points.some((p) => p.name === s));
  const left = 14 + Math.max(60, ...models.map((m) => wide(data.models[m], 12)));
  const [W, right, top, rowHeight] = [left + 342, 14, 18, Math.max(26, 9 + names.length * 8)];
  const H = top + models.length * rowHeight + 30;
  const svg = svgNode("svg", { viewBox: `0 0 ${W} ${H}`, width: W, height: H, role: "group", "aria-label": panel.title }, box);
  const values = points.flatMap((p) => [p.low, p.high]).concat(panel.chance ? [panel.chance] : []);
  const [low, high] = range(values);
  const x = (v) => left + (v - low) / (high - low) * (W - left - right);
  models.forEach((model, row) => {
    if (row % 2) svgNode("rect", { x: 0, y: top + row * rowHeight, width: W, height: rowHeight, fill: "var(--wash)" }, svg);
    svgNode("text", { x: left - 8, y: top + (row + .5) * rowHeight, "text-anchor": "end", "dominant-baseline": "central", "font-size": 12, fill: "var(--ink)" }, svg, data.models[model]);
  });
  for (const v of ticks(low, high)) {
    svgNode("line", { x1: x(v), x2: x(v), y1: top, y2: H - 30, stroke: "var(--line)" }, svg);
    svgNode("text", { x: x(v), y: H - 14, "text-anchor": "middle", "font-size": 11, fill: "var(--soft)" }, svg, shownTick(v));
  }
  if (panel.chance) {
    svgNode("line", { x1: x(panel.chance), x2: x(panel.chance), y1: top, y2: H - 30, stroke: "var(--soft)", "stroke-dasharray": "4 3" }, svg);
    svgNode("text", { x: x(panel.chance), y: top - 5, "font-size": 10, fill: "var(--soft)", "text-anchor": "middle" }, svg, "chance");
  }
  for (const p of points) {
    const y = top + (models.indexOf(p.model) + .5) * rowHeight + (names.indexOf(p.name) - (names.length - 1) / 2) * Math.min(8, (rowHeight - 8) / names.length);
    const look = data.series[p.name];
    const group = svgNode("g", {}, svg);
    svgNode("rect", { x: Math.min(x(p.low), x(p.score) - 8), y: y - 4, width: Math.max(16, x(p.high) - x(p.low)), height: 8, fill: "transparent" }, group);
    if (p.high > p.low) svgNode("line", { x1: x(p.low), x2: x(p.high), y1: y, y2: y, stroke: look.colour, "stroke-width": 1.4, opacity: .55 }, group);
    mark(group, look.marker, x(p.score), y, 4.2, look.colour);
    const native = points.find((q) => q.model === p.model && q.name === "native");
    const lines = [`${show(p.score)} ${panel.unit}` + (p.known ? ` [${show(p.low)}, ${show(p.high)}]` : "")];
    lines.push(...p.parts.map((s) => `${data.languages[s.language] || s.language}: ${show(s.score)}` + (s.n ? `, ${s.n.toLocaleString("en")} items` : "") + (s.seeds > 1 ? `, ${s.seeds} seeds` : "")));
    if (native && p.name !== "native") lines.push(`native: ${show(native.score)} (${show(native.score - p.score)} more)`.replace("(−", "(−"));
    hover(group, `${data.models[p.model]}, ${look.label}`, lines);
  }
}
const AXES = { native: "score with native data", mean: "mean of native and translated score", base: "score of the untuned model" };
function drawScatter(panel, place) {
  const box = htmlNode("div", { class: "panel" }, place);
  htmlNode("h2", {}, box, panel.title);
  htmlNode("div", { class: "hint" }, box, panel.words);
  const axis = state.axis in AXES ? state.axis : "native";
  const points = panel.points.filter((p) => p[axis] !== null && !hidden.has(data.models[p.model].family) && (!state.language || p.language === state.language));
  if (!points.length) { htmlNode("p", { class: "hint" }, box, "No scores for this choice."); return; }
  const [x0, x1] = range(panel.points.map((p) => p[axis]).filter((v) => v !== null));
  const [y0, y1] = range(panel.points.map((p) => p.gap).concat([0]));
  const [W, H, left, right, top, bottom] = [460, 300, besideTicks(ticks(y0, y1), 52), 14, 12, 44];
  const svg = svgNode("svg", { viewBox: `0 0 ${W} ${H}`, width: W, height: H, role: "group", "aria-label": panel.title }, box);
  const x = (v) => left + (v - x0) / (x1 - x0) * (W - left - right);
  const y = (v) => H - bottom - (v - y0) / (y1 - y0) * (H - top - bottom);
  for (const v of ticks(x0, x1)) {
    svgNode("line", { x1: x(v), x2: x(v), y1: top, y2: H - bottom, stroke: "var(--line)" }, svg);
    svgNode("text", { x: x(v), y: H - bottom + 15, "text-anchor": "middle", "font-size": 11, fill: "var(--soft)" }, svg, shownTick(v));
  }
  for (const v of ticks(y0, y1)) {
    svgNode("line", { x1: left, x2: W - right, y1: y(v), y2: y(v), stroke: v === 0 ? "var(--soft)" : "var(--line)" }, svg);
    svgNode("text", { x: left - 6, y: y(v), "text-anchor": "end", "dominant-baseline": "central", "font-size": 11, fill: "var(--soft)" }, svg, shownTick(v));
  }
  svgNode("text", { x: (left + W - right) / 2, y: H - 8, "text-anchor": "middle", "font-size": 11.5, fill: "var(--ink)" }, svg, AXES[axis]);
  svgNode("text", { x: 13, y: (top + H - bottom) / 2, "text-anchor": "middle", "font-size": 11.5, fill: "var(--ink)", transform: `rotate(-90 13 ${(top + H - bottom) / 2})` }, svg, "gap, native − translated");
  for (const p of points) {
    const model = data.models[p.model];
    const shape = ["o", "s", "D", "^", "v", "P", "X", "<", ">"][Object.keys(data.languages).indexOf(p.language) % 9];
    const group = svgNode("g", {}, svg);
    mark(group, shape, x(p[axis]), y(p.gap), 5, data.families[model.family]);
    hover(group, `${model.label}, ${data.languages[p.language] || p.language}`, [
      `native ${show(p.native)}, translated ${show(p.translated)}`, `gap ${show(p.gap)}`]);
  }
}
function drawCurves(panel, place) {
  const box = htmlNode("div", { class: "panel" }, place);
  htmlNode("h2", {}, box, panel.title);
  const own = panel.runs.filter((r) => r.scope === state.scope && r.lr === state.lr);
  const shown = own.filter((r) => !hidden.has(r.data));
  if (!shown.length) { htmlNode("p", { class: "hint" }, box, "No run for this choice."); return; }
  htmlNode("div", { class: "hint" }, box, "held-out perplexity by epoch");
  const known = own.flatMap((r) => r.points.filter((p) => p[1] !== null));
  if (!known.length) { htmlNode("p", { class: "hint" }, box, "No perplexity is known."); return; }
  const [y0, y1] = range(known.map((p) => p[1]));
  const [W, H, left, right, top, bottom] = [460, 260, besideTicks(ticks(y0, y1), 52), 14, 12, 40];
  const svg = svgNode("svg", { viewBox: `0 0 ${W} ${H}`, width: W, height: H, role: "group", "aria-label": panel.title }, box);
  const last = Math.max(1, ...known.map((p) => p[0]));
  const x = (v) => left + v / last * (W - left - right);
  const y = (v) => H - bottom - (v - y0) / (y1 - y0) * (H - top - bottom);
  for (const v of ticks(0, last).filter(Number.isInteger))
    svgNode("text", { x: x(v), y: H - bottom + 15, "text-anchor": "middle", "font-size": 11, fill: "var(--soft)" }, svg, String(v));
  for (const v of ticks(y0, y1)) {
    svgNode("line", { x1: left, x2: W - right, y1: y(v), y2: y(v), stroke: "var(--line)" }, svg);
    svgNode("text", { x: left - 6, y: y(v), "text-anchor": "end", "dominant-baseline": "central", "font-size": 11, fill: "var(--soft)" }, svg, String(v));
  }
  svgNode("text", { x: (left + W - right) / 2, y: H - 6, "text-anchor": "middle", "font-size": 11.5, fill: "var(--ink)" }, svg, "epoch");
  for (const run of shown) {
    const look = data.series[run.data];
    const points = run.points.filter((p) => p[1] !== null);
    svgNode("polyline", { points: points.map((p) => `${x(p[0])},${y(p[1])}`).join(" "), fill: "none", stroke: look.colour, "stroke-width": 1.6 }, svg);
    for (const [epoch, perplexity, loss, best] of points) {
      const group = svgNode("g", {}, svg);
      mark(group, look.marker, x(epoch), y(perplexity), best ? 5 : 3.2, look.colour);
      hover(group, `${look.label}, seed ${run.seed}, epoch ${epoch}`, [`held-out perplexity ${show(perplexity)}`].concat(loss === null ? [] : [`training loss ${show(loss)}`], best ? ["this epoch was kept"] : []));
    }
  }
}
const painters = { dots: drawDots, scatter: drawScatter, curves: drawCurves };
function draw() {
  for (const button of root.querySelectorAll(".choices button"))
    button.setAttribute("aria-pressed", String(String(state[button.dataset.key] ?? "") === button.dataset.value));
  const place = root.querySelector(".panels");
  place.replaceChildren();
  for (const panel of data.panels) painters[data.type](panel, place);
}
const languages = Object.entries(data.languages);
if (languages.length > 1) choices([["", data.type === "dots" ? "Mean over languages" : "All languages"], ...languages], "language");
if (data.type === "dots") {
  if (data.settings.length > 1) choices(data.settings.map((label, index) => [index, label]), "setting");
  const used = new Set(data.panels.flatMap((p) => p.points.map((q) => q[1])));
  legend(Object.entries(data.series).filter(([name]) => used.has(name)).map(([name, s]) => [name, s.label, s.colour]));
} else if (data.type === "curves") {
  state.scope = data.scopes[0][0];
  state.lr = data.rates[0][0];
  if (data.scopes.length > 1) choices(data.scopes, "scope");
  if (data.rates.length > 1) choices(data.rates, "lr");
  legend(Object.entries(data.series).map(([name, s]) => [name, s.label, s.colour]));
} else {
  state.axis = "native";
  choices([["native", "gap against native score (the paper)"], ["mean", "gap against mean score (de-coupled)"]].concat(data.panels.some((p) => p.points.some((q) => q.base !== null)) ? [["base", "gap against the untuned model's score"]] : []), "axis");
  legend(Object.entries(data.families).map(([name, colour]) => [name, name, colour]));
  const names = ["circle", "square", "diamond", "triangle", "inverted triangle", "plus", "cross", "left triangle", "right triangle"];
  if (languages.length > 1) htmlNode("p", { class: "hint" }, root, "Shapes: " + languages.map(([, label], i) => `${label} ${names[i % 9]}`).join(", ") + ". Hover or tab to a mark for its numbers.");
}
htmlNode("div", { class: "panels" }, root);
draw();
