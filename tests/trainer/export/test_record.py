"""The record of a training."""

from __future__ import annotations

import pytest

from trainer.export.record import CalibrationRecord, Epoch, TrainingRecord

HISTORY = {
    "loss": [0.5, 0.4, 0.3],
    "log_loss": [0.45, 0.35, 0.25],
    "auc": [0.65, 0.75, 0.85],
    "val_auc": [0.7, 0.8, 0.75],
    "val_log_loss": [0.35, 0.25, 0.3],
    "seconds": [2.0, 1.0, 1.0],
    "best_epoch": [1, 2, 2],
}


def test_the_figures_are_those_of_the_best_epoch():
    record = TrainingRecord.of(HISTORY, examples=800, wide=(40, 0.25))

    assert record == TrainingRecord(
        epochs=3,
        best_epoch=2,
        validation_auc=0.8,
        validation_log_loss=0.25,
        examples_per_second=600.0,
        wide_rows=40,
        wide_zero_share=0.25,
        history=[
            Epoch(
                log_loss=0.45, auc=0.65, validation_log_loss=0.35, validation_auc=0.7
            ),
            Epoch(
                log_loss=0.35, auc=0.75, validation_log_loss=0.25, validation_auc=0.8
            ),
            Epoch(
                log_loss=0.25, auc=0.85, validation_log_loss=0.3, validation_auc=0.75
            ),
        ],
    )


@pytest.mark.parametrize("wide", [None, (0, 0.0)])
def test_a_model_may_have_no_wide_weights(wide):
    record = TrainingRecord.of(HISTORY, 800, wide)

    assert (record.wide_rows, record.wide_zero_share) == (wide or (None, None))


def test_an_undefined_auc_is_kept_as_none():
    history = {**HISTORY, "val_auc": [float("nan")] * 3}
    record = TrainingRecord.of(history, examples=1000, wide=None)

    assert record.validation_auc is None
    assert [epoch.validation_auc for epoch in record.history] == [None] * 3
    assert TrainingRecord.model_validate_json(record.model_dump_json()) == record
    assert "nan" not in record.in_words()


def test_a_calibration_is_part_of_the_line():
    calibration = CalibrationRecord(
        method="platt", examples=1200, clicks=300, spreads={"city": 0.25, "age": 0.0}
    )
    record = TrainingRecord.of(HISTORY, 1000, None, calibration)

    assert TrainingRecord.model_validate_json(record.model_dump_json()) == record
    line = record.in_words()
    assert "platt calibration on 1,200 held-out examples, 300 of them clicks" in line
    assert "city ±0.25" in line
