"""`python -m serving.server`."""

import os
import sys
import warnings

if __name__ == "__main__":
    # Before TensorFlow is imported, which says much that is of no use here.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    warnings.filterwarnings("ignore", category=FutureWarning)

    from serving.server.main import main

    sys.exit(main())
