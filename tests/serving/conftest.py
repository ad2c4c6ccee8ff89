"""A small model whose answers can be worked out by hand, in as many versions as wanted.

`score` is twice the price, plus the number of tags that are not empty, plus the number
of the version: an answer tells which version gave it.
"""

from __future__ import annotations

import functools
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest

from config.ports import bind, port_of

# The signature `echo` gives back what it gets, of each of these types.
ECHOED = {
    "f32": "float32",
    "f64": "float64",
    "f16": "float16",
    "bf16": "bfloat16",
    "i8": "int8",
    "i16": "int16",
    "i32": "int32",
    "i64": "int64",
    "u8": "uint8",
    "u16": "uint16",
    "u32": "uint32",
    "u64": "uint64",
    "c64": "complex64",
    "c128": "complex128",
    "truth": "bool",
    "text": "string",
}

_CURVE = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


def _make_module(version: int) -> tuple[Any, dict[str, Any]]:
    """The model, and its signatures."""
    import tensorflow as tf

    module = tf.Module()
    module.version = tf.Variable(float(version))
    spec = {
        "price": tf.io.FixedLenFeature([], tf.float32, 0.0),
        "name": tf.io.FixedLenFeature([], tf.string, ""),
        "tags": tf.io.RaggedFeature(tf.string),
    }
    one = functools.partial(tf.TensorSpec, [None])

    def score(price: Any, tags: Any) -> Any:
        some = tf.cast(tf.not_equal(tags, ""), tf.float32)
        return 2.0 * price + tf.reduce_sum(some, axis=-1) + module.version

    @tf.function(input_signature=[one(tf.string, name="examples")])
    def serving_default(examples: Any) -> Any:
        parsed = tf.io.parse_example(examples, spec)
        tags = parsed["tags"].to_tensor(default_value="")
        return {"score": score(parsed["price"], tags), "name": parsed["name"]}

    @tf.function(
        input_signature=[
            {
                "price": one(tf.float32, name="price"),
                "name": one(tf.string, name="name"),
                "tags": tf.TensorSpec([None, None], tf.string, name="tags"),
            }
        ]
    )
    def predict(inputs: Any) -> Any:
        return {
            "score": score(inputs["price"], inputs["tags"]),
            "name_bytes": inputs["name"],
        }

    @tf.function(
        input_signature=[
            {alias: tf.TensorSpec(None, each, alias) for alias, each in ECHOED.items()}
        ]
    )
    def echo(inputs: Any) -> Any:
        return {alias: tf.identity(tensor) for alias, tensor in inputs.items()}

    return module, {
        "serving_default": serving_default,
        "predict": predict,
        "echo": echo,
    }


def _write_model(version: int, path: Path) -> None:
    import tensorflow as tf

    module, signatures = _make_module(version)
    tf.saved_model.save(module, str(path), signatures)


@pytest.fixture(scope="session")
def add_version(
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[[Path, int], Path]:
    """A function that makes a version of the model appear in a directory, at once."""
    made = tmp_path_factory.mktemp("toy")

    def add(base_path: Path, version: int) -> Path:
        if not (made / str(version)).exists():
            _write_model(version, made / str(version))
        base_path.mkdir(parents=True, exist_ok=True)
        aside = base_path / f".incoming-{version}"
        shutil.copytree(made / str(version), aside)
        return aside.rename(base_path / str(version))

    return add


@pytest.fixture(scope="session")
def server_of() -> Callable[..., Any]:
    """A function that creates an embedded server on free ports.

    It takes the name of the model and the directory of its versions, or a function that
    returns the configuration; then keys of the `serving` block.
    """
    from config.serving import Serving
    from serving.model_config import model_server_config
    from serving.server.server import Server

    def make(
        name: str = "",
        base_path: Any = "",
        read_config: Any = None,
        polling: Any = None,
        pem: Any = None,
        **settings: Any,
    ) -> Server:
        defaults = {"port": 0, "rest_port": None}
        serving = Serving().model_copy(update={**defaults, **settings})

        def read() -> Any:
            return model_server_config(serving, name, str(base_path))

        return Server(serving, read_config or read, polling, pem)

    return make


@pytest.fixture(scope="session")
def serving(
    server_of: Callable[..., Any],
) -> Callable[..., AbstractContextManager[Any]]:
    """A function like `server_of`: the server runs until the `with` block ends."""

    @contextmanager
    def running(*arguments: Any, **settings: Any) -> Iterator[Any]:
        server = server_of(*arguments, **settings)
        try:
            server.start()
            yield server
        finally:
            server.stop(grace=0.2)

    return running


@pytest.fixture(scope="session")
def toy_dir(
    tmp_path_factory: pytest.TempPathFactory, add_version: Callable[[Path, int], Path]
) -> Path:
    """A directory with version 1 of the small model; tests add no version to it."""
    folder = tmp_path_factory.mktemp("models")
    add_version(folder, 1)
    return folder


@pytest.fixture(scope="session")
def toy_server(
    toy_dir: Path, serving: Callable[..., AbstractContextManager[Any]]
) -> Iterator[Any]:
    """A server of the small model, which no test changes."""
    with serving("toy", toy_dir, rest_port=0) as server:
        yield server


@pytest.fixture(scope="session")
def rejection() -> Callable[..., tuple[str, str]]:
    """The status code and the details that a call is rejected with."""

    def rejection_of(call: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        with pytest.raises(grpc.RpcError) as caught:
            call(*arguments, **named)
        return caught.value.code().name, caught.value.details()

    return rejection_of


@pytest.fixture(scope="session")
def fetch() -> Callable[..., tuple[int, bytes]]:
    """A function from a URL, and a body to post there, to the status and the answer."""

    def send(url: str, body: Any = None, method: str | None = None) -> Any:
        request = urllib.request.Request(f"http://{url}", body, method=method)
        try:
            with urllib.request.urlopen(request, timeout=20) as response:
                return response.status, response.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    return send


@pytest.fixture(scope="session")
def eventually() -> Callable[[Callable[[], object]], None]:
    """A function that waits until a condition holds, for a minute at most."""

    def wait(condition: Callable[[], object]) -> None:
        end = time.monotonic() + 60
        while not condition():
            assert time.monotonic() < end, "the condition does not hold after 60 s"
            time.sleep(0.01)

    return wait


@pytest.fixture(scope="session")
def free_port() -> Iterator[Callable[[], int]]:
    """A function that returns ports which no other process is given until the end."""
    with ExitStack() as reserved:
        yield lambda: port_of(reserved.enter_context(bind("127.0.0.1")))


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Keys and certificates of an authority, a server, and a client."""
    if shutil.which("openssl") is None:
        pytest.skip("there is no openssl to make certificates")
    folder = tmp_path_factory.mktemp("keys")
    ca = ("-CA", folder / "ca.pem", "-CAkey", folder / "ca.key")
    for name, signed in (("ca", ()), ("server", ca), ("client", ca), ("other", ())):
        out = ("-keyout", folder / f"{name}.key", "-out", folder / f"{name}.pem")
        command = [
            *("openssl", "req", "-x509", *_CURVE, "-subj", f"/CN={name}", "-days", "2"),
            *("-addext", "subjectAltName=IP:127.0.0.1", *out, *signed),
        ]
        subprocess.run(command, check=True, capture_output=True)
    return folder
