"""Fixtures for every test that talks to the running program. See harness.py."""

import os

import pytest

import harness


def pytest_report_header():
    suffix = f", {harness.SANITIZER} sanitizer" if harness.SANITIZER else ""
    return f"framecast: {harness.PROGRAM}{suffix}"


def pytest_collection_modifyitems(items):
    """pytest-timeout knows nothing of FRAMECAST_SLOW."""
    for item in items:
        if harness.SLOW > 1 and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(120 * harness.SLOW))


@pytest.fixture
def server():
    """A function that starts servers; they are stopped, and judged, at the end of the test."""
    started = []

    def start(*arguments, **options):
        started.append(harness.Server(*arguments, **options))
        return started[-1]

    yield start
    for one in started:
        if one.status is None:
            status = one.stop()
            assert status == 0, f"ended with status {status}\n{one.stderr}"


@pytest.fixture
def unix_path():
    with harness.unix_path() as path:
        yield path


@pytest.fixture(autouse=True, scope="session")
def no_proxy():
    """The tests talk to this machine only."""
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        os.environ.pop(name, None)
        os.environ.pop(name.upper(), None)
    os.environ["no_proxy"] = "*"
