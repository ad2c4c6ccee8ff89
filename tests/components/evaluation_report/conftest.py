"""Reports with figures made by hand."""

from __future__ import annotations

import io
import math
from collections.abc import Callable
from typing import Any

import pytest
from rich.console import Console

from components.evaluation_report.changes import Change
from components.evaluation_report.content import (
    AttendedExample,
    AttendedItem,
    Attention,
    Baseline,
    Data,
    Distance,
    FeatureStatistics,
    Histograms,
    Importance,
    Importances,
    Lineage,
    Report,
    Source,
    WideWeight,
    WideWeights,
)
from components.evaluation_report.terminal import render_report
from components.evaluator.curves import Curve, Curves, SliceCurves
from components.evaluator.record import Evaluation, Outcome
from components.example_validator.record import Anomaly
from components.infra_validator.record import Answers, InfraRecord
from config.spans import RunSpans
from trainer.export.record import Epoch, TrainingRecord

# AUC and examples; one slice has one class only, one too few examples, and one a name
# that is no HTML.
SLICES = {
    "city=Oslo": (0.81, 5000.0),
    "city=Rome": (0.64, 3000.0),
    'city="a, b=<c>", device=phone': (0.7, 500.0),
    "city=Ghost Town": (None, 400.0),
    "device=tablet": (0.55, 60.0),
    "device=phone": (0.77, 2000.0),
}
SLICES_BY_AUC = [
    "device=tablet",
    "city=Rome",
    'city="a, b=<c>", device=phone',
    "device=phone",
    "city=Oslo",
    "city=Ghost Town",
]
OUTCOMES = [
    Outcome(
        slice="overall", condition="auc >= 0.7", status="passed", reason="auc is 0.7500"
    ),
    Outcome(
        slice="device=tablet",
        condition="auc >= 0.6",
        status="not enough data",
        reason="60 examples, 100 are needed",
    ),
    Outcome(
        slice="overall",
        condition="pr_auc >= 0.05",
        status="passed",
        reason="pr_auc is 0.3000",
        note="is passed by any model: chance has pr_auc 0.1000",
    ),
]
FAILED = Outcome(
    slice="city=Rome", condition="auc >= 0.7", status="failed", reason="auc is 0.6400"
)
ABOUT = {
    "name": "ads",
    "run_id": "20250101T000000Z-abcdef",
    "made": "2025-01-01T00:10:00+00:00",
    "model": "wide_deep",
}


def metrics(auc: float | None, examples: float) -> dict[str, float | None]:
    return {
        "auc": auc,
        "log_loss": 0.25,
        "calibration": 1.021,
        "mean_label": 0.1,
        "examples": examples,
    }


def candidate() -> dict[str, dict[str, float | None]]:
    slices = {name: metrics(*figures) for name, figures in SLICES.items()}
    return {"overall": metrics(0.75, 8000.0), **slices}


def compared() -> dict[str, Any]:
    """The baseline is .01 worse everywhere, and that is known of all examples only."""
    change, baseline = {}, {}
    for name, figures in candidate().items():
        change[name] = dict.fromkeys(figures, 0.0)
        baseline[name] = dict(figures)
        change[name]["log_loss"] = -0.001
        baseline[name]["log_loss"] = 0.251
        if figures["auc"] is not None:
            change[name]["auc"] = 0.01
            baseline[name]["auc"] = figures["auc"] - 0.01
    intervals = {
        "candidate": {
            "overall": {"auc": (0.74, 0.76)},
            "city=Rome": {"auc": (0.61, 0.67)},
        },
        "baseline": {"overall": {"auc": (0.73, 0.75)}},
        "change": {
            "overall": {"auc": (0.005, 0.015), "log_loss": (-0.01, 0.01)},
            "city=Rome": {"auc": (-0.01, 0.03)},
        },
    }
    return {"baseline": baseline, "change": change, "intervals": intervals}


def curve(power: float) -> Curve:
    steps = [step / 20 for step in range(21)]
    return Curve(
        roc=[(step, step**power) for step in steps],
        thresholds=[1 - step for step in steps],
        precision_recall=[(step, 0.5 - 0.4 * step) for step in steps],
        calibration=[(step / 4, step**1.1 / 4, 100.0) for step in steps],
        histogram=[
            (
                1 / (1 + math.exp(5 - step / 2)),
                1 / (1 + math.exp(4.5 - step / 2)),
                50.0 + step,
            )
            for step in range(10)
        ],
    )


def training() -> TrainingRecord:
    history = [
        Epoch(
            log_loss=0.3 - epoch / 50,
            auc=0.7 + epoch / 50,
            validation_log_loss=0.29 - epoch / 100,
            validation_auc=0.71 + epoch / 100,
        )
        for epoch in range(4)
    ]
    return TrainingRecord(
        epochs=4,
        best_epoch=3,
        validation_auc=0.73,
        validation_log_loss=0.27,
        examples_per_second=12345.0,
        wide_rows=100,
        wide_zero_share=0.4,
        history=history,
    )


