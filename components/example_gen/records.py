"""Records of TFRecord files as Arrow batches."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import tensorflow as tf
from google.protobuf.message import DecodeError
from tfx_bsl.coders.example_coder import ExamplesToRecordBatchDecoder

from config.errors import InputError

# Of `Example.features` and, the same, of `SequenceExample.context`.
_FEATURES_TAG = 0x0A


def decode_examples(records: Sequence[bytes], before: int = 0) -> pa.RecordBatch:
    """Decodes serialized tf.Examples.

    Args:
      records: The records; of a tf.SequenceExample only what is in its context is read.
      before: Number of earlier records of the file, for the messages of errors.

    Raises:
      InputError: A record is none, has feature lists, or has a feature of another type
        than in the others.
    """
    for number, record in enumerate(records, before + 1):
        if not _has_only_features(record):
            _check_no_lists(record, number)
    try:
        return ExamplesToRecordBatchDecoder().DecodeBatch(records)
    except RuntimeError as error:
        raise InputError(f"not tf.Examples of one type: {error}") from error


def _has_only_features(record: bytes) -> bool:
    """Returns True if a record is one field of features, as in a tf.Example."""
    if not record:
        return True
    size, shift, place = 0, 0, 1
    for byte in record[1:11]:
        size |= (byte & 0x7F) << shift
        shift, place = shift + 7, place + 1
        if byte < 0x80:
            break
    return record[0] == _FEATURES_TAG and place + size == len(record)


def _check_no_lists(record: bytes, number: int) -> None:
    """Checks for feature lists, which a decoder of tf.Examples drops in silence."""
    try:
        lists = tf.train.SequenceExample.FromString(record).feature_lists.feature_list
    except DecodeError:
        return  # Neither is it an Example, which the decoder tells.
    if lists:
        raise InputError(
            f"record {number} is a tf.SequenceExample with the feature lists "
            f"{', '.join(map(repr, sorted(lists)[:10]))}, which are not read; write "
            "tf.Examples, where a list is a feature of several values"
        )
