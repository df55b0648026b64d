"use strict";

const SECTIONS = [
  ["scores", "Scores", scoresSection],
  ["curves", "Learning", curvesSection],
  ["aggregates", "Aggregates", aggregatesSection],
  ["improvement", "Improvement", improvementSection],
  ["runs", "Runs", runsSection],
];
const THEME = "lexigym-theme";
const main = document.getElementById("main");
const navigation = document.getElementById("sections");
// The suite that was shown last, its page, which keeps what was chosen there, and where it was left.
const last = { position: 0, overview: null, scroll: 0 };

/** Return the address of a suite, or of a section of it. */
function suiteAddress(suite, section = "") {
  return `#suite/${encodeURIComponent(suite.name)}${section && `/${section}`}`;
}

/** Show what the address of the page asks for. */
function route() {
  const [kind, name = "", section = ""] = location.hash.slice(1).split("/");
  hideTooltip();
  if (!board.suites.length) {
    show(element("p", { class: "notice" }, "There are no results yet: lexigym bench makes some."));
  } else if (kind === "run") {
    showRun(name);
  } else {
    const position = board.suites.findIndex((suite) => encodeURIComponent(suite.name) === name);
    showSuite(kind === "suite" ? Math.max(position, 0) : 0, section);
  }
}

function showSuite(position, section) {
  if (last.overview === null || last.position !== position) {
    Object.assign(last, { position, overview: overview(board.suites[position]), scroll: 0 });
  }
  const returning = !main.contains(last.overview);
  if (returning) {
    show(last.overview);
  }
  const target = SECTIONS.some(([id]) => id === section) && document.getElementById(section);
  if (target) {
    target.scrollIntoView({ behavior: returning ? "instant" : "auto" });
  } else {
    scrollPage(returning ? last.scroll : 0);
  }
}

function showRun(key) {
  if (main.contains(last.overview)) {
    last.scroll = window.scrollY;
  }
  const index = runIndex(key);
  if (index === undefined) {
    show(element("p", { class: "notice" }, `No run has the key ${key}.`));
    return;
  }
  const places = placesOf(index);
  const place = places.find(({ position }) => position === last.position) ?? places[0];
  if (place.position !== last.position) {
    Object.assign(last, { position: place.position, overview: null });
  }
  show(runPage(runRecord(index), place, places));
  scrollPage(0);
}

function scrollPage(top) {
  window.scrollTo({ top, behavior: "instant" });
}

function show(node) {
  main.replaceChildren(node);
  // So that the keyboard, and a screen reader, go on from there.
  main.focus({ preventScroll: true });
  const heading = node.querySelector("h1");
  document.title = heading ? `${heading.textContent} · lexigym leaderboard` : "lexigym leaderboard";
  const suite = board.suites[last.position];
  navigation.replaceChildren(
    ...(suite
      ? SECTIONS.map(([id, label]) => element("a", { href: suiteAddress(suite, id) }, label))
      : []),
  );
}

/** Return the page of a suite. */
function overview(suite) {
  const sections = [];
  const update = () => sections.forEach((section) => section.update());
  const view = {
    suite,
    agents: new Chooser("Agents", suite.agents, update),
    environments: new Chooser("Environments", suite.environments, update),
  };
  if (suite.rows.length) {
    sections.push(...SECTIONS.map(([, , make]) => make(view)));
  }
  const node = element(
    "div",
    {},
    element("h1", {}, suite.name),
    element("p", { class: "lead" }, suiteLead(suite)),
    element(
      "div",
      { class: "bar" },
      board.suites.length > 1
        ? element("label", { class: "field" }, "Suite", suiteChooser(suite))
        : null,
      suite.rows.length ? [view.agents.node, view.environments.node] : null,
    ),
    sections.map((section) => section.node),
  );
  update();
  return node;
}

function suiteChooser(suite) {
  return dropDown(
    board.suites.map(({ name }) => name),
    board.suites.indexOf(suite),
    (index) => {
      location.hash = suiteAddress(board.suites[index]);
    },
  );
}

function suiteLead(suite) {
  const { run } = suite.listing;
  if (!run.length) {
    return "None of its runs has a result yet.";
  }
  const failed = run.filter((index) => board.runs.error[index] !== null).length;
  const latest = run
    .map((index) => board.runs.time[index])
    .reduce((first, second) => (first > second ? first : second));
  const parts = [
    `${plural(suite.agents.length, "agent")} on ${plural(suite.environments.length, "environment")}`,
    plural(run.length, "run"),
    failed ? `${countText(failed)} failed` : null,
    latest ? `the last on ${dayText(latest)}` : null,
  ];
  return `${parts.filter((part) => part !== null).join(", ")}.`;
}

/** Follow the system's choice of dark or light, or the reader's, who is asked by a button. */
function startTheme() {
  const root = document.documentElement;
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const toggle = document.getElementById("theme");

  function apply(theme) {
    if (theme === null) {
      delete root.dataset.theme;
    } else {
      root.dataset.theme = theme;
    }
    toggle.textContent = `Theme: ${theme ?? "auto"}`;
  }

  toggle.addEventListener("click", () => {
    const order = [undefined, ...(dark.matches ? ["light", "dark"] : ["dark", "light"])];
    const next = order[(order.indexOf(root.dataset.theme) + 1) % order.length] ?? null;
    apply(next);
    remember(next);
  });
  apply(remembered());
}

function remembered() {
  try {
    const theme = localStorage.getItem(THEME);
    return theme === "dark" || theme === "light" ? theme : null;
  } catch {
    // Some browsers keep nothing for a file.
    return null;
  }
}

function remember(theme) {
  try {
    if (theme === null) {
      localStorage.removeItem(THEME);
    } else {
      localStorage.setItem(THEME, theme);
    }
  } catch {
    // The choice then lasts as long as the page.
  }
}

startTheme();
window.addEventListener("hashchange", route);
route();
