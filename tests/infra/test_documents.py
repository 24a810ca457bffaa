"""The commands for Azure in README and the tutorial lead from nothing to a number that answers, and back."""

from __future__ import annotations

import shlex

import pytest

from tests.support.documents import commands, text_of
from tests.support.stand_in_az.twilio import ACCOUNT, KEY
from tests.support.stand_in_az.world import NUMBER, World


@pytest.mark.parametrize(
    ("page", "programs"),
    [("README.md", ["infra/deploy.py"]), ("docs/tutorial.md", ["infra/deploy.py", "infra/destroy.py"])],
)
def test_the_commands_of_a_document_run_as_they_are_written(there: World, page: str, programs: list[str]) -> None:
    """With the user's own number in place of the example's."""
    before, twilio = there.calls_go_to, there.twilio
    typed = {
        "infra/deploy.py": [ACCOUNT, KEY, twilio.token, twilio.keys[KEY], "yes", "yes"],
        "infra/destroy.py": ["rg-phone"],
    }
    lines = [shlex.split(line) for line in commands(text_of(page)) if line.startswith("python3 infra/")]
    assert [program for _, program, *_ in lines] == programs

    for _, program, *options in lines:
        there.answers = typed[program]
        words = [NUMBER if word.startswith("+1") else word for word in options]
        done = there.run(program.removeprefix("infra/").removesuffix(".py"), *words)
        assert done.code == 0, done.err
        assert there.answers == []
        assert there.calls_go_to == (before if "destroy" in program else f"https://{there.app.host}/api/answer_call")
