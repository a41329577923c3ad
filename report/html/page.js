/* SPDX-License-Identifier: Apache-2.0 */
/* The page works without this: it adds sorting, filters and the picture of features by file. Text from the report is only
 * ever set as text. */
"use strict";
(function () {
  const MOST_FILES = 60; /* rows of the picture */
  const table = document.getElementById("table");
  const bodies = Array.from(table.tBodies);
  const word = document.getElementById("word");
  const verdict = document.getElementById("verdict");
  const feature = document.getElementById("feature");
  const shown = document.getElementById("shown");
  const tiles = Array.from(document.querySelectorAll(".tiles button"));
  const words = (body, name) => (body.dataset[name] || "").split(" ").filter(Boolean);

  bodies.forEach((body, index) => { body.id = "file-" + index; });

  /* ---- filters ---- */
  const fits = (body) =>
    (!verdict.value || body.dataset.verdict === verdict.value) &&
    (!feature.value || words(body, "used").includes(feature.value)) &&
    (!word.value || body.textContent.toLowerCase().includes(word.value.toLowerCase()));
  function filter() {
    let count = 0;
    for (const body of bodies) {
      body.hidden = !fits(body);
      count += body.hidden ? 0 : 1;
    }
    shown.textContent = count + " of " + bodies.length + " files shown";
    tiles.forEach((tile) => tile.setAttribute("aria-pressed", String(tile.value === verdict.value)));
    draw();
  }
  Array.from(new Set(bodies.flatMap((body) => words(body, "used")))).sort().forEach((name) => feature.add(new Option(name)));
  word.addEventListener("input", filter);
  verdict.addEventListener("change", filter);
  feature.addEventListener("change", filter);
  document.getElementById("form").addEventListener("reset", () => setTimeout(filter));
  document.getElementById("form").addEventListener("submit", (event) => event.preventDefault());
  tiles.forEach((tile) => tile.addEventListener("click", () => {
    verdict.value = verdict.value === tile.value ? "" : tile.value;
    filter();
  }));

  /* ---- sorting: by one column, the same order again reversed; equal rows by path ---- */
  const heads = Array.from(table.tHead.rows[0].cells);
  const key = (body, column) => body.rows[0].cells[column].dataset.key || body.rows[0].cells[column].textContent;
  function sort(column, falling) {
    const numeric = heads[column].dataset.numeric !== undefined;
    const compare = (a, b) => numeric ? key(a, column) - key(b, column) : key(a, column).localeCompare(key(b, column));
    bodies.sort((a, b) => (falling ? -1 : 1) * compare(a, b) || key(a, 0).localeCompare(key(b, 0)));
    bodies.forEach((body) => table.append(body));
    heads.forEach((head, index) =>
      head.setAttribute("aria-sort", index === column ? (falling ? "descending" : "ascending") : "none"));
    draw();
  }
  heads.forEach((head, index) => head.firstElementChild.addEventListener("click", () => {
    const now = head.getAttribute("aria-sort");
    sort(index, now === "none" ? head.dataset.numeric !== undefined : now === "ascending");
  }));

  /* ---- the picture ---- */
  function element(parent, name, attributes, text) {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, value);
    if (text !== undefined) made.textContent = text;
    parent.append(made);
    return made;
  }
  function cell(svg, x, y, state, title) {
    const group = element(svg, "g", {});
    element(group, "title", {}, title);
    element(group, "rect", { x: x + 1, y: y + 1, width: 18, height: 18, class: state === "bad" ? "bad" : "empty" });
    if (state === "good") element(group, "circle", { cx: x + 10, cy: y + 10, r: 5, class: "good" });
    if (state === "bad")
      element(group, "path", { d: `M${x + 6} ${y + 6}l8 8m0 -8l-8 8`, class: "cross" });
  }
  function draw() {
    const place = document.getElementById("picture");
    const all = bodies.filter((body) => !body.hidden && body.dataset.used);
    const files = all.slice(0, MOST_FILES);
    const features = Array.from(new Set(files.flatMap((body) => words(body, "used")))).sort();
    place.replaceChildren();
    document.getElementById("map").hidden = !files.length;
    if (!files.length) return;
    document.getElementById("drawn").textContent = all.length > files.length ? "The first " + files.length + " of " +
      all.length + " files in the order of the table." : "";
    const longest = Math.max(...files.map((body) => Math.min(40, key(body, 0).length)));
    const left = 24 + 7 * longest, top = 90;
    const svg = element(place, "svg", { role: "img", width: left + 20 * features.length + 60, height: top + 20 * files.length + 6,
      "aria-label": files.length + " files by " + features.length + " features; the table below says the same" });
    features.forEach((name, column) => {
      const x = left + 20 * column + 14;
      element(svg, "text", { x, y: top - 6, transform: `rotate(-55 ${x} ${top - 6})` }, name);
    });
    files.forEach((body, row) => {
      const y = top + 20 * row, name = key(body, 0), unsafe = words(body, "unsafe"), used = words(body, "used");
      const link = element(svg, "a", { href: "#" + body.id, "aria-label": name });
      element(link, "text", { x: left - 8, y: y + 14, "text-anchor": "end" }, name.length > 40 ? "…" + name.slice(-39) : name);
      features.forEach((feature_name, column) => {
        const state = unsafe.includes(feature_name) ? "bad" : used.includes(feature_name) ? "good" : "";
        cell(svg, left + 20 * column, y, state,
          name + ": " + feature_name + (state === "bad" ? " is used unsafely" : state ? " is used behind a check" : " is not used"));
      });
    });
  }

  /* Paper opens nothing: what is unsafe is printed open. */
  const closed = [];
  addEventListener("beforeprint", () => document.querySelectorAll("details.unsafe:not([open])").forEach((details) => {
    closed.push(details);
    details.open = true;
  }));
  addEventListener("afterprint", () => closed.splice(0).forEach((details) => { details.open = false; }));

  document.querySelectorAll(".scripted").forEach((part) => { part.hidden = false; });
  sort(1, true);
  filter();
})();
