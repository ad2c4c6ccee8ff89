"""Connection to ML Metadata."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, model_validator

from config.base import Block, spelled

_HOST = r"(?:[^\s:/?#@\[\]]+|\[[\da-fA-F:.]+\])"
_DATABASE = rf"{_HOST}(?::\d+)?/[^\s/?#@]+"
_USER = r"[^\s:/?#@]+(?::[^\s/?#]*)?@"
_OPTION = r"(?:ssl_ca=[^\s&?]+|skip_db_creation=(?:true|false))"
_OPTIONS = rf"(?:\?{_OPTION}(?:&{_OPTION})*)?"
_MYSQL = rf"mysql://(?:{_USER})?{_DATABASE}{_OPTIONS}"
_OTHERS = rf"grpc://{_HOST}:\d+|sqlite:///.+"

_WITH_PASSWORD = (
    "mysql://USER:PASSWORD@HOST:PORT/DATABASE, with %2F for '/', %3F for '?' and %23 "
    "for '#' in the password; allowed after it: ?ssl_ca=FILE and "
    "&skip_db_creation=true; what was received is not shown, since it may hold a "
    "password"
)


def check_url(url: str) -> None:
    """Raises ValueError for what is no URL of ML Metadata."""
    if not re.fullmatch(rf"{_OTHERS}|{_MYSQL}", url):
        raise ValueError(
            f"expected grpc://HOST:PORT, sqlite:///FILE or {_WITH_PASSWORD}"
        )


def _check_mysql(url: str) -> str:
    if not re.fullmatch(_MYSQL, url):
        raise ValueError(f"expected {_WITH_PASSWORD}")
    return url


def _check_public(url: str) -> str:
    if re.fullmatch(rf"{_OTHERS}|mysql://{_DATABASE}{_OPTIONS}", url):
        return url
    if "@" in url or "password" in url:
        raise ValueError(
            "a user or password would be in the compiled pipeline, where others read "
            "it; put the whole URL into a Kubernetes secret, and name that in "
            "kubeflow.metadata_secret"
        )
    raise ValueError(
        f"got {url!r}; expected grpc://HOST:PORT, mysql://HOST:PORT/DATABASE or "
        "sqlite:///FILE"
    )


# Of ML Metadata, without a user: for where others read it.
PublicUrl = Annotated[str, AfterValidator(_check_public)]


class Metadata(Block):
    """Connection to ML Metadata.

    Attributes:
      mysql: `mysql://USER:PASSWORD@HOST:PORT/DATABASE`, with the options
        `ssl_ca=FILE` and `skip_db_creation=true`; by default a SQLite file in the work
        directory.
      grpc: `HOST:PORT` of a server of ML Metadata.
    """

    mysql: Annotated[str, AfterValidator(_check_mysql)] | None = None
    grpc: Annotated[str, spelled(r"[^/:]+:\d+", "HOST:PORT")] | None = None

    @property
    def is_local(self) -> bool:
        """True for a file in the work directory."""
        return self.mysql is None and self.grpc is None

    @model_validator(mode="after")
    def _one_place(self) -> Metadata:
        if self.mysql is not None and self.grpc is not None:
            raise ValueError("give at most one of 'mysql' and 'grpc'")
        return self
