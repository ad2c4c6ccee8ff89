"""Client for model servers that does not import TensorFlow.

    from serving.client import Client

    with Client("localhost:8500", "ad_click") as client:
        client.predict([{"device": "phone", "age": 31}])  # [0.0123...]

`Client` is for threads, `AsyncClient` for asyncio; `Connection` configures either. Both
work with TensorFlow Serving and with the embedded server.
"""

from serving.client.client import AsyncClient, Client
from serving.client.connection import Connection, Tls
from serving.client.endpoint import ServerError, Target
from serving.client.features import Signature
from serving.client.split import Split

__all__ = [
    "AsyncClient",
    "Client",
    "Connection",
    "ServerError",
    "Signature",
    "Split",
    "Target",
    "Tls",
]
