"use strict";

const PLOT_HEIGHT = 250;
const MOST_DOTS = 24;

/**
 * Return a chart of lines with bands, which tells the values under the pointer or the arrow keys.
 *
 * @param {object} chart
 * @param {string} chart.title What it shows.
 * @param {object} chart.x The `label` of the axis and the `text` of a number.
 * @param {object} chart.y The same, and the `domain` if it doesn't follow from the lines.
 * @param {object[]} chart.series Each with `name`, `style`, `grid`, `score` and, with a band, `low`
 *   and `high`.
 * @param {object[]} [chart.references] Horizontal lines, each with a `name`, a `value`
 *   and the `side` of the name, "start" or "end".
 * @param {number} width In pixels.
 * @param {boolean} exported Whether it stands alone, and needs its title and its legend.
 */
function lineChart(chart, width, exported) {
  const { title, x, y, series, references = [] } = chart;
  const key = exported ? drawnLegend(series, 46, 44, width - 60) : { marks: [], height: 0 };
  const top = exported ? 40 + key.height : 10;
  const frame = { left: 46, right: width - 14, top, bottom: top + PLOT_HEIGHT - 50 };
  const height = frame.bottom + 40;
  const domains = { x: xDomain(series), y: y.domain ?? yDomain(series, references) };
  const across = linearScale(domains.x, [frame.left, frame.right]);
  const up = linearScale(domains.y, [frame.bottom, frame.top]);
  const labelled = references.filter(({ value }) => value >= domains.y[0] && value <= domains.y[1]);
  const svg = drawing(
    width,
    height,
    `${title}. ${y.label} by ${x.label}: ${series.map((each) => each.name).join(", ")}.`,
    exported ? backdrop(width, height) : null,
    exported ? words(title, 14, 22, "start", "title") : null,
    key.marks,
    axes(frame, { ...x, domain: domains.x }, { ...y, domain: domains.y }),
    labelled.map(({ name, value, side }) => [
      line("reference", frame.left, up(value), frame.right, up(value)),
      words(name, side === "start" ? frame.left + 4 : frame.right, up(value) - 4, side),
    ]),
    // A drawing within the drawing cuts off what leaves the plot.
    svgElement(
      "svg",
      {
        x: frame.left,
        y: frame.top - 3,
        width: Math.max(0, frame.right - frame.left) + 3,
        height: frame.bottom - frame.top + 6,
      },
      svgElement(
        "g",
        { transform: `translate(${-frame.left} ${3 - frame.top})` },
        series.map((each) => seriesMarks(each, across, up)),
      ),
    ),
  );
  if (!exported) {
    addCursor(svg, chart, frame, across, up);
  }
  return svg;
}

function backdrop(width, height) {
  return svgElement("rect", { class: "backdrop", width, height });
}

function seriesMarks({ style, grid, score, low, high }, across, up) {
  const places = grid.map((_, index) => index).filter((index) => score[index] !== null);
  const point = (values) => (index) => `${pixel(across(grid[index]))},${pixel(up(values[index]))}`;
  const banded = low ? places.filter((index) => low[index] !== null) : [];
  const edge = [...banded.map(point(high ?? [])), ...banded.toReversed().map(point(low ?? []))];
  return svgElement(
    "g",
    { class: style.colour },
    edge.length ? svgElement("polygon", { class: "band", points: edge.join(" ") }) : null,
    svgElement("polyline", {
      class: "line",
      points: places.map(point(score)).join(" "),
      "stroke-dasharray": style.dash,
    }),
    places.length <= MOST_DOTS
      ? places.map((index) =>
          svgElement("circle", {
            class: "dot",
            cx: pixel(across(grid[index])),
            cy: pixel(up(score[index])),
            r: 2.2,
          }),
        )
      : null,
  );
}

/** Let the pointer and the arrow keys move along the chart. */
function addCursor(svg, { x, series }, frame, across, up) {
  const places = [...new Set(series.flatMap(({ grid }) => grid))].sort((a, b) => a - b);
  if (!places.length) {
    return;
  }
  const cursor = svgElement("g", { "aria-hidden": "true" });
  svg.append(cursor);
  svg.setAttribute("tabindex", "0");
  let current = places.length - 1;

  function show() {
    const at = places[current];
    const found = series
      .map((each) => ({ ...each, ...valueAt(each, at) }))
      .filter(({ value }) => value !== null)
      .sort((first, second) => second.value - first.value);
    cursor.replaceChildren(
      line("cursor", across(at), frame.top, across(at), frame.bottom),
      ...found.map(({ style, value }) =>
        svgElement(
          "g",
          { class: style.colour },
          svgElement("circle", { class: "dot", cx: across(at), cy: up(value), r: 3.5 }),
        ),
      ),
    );
    const box = svg.getBoundingClientRect();
    showTooltip(
      `${x.text(at)} ${x.unit ?? ""}`.trim(),
      found,
      box.left + across(at),
      box.top + frame.top,
    );
  }

  function hide() {
    cursor.replaceChildren();
    hideTooltip();
  }

  svg.addEventListener("pointermove", (event) => {
    const pointer = event.clientX - svg.getBoundingClientRect().left;
    const distances = places.map((place) => Math.abs(across(place) - pointer));
    current = distances.indexOf(Math.min(...distances));
    show();
  });
  svg.addEventListener("pointerleave", hide);
  svg.addEventListener("focus", () => svg.matches(":focus-visible") && show());
  svg.addEventListener("blur", hide);
  svg.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (step) {
      event.preventDefault();
      current = Math.min(Math.max(current + step, 0), places.length - 1);
      show();
    } else if (event.key === "Escape") {
      hide();
    }
  });
}

/** Return the last value of a series up to a place, and how it reads. */
function valueAt({ grid, score, low, high }, place) {
  const index = grid.findLastIndex((each) => each <= place);
  const value = score[index] ?? null;
  if (value === null) {
    return { value };
  }
  const hasBand = low && low[index] !== null && low[index] !== high[index];
  const interval = hasBand ? ` ${intervalText(low[index], high[index])}` : "";
  return { value, text: `${low ? scoreText(value) : numberText(value)}${interval}` };
}

function xDomain(series) {
  const places = series.flatMap(({ grid }) => grid);
  return places.length ? [Math.min(...places), Math.max(...places)] : [0, 1];
}

/** Return the range of the lines and the references; bands may leave it, a little. */
function yDomain(series, references) {
  const values = series.flatMap(({ score }) => score).filter((each) => each !== null);
  const ends = [...values, ...references.map(({ value }) => value)];
  const [low, high] = ends.length ? [Math.min(...ends), Math.max(...ends)] : [0, 1];
  const margin = 0.06 * (high - low || 1);
  return [low - margin, high + margin];
}

function pixel(value) {
  return Math.round(100 * value) / 100;
}
