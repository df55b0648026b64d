"use strict";

/** Return the page of one run, from what is known of it and its place in a suite. */
function runPage(run, place, places) {
  const title = `${place.agentName} on ${place.environmentName}, seed ${run.seed}`;
  return element(
    "article",
    {},
    element("p", {}, element("a", { href: suiteAddress(place.suite) }, `← ${place.suite.name}`)),
    element("h1", {}, title),
    element("p", { class: "lead" }, leadOf(run, place)),
    run.error === null ? null : failure(run),
    element(
      "div",
      { class: "columns" },
      run.error === null ? facts("Result", resultFacts(run, place)) : null,
      facts("Budget and time", budgetFacts(run)),
      facts(
        "Agent",
        [["name", run.spec.agent], ...Object.entries(run.spec.hyperparameters)],
        "All hyperparameters have their defaults.",
      ),
      facts(
        "Environment",
        [["id", run.spec.environment], ...Object.entries(run.spec.arguments)],
        "All arguments have their defaults.",
      ),
      facts("Evaluation", evaluationFacts(run)),
      Object.entries(run.maker).map(([name, value]) =>
        facts(titled(name), typeof value === "string" ? [[name, value]] : Object.entries(value)),
      ),
      facts("Identity", identityFacts(run, places)),
    ),
    run.returns ? returnsFigure(run) : null,
    run.curve.length ? runCurve(run, place) : null,
    run.episodes.length ? episodesSection(run.episodes) : null,
  );
}

function leadOf(run, place) {
  if (run.error !== null) {
    return "This run failed.";
  }
  const score = place.score === null ? "There is no score" : `Score ${scoreText(place.score)}`;
  return `${score}, mean return ${numberText(run.meanReturn)} over ${plural(run.returns?.count ?? 0, "episode")}.`;
}

function failure({ error, traceback }) {
  return element(
    "div",
    { class: "error" },
    element("h3", {}, "Why it failed"),
    element("p", {}, error),
    traceback === null ? null : element("pre", { tabindex: "0" }, traceback),
  );
}

function facts(title, pairs, ifOnlyOne = null) {
  return element(
    "div",
    {},
    element("h3", {}, title),
    element(
      "dl",
      {},
      pairs.map(([name, value]) => [
        element("dt", {}, name),
        element("dd", { class: "plain" }, value),
      ]),
    ),
    ifOnlyOne !== null && pairs.length === 1 ? element("p", { class: "muted" }, ifOnlyOne) : null,
  );
}

function resultFacts(run, { score }) {
  const { returns } = run;
  const quantile = (index) => numberText(returns?.quantiles[index] ?? null);
  return [
    ["score", score === null ? MISSING : numberText(score)],
    ["mean return", numberText(run.meanReturn)],
    ["deviation", numberText(returns?.deviation ?? null)],
    ["median", quantile(2)],
    ["middle half", `${quantile(1)} to ${quantile(3)}`],
    ["least, most", `${quantile(0)}, ${quantile(4)}`],
    ["episodes", countText(returns?.count ?? 0)],
  ];
}

function budgetFacts(run) {
  return [
    ["steps", countText(run.steps)],
    ["in parallel", plural(run.spec.environments, "environment")],
    ["seed", String(run.seed)],
    ["learning", secondsText(run.learningSeconds)],
    ["evaluation", secondsText(run.evaluationSeconds)],
    [
      "curve",
      run.spec.curvePoints
        ? `${run.spec.curvePoints} evaluations of ${plural(run.spec.curveEpisodes, "episode")}`
        : "none",
    ],
  ];
}

function evaluationFacts({ spec }) {
  const episodes = spec.evaluationEpisodes;
  return [
    ["episodes", episodes === null ? "each example once" : countText(episodes)],
    ["seed", String(spec.evaluationSeed)],
    ...Object.entries(spec.evaluationArguments),
  ];
}

