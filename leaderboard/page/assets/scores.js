"use strict";

const AGENTS_OF_A_PAGE = 50;

/** Return the table of agents by environments. */
function scoresSection(view) {
  const { suite } = view;
  const place = element("div");
  let matches = () => true;
  let shown = null;
  let table = null;

  function update() {
    const environments = [...suite.environments.keys()].filter((index) =>
      view.environments.has(index),
    );
    if (String(environments) !== String(shown)) {
      shown = environments;
      table = scoreTable(suite, environments, table);
      place.replaceChildren(table.node);
    }
    table.show(
      suite.rows.filter((row) => view.agents.has(row.agent) && matches(suite.agents[row.agent])),
    );
  }

  const search = searchField("Find agents", (test) => {
    matches = test;
    update();
  });
  const saves = Object.entries(SCORE_FORMATS).map(([label, format]) =>
    button(
      label,
      () => {
        const text = format.write(suite, shown, table.rows);
        save(`${suite.name}-scores.${format.ending}`, text, format.type);
      },
      { "aria-label": `Save the scores as ${label}` },
    ),
  );
  const node = element(
    "section",
    { id: "scores" },
    element("h2", {}, "Scores"),
    element(
      "p",
      { class: "muted" },
      "0 is random play, 1 the oracle. Interquartile mean over the runs, and its 95 % interval.",
    ),
    element(
      "div",
      { class: "bar" },
      search,
      element("div", { class: "group push" }, element("span", {}, "Save as"), saves),
    ),
    place,
  );
  return { node, update };
}

function scoreTable(suite, environments, former) {
  const several = suite.environments.length > 1;
  const cells = suite.rows.flatMap((row) => [
    row.overall,
    ...environments.map((each) => row.cells[each]),
  ]);
  const domain = scoreDomain(cells.flatMap((cell) => (cell === null ? [] : cell.slice(0, 3))));
  const columns = [
    {
      title: "agent",
      text: true,
      head: true,
      value: (row) => suite.agents[row.agent],
      cell: (row) => namedAgent(suite, row.agent),
    },
    ...(several
      ? [
          scoreColumn(
            suite,
            `all ${suite.environments.length}`,
            (row) => row.overall,
            domain,
            "overall",
          ),
        ]
      : []),
    ...environments.map((index) =>
      scoreColumn(suite, suite.environments[index], (row) => row.cells[index], domain),
    ),
    {
      title: "steps/s",
      value: (row) => row.stepsPerSecond,
      cell: (row) => rateText(row.stepsPerSecond),
    },
    {
      title: "time/run",
      value: (row) => row.secondsPerRun,
      cell: (row) => secondsText(row.secondsPerRun),
    },
  ];
  const table = new SortableTable({
    label: `Scores of the suite ${suite.name}`,
    columns,
    pageSize: AGENTS_OF_A_PAGE,
    sortedBy: columns.length > 3 ? 1 : null,
    rowClass: (row) => (isReference(suite.agents[row.agent]) ? "reference" : null),
  });
  const kept =
    former && columns.findIndex(({ title }) => title === former.columns[former.sortedBy]?.title);
  if (kept >= 0 && former) {
    table.sortedBy = kept;
    table.descending = former.descending;
  }
  return table;
}

function scoreColumn(suite, title, cellOf, domain, className = null) {
  const learners = suite.rows.filter((row) => !isReference(suite.agents[row.agent]));
  const best = Math.max(...learners.map((row) => cellOf(row)?.[0] ?? -Infinity));
  return {
    title,
    className,
    value: (row) => cellOf(row)?.[0] ?? null,
    classOf: (row) => (learners.includes(row) && cellOf(row)?.[0] === best ? "best" : null),
    cell: (row) => scoreCell(cellOf(row), domain),
  };
}

