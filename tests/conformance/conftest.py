import sys
import pathlib

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from peer import ClientUnderTest, ServerUnderTest  # noqa: E402

ROLES = {"server": ServerUnderTest, "client": ClientUnderTest}
DELIVERIES = ["in one piece", "byte by byte", "coalesced"]


def ends(role, **options):
    """One end under test, for as long as a module's tests run."""
    end = ROLES[role](**options)
    try:
        yield end
    finally:
        end.stop()


@pytest.fixture(scope="module", params=list(ROLES))
def end(request):
    yield from ends(request.param)


@pytest.fixture(scope="module")
def server():
    yield from ends("server")


@pytest.fixture(scope="module")
def client():
    yield from ends("client")


@pytest.fixture(scope="module", params=list(ROLES))
def deflating(request):
    yield from ends(request.param, compression="on")


@pytest.fixture(scope="module", params=list(ROLES))
def takeover(request):
    yield from ends(request.param, compression="takeover")


@pytest.fixture(params=DELIVERIES)
def delivery(request):
    return request.param
