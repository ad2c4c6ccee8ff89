"""Passwords are masked in each form that one has in a text, and nothing else is."""

from __future__ import annotations

import traceback

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.errors import ConfigError
from config.load import load_config, to_yaml
from config.secrets import is_secret, mask_passwords
from ctr import cli

MYSQL = "mysql://ann:hunter2@db:3307/mlmd"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (MYSQL, "mysql://ann:***@db:3307/mlmd"),
        (f"x={MYSQL}: no answer", "x=mysql://ann:***@db:3307/mlmd: no answer"),
        (f"{MYSQL} {MYSQL}", " ".join(["mysql://ann:***@db:3307/mlmd"] * 2)),
        # What belongs into a URL as %40 and %2F.
        ("mysql://ann:hun@ter2@db/x", "mysql://ann:***@db/x"),
        ("mysql://ann:hunter/2@db/x", "mysql://ann:***@db/x"),
        ("mysql://:hunter2@db/x", "mysql://:***@db/x"),
        (
            "mysql://db/x?user=ann&password=hunter2&y=1",
            "mysql://db/x?user=ann&password=***&y=1",
        ),
        ("'http://h?api_key=hunter2'", "'http://h?api_key=***'"),
    ],
)
def test_passwords_are_masked(text: str, expected: str):
    assert mask_passwords(text) == expected
    assert mask_passwords(expected) == expected


@pytest.mark.parametrize(
    "text",
    [
        "mysql://ann@db/mlmd",
        "mysql://USER:PASSWORD@HOST:PORT/DATABASE",
        "grpc://mlmd:8080",
        "hdfs://namenode:8020/ads@2026/day.csv",
        "--set KEY.PATH=VALUE: a:b@c",
        "http://host/?page=1&monkey=2",
    ],
)
def test_other_texts_stay_as_they_are(text: str):
    assert mask_passwords(text) == text


@given(st.text(st.characters(exclude_categories=("Z", "C")), min_size=6))
def test_no_password_comes_through(password: str):
    word = f"hunter2{password}"
    assert "hunter2" not in mask_passwords(f"mysql://ann:{word}@db/mlmd")


def test_secrets_are_recognised_by_their_names():
    for name in ("s3_secret_access_key", "s3_session_token", "DB_PASSWORD", "pwd"):
        assert is_secret(name)
    for name in ("dataflow_kms_key", "TOKENIZERS_PARALLELISM", "PASSWORD_FILE"):
        assert not is_secret(name)


CONFIG = """
name: ads
examples: {splits: {train: train.csv, eval: eval.csv}}
label: {column: click}
features: {device: {kind: categorical}}
"""


@pytest.fixture
def path(tmp_path):
    file = tmp_path / "pipeline.yaml"
    file.write_text(CONFIG)
    return file


def test_config_show_masks_and_a_run_does_not(path, capsys):
    options = ["--set", f"metadata.mysql={MYSQL}"]
    options += ["--set", "beam={s3_secret_access_key: hunter3, s3_region_name: eu}"]
    options += ["--set", "kubeflow.tasks.variables={DB_PASSWORD: hunter4, LEVEL: info}"]
    assert cli.main(["config", "show", "-c", str(path), *options]) == 0

    shown = capsys.readouterr().out
    assert "mysql: mysql://ann:***@db:3307/mlmd\n" in shown
    assert "s3_secret_access_key: '***'\n  s3_region_name: eu\n" in shown
    assert "DB_PASSWORD: '***'\n      LEVEL: info\n" in shown
    assert "hunter" not in shown
    config = load_config(path, options[1::2])
    assert config.metadata.mysql == MYSQL
    assert config.beam["s3_secret_access_key"] == "hunter3"


def test_paths_and_names_of_secrets_are_shown(path):
    config = load_config(
        path,
        [
            "serving.tls={key: /tls/key.pem, certificate: /tls/cert.pem}",
            "kubeflow.metadata_secret={secret: mlmd, key: url}",
            "beam={enable_hot_key_logging: true}",
        ],
    )
    assert "***" not in to_yaml(config)


@pytest.mark.parametrize(
    "override",
    [
        "metadata.mysql=mysql://ann:hunter2@db",
        "metadata.mysql=mysql:ann:hunter2@db/mlmd",
        "metadata.mysql=mysql://ann@db/mlmd?password=hunter2",
        f"metadata={{x: {MYSQL}}}",
        f"metadata={{mysql: {MYSQL}, grpc: 'mlmd:8080'}}",
        f"metadata.mysql={MYSQL}: [",
        f"metadata.mysql: {MYSQL}",
        f"name.x={MYSQL}",
        "kubeflow.metadata=mysql://ann:hunter2@db/mlmd",
        "beam={s3_secret_access_key: hunter2",
        "beam={s3_secret_access_key: [hunter2]}",
        f"examples=[{'x' * 20}, {MYSQL}]",
    ],
)
def test_no_error_of_the_configuration_shows_a_password(path, override, capsys):
    assert cli.main(["config", "validate", "-c", str(path), "--set", override]) == 2
    ended = capsys.readouterr()
    assert ended.err.startswith("error: ")
    assert "hunter" not in ended.err + ended.out


@pytest.mark.parametrize("text", [f"metadata: {{mysql: {MYSQL}", f"a: {MYSQL}: b: ["])
def test_a_file_that_is_no_yaml_is_not_quoted(path, text):
    path.write_text(CONFIG + text)
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    assert "hunter" not in "".join(traceback.format_exception(caught.value))


def test_an_error_of_others_is_masked(path, capsys, monkeypatch):
    from ctr.commands import config as config_command

    def _fail(_):
        raise RuntimeError(f"cannot connect to {MYSQL}")

    monkeypatch.setattr(config_command, "_config", _fail)
    assert cli.main(["config", "show", "-c", str(path)]) == 1
    assert "mysql://ann:***@db:3307/mlmd" in capsys.readouterr().err
