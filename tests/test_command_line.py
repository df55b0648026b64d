"""The command `lexigym`, in this process: what it prints, where, and its exit codes."""

import re
import sys

import gymnasium
import pytest

import lexigym as package
from lexigym.leaderboard.command_line import main
from lexigym.leaderboard.parser import setting
from lexigym.registry.plain_json import read_plain


@pytest.fixture
def lexigym(capfd, tmp_path, monkeypatch):
    """Run the command in an empty folder, and return what it prints."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments: str, code: int = 0) -> str:
        assert main(arguments) == code
        out, error = capfd.readouterr()
        if code == 2:
            assert error.startswith("lexigym: error: ")
            assert error.count("\n") == 1
            assert not out
            return error
        return out

    return run


@pytest.fixture
def checkpoint(lexigym):
    lexigym("train", "CartPole-v1", "random", "--steps", "10", "--out", "random.zip")
    return "random.zip"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a=1", 1),
        ("a=1e-3", 1e-3),
        ("a=true", True),
        ("a=[64, 64]", [64, 64]),
        ('a="1"', "1"),
        ("a=random", "random"),
        ("a=", ""),
        ("a=b=c", "b=c"),
        ("a=1\nb=2", "1\nb=2"),
    ],
)
def test_a_setting_is_toml_or_text(text, expected):
    assert setting(text) == ("a", expected)


@pytest.mark.parametrize(
    "command",
    [
        "",
        "list",
        "describe",
        "train",
        "tune",
        "evaluate",
        "watch",
        "record",
        "bench",
        "leaderboard",
        "verify",
        "submit",
        "merge",
        "check",
    ],
)
def test_help(command, capsys):
    with pytest.raises(SystemExit) as exit_:
        main([*filter(None, [command]), "--help"])
    assert exit_.value.code == 0
    assert "usage: lexigym" in capsys.readouterr().out


def test_the_versions_in_use(capsys):
    with pytest.raises(SystemExit, match="0"):
        main(["--version"])
    first, others = capsys.readouterr().out.splitlines()
    assert first == f"lexigym {package.__version__}"
    assert f"gymnasium {gymnasium.__version__}" in others.split(", ")


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["no-such-command"],
        ["train", "CartPole-v1"],
        ["train", "CartPole-v1", "random", "--steps", "0"],
        ["train", "CartPole-v1", "random", "--seed", "-1"],
        ["train", "CartPole-v1", "random", "--set", "seed"],
        ["bench", "quick", "--jobs", "many"],
        ["record", "CartPole-v1", "random"],
        ["record", "CartPole-v1", "random", "--out", "x", "--episodes", "0"],
        ["verify"],
        ["submit"],
        ["merge"],
    ],
)
def test_wrong_usage(arguments, capsys):
    with pytest.raises(SystemExit) as exit_:
        main(arguments)
    assert exit_.value.code == 2
    assert "error: " in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["describe", "dnq"], "did you mean 'dqn'"),
        (["train", "CartPol-v1", "random"], "did you mean 'CartPole-v1'"),
        (["train", "CartPole-v1", "randm"], "did you mean 'random'"),
        (["train", "CartPole-v1", "random", "--set", "sede=1"], "did you mean 'seed'"),
        (["train", "CartPole-v1", "random", "--env-set", "sise=1"], "no argument 'sise'"),
        (["evaluate", "absent.zip"], "'absent.zip' can't be read"),
        (["watch", "absent.zip", "--out", "x.avi"], ".gif or .mp4"),
        (["bench", "quikc"], "did you mean 'quick'"),
        (["record", "absent.zip", "--out", "x"], "'absent.zip' can't be read"),
        (["record", "CartPol-v1", "random", "--out", "x"], "did you mean 'CartPole-v1'"),
        (["record", "CartPole-v1", "randm", "--out", "x"], "did you mean 'random'"),
    ],
)
def test_an_error_is_one_line(lexigym, arguments, message):
    assert message in lexigym(*arguments, code=2)


def test_an_unforeseen_error_is_one_line_too(lexigym, monkeypatch):
    def fail(*arguments):
        raise KeyError("a\nb")

    monkeypatch.setattr("lexigym.leaderboard.commands.listing.list_all", fail)
    assert "KeyError: 'a\\nb' (--debug shows where)" in lexigym("list", code=2)
    with pytest.raises(KeyError):
        main(["list", "--debug"])


def test_an_interrupt_is_130(lexigym, monkeypatch):
    def interrupt(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr("lexigym.leaderboard.commands.listing.list_all", interrupt)
    lexigym("list", code=130)


def test_list(lexigym):
    listing = lexigym("list")
    for name in ("GridRobot-v0", "dqn", "random", "oracle", "sb3/*"):
        assert name in listing


def test_describe(lexigym):
    assert "seed" in lexigym("describe", "random")
    # Gymnasium's own are found too.
    assert "sutton_barto_reward" in lexigym("describe", "CartPole-v1")


def test_train_evaluate_and_watch(lexigym, tmp_path):
    printed = lexigym(
        *("train", "CartPole-v1", "random", "--steps", "10", "--num-envs", "2", "--seed", "4"),
        *("--set", "seed=7", "--env-set", "sutton_barto_reward=true", "--eval-episodes", "3"),
    )
    path = "runs/CartPole-v1/random-seed4.zip"
    assert "mean return" in printed
    assert f"saved to {path}" in printed
    assert (tmp_path / path).is_file()
    evaluated = lexigym("evaluate", path, "--env", "CartPole-v1", "--episodes", "3")
    assert "3 episodes" in evaluated
    assert lexigym("evaluate", path, "--env", "CartPole-v1", "--episodes", "3") == evaluated


def test_a_checkpoint_for_other_spaces_is_refused(lexigym, checkpoint):
    error = lexigym("evaluate", checkpoint, "--env", "Acrobot-v1", code=2)
    assert "load it with the environment that it learned on" in error


def test_watch_needs_a_render_mode(lexigym, checkpoint):
    error = lexigym("watch", checkpoint, "--env", "CartPole-v1", code=2)
    assert "no render mode 'ansi': pass --out FILE.gif" in error


def test_watch_shows_what_a_language_model_thinks(lexigym):
    """Candidates before and now beside every token, and the values along the whole text."""
    pytest.importorskip("transformers")
    settings = ("train=head", "learning_starts=20", "batch_size=4")
    options = [part for setting in settings for part in ("--set", setting)]
    lexigym(
        *("train", "QA-v0", "lm-dqn", "--out", "lm.zip", "--steps", "60", "--num-envs", "4"),
        *("--env-set", 'level="small"', "--eval-episodes", "1", *options),
    )
    lines = lexigym("watch", "lm.zip").splitlines()
    tables = [line for line in lines if line.split() == ["before", "now", "change"]]
    rows = [line for line in lines if re.fullmatch(r"( +\S+ +\d\.\d{3}){2} +[+-]\d\.\d{3}", line)]
    assert 1 <= len(tables) <= len(rows) / 2
    assert ["token", "Q", "best", "Q"] in [line.split() for line in lines]


class TestCorridor:
    """With pictures, which the corridor of the package in `tests/registry/plugin` has."""

    @pytest.fixture(autouse=True)
    def _register(self, plugin_folder, monkeypatch):
        import lexigym

        monkeypatch.setattr(sys, "path", [str(plugin_folder), *sys.path])
        lexigym.register_environment("Corridor-v0", "lexigym_corridor:Corridor")
        lexigym.register_agent("corridor/right", "lexigym_corridor:Right")
        lexigym.register_agent("corridor/failing", "lexigym_corridor:Failing")

    @pytest.fixture
    def right(self, lexigym):
        lexigym("train", "Corridor-v0", "corridor/right", "--out", "right.d", "--steps", "1")
        return "right.d"

    def test_evaluate_takes_the_environment_of_the_checkpoint(self, lexigym, right):
        assert "mean return -4 " in lexigym("evaluate", right, "--episodes", "2")
        assert "mean return -2 " in lexigym("evaluate", right, "--env-set", "length=3")

    def test_watch_in_a_pipe_prints_the_frames(self, lexigym, right):
        assert lexigym("watch", right).split() == ["R....", ".R...", "..R..", "...R.", "....R"]

    def test_watch_writes_a_gif(self, lexigym, right, tmp_path):
        import imageio.v3 as imageio

        lexigym("watch", right, "--out", "films/right.gif")
        assert imageio.imread(tmp_path / "films" / "right.gif").shape == (5, 16, 80, 3)
        assert [path.name for path in (tmp_path / "films").iterdir()] == ["right.gif"]

    def test_watch_writes_an_mp4(self, lexigym, right, tmp_path):
        pytest.importorskip("imageio_ffmpeg")
        lexigym("watch", right, "--out", "right.mp4")
        assert (tmp_path / "right.mp4").stat().st_size > 0

    def test_mp4_without_its_package_names_the_extra(self, lexigym, right, monkeypatch):
        monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
        assert "lexigym[video]" in lexigym("watch", right, "--out", "right.mp4", code=2)

    def test_bench_prints_a_leaderboard_and_writes_the_results(self, lexigym, tmp_path):
        (tmp_path / "suite.toml").write_text("""
            seeds = [0, 1]
            evaluation_episodes = 3
            [[agents]]
            name = "corridor/right"
            [[agents]]
            name = "lazy"
            agent = "corridor/failing"
            [[environments]]
            id = "Corridor-v0"
            steps = 10
            evaluation = { length = 4 }
        """)
        table = lexigym("bench", "suite.toml", "--jobs", "2", "--out", "out/results.json", code=1)
        assert "[1.00, 1.00]" in table
        assert "2 failed" in table
        assert "failed: lazy on Corridor-v0, seeds 0, 1: ValueError: it doesn't want" in table
        content = read_plain((tmp_path / "out" / "results.json").read_text())
        assert len(content["results"]) == 8
        scores = {row["agent"]: row["overall"]["score"] for row in content["scores"]}
        assert scores["oracle"] == scores["corridor/right"] == 1
        assert scores["random"] == pytest.approx(0, abs=0.5)
        assert scores["lazy"] is None
        # It was kept, and is shown without running anything.
        assert "[1.00, 1.00]" in lexigym("leaderboard", "suite")
        assert "2 failed" in lexigym("leaderboard")
        # Every run has a key, by which `verify` knows it.
        keys = re.findall("^│ ([0-9a-f]{12}) │.*$", lexigym("leaderboard", "--runs"), re.MULTILINE)
        assert len(keys) == 8
        assert keys[0] not in lexigym("leaderboard")
        assert "bit-equal" in lexigym("verify", keys[0])
        assert "did you mean 'suite'" in lexigym("leaderboard", "suiet", code=2)
        error = lexigym("leaderboard", "--store", "absent.sqlite", code=2)
        assert "no store at 'absent.sqlite': `lexigym bench` makes one" in error
        assert not (tmp_path / "absent.sqlite").exists()

    def test_bench_asks_where_an_address_belongs(self, lexigym):
        error = lexigym("bench", "quick", "--address", "10.0.0.1:6379", code=2)
        assert "add --executor ray" in error

    def test_bench_finds_a_wrong_hyperparameter_before_it_runs(self, lexigym, tmp_path):
        (tmp_path / "suite.toml").write_text("""
            seeds = [0]
            [[agents]]
            name = "corridor/right"
            hyperparameters = { lazines = 1 }
            [[environments]]
            id = "Corridor-v0"
            steps = 10
        """)
        assert "did you mean 'laziness'" in lexigym("bench", "suite.toml", code=2)

    def test_an_environment_by_its_id_is_one_of_gymnasium(self):
        assert gymnasium.spec("Corridor-v0").entry_point == "lexigym_corridor:Corridor"
