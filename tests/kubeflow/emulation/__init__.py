"""An emulation of what Kubeflow Pipelines 2.x does with a compiled pipeline.

It follows the source of the driver and of the launcher (backend/src/v2 of
github.com/kubeflow/pipelines). What it does not have are Kubernetes and a server. Its
inputs, outputs and artifacts were compared with those of the drivers and launchers of
2.5.0, 2.16.1 and 2.17.0 (docs/kubeflow.md).
"""
