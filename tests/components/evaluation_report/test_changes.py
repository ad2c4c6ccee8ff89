"""Differences between two configurations."""

from __future__ import annotations

from components.evaluation_report.changes import Change, changes


def test_keys_that_differ_are_named_by_their_path():
    before = {"model": {"kind": "linear", "size": 4}, "gates": [], "name": "ads"}
    now = {"model": {"kind": "dcn_v2", "size": 4}, "gates": [1], "name": "ads"}

    assert changes(before, now) == (
        Change(key="gates", before="[]", now="[1]"),
        Change(key="model.kind", before="linear", now="dcn_v2"),
    )


def test_keys_that_only_one_has():
    before = {"features": {"age": {"kind": "numeric"}}}
    now = {"features": {"city": {"kind": "hashed"}}, "tuning": {"trials": 3}}

    assert changes(before, now) == (
        Change(key="features.age.kind", before="numeric", now=None),
        Change(key="features.city.kind", before=None, now="hashed"),
        Change(key="tuning.trials", before=None, now="3"),
    )


def test_the_same_configuration_has_no_changes():
    config = {"a": {"b": [1, {"c": None}]}, "empty": {}}

    assert changes(config, config) == ()
