"use strict";

const MOST_DRAWN = 14;
const AXES = {
  steps: { label: "environment steps", unit: "steps", text: shortText },
  seconds: {
    label: "wall time of learning",
    unit: "",
    text: (seconds) => (seconds ? secondsText(seconds) : "0"),
  },
};

/** Return the learning curves of a suite, a chart for each environment that has some. */
function curvesSection(view) {
  const { suite } = view;
  let axis = "steps";
  const drawn = element("div");
  const place = element("div", { class: "figures" });
  const having = [...suite.environments.keys()].filter((index) => suite.curves[index].length);
  const figures = having.map((index) => ({
    index,
    figure: new Figure({
      title: suite.environments[index],
      chart: () => curveChart(view, index, axis),
      draw: lineChart,
    }),
  }));

  function update() {
    const shown = figures.filter(({ index }) => view.environments.has(index));
    place.replaceChildren(...shown.map(({ figure }) => figure.node));
    const agents = agentsWith(
      view,
      suite.curves.flat().map((curve) => curve.agent),
    );
    drawn.replaceChildren(legendOf(suite, agents));
    for (const { figure } of shown) {
      figure.redraw();
    }
  }

  const node = element(
    "section",
    { id: "curves" },
    element("h2", {}, "Learning curves"),
    element(
      "p",
      { class: "muted" },
      "Greedy play while learning. Interquartile mean over the runs, with its 95 % interval as a band; the last evaluation counts until the next.",
    ),
    figures.length
      ? [
          axisSwitch(axis, (value) => {
            axis = value;
            update();
          }),
          drawn,
          place,
        ]
      : element("p", {}, "No run of this suite was evaluated while it learned."),
  );
  return { node, update };
}

/** Return what chooses a horizontal axis of learning curves. */
function axisSwitch(axis, choose) {
  const choices = [
    ["steps", "By steps"],
    ["seconds", "By wall time"],
  ];
  return element("div", { class: "bar" }, switcher("Horizontal axis", choices, axis, choose));
}

function curveChart(view, environment, axis) {
  const { suite } = view;
  const curves = suite.curves[environment];
  const agents = agentsWith(
    view,
    suite.curves.flat().map((curve) => curve.agent),
  );
  const series = curves
    .filter(({ agent }) => agents.drawn.includes(agent))
    .map((curve) => ({
      name: suite.agents[curve.agent],
      style: styleOf(suite, curve.agent),
      ...curve[axis],
    }));
  if (!series.length) {
    return null;
  }
  return {
    title: suite.environments[environment],
    x: AXES[axis],
    y: { label: "normalised score", text: shortText },
    series,
    references: referenceLines(0, 1),
  };
}

/** Return lines at what the references earn, named where curves seldom are. */
function referenceLines(random, oracle) {
  return [
    { name: "oracle", value: oracle, side: "start" },
    { name: "random", value: random, side: "end" },
  ].filter(({ value }) => value !== null);
}

/** Return which of the chosen agents are drawn, the best first, and how many there would be. */
function agentsWith(view, candidates) {
  const chosen = [...new Set(candidates)]
    .filter((agent) => view.agents.has(agent))
    .sort((a, b) => a - b);
  return { drawn: chosen.slice(0, MOST_DRAWN), chosen: chosen.length };
}

/** Return the legend of agents, and a note if not all of them are drawn. */
function legendOf(suite, { drawn, chosen }) {
  return element(
    "div",
    {},
    legend(drawn.map((agent) => ({ name: suite.agents[agent], style: styleOf(suite, agent) }))),
    chosen > drawn.length
      ? element(
          "p",
          { class: "muted" },
          `The first ${drawn.length} of the ${chosen} chosen agents are drawn: choose others above.`,
        )
      : null,
  );
}
