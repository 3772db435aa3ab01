"""Keys to a library: what is wrong, used, old or somebody else's opens nothing, and nothing is lost by opening one."""

from __future__ import annotations

import re
import time

import pytest
import sqlalchemy as sa
from fastapi import FastAPI, Request
from itsdangerous import Signer
from starlette.testclient import TestClient

from jobs.owners import UsedKeys, hand_over, has_any
from jobs.schema import jobs, used_keys
from jobs.shares import Shares, Wish
from pipelines.errors import InputError, LinkEnded, StillmotionError, UnknownJob
from tests.jobs.test_growth import finished
from tests.jobs.watching import in_threads
from ui.carry import carry_router
from ui.door.door import Door
from ui.door.library_keys import GOOD_S, LibraryKeys
from ui.door.visitors import HEADER, Keys, Visitors
from ui.routes import refusal

SECRET = "ab" * 32

BROWSER = {"Accept": "text/html", "Host": "127.0.0.1"}


@pytest.fixture
def keys(engine):
    return LibraryKeys(SECRET, UsedKeys(engine))


class Queue:
    """What of the queue a key needs, on the real tables."""

    def __init__(self, engine):
        self._engine = engine

    def has_any(self, user):
        return has_any(self._engine, user)

    def hand_over(self, user, other):
        hand_over(self._engine, user, other)


@pytest.fixture
def studio(engine, keys):
    """The addresses of keys behind the real door; `/me` tells who asks."""
    app, signing = FastAPI(), Keys(SECRET)

    @app.exception_handler(StillmotionError)
    async def refuse(request: Request, error: StillmotionError):
        return refusal(request, error)

    @app.get("/healthz")
    def me(request: Request):
        return request.headers[HEADER]

    app.include_router(carry_router(Queue(engine), keys, signing))
    app.add_middleware(Visitors, keys=signing)
    app.add_middleware(Door, names=frozenset({"testserver"}))
    return app


@pytest.fixture
def browser(studio):
    """Opens browsers, each with a cookie of its own; `name` is who they are."""

    def open_one():
        client = TestClient(studio, base_url="http://127.0.0.1", headers=BROWSER, follow_redirects=False)
        client.get("/healthz")
        return client

    return open_one


def name_of(client):
    return client.get("/healthz").json()


def seeds_of(engine, user):
    with engine.connect() as connection:
        return connection.execute(sa.select(sa.func.count()).select_from(jobs).where(jobs.c.owner == user)).scalar_one()


def test_a_key_opens_its_library_once(keys):
    key = keys.make("ada")
    assert [keys.owner(key), keys.owner(key), keys.use(key)] == ["ada"] * 3
    for again in (keys.owner, keys.use):
        with pytest.raises(LinkEnded, match="no longer good"):
            again(key)
    assert keys.use(keys.make("ada")) == "ada"


def test_of_many_who_use_it_at_the_same_moment_one_is_let_in(keys):
    key = keys.make("ada")

    def use(_):
        try:
            return keys.use(key)
        except LinkEnded:
            return None

    assert sorted(in_threads(8, use), key=str) == [None] * 7 + ["ada"]


def test_a_key_ends_by_itself(keys, engine, monkeypatch):
    key, used = keys.make("ada"), keys.make("ada")
    keys.use(used)
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + GOOD_S + 2)
    for each in (key, used):
        with pytest.raises(LinkEnded):
            keys.use(each)
    keys.use(keys.make("ada"))
    with engine.connect() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(used_keys)).scalar() == 1


def test_the_database_holds_no_key_and_no_name_of_one(keys, engine):
    key = keys.make("ada")
    keys.use(key)
    with engine.connect() as connection:
        [row] = connection.execute(sa.select(used_keys)).all()
    assert re.fullmatch("[0-9a-f]{64}", row.hash)
    assert row.hash not in key and "ada" not in str(row)


