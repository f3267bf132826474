"""The reply page (GET) and a reply (POST) over 8 connections, beside a bare Flask view on the same server.

Every connection is a guest of their own, whose link was opened before the clock runs.
"""

from __future__ import annotations

import http.client
import re
import tempfile
from urllib.parse import urlencode

from benchmarks.bare import fill
from benchmarks.frame import BARE, CONNECTIONS, ROUNDS, SERVING, Ask, free_port, load, report, running
from benchmarks.guests import links_of_guests, settings_of

GETS, POSTS = 60, 25


def opened(port: int, link: str) -> tuple[str, dict[str, str], str]:
    """Open a personal link; return the address it leads to, the headers that carry its cookies, and the page."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", link)
    answer = connection.getresponse()
    answer.read()
    path = str(answer.getheader("Location"))
    cookies = _cookies(answer)
    connection.request("GET", path, headers={"Cookie": cookies})
    answer = connection.getresponse()
    page = answer.read().decode()
    both = "; ".join(filter(None, (cookies, _cookies(answer))))
    connection.close()
    return path, {"Cookie": both, "Content-Type": "application/x-www-form-urlencoded"}, page


def _cookies(answer: http.client.HTTPResponse) -> str:
    return "; ".join(value.partition(";")[0] for name, value in answer.getheaders() if name.lower() == "set-cookie")


def asks_of(port: int, links: list[str]) -> tuple[list[list[Ask]], list[list[Ask]]]:
    """Return what each guest asks for: the page again and again, then one reply after another."""
    gets: list[list[Ask]] = []
    posts: list[list[Ask]] = []
    for link in links:
        path, headers, page = opened(port, link)
        hidden = dict(re.findall(r'name="([a-z_]+)" type="hidden" value="([^"]*)"', page))
        hidden |= dict(re.findall(r'type="hidden" name="([a-z_]+)" value="([^"]*)"', page))
        replies = [urlencode({**hidden, "choice": choice}).encode() for choice in ("online", "maybe")]
        gets.append([("GET", path, None, headers)] * GETS)
        posts.append([("POST", f"{path}/change", replies[number % 2], headers) for number in range(POSTS)])
    return gets, posts


def bare_asks() -> tuple[list[list[Ask]], list[list[Ask]]]:
    """Return the same for the bare application."""
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    gets: list[list[Ask]] = [[("GET", f"/guest/{number}", None, {})] * GETS for number in range(CONNECTIONS)]
    posts: list[list[Ask]] = [[("POST", f"/guest/{number}", b"choice=accepted", headers)] * POSTS for number in range(CONNECTIONS)]
    return gets, posts


def measure() -> None:
    """Run both programs side by side and take turns, so that a busy machine slows both alike."""
    with tempfile.TemporaryDirectory() as folder:
        ours, bare = free_port(), free_port()
        settings = settings_of(folder, ours)
        links = links_of_guests(settings, CONNECTIONS)
        database = f"{folder}/bare.sqlite3"
        fill(database)
        with running(SERVING, ours, **settings), running(BARE, bare, BARE_DATABASE=database):
            gets, posts = asks_of(ours, links)
            bare_gets, bare_posts = bare_asks()
            load(ours, gets)  # the first round warms both up, and is not counted
            load(bare, bare_gets)
            rounds = [(load(ours, gets), load(bare, bare_gets), load(ours, posts), load(bare, bare_posts)) for _ in range(ROUNDS)]
    report("reply page, GET", "requests/s", [each[0] for each in rounds], [each[1] for each in rounds], "at least 0.35")
    report("reply, POST", "requests/s", [each[2] for each in rounds], [each[3] for each in rounds], "at least 0.2")


if __name__ == "__main__":
    measure()