function identityFacts(run, places) {
  return [
    ["key", run.key],
    ["time", run.time || MISSING],
    ...places.map(({ suite, agentName, environmentName }) => [
      "listed in",
      element(
        "a",
        { href: suiteAddress(suite) },
        `${suite.name}: ${agentName} on ${environmentName}`,
      ),
    ]),
  ];
}

function returnsFigure({ returns }) {
  const figure = new Figure({
    title: "Returns of the evaluation",
    chart: () => ({ title: "Returns of the evaluation", ...returns }),
    draw: histogram,
  });
  return element("section", {}, element("h2", {}, "Returns"), figure.node);
}

function runCurve({ curve, spec }, { references: [random, oracle] }) {
  let axis = "steps";
  const columns = { steps: 0, seconds: 1 };
  const figure = new Figure({
    title: "Learning curve",
    chart: () => ({
      title: "Learning curve",
      x: AXES[axis],
      y: { label: "mean return", text: shortText },
      references: referenceLines(random, oracle),
      series: [
        {
          name: spec.agent,
          style: agentStyle(0),
          grid: curve.map((point) => point[columns[axis]]),
          score: curve.map((point) => point[2]),
        },
      ],
    }),
    draw: lineChart,
  });
  const choice = axisSwitch(axis, (value) => {
    axis = value;
    figure.redraw();
  });
  return element(
    "section",
    {},
    element("h2", {}, "Learning"),
    choice,
    figure.node,
  );
}

function episodesSection(episodes) {
  return element(
    "section",
    {},
    element("h2", {}, "Episodes"),
    element(
      "p",
      { class: "muted" },
      "The first of the evaluation, as the environment draws itself at the end.",
    ),
    episodes.map((episode, index) =>
      element(
        "div",
        { class: "episode" },
        element("h4", {}, `Episode ${index + 1}: return ${numberText(episode.return)}`),
        episode.text ? element("pre", { tabindex: "0" }, episode.text) : null,
        element(
          "p",
          {},
          `seed ${episode.seed}; `,
          episode.actions.length
            ? [
                `${plural(episode.actions.length, "action")}: `,
                element("code", {}, episode.actions.join(" ")),
              ]
            : "actions not kept",
        ),
      ),
    ),
  );
}

/** Return how often returns fell into each of several ranges. */
function histogram({ title, bins, quantiles }, width, exported) {
  const top = exported ? 40 : 12;
  const frame = { left: 46, right: width - 14, top, bottom: top + 130 };
  const [low, high] = [quantiles[0], quantiles.at(-1)];
  const domain = low === high ? [low - 0.5, high + 0.5] : [low, high];
  const across = linearScale(domain, [frame.left, frame.right]);
  const most = Math.max(...bins);
  const up = linearScale([0, most], [frame.bottom, frame.top]);
  const step = (domain[1] - domain[0]) / bins.length;
  return drawing(
    width,
    frame.bottom + 40,
    `${title}: from ${numberText(low)} to ${numberText(high)}, median ${numberText(quantiles[2])}.`,
    exported ? backdrop(width, frame.bottom + 40) : null,
    exported ? words(title, 14, 22, "start", "title") : null,
    axes(
      frame,
      { domain, label: "return", text: shortText },
      {
        domain: [0, most],
        label: "episodes",
        text: (tick) => (Number.isInteger(tick) ? shortText(tick) : ""),
      },
    ),
    bins.map((count, index) => {
      const left = across(domain[0] + index * step);
      return svgElement(
        "rect",
        {
          class: "bin",
          x: left + 0.5,
          y: up(count),
          width: Math.max(1, across(domain[0] + (index + 1) * step) - left - 1),
          height: frame.bottom - up(count),
        },
        svgElement("title", {}, plural(count, "episode")),
      );
    }),
  );
}

function titled(name) {
  return name.charAt(0).toUpperCase() + name.slice(1);
}
