"""One root, a class for each case, a code that is stable, and a key that says where."""

from __future__ import annotations

import pickle

import pytest

import meshvitals
from meshvitals import Code, Heartbeat, Kinds, Monitor


def test_a_document_error_says_where_and_what(manual: Monitor):
    with pytest.raises(meshvitals.InvalidDocument) as caught:
        manual.register({"name": "a", "heartbeat": {"ttl": "30s", "tll": 1}})
    error = caught.value
    assert (error.code, error.code_name, error.key) == (Code.DOCUMENT, "DOCUMENT", "/heartbeat/tll")
    assert "tll" in str(error) and error.message == str(error)
    assert isinstance(error, ValueError) and isinstance(error, meshvitals.Error)


def test_a_batch_error_says_in_which_document(manual: Monitor):
    with pytest.raises(meshvitals.AlreadyRegistered) as caught:
        manual.register_many([Named("a"), Named("a")])
    assert caught.value.key == "/1/name"
    assert "a" not in manual


def Named(name: str) -> dict:
    return {"name": name, "heartbeat": {"ttl": 30}}


@pytest.mark.parametrize(
    ("call", "expected", "also"),
    [
        (lambda m: m["nobody"], meshvitals.NotFound, KeyError),
        (lambda m: m[12345], meshvitals.NotFound, LookupError),
        (lambda m: m.register(Named("a")), meshvitals.AlreadyRegistered, meshvitals.Error),
        (lambda m: m.render("xml"), meshvitals.OutOfRange, meshvitals.InvalidDocument),
        (lambda m: m.events(Kinds(0)), meshvitals.OutOfRange, ValueError),
        (lambda m: m.start(), meshvitals.WrongMode, meshvitals.Error),
        (lambda m: Monitor(checks=[Named("b")]).beat("b"), meshvitals.NotRunning, meshvitals.Error),
        (lambda m: m.stop(-1), meshvitals.OutOfRange, ValueError),
        (lambda m: (m.events(Kinds.DUE), m.events(Kinds.DUE)), meshvitals.Busy, meshvitals.Error),
        (lambda m: m.register({"name": float("nan")}), meshvitals.InvalidDocument, ValueError),
        (lambda m: m.register("{"), meshvitals.InvalidDocument, ValueError),
        (lambda m: m.register("{", interval=1), meshvitals.InvalidDocument, ValueError),
        (lambda m: m.register(7), TypeError, TypeError),
    ],
)
def test_each_case_has_its_class(manual: Monitor, call, expected, also):
    held = manual.register(Named("a"))
    with pytest.raises(also) as caught:
        call(manual)
    assert type(caught.value) is expected
    del held


def test_a_removed_check_is_stale(manual: Monitor):
    check = manual.register(Heartbeat(ttl=30), name="a")
    manual.unregister(check)
    with pytest.raises(meshvitals.Stale):
        check.snapshot()
    with pytest.raises(meshvitals.NotFound):
        manual.unregister(check)


def test_errors_of_the_engine_are_like_those_that_are_made_here(manual: Monitor):
    calls = [
        lambda: manual.snapshot("nobody"),
        lambda: manual.register(Heartbeat(ttl=30), name=""),
        lambda: Monitor({"slack": "1 fortnight"}),
        lambda: manual.advance(2**64 - 1),
        manual.start,
    ]
    for call in calls:
        with pytest.raises(meshvitals.Error) as caught:
            call()
        error = caught.value
        twin = type(error)(error.message, error.code, error.key)
        assert (vars(error), error.args, str(error)) == (vars(twin), twin.args, str(twin))
        assert type(error.code) is Code


def test_errors_are_pickled_with_all_they_know():
    for code in Code:
        kind = meshvitals.errors._CLASSES.get(int(code), meshvitals.Error)
        error = kind("what is wrong", code, "/where")
        copy = pickle.loads(pickle.dumps(error))
        assert type(copy) is type(error)
        assert (copy.code, copy.message, copy.key) == (code, "what is wrong", "/where")
        assert str(copy) == "what is wrong"


def test_every_class_of_the_module_has_a_code_and_is_exported():
    classes = set(meshvitals.errors._CLASSES.values()) | {meshvitals.Error}
    exported = {getattr(meshvitals.errors, name) for name in meshvitals.errors.__all__}
    assert classes == exported
    assert exported <= {getattr(meshvitals, name) for name in meshvitals.__all__}
