"use strict";

const board = embedded("board");
const parts = new Map();
let shared = null;
let indicesByKey = null;

/** Return the index of the run with a key, or undefined. */
function runIndex(key) {
  indicesByKey ??= new Map(board.runs.key.map((each, index) => [each, index]));
  return indicesByKey.get(key);
}

/** Return all that is known of a run; what isn't listed is read when it is first asked for. */
function runRecord(index) {
  shared ??= embedded("shared");
  const part = Math.floor(index / board.runsOfAPart);
  if (!parts.has(part)) {
    parts.set(part, embedded(`part-${part}`));
  }
  const details = parts.get(part)[index % board.runsOfAPart];
  return {
    ...listedRun(index),
    ...details,
    spec: shared.specs[details.spec],
    maker: shared.makers[details.maker],
    traceback: details.traceback === null ? null : shared.tracebacks[details.traceback],
  };
}

/** Return what the list of runs tells of a run. */
function listedRun(index) {
  const { runs, errors } = board;
  return {
    key: runs.key[index],
    seed: runs.seed[index],
    steps: runs.steps[index],
    meanReturn: runs.meanReturn[index],
    seconds: runs.seconds[index],
    time: runs.time[index],
    error: runs.error[index] === null ? null : errors[runs.error[index]],
  };
}

/** Return the runs of a suite, with the names and the scores that they have there. */
function runsOf(suite) {
  const { run, agent, environment, score } = suite.listing;
  return run.map((index, place) => ({
    ...listedRun(index),
    agent: agent[place],
    agentName: suite.agents[agent[place]],
    environment: environment[place],
    environmentName: suite.environments[environment[place]],
    score: score[place],
  }));
}

/** Return where a run stands: suites, with the names and the score that it has in each. */
function placesOf(index) {
  return board.suites.flatMap((suite, position) =>
    suite.listing.run.flatMap((each, place) =>
      each === index
        ? [
            {
              suite,
              position,
              agentName: suite.agents[suite.listing.agent[place]],
              environmentName: suite.environments[suite.listing.environment[place]],
              references: suite.references[suite.listing.environment[place]],
              score: suite.listing.score[place],
            },
          ]
        : [],
    ),
  );
}

function isReference(agentName) {
  return agentName === "random" || agentName === "oracle";
}

function embedded(name) {
  return JSON.parse(document.getElementById(`data-${name}`).textContent);
}
