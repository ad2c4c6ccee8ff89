"""Client of Kubeflow Pipelines: uploads, runs and schedules compiled pipelines."""
