"""Writes the statistics of each split."""

from __future__ import annotations

import os

from tfx.dsl.components.base import base_executor
from tfx.types import artifact_utils
from tfx.utils import io_utils

from components.shared.artifacts import Artifacts, Properties
from components.shared.result_cache import cache_beside
from components.shared.shards import shards_of
from components.shared.statistics import STATISTICS_FILE
from components.statistics_gen.statistics import accumulate_files, statistics_of


class LocalStatisticsGenExecutor(base_executor.BaseExecutor):
    """Writes the artifact that TFX's StatisticsGen does, with its default options."""

    def Do(
        self, input_dict: Artifacts, output_dict: Artifacts, exec_properties: Properties
    ) -> None:
        """Reads each split once; of files that it has read before, nothing."""
        examples = artifact_utils.get_single_instance(input_dict["examples"])
        statistics = artifact_utils.get_single_instance(output_dict["statistics"])
        cache = cache_beside(statistics, exec_properties)
        statistics.split_names = examples.split_names
        statistics.span = examples.span
        for split in artifact_utils.decode_split_names(examples.split_names):
            accumulated = cache.of_files(
                shards_of(examples, split), [exec_properties["code"]], accumulate_files
            )
            computed = statistics_of(accumulated)
            path = artifact_utils.get_split_uri([statistics], split)
            io_utils.write_bytes_file(
                os.path.join(path, STATISTICS_FILE), computed.SerializeToString()
            )
