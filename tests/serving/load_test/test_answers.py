from serving.load_test import Answers


def _answers(*records):
    return Answers(records)


def test_percentiles_are_of_all_answers():
    answers = _answers(*((float(n), n / 1000, "OK") for n in range(1, 102)))

    assert answers.milliseconds(50) == 51.0
    assert answers.milliseconds(99) == 100.0
    assert answers.milliseconds(100) == 101.0


def test_the_rate_is_of_what_was_answered_well():
    # Four requests, from the first being due at 10 until the last answer at 12.
    answers = _answers(
        (10.0, 0.1, "OK"),
        (10.5, 0.1, "UNAVAILABLE"),
        (11.0, 0.1, "OK"),
        (11.5, 0.5, "OK"),
    )

    assert answers.rate == 1.5
    assert answers.failed == {"UNAVAILABLE": 1}


def test_no_answers_are_no_rate():
    assert _answers().rate == 0.0
    assert _answers().failed == {}
