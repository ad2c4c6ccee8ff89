"""What holds for every configuration, right or wrong."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st

from config.columns import id_columns, numeric_columns
from config.errors import ConfigError
from config.features import Categorical, Cross, Feature, Hashed, ItemSequence, Numeric
from config.load import load_config, to_yaml
from config.names import is_column_name
from config.root import Config
from config.secrets import is_secret

# tmp_path is written anew by each example.
reuses_folder = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)

finite = st.floats(allow_nan=False, allow_infinity=False)
fractions = st.floats(0, 1)
counts = st.integers(1, 10**6)
words = st.text(min_size=1, max_size=8)
# A few that collide after Transform, YAML's own words, and any other.
names = st.one_of(
    st.sampled_from(["age", "age_bucket", "age_missing", "sex", "age_x_sex", "label"]),
    st.sampled_from(["on", "null", "y", "e1", "numeric", "kind"]),
    words.filter(is_column_name),
)

delimiters = st.none() | words
categoricals = st.builds(
    Categorical,
    multivalued=st.booleans(),
    delimiter=delimiters,
    top_k=st.none() | counts,
    min_frequency=counts,
    oov_buckets=counts,
)
hashed = st.builds(
    Hashed, multivalued=st.booleans(), delimiter=delimiters, buckets=counts
)
boundaries = st.sets(finite, min_size=1, max_size=4).map(sorted).map(tuple)
cuts = st.one_of(
    st.just({}),
    st.fixed_dictionaries({"buckets": st.integers(2, 100)}),
    st.fixed_dictionaries({"boundaries": boundaries}),
)
numerics = st.builds(
    lambda cut, **fields: Numeric(**fields, **cut),
    cuts,
    normalize=st.sampled_from(["z_score", "min_max", "log1p", "none"]),
    fill=st.none() | finite,
    missing_indicator=st.booleans(),
    missing_values=st.lists(words).map(tuple),
    unit=st.none() | words,
)
features = st.dictionaries(
    names, categoricals | hashed | numerics, min_size=1, max_size=5
)
days = st.sampled_from(["{YYYY}-{MM}-{DD}.csv", "*/{DD}{MM}{YYYY}*"])
dates = st.dates().map(str) | st.dates()
numbers = st.sampled_from(["day-{SPAN:2}.csv", "{SPAN}/*"])


def spans_of(
    patterns: st.SearchStrategy[str], newest: st.SearchStrategy[object]
) -> st.SearchStrategy[dict[str, object]]:
    return st.fixed_dictionaries(
        {"pattern": patterns, "train": counts},
        optional={"eval": counts, "newest": newest | st.just("latest")},
    )


examples = st.fixed_dictionaries(
    {
        "root": words.filter(lambda text: "\0" not in text),
        "format": st.sampled_from(["csv", "parquet", "tfrecord"]),
    }
).flatmap(
    lambda fields: st.one_of(
        st.builds(
            lambda a, b: {**fields, "splits": {"train": a, "eval": b}}, words, words
        ),
        st.builds(
            lambda a, b: {**fields, "hash_split": {"pattern": a, "column": b}},
            words,
            words,
        ),
        st.builds(
            lambda spans: {**fields, "spans": spans},
            st.one_of(spans_of(days, dates), spans_of(numbers, st.integers(0, 99))),
        ),
    )
)
labels = st.one_of(
    st.fixed_dictionaries({"column": names}),
    st.fixed_dictionaries({"column": names, "greater_than": finite}),
    st.fixed_dictionaries({"column": names, "greater_than": finite, "times": names}),
)


def crossable(columns: dict[str, Feature]) -> list[str]:
    return [
        name
        for name, feature in columns.items()
        if not isinstance(feature, Numeric) or feature.is_bucketized
    ]


@st.composite
def gates(
    draw: st.DrawFn, slices: list[list[str]], columns: dict[str, Feature]
) -> dict[str, Any]:
    bounds = st.sampled_from(["min", "max", "min_change", "max_change"])
    gate: dict[str, Any] = {
        "metric": draw(st.sampled_from(["auc", "log_loss", "calibration"])),
        **draw(st.dictionaries(bounds, finite, min_size=1)),
    }
    if slices and draw(st.booleans()):
        sliced_by = draw(st.sampled_from(slices))
        numbers = st.floats(width=32, allow_nan=False, allow_infinity=False)
        texts = st.text(max_size=5) | st.integers() | numbers
        gate["slice"] = {
            name: draw(numbers if isinstance(columns[name], Numeric) else texts)
            for name in sliced_by
        }
    elif slices and draw(st.booleans()):
        gate["every"] = draw(st.sampled_from(slices))
    return gate


@st.composite
def trees(draw: st.DrawFn) -> dict[str, Any]:
    """Configurations that fit, but for names that may collide."""
    columns = draw(features)
    ids = [name for name in columns if isinstance(columns[name], Categorical | Hashed)]
    if ids and draw(st.booleans()):
        like, delimiter = draw(st.sampled_from(ids)), draw(delimiters)
        columns["past"] = ItemSequence(
            like=like, max_length=draw(counts), delimiter=delimiter
        )
    pairs = list(itertools.combinations(crossable(columns), 2))
    crosses = draw(st.lists(st.sampled_from(pairs), unique=True)) if pairs else []
    slices = [[name] for name in draw(st.sets(st.sampled_from(sorted(columns))))]
    return {
        "name": draw(st.from_regex(r"[A-Za-z][A-Za-z0-9_]{0,6}", fullmatch=True)),
        "examples": draw(examples),
        "label": draw(labels),
        "features": {name: item.model_dump() for name, item in columns.items()},
        "crosses": [Cross(features=pair).model_dump() for pair in crosses],
        "model": {
            "kind": draw(st.sampled_from(["wide_deep", "embedding_mlp"])),
            "embedding_size": draw(st.sampled_from(["6n^0.25", "n^0.25"]) | counts),
            "wide_deep": {"hidden_units": draw(st.lists(counts, max_size=3))},
        },
        "training": {"epochs": draw(counts), "seed": draw(st.integers())},
        "validation": {
            "drift": {name: draw(fractions) for name in columns if draw(st.booleans())}
        },
        "evaluation": {"slices": slices, "thresholds": draw(st.lists(fractions))},
        "gates": draw(st.lists(gates(slices, columns), max_size=3)),
        "beam": draw(
            st.dictionaries(
                words.filter(lambda name: not is_secret(name)),
                words | st.integers() | finite | st.booleans(),
            )
        ),
    }


@st.composite
def configs(draw: st.DrawFn) -> Config:
    """Configurations that are accepted."""
    tree = draw(trees())
    try:
        return Config.model_validate(tree)
    except ValueError:  # names collide
        reject()


scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=10),
    st.dates(),
    st.binary(max_size=5),
)
known_keys = st.sampled_from(
    [*Config.model_fields, "kind", "buckets", "slices", "column", "splits", "min"]
)
junk = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(known_keys | st.text(max_size=5) | st.integers(), inner),
    ),
    max_leaves=20,
)


def assert_loads_or_explains(path: Path, overrides: tuple[str, ...] = ()) -> None:
    try:
        load_config(path, overrides)
    except ConfigError as error:
        line = str(error)
        assert len(line.splitlines()) == 1
        assert line.isprintable()


@reuses_folder
@given(config=configs())
def test_what_is_dumped_loads_as_it_was(tmp_path: Path, config: Config):
    path = tmp_path / "pipeline.yaml"
    path.write_text(to_yaml(config), encoding="utf-8")
    loaded = load_config(path, data=config.examples.root)
    root = str(Path(config.examples.root).absolute())
    update = {"examples": config.examples.model_copy(update={"root": root})}
    assert loaded == config.model_copy(update=update)


@given(config=configs())
def test_transformed_columns_have_unique_names(config: Config):
    ids = id_columns(config.features, config.crosses)
    numbers = numeric_columns(config.features)
    columns = [column.name for column in [*ids, *numbers]]
    assert len(columns) == len(set(columns))
    assert config.label.name not in columns


@reuses_folder
@given(tree=junk)
def test_junk_gives_one_line(tmp_path: Path, tree: object):
    path = tmp_path / "pipeline.yaml"
    path.write_text(yaml.safe_dump(tree, allow_unicode=True), encoding="utf-8")
    assert_loads_or_explains(path)


@reuses_folder
@given(tree=trees(), data=st.data())
def test_junk_inside_a_configuration_gives_one_line(
    tmp_path: Path, tree: dict[str, Any], data: st.DataObject
):
    block = data.draw(st.sampled_from(sorted(tree)))
    value = tree[block]
    if isinstance(value, dict) and value and data.draw(st.booleans()):
        value[data.draw(st.sampled_from(sorted(value)))] = data.draw(junk)
    else:
        tree[block] = data.draw(junk)
    path = tmp_path / "pipeline.yaml"
    path.write_text(yaml.safe_dump(tree, allow_unicode=True), encoding="utf-8")
    assert_loads_or_explains(path)


@reuses_folder
@given(text=st.text())
def test_any_text_gives_one_line(tmp_path: Path, text: str):
    path = tmp_path / "pipeline.yaml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    assert_loads_or_explains(path)


key_paths = st.lists(
    st.one_of(
        known_keys,
        st.sampled_from(["age", "train", "0", ""]),
        st.text(max_size=5),
    ),
    max_size=4,
).map(".".join)
values = st.text(max_size=15) | junk.map(
    lambda tree: yaml.safe_dump(tree, default_flow_style=True)
)


@pytest.mark.parametrize(
    "text", ["name: ads", "examples: [1]\nfeatures: {age: {kind: numeric}}\nmodel:"]
)
@reuses_folder
@given(key=key_paths, value=values, separator=st.sampled_from(["=", "", " = "]))
def test_any_override_gives_one_line(
    tmp_path: Path, text: str, key: str, value: str, separator: str
):
    path = tmp_path / "pipeline.yaml"
    path.write_text(text, encoding="utf-8")
    assert_loads_or_explains(path, (key + separator + value,))
