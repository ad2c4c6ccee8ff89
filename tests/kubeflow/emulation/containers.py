"""The launcher with real containers: tasks see what is in the image, and no more."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass

from emulation.launcher import Container, Launcher, run_to_end
from emulation.package import Kubernetes

# What the pod of a task has volumes for, so that whoever is not root can write there.
_VOLUMES = ("minio", "s3", "gcs", "tmp/kfp", "tmp/kfp_outputs")
_ENGINES = ("docker", "podman")
# podman asks for the highest limits, which a machine may not grant.
_LIMITS = ("--ulimit=nofile=1024:1024", "--ulimit=nproc=4096:4096")


def engine() -> str:
    """The engine that scripts/image.sh builds with."""
    for name in _ENGINES:
        try:
            subprocess.run([name, "info"], capture_output=True, check=True)
        except (OSError, subprocess.CalledProcessError):
            continue
        return name
    raise RuntimeError(f"none of {_ENGINES} works here: apt-get install podman")


@dataclass(frozen=True)
class ContainerLauncher(Launcher):
    """Runs each task in a fresh container, without a network."""

    def start(
        self, command: list[str], container: Container, kubernetes: Kubernetes
    ) -> subprocess.CompletedProcess[str]:
        mounts = {str(self.pod / name): f"/{name}" for name in _VOLUMES}
        for mount in kubernetes.pvc_mount:
            mounts[mount.mount_path] = mount.mount_path
        for folder in _VOLUMES:
            (self.pod / folder).mkdir(parents=True, exist_ok=True)
        subprocess.run(["chmod", "-R", "a+rwX", self.pod], check=True)
        variables = self.variables(container, kubernetes)
        # The folder of the pod is the root directory there.
        words = [word.replace(f"{self.pod}/", "/") for word in command]
        program, *arguments = words
        return run_to_end(
            [
                *(engine(), "run", "--rm", "--network=none", *_LIMITS),
                *(f"--volume={source}:{target}" for source, target in mounts.items()),
                *(f"--env={name}={value}" for name, value in variables.items()),
                f"--entrypoint={program}",
                container.image,
                *arguments,
            ]
        )
