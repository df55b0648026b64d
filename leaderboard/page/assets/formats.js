"use strict";

const MISSING = "–";
const MINUS = "\u2212";
const counts = new Intl.NumberFormat("en");
const dates = new Intl.DateTimeFormat("en", { dateStyle: "medium", timeZone: "UTC" });

/** Return a score with two decimals, or a dash. */
function scoreText(score) {
  return score === null ? MISSING : signed(score.toFixed(2));
}

/** Return an interval, or why there is none. */
function intervalText(low, high) {
  return low === null ? "single runs" : `[${scoreText(low)}, ${scoreText(high)}]`;
}

/** Return any number with at most `digits` digits. */
function numberText(value, digits = 4) {
  if (value === null) {
    return MISSING;
  }
  const large = Math.abs(value) >= 1e6 || (value !== 0 && Math.abs(value) < 1e-4);
  const short = Number(value.toPrecision(digits));
  return signed(large ? value.toExponential(digits - 2) : String(short));
}

/** Return a whole number with separators; one that came as text stays as it is. */
function countText(value) {
  return typeof value === "number" ? counts.format(value) : String(value ?? MISSING);
}

/** Return a number for an axis, such as 20k. */
function shortText(value) {
  const size = Math.abs(value);
  if (size >= 1e6) {
    return `${signed(String(Number((value / 1e6).toPrecision(3))))}M`;
  }
  if (size >= 1e3) {
    return `${signed(String(Number((value / 1e3).toPrecision(3))))}k`;
  }
  return signed(String(Number(value.toPrecision(3))));
}

/** Return a time span. */
function secondsText(seconds) {
  if (seconds === null) {
    return MISSING;
  }
  if (seconds < 120) {
    return `${numberText(seconds, 3)} s`;
  }
  const minutes = seconds / 60;
  return minutes < 120 ? `${numberText(minutes, 3)} min` : `${numberText(minutes / 60, 3)} h`;
}

/** Return "1 run", "2 runs". */
function plural(count, noun) {
  return `${countText(count)} ${noun}${count === 1 ? "" : "s"}`;
}

/** Return the day of an ISO 8601 time, or the text itself if it is none. */
function dayText(time) {
  const parsed = new Date(time);
  return Number.isNaN(parsed.getTime()) ? time : dates.format(parsed);
}

function signed(text) {
  return unsignedZero(text).replace("-", MINUS);
}

function unsignedZero(text) {
  return /^-0(\.0*)?$/.test(text) ? text.slice(1) : text;
}
