"""The error behind an error."""

from __future__ import annotations

import apache_beam as beam
import pytest

from config.errors import (
    ConfigError,
    InputError,
    RunError,
    find_user_error,
)

# What Beam's Fn API runner raises: the remote traceback as text.
REMOTE = """Error received from SDK harness for instruction 3: Traceback (most recent call last):
  File "sdk_worker.py", line 311, in _execute
    response = task()
  File "readers.py", line 7, in read
    raise InputError("a.csv: row 3: got 'x'; allowed: 0 and 1")
config.errors.InputError: a.csv: row 3: got 'x'; allowed: 0 and 1

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "common.py", line 1498, in process
    self._reraise_augmented(exn, windowed_value)
config.errors.InputError: a.csv: row 3: got 'x'; allowed: 0 and 1 [while running 'Read/Parse']
"""  # noqa: E501


def _caused_by(cause):
    try:
        try:
            raise cause
        except Exception as error:
            raise RuntimeError("outer") from error
    except RuntimeError as error:
        return error


def _while_handling(cause):
    try:
        try:
            raise cause
        except Exception:
            raise RuntimeError("outer")  # noqa: B904
    except RuntimeError as error:
        return error


@pytest.mark.parametrize("chain", [lambda error: error, _caused_by, _while_handling])
def test_a_user_error_is_found_behind_others(chain):
    error = ConfigError("bad")

    assert find_user_error(chain(chain(error))) is error


def test_the_outer_one_of_two_user_errors_counts():
    outer = RunError("outer")
    outer.__cause__ = InputError("inner")

    assert find_user_error(outer) is outer


@pytest.mark.parametrize("chain", [lambda error: error, _caused_by])
def test_a_user_error_is_found_in_the_text_of_a_remote_traceback(chain):
    found = find_user_error(chain(RuntimeError(REMOTE)))

    assert type(found) is InputError
    assert str(found) == "a.csv: row 3: got 'x'; allowed: 0 and 1"


@pytest.mark.parametrize(
    "error",
    [
        ValueError("no"),
        _caused_by(KeyError("no")),
        RuntimeError("config.errors.Unknown: no"),
        RuntimeError("read about config.errors.InputError: in the middle of a line"),
        KeyboardInterrupt(),
    ],
)
def test_other_errors_hide_no_user_error(error):
    assert find_user_error(error) is None


def _refuse(row):
    raise InputError(f"a.csv: got {row!r} [sic]; allowed: 0 and 1")


def test_a_user_error_survives_a_beam_runner():
    options = ["--runner=DirectRunner", "--direct_running_mode=in_memory"]
    with pytest.raises(Exception, match="csv") as caught:  # noqa: SIM117
        with beam.Pipeline(argv=options) as pipeline:
            _ = pipeline | beam.Create(["it's"]) | "Parse it" >> beam.Map(_refuse)

    found = find_user_error(caught.value)
    assert type(found) is InputError
    assert str(found) == 'a.csv: got "it\'s" [sic]; allowed: 0 and 1'


def test_a_message_is_one_line():
    assert str(InputError("a.csv:\n  row 3\n")) == "a.csv: row 3"
