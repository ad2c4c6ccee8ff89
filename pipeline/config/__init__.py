"""The typed configuration, read from YAML.

It imports nothing of ours but `pipeline.errors` and `pipeline.passwords`, and no
TensorFlow.
"""

from pipeline.config.load import load_config, parse_config, to_yaml
from pipeline.config.root import Config

__all__ = ["Config", "load_config", "parse_config", "to_yaml"]