function scoreCell(cell, domain) {
  if (cell === null) {
    return element("span", { class: "muted", title: "not run" }, MISSING);
  }
  const [score, low, high, runs, failed] = cell;
  return [
    element("span", { class: "value" }, scoreText(score)),
    score === null
      ? null
      : element(
          "span",
          { class: "interval" },
          low === null ? plural(runs, "run") : intervalText(low, high),
        ),
    score === null ? null : whisker(cell, domain),
    failed ? element("span", { class: "failed" }, `${countText(failed)} failed`) : null,
  ];
}

/** Return an agent's name behind its mark in the figures. */
function namedAgent(suite, index) {
  const name = suite.agents[index];
  const mark = isReference(name) ? null : swatch(styleOf(suite, index));
  return element("span", { class: "named" }, mark, name);
}

/** Return how an agent looks in all figures of a suite. */
function styleOf(suite, index) {
  if (isReference(suite.agents[index])) {
    return agentStyle(null);
  }
  return agentStyle(suite.agents.slice(0, index).filter((name) => !isReference(name)).length);
}

function rateText(rate) {
  return rate === null ? MISSING : countText(Math.round(rate));
}

const SCORE_FORMATS = {
  CSV: { ending: "csv", type: "text/csv", write: scoresAsCsv },
  JSON: { ending: "json", type: "application/json", write: scoresAsJson },
  Markdown: { ending: "md", type: "text/markdown", write: scoresAsMarkdown },
  LaTeX: { ending: "tex", type: "application/x-tex", write: scoresAsLatex },
};

function scoresAsCsv(suite, environments, rows) {
  const line = (agent, environment, cell) => [
    agent,
    environment,
    ...(cell ?? [null, null, null, 0, 0]),
  ];
  return csv(
    ["agent", "environment", "score", "low", "high", "runs", "failed"],
    rows.flatMap((row) => [
      line(suite.agents[row.agent], "(all)", row.overall),
      ...environments.map((index) =>
        line(suite.agents[row.agent], suite.environments[index], row.cells[index]),
      ),
    ]),
  );
}

function scoresAsJson(suite, environments, rows) {
  const named = (cell) => {
    const [score, low, high, runs, failed] = cell ?? [null, null, null, 0, 0];
    return { score, low, high, runs, failed };
  };
  const scores = rows.map((row) => ({
    agent: suite.agents[row.agent],
    overall: named(row.overall),
    environments: Object.fromEntries(
      environments.map((index) => [suite.environments[index], named(row.cells[index])]),
    ),
  }));
  return `${JSON.stringify({ suite: suite.name, scores }, null, 1)}\n`;
}

function scoresAsMarkdown(suite, environments, rows) {
  const cell = (each) => markdownText(cellText(each, plainScore));
  return markdownTable(...textTable(suite, environments, rows, markdownText, cell));
}

function scoresAsLatex(suite, environments, rows) {
  const math = (score) => `$${plainScore(score)}$`;
  const cell = (each) => cellText(each, math).replaceAll("[", "{[}").replaceAll("]", "{]}");
  return latexTable(...textTable(suite, environments, rows, latexText, cell));
}

function textTable(suite, environments, rows, escape, cell) {
  const several = suite.environments.length > 1;
  const header = [
    "agent",
    ...(several ? ["all"] : []),
    ...environments.map((index) => escape(suite.environments[index])),
  ];
  const lines = rows.map((row) => [
    escape(suite.agents[row.agent]),
    ...(several ? [cell(row.overall)] : []),
    ...environments.map((index) => cell(row.cells[index])),
  ]);
  return [header, lines];
}

function cellText(cell, write) {
  const [score, low, high, , failed] = cell ?? [null, null, null, 0, 0];
  const parts = [
    score === null ? null : write(score),
    score === null || low === null ? null : `[${write(low)}, ${write(high)}]`,
    failed ? `(${failed} failed)` : null,
  ];
  return parts.filter((part) => part !== null).join(" ") || "-";
}

function plainScore(score) {
  return unsignedZero(score.toFixed(2));
}
