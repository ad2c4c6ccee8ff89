"""The page: whole, safe, and the same in all places."""

from __future__ import annotations

import json
import shutil
from html.parser import HTMLParser

import pytest

from components.evaluation_report import render
from components.evaluation_report.content import (
    Ablation,
    Ablations,
    read_content,
)
from components.evaluation_report.render import render_page, templates_digest
from components.evaluation_report.verdict import findings, headline

from .conftest import INFRA, INFRA_REFUSED, OUTCOMES

VOID = {"meta", "link", "br", "input", "wbr"}


class Page(HTMLParser):
    """The elements of a page; fails where one is not closed."""

    def __init__(self, text: str):
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text: dict[str, list[str]] = {}
        self._open: list[str] = []
        self.feed(text)
        assert self._open == []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self._open.pop() == tag, tag

    def handle_data(self, data):
        if self._open:
            self.text.setdefault(self._open[-1], []).append(data)

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]

    def texts(self, tag):
        return [text.strip() for text in self.text.get(tag, []) if text.strip()]


@pytest.fixture
def page(make_report):
    return Page(render_page(make_report()))


def test_the_verdict_comes_first(make_report, page):
    report = make_report()

    assert page.texts("h1") == [headline(report)]
    assert page.texts("li")[: len(findings(report))] == findings(report)


def test_infra_validation_has_a_section_where_it_was_run(make_report, page):
    assert {"href": "#serving"} not in page.all("a")
    page = Page(render_page(make_report(infra=INFRA)))

    assert {"href": "#serving"} in page.all("a")
    assert {"1.2e-07", "0.71", "1.04", "6.0e-08"} <= set(page.texts("td"))
    refused = Page(render_page(make_report(infra=INFRA_REFUSED)))
    assert any(text.endswith("<out of memory>") for text in refused.texts("p"))
    assert "out" not in {tag for tag, _ in refused.elements}


def test_nothing_is_fetched(page):
    for tag in ("script", "img", "link", "iframe"):
        for attributes in page.all(tag):
            assert "src" not in attributes
            assert attributes.get("href", "data:,") == "data:,"
    (policy,) = (each["content"] for each in page.all("meta") if "http-equiv" in each)
    assert policy.startswith("default-src 'none';")


def test_each_plot_has_a_figure_and_a_label(page):
    figures, curves = (json.loads(text) for text in page.texts("script")[:2])
    plots = [each for each in page.all("div") if "data-plot" in each]

    assert {each["data-plot"] for each in plots} == set(figures)
    assert all(each["role"] == "img" and each["aria-label"] for each in plots)
    assert set(curves) == {"overall", "city=Rome"}
    assert set(curves["city=Rome"]) <= set(figures)


def test_names_are_escaped(make_report):
    text = render_page(make_report())

    assert "<c>" not in text
    assert "&lt;c&gt;" in text
    assert "New &lt;values&gt;" in text


def test_tables_have_captions_and_scopes(page):
    assert len(page.all("caption")) == len(page.all("table")) > 5
    assert all(each.get("scope") in ("col", "row") for each in page.all("th"))


def test_ids_are_unique_and_links_lead_to_them(page):
    ids = [each["id"] for _, each in page.elements if "id" in each]
    links = [each["href"] for each in page.all("a")]

    assert len(ids) == len(set(ids))
    assert {link.removeprefix("#") for link in links} <= set(ids)


def test_a_stopped_run_shows_its_data(stopped):
    page = Page(render_page(stopped))

    assert page.texts("li")[0] == stopped.stopped_by
    assert "Anomalies" in page.texts("h3")
    assert not any(each.get("id") == "slices" for each in page.all("section"))


def test_past_items_are_listed_with_their_weights(page, make_report):
    assert "a<7> 0.530 (3 times, 2 ago), a9 -0.100 (1 ago)" in page.texts("td")
    assert "Past items that count" in page.texts("h3")
    assert "Past items" not in render_page(make_report(attention=()))


def test_sections_without_content_are_left_out(make_report):
    report = make_report(
        wide_weights=None, importances=None, importances_problem="the reason"
    )
    overall = {"overall": report.evaluation.candidate["overall"]}
    update = {
        "evaluation": report.evaluation.model_copy(update={"candidate": overall}),
        "curves": report.curves.model_copy(update={"root": {}}),
    }
    text = render_page(report.model_copy(update=update))

    ids = {each.get("id") for _, each in Page(text).elements}
    assert not {"curves", "slice-table"} & ids
    assert "the reason" in text


def test_many_conditions_without_data_are_folded(make_report):
    page = Page(render_page(make_report(gates=[OUTCOMES[1]] * 6)))

    assert any(text.startswith("6 conditions") for text in page.texts("summary"))


def test_ablations_are_shown_where_there_are_some(make_report):
    without = Ablation(
        feature="city",
        columns=("city", "city_x_age"),
        auc=0.7,
        auc_change=-0.05,
        log_loss=0.3,
        log_loss_change=0.0125,
    )
    found = Ablations(examples=8000, auc=0.75, log_loss=0.2875, features=(without,))
    page = Page(render_page(make_report(ablations=found)))

    cells = page.texts("td")
    start = cells.index("city, city_x_age")
    assert cells[start - 4 : start] == ["0.7500", "-", "0.2875", "-"]
    assert cells[start + 1 : start + 5] == ["0.7000", "-0.0500", "0.3000", "+0.0125"]


def test_the_content_survives_the_disk(make_report, stopped, tmp_path):
    for report in (make_report(), make_report(with_baseline=False), stopped):
        report.write(str(tmp_path))
        assert read_content(str(tmp_path)) == report


def test_a_template_that_changes_is_noticed(monkeypatch, tmp_path):
    templates = shutil.copytree(render.TEMPLATES, tmp_path / "templates")
    monkeypatch.setattr(render, "TEMPLATES", templates)
    before = templates_digest()
    assert templates_digest() == before

    with (templates / "report.css").open("a") as style:
        style.write("p { margin: 0; }")
    assert templates_digest() != before
