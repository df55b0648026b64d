"use strict";

const METRICS = ["interquartile mean", "median", "mean", "optimality gap"];

/** Return aggregate metrics and performance profiles, over all environments or some of them. */
function aggregatesSection(view) {
  const { suite } = view;
  let scope = suite.scopes.find(({ aggregates }) => aggregates.length) ?? suite.scopes[0];
  const drawn = element("div");
  const without = element("p", { class: "muted" });
  const numbers = openable("The numbers", () => metricsTable(suite, shownAggregates(view, scope)));
  const metrics = new Figure({
    title: "Aggregate metrics",
    chart: () => metricsChart(view, scope),
    draw: intervalChart,
  });
  const profiles = new Figure({
    title: "Performance profiles",
    chart: () => profilesChart(view, scope),
    draw: lineChart,
  });

  function update() {
    const agents = agentsWith(
      view,
      scope.aggregates.map(({ agent }) => agent),
    );
    drawn.replaceChildren(legendOf(suite, agents));
    without.textContent = withoutText(suite, scope);
    numbers.update();
    metrics.redraw();
    profiles.redraw();
  }

  const chooser = dropDown(
    suite.scopes.map((each) => scopeTitle(suite, each)),
    suite.scopes.indexOf(scope),
    (index) => {
      scope = suite.scopes[index];
      update();
    },
  );
  const node = element(
    "section",
    { id: "aggregates" },
    element("h2", {}, "Aggregates and profiles"),
    element(
      "p",
      { class: "muted" },
      "Of agents that have a score on each of these environments. The optimality gap is by how much runs miss the oracle: less is better. A profile is the share of runs that score more than a threshold: higher is better.",
    ),
    element("div", { class: "bar" }, element("label", { class: "field" }, "Over", chooser)),
    without,
    metrics.node,
    numbers.node,
    element("h3", {}, "How scores are distributed"),
    drawn,
    profiles.node,
  );
  return { node, update };
}

/** Return how likely one agent's run beats another's. */
function improvementSection(view) {
  const { suite } = view;
  const compared = [...suite.improvements.keys()];
  const first = compared.find((index) => !isReference(suite.agents[index])) ?? 0;
  let chosen = first;
  const numbers = openable("All pairs", () => improvementTable(view));
  const figure = new Figure({
    title: "Probability of improvement",
    chart: () => improvementChart(view, chosen),
    draw: intervalChart,
  });

  function update() {
    figure.redraw();
    numbers.update();
  }

  const chooser = dropDown(
    compared.map((index) => suite.agents[index]),
    compared.indexOf(first),
    (index) => {
      chosen = compared[index];
      update();
    },
  );
  const node = element(
    "section",
    { id: "improvement" },
    element("h2", {}, "Probability of improvement"),
    element(
      "p",
      { class: "muted" },
      "How likely a run of an agent scores more than a run of the other, averaged over the environments that both have scores on; ties count half.",
    ),
    element("div", { class: "bar" }, element("label", { class: "field" }, "Over", chooser)),
    figure.node,
    numbers.node,
  );
  return { node, update };
}

function scopeTitle(suite, { kind, environments }) {
  const count = plural(environments.length, "environment");
  return {
    all: environments.length === 1 ? suite.environments[0] : `all ${count}`,
    shared: `the ${count} that every agent was run on`,
    one: suite.environments[environments[0]],
  }[kind];
}

/** Return which agents a choice of environments leaves out. */
function withoutText(suite, { aggregates }) {
  const scored = new Set(aggregates.map(({ agent }) => suite.agents[agent]));
  const missing = suite.agents.filter((name) => !scored.has(name) && !isReference(name));
  const named = missing.slice(0, MOST_DRAWN).join("; ");
  const more = missing.length > MOST_DRAWN ? ` and ${missing.length - MOST_DRAWN} more` : "";
  return missing.length ? `Without a score on some of them: ${named}${more}.` : "";
}

function shownAggregates(view, scope) {
  const { drawn } = agentsWith(
    view,
    scope.aggregates.map(({ agent }) => agent),
  );
  return scope.aggregates.filter(({ agent }) => drawn.includes(agent));
}

function metricsChart(view, scope) {
  const { suite } = view;
  const aggregates = shownAggregates(view, scope);
  if (!aggregates.length) {
    return null;
  }
  return {
    title: `Aggregate metrics, ${scopeTitle(suite, scope)}`,
    rows: aggregates.map(({ agent }) => ({
      name: suite.agents[agent],
      style: styleOf(suite, agent),
    })),
    facets: METRICS.map((title, index) => ({
      title,
      values: aggregates.map(({ metrics }) => metrics[index]),
    })),
  };
}

function metricsTable(suite, aggregates) {
  const lines = aggregates.map(({ agent, runs, metrics }) => [
    { value: suite.agents[agent], shown: suite.agents[agent] },
    ...metrics.map(([score, low, high]) => ({
      value: score,
      shown: `${scoreText(score)} ${low === null ? "" : intervalText(low, high)}`,
    })),
    { value: runs, shown: countText(runs) },
  ]);
  return plainTable("Aggregate metrics", ["agent", ...METRICS, "runs"], lines);
}

function profilesChart(view, scope) {
  const { suite } = view;
  const { drawn } = agentsWith(
    view,
    scope.profiles.map(({ agent }) => agent),
  );
  const series = scope.profiles
    .filter(({ agent }) => drawn.includes(agent))
    .map((profile) => ({
      name: suite.agents[profile.agent],
      style: styleOf(suite, profile.agent),
      grid: suite.thresholds,
      ...profile,
    }));
  if (!series.length) {
    return null;
  }
  return {
    title: `Performance profiles, ${scopeTitle(suite, scope)}`,
    x: { label: "normalised score \u03c4", unit: "", text: shortText },
    y: { label: "share of runs above \u03c4", text: shortText, domain: [0, 1] },
    series,
  };
}

function improvementChart(view, chosen) {
  const { suite } = view;
  const others = [...suite.improvements.keys()].filter(
    (index) =>
      index !== chosen && view.agents.has(index) && suite.improvements[index][chosen] !== null,
  );
  if (!others.length) {
    return null;
  }
  const name = suite.agents[chosen];
  return {
    title: `Probability of improvement over ${name}`,
    rows: others.map((index) => ({ name: suite.agents[index], style: styleOf(suite, index) })),
    facets: [
      {
        title: `P(agent > ${name})`,
        values: others.map((index) => suite.improvements[index][chosen]),
        domain: [0, 1],
        reference: 0.5,
      },
    ],
  };
}

function improvementTable(view) {
  const { suite } = view;
  const shown = [...suite.improvements.keys()].filter((index) => view.agents.has(index));
  const lines = shown.map((mine) => [
    { value: suite.agents[mine], shown: suite.agents[mine] },
    ...shown.map((theirs) => improvementCell(suite, suite.improvements[mine][theirs])),
  ]);
  return plainTable(
    "Probability that the agent of the row improves on that of the column",
    ["agent", ...shown.map((index) => suite.agents[index])],
    lines,
  );
}

function improvementCell(suite, entry) {
  if (entry === null) {
    return { value: null, shown: MISSING };
  }
  const [chance, low, high, environments] = entry;
  const partly = environments < suite.environments.length;
  return {
    value: chance,
    shown: [
      scoreText(chance),
      low === null ? null : element("span", { class: "interval" }, intervalText(low, high)),
      partly
        ? element(
            "span",
            { class: "interval" },
            `on ${environments} of ${suite.environments.length}`,
          )
        : null,
    ],
  };
}
