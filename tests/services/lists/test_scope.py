"""What the words of a search and the kinds of a filter mean."""

from __future__ import annotations

from ltd_core.spec import parse_spec
from services.database.engine import Database
from services.runs import submission
from tests.services.lab import spec, submit
from tests.services.lists.filled import every, fill


def test_words_are_searched_in_turn(db: Database) -> None:
    ids = fill(db)
    adding = set(every(db, problem="adding"))
    assert set(every(db, search="ADDING")) == set(every(db, search="add")) == adding
    assert set(every(db, search="adding lstm solved")) == set(
        every(db, problem="adding", cell="lstm", outcome="solved")
    )
    assert set(every(db, search="part")) == set(every(db, sweep=ids[0])) | set(every(db, sweep=ids[1]))
    one = next(iter(adding))
    assert every(db, search=one) == every(db, search=f"{one[:9]} add") == [one]
    assert every(db, search="100%") == every(db, search="lstm gru") == []
    assert every(db, search="norm", sort="final_loss") == every(db, clipping="norm", sort="final_loss")
    known = every(db, search="part adding", sort="final_loss")
    assert every(db, search=f"part {known[0][:9]}", sort="final_loss") == [known[0]]


def test_a_kind_that_came_after_the_first_question_is_found(db: Database) -> None:
    submit(db, 1)
    assert every(db, experiment="training") == [spec(0).digest]
    assert every(db, experiment="weight_product") == every(db, search="weight_product") == []
    other = parse_spec({"experiment": "weight_product"})
    submission.submit(db, [other])
    assert every(db, experiment="weight_product") == every(db, search="weight_product") == [other.digest]
