"""Creates the tables of ML Metadata in an empty database: a Job before the first run.

Tasks may then use `skip_db_creation=true`, as a user who cannot create tables.
"""

from __future__ import annotations

import os
import sys

from config.errors import UserError
from kubeflow.compile.pods import METADATA_VARIABLE
from pipeline.metadata import connection_to, open_store


def main() -> int:
    """Connects once, and returns the exit status."""
    try:
        open_store(connection_to(os.environ.get(METADATA_VARIABLE, "").strip()))
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_status
    print("ML Metadata is ready")
    return 0


if __name__ == "__main__":
    sys.exit(main())
