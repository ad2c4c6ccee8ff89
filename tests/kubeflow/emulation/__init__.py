"""An emulation of what Kubeflow Pipelines 2.x does with a compiled pipeline.

It follows the source of the driver and of the launcher (backend/src/v2 of
github.com/kubeflow/pipelines). What it does not have are Kubernetes and a server.
"""
