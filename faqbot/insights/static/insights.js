// Draws each canvas from the numbers in its data-chart; a click on a bar follows its link.
"use strict";

const charts = [];

// Letters and lines have the colours of the page, which follow the person's scheme.
function colour() {
  const tokens = getComputedStyle(document.documentElement);
  Chart.defaults.color = tokens.getPropertyValue("--soft").trim();
  Chart.defaults.borderColor = tokens.getPropertyValue("--line").trim();
  Chart.defaults.font.family = tokens.getPropertyValue("--font").trim();
  for (const chart of charts) chart.update();
}
colour();
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", colour);

for (const canvas of document.querySelectorAll("canvas[data-chart]")) {
  const { labels, series, links, lying } = JSON.parse(canvas.dataset.chart);
  const whole = { stacked: true, beginAtZero: true, ticks: { precision: 0 } };
  const named = { stacked: true, grid: { display: false }, ticks: { maxRotation: 0, autoSkip: !lying } };
  charts.push(new Chart(canvas, {
    type: "bar",
    data: {
      labels,
      datasets: series.map((one) => ({ label: one.label, data: one.data, backgroundColor: one.colour })),
    },
    options: {
      animation: false,
      maintainAspectRatio: false,
      indexAxis: lying ? "y" : "x",
      scales: lying ? { x: whole, y: named } : { x: named, y: whole },
      onHover: (event, bars) => { event.native.target.style.cursor = bars.length ? "pointer" : "default"; },
      onClick: (event, bars) => { if (bars.length) location.assign(links[bars[0].index]); },
    },
  }));
}
