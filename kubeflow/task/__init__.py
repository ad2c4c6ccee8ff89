"""The side of a Kubeflow task: runs one node of the DAG in its pod."""
