"""Parameters of infra/main.bicep that are out of bounds or unknown."""

from __future__ import annotations

import pytest

from tests.support.bicep_template import deploy


def test_a_parameter_out_of_bounds_is_refused() -> None:
    """By its decorators, before anything is made."""
    for wrong in (
        {"name": "ab"},
        {"name": "a" * 25},
        {"instanceMemoryMB": 1024},
        {"maximumInstanceCount": 0},
        {"httpConcurrency": 0},
        {"twilioAccountSid": "AC"},
        {"dailyCapGb": 0},
        {"pythonVersion": "3.9"},
    ):
        with pytest.raises(ValueError, match="may not be"):
            deploy(**wrong)


def test_a_parameter_that_a_file_does_not_have_is_refused() -> None:
    """As by the compiler: a misspelt name would otherwise be a setting that is never made."""
    with pytest.raises(AssertionError, match="has no parameters"):
        deploy(nam="phone")
