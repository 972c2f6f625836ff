"""The list of requirements and the cases belong together."""

import pathlib
import re

import frames
import requirements
import test_client_handshake
import test_deflate
import test_server_handshake

FOLDER = pathlib.Path(__file__).parent
TABLES = {"frames": frames.ROWS, "server": test_server_handshake.ROWS, "client": test_client_handshake.ROWS,
          "deflate": test_deflate.ROWS}

# Shown by a test of its own rather than by a row.
TESTS = {
    "4.1-key-new": "test_each_key_is_new",
    "4.2.2-subprotocol": "test_subprotocols",
    "5.3-fresh": "test_client_keys_are_fresh_and_unpredictable",
    "5.4-send": "test_server_sends_in_parts",
    "7.1.1-server": "test_our_close_waits_for_the_answer",
    "7.1.5-1006": "test_the_stream_ends_without_a_close",
    "11.3.4-list": "test_subprotocols",
    "7692-5-decline": "test_offers",
    "7692-5-fail": "test_answers",
    "7692-5.1-one": "test_answers",
    "7692-7.1.1.1": "test_answers",
    "7692-7.1.1.2": "test_context_is_not_taken_over_where_that_was_agreed",
    "7692-7.1.2.1": "test_a_small_window_is_respected",
    "7692-7.1.2.2": "test_offers",
    "7692-7.2.1": "test_what_is_large_comes_back_compressed",
    "7692-7.2.3.2": "test_context_is_taken_over",
}


def named():
    return {name for rows in TABLES.values() for row in rows for name in row[1].split()}


def test_rows_name_requirements_that_there_are():
    assert named() <= requirements.SHOWN.keys()


def test_every_requirement_is_shown():
    assert requirements.SHOWN.keys() - named() - TESTS.keys() == set()
    assert TESTS.keys() <= requirements.SHOWN.keys()


def test_the_tests_are_there():
    there = set(re.findall(r"^def (test_\w+)", "".join(path.read_text() for path in FOLDER.glob("test_*.py")),
                           re.MULTILINE))
    assert set(TESTS.values()) <= there


def test_nothing_is_both():
    assert not requirements.SHOWN.keys() & requirements.NOT_SHOWN.keys()


def test_case_names_are_unique():
    for rows in TABLES.values():
        names = [row[0] for row in rows]
        assert len(set(names)) == len(names)
