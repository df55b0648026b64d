"use strict";

const TICK_ROOM = 5;
// About what a character of the axes' font takes.
const CHARACTER_WIDTH = 6.2;
// What tells agents apart when the colours begin again.
const COLOURS = 7;
const DASHES = [null, "7 4", "2 3", "9 3 2 3"];

/** Return a linear map from a domain to a range of pixels. */
function linearScale([low, high], [from, to]) {
  const factor = (to - from) / (high - low || 1);
  return (value) => from + (value - low) * factor;
}

/** Return about `count` round numbers within a domain. */
function ticks([low, high], count) {
  const rough = (high - low) / Math.max(count, 1) || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 2.5, 5].find((each) => each * power >= rough) ?? 10);
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: Math.max(last - first + 1, 0) }, (_, index) =>
    Number(((first + index) * step).toPrecision(12)),
  );
}

/** Return an empty drawing, described for who can't see it. */
function drawing(width, height, label, ...children) {
  return svgElement(
    "svg",
    {
      class: "drawing",
      width,
      height,
      viewBox: `0 0 ${width} ${height}`,
      role: "img",
      "aria-label": label,
    },
    children,
  );
}

/**
 * Return both axes of a plot, with a grid of horizontal lines.
 *
 * @param {object} frame Its edges in pixels: left, right, top and bottom.
 * @param {object} x The `domain`, the `label` and the `text` of a number.
 * @param {object} y The same.
 */
function axes(frame, x, y) {
  const { left, right, top, bottom } = frame;
  const across = linearScale(x.domain, [left, right]);
  const up = linearScale(y.domain, [bottom, top]);
  const yTicks = ticks(y.domain, Math.max(2, (bottom - top) / 45));
  const middle = (top + bottom) / 2;
  return svgElement(
    "g",
    {},
    yTicks.map((tick) => [
      line("grid", left, up(tick), right, up(tick)),
      words(y.text(tick), left - TICK_ROOM - 2, up(tick) + 4, "end"),
    ]),
    horizontalAxis(frame, across, x),
    y.label === null
      ? null
      : svgElement(
          "text",
          { x: 11, y: middle, "text-anchor": "middle", transform: `rotate(-90 11 ${middle})` },
          y.label,
        ),
  );
}

/** Return the axis at the bottom of a plot. */
function horizontalAxis({ left, right, bottom }, across, { domain, label, text }) {
  const count = Math.max(2, (right - left) / 75);
  return svgElement(
    "g",
    {},
    line("axis", left, bottom, right, bottom),
    ticks(domain, count).map((tick) => [
      line("axis", across(tick), bottom, across(tick), bottom + TICK_ROOM),
      words(text(tick), across(tick), bottom + 17, "middle"),
    ]),
    label === null ? null : words(label, (left + right) / 2, bottom + 34, "middle"),
  );
}

function line(className, x1, y1, x2, y2) {
  return svgElement("line", { class: className, x1, y1, x2, y2 });
}

function words(text, x, y, anchor = "start", className = null) {
  return svgElement("text", { x, y, "text-anchor": anchor, class: className }, text);
}

/** Return a text that fits into a width, about. */
function shortened(text, width) {
  const room = Math.max(4, Math.floor(width / CHARACTER_WIDTH));
  return text.length <= room ? text : `${text.slice(0, room - 1)}…`;
}

/** Return how the marks of an agent look: the class of its colour and its dashes. */
function agentStyle(number) {
  if (number === null) {
    return { colour: "series-reference", dash: null };
  }
  const dash = DASHES[Math.floor(number / COLOURS) % DASHES.length];
  return { colour: `series-${number % COLOURS}`, dash };
}

/** Return a short line in the style of an agent, for a legend. */
function swatch({ colour, dash }) {
  return svgElement(
    "svg",
    { class: `swatch ${colour}`, viewBox: "0 0 22 8", "aria-hidden": "true" },
    svgElement("line", { x1: 0, y1: 4, x2: 22, y2: 4, "stroke-dasharray": dash }),
  );
}

/** Return the legend of several series, for the page. */
function legend(series) {
  return element(
    "ul",
    { class: "legend" },
    series.map(({ name, style }) => element("li", {}, swatch(style), name)),
  );
}

/** Return the legend of several series within a drawing, and the height that it takes. */
function drawnLegend(series, left, top, width) {
  let [x, y] = [left, top];
  const marks = series.map(({ name, style }) => {
    const room = 36 + name.length * (CHARACTER_WIDTH + 0.6);
    if (x > left && x + room > left + width) {
      [x, y] = [left, y + 18];
    }
    const mark = svgElement(
      "g",
      { class: style.colour },
      svgElement("line", {
        class: "line",
        x1: x,
        y1: y,
        x2: x + 20,
        y2: y,
        "stroke-dasharray": style.dash,
      }),
      words(name, x + 26, y + 4, "start", "name"),
    );
    x += room;
    return mark;
  });
  return { marks, height: y - top + 18 };
}