def wrong_keys():
    mine = LibraryKeys(SECRET, UsedKeys(None)).make("eve")
    payload, stamp, signature = mine.split(".")
    yield from ("x", "%00", "é", "a.b.c", payload, f"{payload}.{stamp}", f"{payload}.{stamp}.{signature[:-2]}AA")
    # somebody else's name under a good signature, a later time, a signature of another studio or for another purpose
    other = LibraryKeys(SECRET, UsedKeys(None)).make("ada").split(".")
    yield from (f"{other[0]}.{stamp}.{signature}", f"{payload}.zzzzzz.{signature}")
    yield LibraryKeys("cd" * 32, UsedKeys(None)).make("ada")
    yield Signer(SECRET, salt="visitor").sign("ada").decode()
    yield Keys(SECRET).owner


# numbered, because keys are drawn anew in every process that tests
@pytest.mark.parametrize("key", keys_that_are_none := [*wrong_keys()], ids=map(str, range(len(keys_that_are_none))))
def test_what_is_no_key_opens_nothing(keys, browser, key):
    with pytest.raises(UnknownJob):
        keys.use(key)
    client = browser()
    before = name_of(client)
    for answer in (client.get(f"/library/{key}"), client.post(f"/library/{key}")):
        assert answer.status_code == 404
    assert name_of(client) == before


def test_a_browser_without_cookies_has_no_library_to_carry(keys):
    with pytest.raises(InputError, match="keeps no cookies"):
        keys.make("address:203.0.113.7")


def test_another_browser_is_the_same_person_after_it_has_said_so(keys, browser):
    ada, other = browser(), browser()
    key = keys.make(name_of(ada))
    asked = other.get(f"/library/{key}")
    assert (asked.status_code, asked.headers["cache-control"]) == (200, "private, no-store")
    assert "Open the library" in asked.text and "Bring them along" not in asked.text
    assert name_of(other) != name_of(ada)
    answer = other.post(f"/library/{key}")
    assert (answer.status_code, answer.headers["location"]) == (303, "../?tab=library")
    assert len(answer.headers.get_list("set-cookie")) == 1
    assert name_of(other) == name_of(ada)
    late = browser()
    stranger = name_of(late)
    assert late.post(f"/library/{key}").status_code == 410
    assert name_of(late) == stranger


def test_clips_of_its_own_come_along_or_stay_as_they_were(keys, browser, engine):
    ada, careful, bold = browser(), browser(), browser()
    for client in (ada, careful, bold):
        [*_, job] = finished(engine, 2, user=name_of(client))
        link = Shares(engine).share(job, name_of(client), Wish())
    left = name_of(careful)
    key = keys.make(name_of(ada))
    assert "Bring them along" in careful.get(f"/library/{key}").text
    careful.post(f"/library/{key}", data={"along": "false"})
    assert (seeds_of(engine, name_of(ada)), seeds_of(engine, left)) == (2, 2)
    bold.post(f"/library/{keys.make(name_of(ada))}", data={"along": "true"})
    assert name_of(bold) == name_of(careful) == name_of(ada)
    assert seeds_of(engine, name_of(ada)) == 4
    Shares(engine).revoke(link.id, name_of(ada))


def test_a_program_brings_nothing_of_its_neighbours_along(keys, studio, engine):
    finished(engine, 1, user="address:testclient")
    program = TestClient(studio, base_url="http://127.0.0.1", follow_redirects=False)
    answer = program.post(f"/library/{keys.make('ada')}", data={"along": "true"})
    assert answer.status_code == 303
    assert seeds_of(engine, "ada") == 0


@pytest.mark.parametrize(
    "said", [{"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"}]
)
def test_no_other_site_s_page_can_use_a_key(keys, browser, said):
    ada, victim = browser(), browser()
    key, before = keys.make(name_of(ada)), name_of(victim)
    assert victim.post(f"/library/{key}", data={"along": "true"}, headers=said).status_code == 403
    assert name_of(victim) == before
    # and it is not used up by that
    assert keys.use(key) == name_of(ada)
