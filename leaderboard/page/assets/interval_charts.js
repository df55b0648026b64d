"use strict";

const ROW_HEIGHT = 24;
const FACET_GAP = 26;
const WHISKER = { width: 76, height: 9 };

/**
 * Return panels side by side, each with a row for every agent: an estimate with its interval.
 *
 * @param {object} chart
 * @param {string} chart.title What it shows.
 * @param {object[]} chart.rows Each with a `name` and a `style`.
 * @param {object[]} chart.facets Each with a `title`, `values` of [estimate, low, high] for the
 *   rows, and optionally a `domain` and a `reference` to mark.
 * @param {number} width In pixels.
 * @param {boolean} exported Whether it stands alone, and needs its title.
 */
function intervalChart(chart, width, exported) {
  const { title, rows, facets } = chart;
  const { columns, facetHeight, height } = intervalLayout(chart, width);
  const offset = exported ? 34 : 0;
  const longest = Math.max(...rows.map((row) => row.name.length));
  const nameRoom = Math.min(180, width * 0.36, longest * (CHARACTER_WIDTH + 1) + 18);
  const facetWidth = (width - nameRoom - FACET_GAP * (columns - 1) - 14) / columns;
  return drawing(
    width,
    height + offset,
    `${title}: ${rows.map((row) => row.name).join(", ")}. The numbers are in the table below.`,
    exported ? backdrop(width, height + offset) : null,
    exported ? words(title, 14, 22, "start", "title") : null,
    facets.map((facet, index) => {
      const column = index % columns;
      const left = nameRoom + column * (facetWidth + FACET_GAP);
      const top = offset + Math.floor(index / columns) * facetHeight + 26;
      const frame = { left, right: left + facetWidth, top, bottom: top + rows.length * ROW_HEIGHT };
      return [facetMarks(frame, facet, rows), column ? null : rowNames(rows, nameRoom, top)];
    }),
  );
}

/** Return a small picture of an interval within a table's cell. */
function whisker([score, low, high], domain) {
  const { width, height } = WHISKER;
  const across = linearScale(domain, [3, width - 3]);
  const middle = height / 2;
  const inside = (value) => Math.min(Math.max(across(value), 1), width - 1);
  return svgElement(
    "svg",
    { class: "drawing whisker", width, height, "aria-hidden": "true" },
    line("grid", across(0), middle, across(1), middle),
    line("axis", across(0), 2, across(0), height - 2),
    line("axis", across(1), 2, across(1), height - 2),
    svgElement(
      "g",
      { class: "series-0" },
      low === null ? null : line("span", inside(low), middle, inside(high), middle),
      line("tick", inside(score), 0.5, inside(score), height - 0.5),
    ),
  );
}

/** Return a range from 0 to 1, wider if scores are outside, but not so wide that nothing shows. */
function scoreDomain(scores) {
  const known = scores.filter((each) => each !== null);
  return [Math.max(Math.min(0, ...known), -0.5), Math.min(Math.max(1, ...known), 1.5)];
}

function intervalLayout({ rows, facets }, width) {
  const most = width >= 720 ? 4 : width >= 480 ? 2 : 1;
  const columns = Math.min(most, facets.length);
  const facetHeight = rows.length * ROW_HEIGHT + 60;
  return { columns, facetHeight, height: Math.ceil(facets.length / columns) * facetHeight };
}

function facetMarks(frame, { title, values, domain, reference = null }, rows) {
  const used = domain ?? scoreDomain(values.flat());
  const across = linearScale(used, [frame.left, frame.right]);
  const inside = (value) => Math.min(Math.max(across(value), frame.left), frame.right);
  return [
    words(title, frame.left, frame.top - 10, "start", "name"),
    ticks(used, Math.max(2, (frame.right - frame.left) / 75)).map((tick) =>
      line("grid", across(tick), frame.top, across(tick), frame.bottom),
    ),
    reference === null
      ? null
      : line("reference", across(reference), frame.top, across(reference), frame.bottom),
    horizontalAxis(frame, across, { domain: used, label: null, text: shortText }),
    rows.map(({ name, style }, index) => {
      const [score, low, high] = values[index];
      const y = frame.top + (index + 0.5) * ROW_HEIGHT;
      if (score === null) {
        return null;
      }
      return svgElement(
        "g",
        { class: style.colour },
        svgElement("title", {}, `${name}: ${scoreText(score)} ${intervalText(low, high)}`),
        low === null
          ? null
          : svgElement("line", { class: "span", x1: inside(low), x2: inside(high), y1: y, y2: y }),
        line("tick", inside(score), y - 6, inside(score), y + 6),
      );
    }),
  ];
}

function rowNames(rows, room, top) {
  return rows.map(({ name }, index) =>
    svgElement(
      "text",
      {
        class: "name",
        x: room - 12,
        y: top + (index + 0.5) * ROW_HEIGHT + 4,
        "text-anchor": "end",
      },
      svgElement("title", {}, name),
      shortened(name, room - 16),
    ),
  );
}
