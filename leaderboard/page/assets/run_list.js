"use strict";

const RUNS_OF_A_PAGE = 50;
const KEY_LENGTH = 10;
const STATES = [
  ["all", "All"],
  ["well", "Ended well"],
  ["failed", "Failed"],
];

/** Return the list of all runs of a suite. */
function runsSection(view) {
  const { suite } = view;
  const runs = runsOf(suite);
  let matches = () => true;
  let state = "all";
  const table = new SortableTable({
    label: `Runs of the suite ${suite.name}`,
    columns: RUN_COLUMNS,
    pageSize: RUNS_OF_A_PAGE,
  });

  function update() {
    table.show(
      runs.filter(
        (run) =>
          view.agents.has(run.agent) &&
          view.environments.has(run.environment) &&
          (state === "all" || (run.error === null) === (state === "well")) &&
          matches(
            `${run.agentName} ${run.environmentName} seed ${run.seed} ${run.error ?? ""}`,
            run.key,
          ),
      ),
    );
  }

  const node = element(
    "section",
    { id: "runs" },
    element("h2", {}, "Runs"),
    element(
      "p",
      { class: "muted" },
      "Each has a page of its own: what was asked for, what made it, what came of it.",
    ),
    element(
      "div",
      { class: "bar" },
      searchField("Find runs", (test) => {
        matches = test;
        update();
      }),
      switcher("State", STATES, state, (value) => {
        state = value;
        update();
      }),
      element(
        "div",
        { class: "group push" },
        element("span", {}, "Save as"),
        button("CSV", () => save(`${suite.name}-runs.csv`, runsAsCsv(table.rows), "text/csv"), {
          "aria-label": "Save the runs as CSV",
        }),
        button(
          "JSON",
          () => save(`${suite.name}-runs.json`, runsAsJson(suite, table.rows), "application/json"),
          {
            "aria-label": "Save the runs as JSON",
          },
        ),
      ),
    ),
    table.node,
  );
  return { node, update };
}

const RUN_COLUMNS = [
  {
    title: "run",
    text: true,
    head: true,
    value: (run) => run.key,
    cell: (run) =>
      element("a", { href: `#run/${run.key}` }, element("code", {}, run.key.slice(0, KEY_LENGTH))),
  },
  { title: "agent", text: true, value: (run) => run.agentName, cell: (run) => run.agentName },
  {
    title: "environment",
    text: true,
    value: (run) => run.environmentName,
    cell: (run) => run.environmentName,
  },
  { title: "seed", value: (run) => run.seed, cell: (run) => String(run.seed) },
  { title: "score", value: (run) => run.score, cell: (run) => scoreText(run.score) },
  {
    title: "mean return",
    value: (run) => run.meanReturn,
    cell: (run) => numberText(run.meanReturn),
  },
  { title: "steps", value: (run) => run.steps, cell: (run) => countText(run.steps) },
  { title: "time", value: (run) => run.seconds, cell: (run) => secondsText(run.seconds) },
  {
    title: "ended",
    text: true,
    className: "clip",
    value: (run) => run.error ?? "well",
    cell: (run) =>
      run.error === null
        ? element("span", { class: "muted" }, "well")
        : element("span", { class: "failed", title: run.error }, run.error),
  },
  { title: "day", text: true, value: (run) => run.time, cell: (run) => dayText(run.time) },
];

const RUN_FIELDS = [
  "key",
  "agentName",
  "environmentName",
  "seed",
  "score",
  "meanReturn",
  "steps",
  "seconds",
  "error",
  "time",
];
const RUN_TITLES = [
  "key",
  "agent",
  "environment",
  "seed",
  "score",
  "mean_return",
  "steps",
  "seconds",
  "error",
  "time",
];

function runsAsCsv(runs) {
  return csv(
    RUN_TITLES,
    runs.map((run) => RUN_FIELDS.map((field) => run[field])),
  );
}

function runsAsJson(suite, runs) {
  const plain = runs.map((run) =>
    Object.fromEntries(RUN_FIELDS.map((field, index) => [RUN_TITLES[index], run[field]])),
  );
  return `${JSON.stringify({ suite: suite.name, runs: plain }, null, 1)}\n`;
}
