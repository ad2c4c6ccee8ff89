"""What asks Kubeflow Pipelines to keep, run and schedule a compiled pipeline."""