def data() -> Data:
    features = (
        FeatureStatistics(
            name="age",
            type="number",
            missing={"train": 0.125, "eval": 0.1},
            distinct=None,
            words="mean 40, median 39, from 18 to 90",
            bars=(0.25, 1.0, 0.5),
        ),
        FeatureStatistics(
            name="city",
            type="text",
            missing={"train": 0.0, "eval": 0.0},
            distinct=1234,
            words="Oslo 50.0%, Rome 30.0%",
            bars=(1.0, 0.6),
        ),
    )
    distance = Distance(
        feature="city",
        kind="drift",
        value=0.034,
        allowed=0.02,
        histograms=Histograms(
            labels=("Oslo", "Rome", "(others)"),
            now=(0.5, 0.3, 0.2),
            then=(0.3, 0.5, 0.2),
        ),
    )
    return Data(
        examples={"eval": 8000, "train": 50_000},
        features=features,
        anomalies=(
            Anomaly(split="eval", feature="city", is_error=False, words="New <values>"),
        ),
        distances=(distance,),
    )


def lineage(baseline: Baseline | None) -> Lineage:
    return Lineage(
        sources=(
            Source(
                split="train",
                pattern="day-*.csv",
                files=7,
                bytes=123456,
                checksum="12:34",
            ),
        ),
        spans=RunSpans(train=("1", "3"), eval=("4",), missing=("2",)),
        schema_text='feature { name: "age" }',
        schema_origin="inferred from the training split",
        config={
            "name": "ads",
            "examples": {"root": "/data", "splits": {"train": "day-*.csv"}},
            "training": {"epochs": 4},
            "evaluation": {"slices": [["city"], ["city", "device"], ["device"]]},
        },
        baseline=baseline,
        code={"Trainer": "0123456789abcdef"},
        packages={"python": "3.11.2", "tfx": "1.16.0"},
        seeds={"training": 1},
    )


def importances() -> Importances:
    return Importances(
        examples=8000,
        shuffles=3,
        auc=0.749,
        features=(
            Importance(
                feature="city",
                auc_loss=0.05,
                lowest=0.04,
                highest=0.06,
                log_loss_rise=0.01,
            ),
            Importance(
                feature="age",
                auc_loss=-0.001,
                lowest=-0.002,
                highest=0.0,
                log_loss_rise=0.0,
            ),
        ),
    )


def attention() -> Attention:
    example = AttendedExample(
        prediction=0.25,
        clicked=True,
        target="a<1>",
        length=7,
        items=(
            AttendedItem(item="a<7>", times=3, age=2, weight=0.53),
            AttendedItem(item="a9", times=1, age=1, weight=-0.1),
        ),
    )
    return Attention(feature="history", like="ad", examples=(example,))


@pytest.fixture
def make_report() -> Callable[..., Report]:
    """Makes the report of a run that passed and had a baseline, or another one."""

    def _make(
        gates: list[Outcome] | None = None,
        with_baseline: bool = True,
        **others: Any,
    ) -> Report:
        evaluation = Evaluation(
            gates=OUTCOMES if gates is None else gates,
            candidate=candidate(),
            **(compared() if with_baseline else {}),
        )
        baseline = Baseline(
            version=17,
            changes=(
                Change(key="training.epochs", before="3", now="4"),
                Change(key="tuning", before=None, now="null"),
            ),
        )
        slices = {
            name: SliceCurves(
                candidate=curve(power), baseline=curve(0.6) if with_baseline else None
            )
            for name, power in (("overall", 0.4), ("city=Rome", 0.8))
        }
        weight = WideWeight(column="city", term="Rome", weight=-0.5, share=0.3)
        report = Report(
            **ABOUT,
            evaluation=evaluation,
            curves=Curves(slices),
            training=training(),
            importances=importances(),
            wide_weights=WideWeights(examples=8000, ids=40, heaviest=(weight,)),
            attention=(attention(),),
            data=data(),
            lineage=lineage(baseline if with_baseline else None),
        )
        return report.model_copy(update=others)

    return _make


@pytest.fixture
def shown(make_report) -> Callable[..., str]:
    """A report as text, for a screen of some width."""

    def _shown(report: Report | None = None, width: int = 160) -> str:
        file = io.StringIO()
        render_report(report or make_report(), Console(file=file, width=width))
        return file.getvalue()

    return _shown


def rows(text: str, title: str) -> list[list[str]]:
    """The rows of a table; a cell goes on in the next one."""
    (table,) = (part for part in text.split("\n\n") if part.strip().startswith(title))
    lines = [line for line in table.splitlines() if line.startswith("│")]
    return [[cell.strip() for cell in line.strip("│").split("│")] for line in lines]


@pytest.fixture
def stopped() -> Report:
    """The report of a run that anomalies stopped."""
    return Report(
        **ABOUT,
        stopped_by="ExampleValidator found anomalies: train: feature 'city': bad",
        data=data(),
        lineage=lineage(None),
    )


INFRA = InfraRecord(
    server="the embedded server",
    rows=500,
    load_seconds=6.1,
    answers={
        "serving_default": Answers(
            differing=0, largest_difference=1.2e-7, p50_ms=0.713, p99_ms=1.04
        ),
        "predict": Answers(
            differing=0, largest_difference=5.96e-8, p50_ms=0.65, p99_ms=0.944
        ),
    },
)
INFRA_REFUSED = InfraRecord(
    server="the embedded server",
    rows=500,
    reasons=("the embedded server ended with status 1; its log ends: <out of memory>",),
)
