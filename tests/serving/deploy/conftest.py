"""The manifests, as they are shipped."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

import serving
from tests.manifests import read_manifests

DEPLOY = Path(serving.__file__).parent / "deploy"


@pytest.fixture(scope="session")
def deploy() -> Path:
    """The folder."""
    return DEPLOY


@pytest.fixture(scope="session")
def manifests(deploy: Path) -> dict[str, Any]:
    """The Kubernetes manifests by kind."""
    return read_manifests(deploy / "kubernetes")


@pytest.fixture(scope="session")
def container(manifests: dict[str, Any]) -> Any:
    """The container of the Deployment."""
    (container,) = manifests["Deployment"]["spec"]["template"]["spec"]["containers"]
    return container


@pytest.fixture(scope="session")
def compose(deploy: Path) -> Any:
    """The one service of docker compose."""
    tree = yaml.safe_load((deploy / "docker-compose.yaml").read_text())
    (service,) = tree["services"].values()
    return service
