"""The distribution: what is installed, and why it is needed.

Bounds are as wide as the code allows; the versions that are tested together are in
the lock files under requirements/.
"""

from setuptools import find_packages, setup

PACKAGES = [
    "ctr",
    "kubeflow",
    "pipeline",
    "components",
    "transform",
    "trainer",
    "serving",
    "config",
]
DATA = ["**/*.j2", "**/*.css", "**/*.js", "**/*.yaml", "**/*.pbtxt", "**/Dockerfile"]

setup(
    name="ctr-pipeline",
    version="0.1.0",
    description="A click-through-rate prediction pipeline on TensorFlow Extended",
    python_requires=">=3.10,<3.14",
    # Said although it is the default: so an editable install puts the root on the
    # path instead of an import hook, which mypy and grimp could not follow.
    package_dir={"": "."},
    packages=find_packages(include=[*PACKAGES, *(f"{name}.*" for name in PACKAGES)]),
    package_data={"": DATA},
    install_requires=[
        # The DAG and its standard components. The wheels that a platform can load
        # choose between 1.16 and 1.21; ML Metadata, TFDV and tfx-bsl come with it.
        "tfx>=1.16,<1.22",
        "tensorflow",  # the data sets, the SavedModel and its signatures
        "tensorflow-transform",  # the features, the same in training and serving
        "tensorflow-model-analysis",  # the metrics on slices
        "tensorflow-serving-api",  # the gRPC client of the model server
        "apache-beam",  # all work over examples
        # With these two, pip finds what TFX 1.16 needs on Python 3.10 within minutes
        # (pip 25.1 to 26.0 does not). The first says early that Google's clients have
        # to allow protobuf 3.20; Beam 2.75 needs a client that does not.
        "tensorflow-metadata",  # the messages of schemas and anomalies
        "apache-beam<2.75; python_version < '3.11'",
        "keras>=3.12",  # the models; later releases need Python 3.11
        "keras-tuner>=1.4.8",  # the trials of the Tuner; earlier ones need Keras 2
        "plotly>=6",  # plots as HTML that needs no network
        "jinja2",  # the page of the evaluation report
        "grpcio",  # by which the model server and its clients talk
        "werkzeug",  # the REST interface of the model server; TensorBoard has it too
        "prometheus-client",  # the metrics of the model server
        "grpcio-health-checking",  # its health service, for probes
        "grpcio-reflection",  # lets tools such as grpcurl ask it what it offers
        "dill",  # tensorflow-transform 1.16 imports it, recent Beam left it out
        "tensorboard",  # the training log; TensorFlow 2.21 left it out
        "pyarrow",  # the columns that the example readers yield
        "numpy",  # vectors of clicks, scores and weights
        "scikit-learn",  # the AUC of the true probability, where it is known
        "duckdb>=1.2",  # histories of users, out of core
        "pydantic>=2",  # the typed configuration and its messages
        "pyyaml",  # the configuration file
        "rich",  # progress and tables
        "urllib3>=2",  # notifications, with retries
        "filelock",  # one writer in each work directory
        "grimp",  # code fingerprints from the import graph
    ],
    extras_require={
        "kubeflow": [
            "kfp>=2.13",  # the client, and the compiler behind TFX's runner
            "kfp-kubernetes>=1.5",  # volumes and secrets of the tasks
            "kfp-pipeline-spec>=0.6",  # the spec that is compiled and adapted
        ],
        "benchmarks": [
            "lightgbm",  # the reference that a model of tables has to stand beside
            "pandas",  # its examples
            "scipy",  # one-hot features of the other reference, logistic regression
        ],
        "dev": [
            "pytest",
            "pytest-xdist",  # the tests on all cores
            "pytest-timeout",  # a hanging Beam worker fails one test, not the run
            "hypothesis",  # properties of metrics, hashing and parsing
            # Fuzzes the model server by coverage; its wheels begin with Python 3.11.
            "atheris; python_version >= '3.11'",
            "ruff",
            "mypy",
            "types-PyYAML",
            "import-linter",  # the arrows between the packages
            "build",  # that the wheel holds all it needs
            "cryptography",  # certificates for the tests of TLS
            "selenium",  # the evaluation report in a browser
            "kubernetes",  # that the manifests are what Kubernetes takes
        ],
    },
    entry_points={"console_scripts": ["ctr = ctr.cli:main"]},
)
