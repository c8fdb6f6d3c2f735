"""Fixtures for the tests of the jobs."""

import pytest
from fakes import InThreadClerk


@pytest.fixture
def clerk() -> InThreadClerk:
    return InThreadClerk()
