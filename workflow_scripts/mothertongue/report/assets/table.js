// Sort a table by a click on a column's head (again: the other way; again: as it was); filter; downloads.
"use strict";
for (const table of document.querySelectorAll("table.sortable")) {
  const body = table.tBodies[0];
  const original = [...body.rows];
  const heads = [...table.querySelectorAll("tr.leaves th")];
  heads.forEach((head, column) => {
    head.querySelector("button").addEventListener("click", () => {
      const states = head.classList.contains("key")
        ? ["none", "ascending", "descending"] : ["none", "descending", "ascending"];
      const next = states[(states.indexOf(head.getAttribute("aria-sort")) + 1) % 3];
      heads.forEach((other) => other.setAttribute("aria-sort", "none"));
      head.setAttribute("aria-sort", next);
      const turn = next === "descending" ? -1 : 1;
      const key = (row) => row.cells[column].dataset.sort;
      const order = (a, b) => {
        const [x, y] = [key(a), key(b)];
        if (x === undefined || y === undefined) return (x === undefined) - (y === undefined);
        const [p, q] = [Number(x), Number(y)];
        const bothNumbers = x !== "" && y !== "" && !Number.isNaN(p) && !Number.isNaN(q);
        return turn * (bothNumbers ? p - q : x.localeCompare(y, undefined, { numeric: true }));
      };
      const rows = next === "none" ? original : [...original].sort(order);
      body.append(...rows);
    });
  });
}
// A long table has a box that hides the rows without the words typed.
const MANY = 15;
for (const table of document.querySelectorAll("table.sortable")) {
  const body = table.tBodies[0];
  if (body.rows.length <= MANY) continue;
  const label = document.createElement("label");
  const box = document.createElement("input");
  label.className = "filter";
  box.type = "search";
  label.append("rows with ", box);
  box.addEventListener("input", () => {
    const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const row of body.rows) {
      const text = row.textContent.toLowerCase();
      row.hidden = !words.every((word) => text.includes(word));
    }
  });
  table.closest(".scroll").before(label);
}
for (const section of document.querySelectorAll("section")) {
  const place = section.querySelector(".downloads");
  if (!place) continue;
  for (const source of section.querySelectorAll('script[type="text/plain"]')) {
    const link = document.createElement("a");
    const text = source.textContent.replaceAll("<\\/", "</");
    link.href = "data:text/plain;charset=utf-8," + encodeURIComponent(text);
    link.download = source.dataset.file;
    link.textContent = { csv: "CSV", tex: "LaTeX", json: "JSON" }[source.dataset.kind];
    place.append(link);
  }
}
