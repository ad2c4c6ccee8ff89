"""One run of the DAG on this machine: its nodes, its outcome and what it leaves."""
