"""The environments that ship: one entry per id, as strings, so that nothing is imported."""

from typing import Any

ENVIRONMENTS: tuple[dict[str, Any], ...] = (
    {
        "id": "GridRobot-v0",
        "entry_point": "lexigym.envs.grid.single:GridRobot",
        "vector_entry_point": "lexigym.envs.grid.vector:GridRobotVector",
        "summary": "a robot walks to its goal around obstacles",
        # The environment checks itself; the wrappers would cost most of the time of a step.
        "disable_env_checker": True,
        "order_enforce": False,
    },
    {
        "id": "QA-v0",
        "entry_point": "lexigym.envs.text.tasks:qa",
        "vector_entry_point": "lexigym.envs.text.tasks:qa_vector",
        "summary": "a question is answered token by token, exact match pays",
        "disable_env_checker": True,
        "order_enforce": False,
    },
    {
        "id": "robot_team_v0",
        "entry_point": "lexigym.envs.multiagent.robot_team_v0:joint_env",
        "summary": "robots walk to their goals on one grid, in each other's way",
        "disable_env_checker": True,
        "order_enforce": False,
    },
    {
        "id": "translation_relay_v0",
        "entry_point": "lexigym.envs.multiagent.translation_relay_v0:joint_env",
        "summary": "a speaker sends a sentence over a narrow channel, a listener translates it",
        "disable_env_checker": True,
        "order_enforce": False,
    },
    {
        "id": "twenty_questions_v0",
        "entry_point": "lexigym.envs.multiagent.twenty_questions_v0:joint_env",
        "summary": "a guesser asks about a hidden entity, an answerer knows it",
        "disable_env_checker": True,
        "order_enforce": False,
    },
    {
        "id": "TextGen-v0",
        "entry_point": "lexigym.envs.text.tasks:text_gen",
        "vector_entry_point": "lexigym.envs.text.tasks:text_gen_vector",
        "summary": "a sentence is written token by token around given words, good style pays",
        "disable_env_checker": True,
        "order_enforce": False,
    },
    {
        "id": "Translation-v0",
        "entry_point": "lexigym.envs.text.tasks:translation",
        "vector_entry_point": "lexigym.envs.text.tasks:translation_vector",
        "summary": "a sentence is translated token by token, BLEU pays",
        "disable_env_checker": True,
        "order_enforce": False,
    },
)
