import numpy as np
import pytest
from rich.console import Console

from lexigym.leaderboard.markdown import markdown_table
from lexigym.leaderboard.run import Result, Run
from lexigym.leaderboard.scores import reference_means, summarise
from lexigym.leaderboard.table import failure_list, print_runs, score_table


def run(agent: str, environment: str, seed: int) -> Run:
    return Run(
        environment=environment,
        environment_id="Some-v0",
        arguments={},
        evaluation_arguments={},
        agent=agent,
        agent_name=agent,
        hyperparameters={},
        seed=seed,
        steps=0 if agent in ("random", "oracle") else 100,
        num_envs=1,
        evaluation_episodes=2,
        evaluation_seed=0,
    )


def results() -> list[Result]:
    means = {"random": (0.0, -10.0), "oracle": (2.0, 10.0), "good": (1.5, 0.0), "bad": (1.0, -5.0)}
    return [
        Result(run(agent, environment, seed), (mean - 1, mean + 1), learning_seconds=0.5)
        for agent, pair in means.items()
        for environment, mean in zip(("[a]", "b"), pair, strict=True)
        for seed in (0, 1)
    ]


def test_scores_are_between_the_references_and_sorted():
    rows = summarise(results())
    assert [row.agent for row in rows] == ["oracle", "good", "bad", "random"]
    assert [row.overall.score for row in rows] == pytest.approx([1, 0.625, 0.375, 0])
    good = rows[1]
    assert {name: cell.score for name, cell in good.cells.items()} == {"[a]": 0.75, "b": 0.5}
    assert (good.overall.low, good.overall.high) == pytest.approx((0.625, 0.625))
    assert (good.overall.runs, good.overall.failed) == (4, 0)
    assert good.steps_per_second == pytest.approx(200)
    assert good.seconds_per_run == pytest.approx(0.5)


def test_a_failed_run_is_counted_and_the_others_are_scored():
    failed = Result(run("good", "b", 2), error="ValueError: [no] number")
    rows = summarise([*results(), failed])
    good = next(row for row in rows if row.agent == "good")
    assert good.cells["b"].score == 0.5
    assert good.cells["b"].failed == good.overall.failed == 1


def test_who_avoids_an_environment_has_no_overall_score():
    rows = summarise([each for each in results() if each.run != run("good", "b", each.run.seed)])
    assert rows[-1].agent == "good"
    assert np.isnan(rows[-1].overall.score)
    assert rows[-1].cells["[a]"].score == 0.75
    assert (rows[-1].overall.runs, rows[-1].cells["b"].runs) == (2, 0)


def test_who_only_counts_its_steps_has_no_speed():
    counts = Result(run("counts", "b", 0), (1.0, 1.0), learning_seconds=1e-5)
    rows = {row.agent: row for row in summarise([*results(), counts])}
    assert np.isnan(rows["counts"].steps_per_second)
    assert rows["bad"].steps_per_second == pytest.approx(200)


def test_without_a_reference_there_is_no_score():
    rows = summarise([each for each in results() if each.run.agent != "oracle"])
    assert all(np.isnan(row.overall.score) for row in rows)


def test_the_references_are_the_means_of_what_ended_well():
    failed = Result(run("oracle", "b", 2), error="ValueError: no")
    without = [each for each in results() if each.run.agent != "random"]
    assert reference_means([*results(), failed]) == {"[a]": (0, 2), "b": (-10, 10)}
    random, oracle = reference_means(without)["b"]
    assert np.isnan(random)
    assert oracle == 10


def test_the_table_shows_names_as_they_are(capsys):
    failed = Result(run("good", "b", 2), error="ValueError: [no] number")
    console = Console(width=100)
    console.print(score_table(summarise([*results(), failed]), "a [suite]"))
    console.print(failure_list([failed]))
    text = capsys.readouterr().out
    for part in ("a [suite]", "[a]", "0.75", "[0.75, 0.75]", "1 failed", "200", "[no] number"):
        assert part in text


def test_the_runs_are_listed_with_their_keys(capsys):
    failed = Result(run("good", "b", 2), error="ValueError: [no] number")
    print_runs(Console(width=40), [*results(), failed], "the runs")
    lines = capsys.readouterr().out.splitlines()
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in lines if "│" in line]
    assert len(rows) == 17
    assert [run("good", "b", 1).key[:12], "good", "b", "1", "0.000", "0.50", "0.5"] in rows
    assert rows[-1] == [failed.run.key[:12], "good", "b", "2", "failed", "-", "0.0"]


def test_a_score_that_rounds_to_nothing_has_no_sign(capsys):
    below = Result(run("below", "b", 0), (-10.001, -10.001))
    rows = summarise([*results(), below])
    Console(width=100).print(score_table(rows, "suite"))
    assert "-0.00" not in capsys.readouterr().out
    assert "-0.00" not in markdown_table(rows)
    assert rows[-1].cells["b"].score < 0
