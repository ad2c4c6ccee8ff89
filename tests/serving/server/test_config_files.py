"""The text files that a server is configured by."""

from __future__ import annotations

import pytest

from pipeline.errors import ConfigError
from serving.server.config_files import (
    read_batching_parameters,
    read_credentials,
    read_model_config,
    write_model_config,
)
from serving.server.options import BatchingParameters, single_model


@pytest.fixture
def message(tmp_path):
    """What a person is told about a file."""

    def _message(read, text):
        path = tmp_path / "file"
        if text is not None:
            path.write_text(text)
        with pytest.raises(ConfigError) as caught:
            read(str(path))
        line = str(caught.value)
        assert len(line.splitlines()) == 1
        return line.removeprefix(f"{path}: ")

    return _message


def test_models_are_read_as_they_were_written(tmp_path):
    config = single_model("toy", "/models/toy")
    path = str(tmp_path / "models.config")
    write_model_config(path, config)

    assert read_model_config(path) == config
    assert [each.name for each in tmp_path.iterdir()] == ["models.config"]


def test_batching_parameters_are_read_as_tensorflow_serving_does(tmp_path):
    path = tmp_path / "batching.config"
    path.write_text(
        "max_batch_size { value: 128 }\n"
        "batch_timeout_micros { value: 0 }\n"
        "num_batch_threads: { value: 2 }\n"
        "pad_variable_length_inputs: true\n"
    )

    expected = BatchingParameters(
        max_batch_size=128, batch_timeout_micros=0, num_batch_threads=2
    )
    assert read_batching_parameters(str(path)) == expected


@pytest.mark.parametrize(
    ("read", "text", "words"),
    [
        (read_model_config, None, "cannot be read"),
        (read_model_config, "zz: 1", "expected a ModelServerConfig"),
        (read_model_config, "model_config_list {", "expected a ModelServerConfig"),
        (read_batching_parameters, "zz: 1", "expected a BatchingParameters"),
        (
            read_batching_parameters,
            "max_batch_size { value: 0 }",
            "max_batch_size: got 0; allowed: 1 or more",
        ),
        (
            read_batching_parameters,
            "batch_timeout_micros { value: -1 }",
            "batch_timeout_micros: got -1; allowed: 0 or more",
        ),
        (read_credentials, "zz: 1", "expected a SSLConfig"),
        (read_credentials, "server_cert: 'x'", "server_key is missing"),
        (read_credentials, "server_key: 'x'", "server_cert is missing"),
        (
            read_credentials,
            "server_key: 'x' server_cert: 'x' client_verify: true",
            "client_verify is true without custom_ca",
        ),
    ],
)
def test_a_wrong_file_is_explained(read, text, words, message):
    assert words in message(read, text)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"server_cert": "server.key"}, "server_cert: no certificate in PEM"),
        ({"server_key": "other.key"}, "server_key: not the certificate's key in PEM"),
        ({"custom_ca": "ca.key"}, "custom_ca: no certificate in PEM"),
    ],
)
def test_a_malformed_key_is_explained(keys, tmp_path, fields, words):
    fields = {"server_key": "server.key", "server_cert": "server.pem", **fields}
    lines = [f"{name}: {(keys / file).read_text()!r}" for name, file in fields.items()]
    path = tmp_path / "ssl.config"
    path.write_text("\n".join(lines))

    with pytest.raises(ConfigError, match=f"^{path}: {words}"):
        read_credentials(str(path))
