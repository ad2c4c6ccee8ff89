"use strict";

const data = (id) => JSON.parse(document.getElementById(id).textContent);
const colour = (name) =>
  getComputedStyle(document.documentElement).getPropertyValue(name).trim();

// Plots take the colours and the type of the page, whatever its theme is.
function theme() {
  const axis = {
    gridcolor: colour("--grid"),
    linecolor: colour("--rule"),
    zerolinecolor: colour("--rule"),
    tickcolor: colour("--rule"),
  };
  return {
    layout: {
      font: { color: colour("--ink"), size: 12, family: "system-ui, sans-serif" },
      paper_bgcolor: "rgba(0,0,0,0)",
      plot_bgcolor: "rgba(0,0,0,0)",
      xaxis: axis,
      yaxis: axis,
      hoverlabel: {
        bgcolor: colour("--panel"),
        bordercolor: colour("--rule"),
        font: { color: colour("--ink") },
      },
    },
  };
}

function drawPlots() {
  const figures = data("figures");
  const settings = { displayModeBar: false, responsive: true };
  for (const plot of document.querySelectorAll(".plot")) {
    const figure = figures[plot.dataset.plot];
    Plotly.newPlot(plot, figure.data, { ...figure.layout, template: theme() }, settings);
  }
}

function recolourPlots() {
  for (const plot of document.querySelectorAll(".plot")) {
    Plotly.relayout(plot, { template: theme() });
  }
}

// A slice's lines take the place of those of the one before.
function showCurves(name, curves) {
  for (const [plot, lines] of Object.entries(curves[name])) {
    const place = document.querySelector(`[data-plot="${plot}"]`);
    const points = { x: lines.map(([x]) => x), y: lines.map(([, y]) => y) };
    Plotly.restyle(place, points);
    place.setAttribute("aria-label", `${place.dataset.title}: ${name}.`);
  }
  document.getElementById("curves-slice").textContent = name;
}

function chooseSlice() {
  const choice = document.getElementById("slice-choice");
  if (!choice) return;
  const curves = data("curves-by-slice");
  choice.addEventListener("change", () => showCurves(choice.value, curves));
  document.getElementById("slice-table")?.addEventListener("click", (event) => {
    const button = event.target.closest("[data-curves]");
    if (!button) return;
    choice.value = button.dataset.curves;
    showCurves(choice.value, curves);
    document.getElementById("curves").scrollIntoView();
    choice.focus({ preventScroll: true });
  });
}

// Sorting: a missing figure goes last, whichever way.
function compare(one, other, sign) {
  if (one === "" || other === "") return (one === "") - (other === "");
  const numbers = [Number(one), Number(other)];
  if (numbers.some(Number.isNaN)) return sign * one.localeCompare(other);
  return sign * (numbers[0] - numbers[1]);
}

function sortBy(table, header) {
  const column = [...header.parentNode.children].indexOf(header);
  const ascending = header.getAttribute("aria-sort") !== "ascending";
  for (const each of header.parentNode.children) each.removeAttribute("aria-sort");
  header.setAttribute("aria-sort", ascending ? "ascending" : "descending");
  const value = (row) => row.children[column].dataset.value ?? "";
  const rows = [...table.tBodies[0].rows];
  rows.sort((one, other) => compare(value(one), value(other), ascending ? 1 : -1));
  table.tBodies[0].append(...rows);
  const order = ascending ? "lowest first" : "highest first";
  say(`Sorted by ${header.textContent.trim()}, ${order}.`);
}

function filterSlices() {
  const table = document.getElementById("slice-table");
  if (!table) return;
  const wanted = document.getElementById("slice-text");
  const features = document.getElementById("slice-features");
  const fewest = document.getElementById("slice-examples");
  const apply = () => {
    let shown = 0;
    for (const row of table.tBodies[0].rows) {
      const hit =
        row.dataset.name.toLowerCase().includes(wanted.value.trim().toLowerCase()) &&
        (!features.value || row.dataset.features === features.value) &&
        Number(row.dataset.examples) >= Number(fewest.value);
      row.hidden = !hit;
      shown += hit;
    }
    say(`${shown} of ${table.tBodies[0].rows.length} slices shown.`);
  };
  for (const control of [wanted, features, fewest]) {
    control.addEventListener("input", apply);
    control.addEventListener("change", apply);
  }
  apply();
}

function say(words) {
  document.getElementById("slice-status").textContent = words;
}

// On paper everything is open, and in the colours of paper.
function print() {
  const closed = () => document.querySelectorAll("details:not([open])");
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = [...closed()];
    for (const each of opened) each.open = true;
    recolourPlots();
  });
  addEventListener("afterprint", () => {
    for (const each of opened) each.open = false;
    recolourPlots();
  });
}

drawPlots();
chooseSlice();
filterSlices();
for (const header of document.querySelectorAll("#slice-table thead th")) {
  header.querySelector("button")?.addEventListener("click", () =>
    sortBy(header.closest("table"), header));
}
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", recolourPlots);
print();
