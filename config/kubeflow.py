"""Settings of runs on Kubeflow Pipelines."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from config.base import Block, PositiveInt, spelled
from config.metadata import PublicUrl

_Text = Annotated[str, Field(min_length=1)]
# Kubernetes' notation of amounts.
_Cpu = Annotated[
    str,
    Field(coerce_numbers_to_str=True),
    spelled(r"\d+(\.\d+)?m?", "such as 4, 0.5 or 500m"),
]
_Memory = Annotated[
    str,
    Field(coerce_numbers_to_str=True),
    spelled(r"\d+(\.\d+)?([KMGT]i?)?", "such as 16Gi or 512Mi"),
]
# A path of containers, or a URL that TensorFlow, TFX and Beam all read.
_Shared = Annotated[
    str, spelled(r"(/|gs://|hdfs://).+", "/FOLDER, gs://... or hdfs://...")
]
_Mount = Annotated[str, spelled(r"/.+", "an absolute path, such as /data")]
# An object store that Kubeflow's launcher copies from and to.
_Bucket = Annotated[
    str,
    spelled(
        r"(minio|s3|gs)://.+",
        "a URL of an object store: minio://..., s3://... or gs://...",
    ),
]


class Volume(Block):
    """A volume that is mounted in a task.

    Attributes:
      claim: Name of the PersistentVolumeClaim.
      path: Mount path.
    """

    claim: _Text
    path: _Mount


class Secret(Block):
    """A value in a Kubernetes secret.

    Attributes:
      secret: Name of the secret.
      key: The key in it.
    """

    secret: _Text
    key: _Text


class SecretVariable(Secret):
    """A secret that a task has as an environment variable.

    Attributes:
      variable: Name of the environment variable.
    """

    variable: Annotated[
        str,
        spelled(
            r"[A-Za-z_][A-Za-z0-9_]*", "a letter or _, then letters, digits and _ only"
        ),
    ]


class Toleration(Block):
    """A taint of nodes that a task tolerates, as Kubernetes defines it.

    Attributes:
      key: The taint; None, with `Exists`, for all.
      operator: `Equal` where the value must be equal too.
      value: Value of the taint.
      effect: The effect that is tolerated; None for all.
    """

    key: _Text | None = None
    operator: Literal["Exists", "Equal"] = "Exists"
    value: str | None = None
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None = None


class Task(Block):
    """Resources, placement and environment of a task.

    Attributes:
      cpu: Cores, such as `4` or `500m`, requested and at most.
      memory: Memory, such as `16Gi`, requested and at most.
      gpus: Number of GPUs.
      gpu_type: The resource that GPUs are.
      node_selector: Labels of the nodes it may run on.
      tolerations: Taints that it tolerates.
      secrets: Secrets as environment variables.
      variables: Other environment variables.
      volumes: Volumes, besides the one that has the models.
    """

    cpu: _Cpu | None = None
    memory: _Memory | None = None
    gpus: PositiveInt | None = None
    gpu_type: _Text = "nvidia.com/gpu"
    node_selector: dict[str, str] = {}
    tolerations: tuple[Toleration, ...] = ()
    secrets: tuple[SecretVariable, ...] = ()
    variables: dict[str, str] = {}
    volumes: tuple[Volume, ...] = ()

    def with_own(self, own: Task) -> Task:
        """Adds the settings of a single component to those of all tasks.

        Amounts are replaced, everything else is added.
        """
        update = own.model_dump(include=own.model_fields_set & _AMOUNTS)
        for name in ("node_selector", "variables"):
            update[name] = {**getattr(self, name), **getattr(own, name)}
        for name in ("tolerations", "secrets", "volumes"):
            update[name] = (*getattr(self, name), *getattr(own, name))
        return self.model_copy(update=update)


_AMOUNTS = {"cpu", "memory", "gpus", "gpu_type"}


class Kubeflow(Block):
    """Settings of runs on Kubeflow Pipelines.

    Attributes:
      image: The container image of all tasks.
      pipeline_root: The folder of an object store that artifacts go to, such as
        `minio://mlpipeline/v2/artifacts`; None for the default of the installation.
      artifacts: A folder that all tasks and all Beam workers share, such as one on a
        volume of `tasks`, or `gs://...`: artifacts then go there, and results of
        earlier runs are served from TFX's cache. None for the object store, which
        Kubeflow copies artifacts from and to; each run then computes all.
      models: The volume that released models go to, each pipeline's into a folder of
        its name.
      metadata_secret: The secret that holds the URL of ML Metadata, such as
        `mysql://USER:PASSWORD@HOST/DATABASE`. Defaults to that of `kubeflow/deploy`.
      metadata: The URL itself, instead of a secret: `grpc://HOST:PORT`,
        `mysql://HOST/DATABASE` or `sqlite:///FILE` on a volume.
      retries: How often a task that failed is started again, after 30 s, 1 min, 2 min,
        ..., within 30 days.
      tasks: Settings of all tasks.
      components: Additional settings of single components, by name, such as `Trainer`.
    """

    image: _Text | None = None
    pipeline_root: _Bucket | None = None
    artifacts: _Shared | None = None
    models: Volume = Volume(claim="ctr-models", path="/models")
    metadata_secret: Secret | None = Secret(secret="ctr-metadata", key="url")
    metadata: PublicUrl | None = None
    retries: Annotated[int, Field(ge=0, le=10)] = 0
    tasks: Task = Task()
    components: dict[str, Task] = {}

    @model_validator(mode="before")
    @classmethod
    def _url_replaces_secret(cls, data: Any) -> Any:
        if not isinstance(data, dict) or data.get("metadata") is None:
            return data
        if data.get("metadata_secret") is not None:
            raise ValueError("give at most one of 'metadata' and 'metadata_secret'")
        return {**data, "metadata_secret": None}

    @model_validator(mode="after")
    def _has_metadata(self) -> Kubeflow:
        if self.metadata is None and self.metadata_secret is None:
            raise ValueError("give one of 'metadata' and 'metadata_secret'")
        return self
