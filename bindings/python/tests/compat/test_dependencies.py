"""Probes of URLs and ports: raw answers, bounded, never an exception, nothing left."""

from __future__ import annotations

import asyncio
import shutil
import socket
import ssl
import struct
import subprocess
import threading
import time

import pytest
from compat.support import (
    BOUND,
    Server,
    closed_port,
    descriptors,
    eventually,
    health,
    on_loop,
    result,
    silent_port,
    threads,
    until,
)

from meshvitals.compat import _dependencies
from meshvitals.compat._wire import Wire, _trusted

ANSWERS = {
    "/": "200 OK",
    "/200": "200 OK",
    "/204": "204 No Content",
    "/299": "299 Fine",
    "/300": "300 Several",
    "/304": "304 Same",
    "/404": "404 Not Found",
    "/500": "500 Error",
    "/once": "302 Found\r\nLocation: /200",
    "/relative": "307 Temporary\r\nLocation: once",
    "/bad": "301 Moved\r\nLocation: /500",
    "/ftp": "302 Found\r\nLocation: ftp://localhost/",
    "/nowhere": "302 Found",
    "/loop": "302 Found\r\nLocation: /loop",
    "/a%20b?q=%C3%BC": "200 OK",
    "/closes": "",
    "/odd": "hello\r\nworld",
    "/hangs": "hang",
    "/drips": "drip",
}


@pytest.mark.parametrize("path", ["", "/200", "/204", "/299", "/once", "/relative", "/a b?q=ü"])
@on_loop
async def test_a_url_that_answers_with_success_is_up(path):
    """Section 1.4, check_url_health: 200 to 299, redirects followed."""
    async with Server(ANSWERS) as server:
        url = server.url
        assert await health().check_url_health(url + path) is True
        assert await health().check_url_health(url + path + "#part") is True


@pytest.mark.parametrize(
    "path",
    [
        "/300", "/304", "/404", "/500", "/bad", "/ftp", "/nowhere", "/loop", "/closes", "/odd",
    ],
)  # fmt: skip
@on_loop
async def test_a_url_that_answers_otherwise_is_down(path):
    """Section 1.4, check_url_health."""
    async with Server(ANSWERS) as server:
        url = server.url
        assert await health().check_url_health(url + path) is False


@pytest.mark.parametrize(
    "url",
    [
        "", "x", "http://", "http:///x", "ftp://localhost/", "file:///etc/passwd", "http://[::1",
        "http://127.0.0.1:99999/", "http://127.0.0.1:x/", "http://a b/", "http://..../", None, 7,
        b"http://127.0.0.1/", "http://127.0.0.1\r\nX: y/",
    ],
)  # fmt: skip
@on_loop
async def test_a_url_that_is_none_is_down(url):
    """Section 1.4, check_url_health never raises."""
    assert await health(timeout=1.0).check_url_health(url) is False


@on_loop
async def test_a_url_where_nothing_listens_is_down():
    """Section 1.4, check_url_health."""
    assert await health().check_url_health(f"http://127.0.0.1:{closed_port()}/") is False


@pytest.mark.parametrize("path", ["/hangs", "/drips"])
@on_loop
async def test_a_url_has_the_timeout_and_its_thread_ends_with_it(path):
    """Section 1.4, check_url_health: also where a byte comes now and then."""
    async with Server(ANSWERS) as server:
        url = server.url
        made = health(timeout=0.1)
        assert await made.check_url_health(url + path) is False
        await until(lambda: "meshvitals-probe" not in threads())


@on_loop
async def test_the_user_in_a_url_is_told_to_its_server():
    """Section 1.4, check_url_health: as clients do."""
    async with Server({"/x?y=1": "200 OK"}) as server:
        assert await health().check_url_health(f"http://me:p%40ss@127.0.0.1:{server.port}/x?y=1")
        (head,) = server.heads
    assert head.startswith("GET /x?y=1 HTTP/1.1\r\n")
    assert f"Host: 127.0.0.1:{server.port}\r\n" in head
    assert "Authorization: Basic bWU6cEBzcw==\r\n" in head


@on_loop
async def test_proxies_of_the_environment_are_not_used(monkeypatch):
    """Section 1.4, check_url_health asks the instance itself."""
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{closed_port()}")
    async with Server(ANSWERS) as server:
        url = server.url
        assert await health().check_url_health(url) is True


@pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl to make a certificate")
@on_loop
async def test_https_is_asked_and_its_certificate_is_verified(tmp_path, monkeypatch):
    """Section 1.4, check_url_health, of https."""
    key, certificate = tmp_path / "key", tmp_path / "certificate"
    subprocess.run(
        [
            "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
            "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
            "-keyout", str(key), "-out", str(certificate),
        ],
        check=True, capture_output=True,
    )  # fmt: skip

    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    async with Server({"/": "200 OK"}, context) as server:
        url = server.url.replace("127.0.0.1", "localhost")
        made = health()
        assert await made.check_url_health(url) is False, "nobody trusts the certificate"
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        _trusted.clear()
        try:
            assert await made.check_url_health(url) is True
            assert await made.check_url_health(server.url) is False, "it is not of this name"
        finally:
            _trusted.clear()


@on_loop
async def test_instances_are_probed_before_start_and_after_stop():
    """Row 18."""
    async with Server(ANSWERS) as server:
        url = server.url
        made = health()
        assert await made.check_url_health(url) is True
        await made.start()
        assert await made.check_url_health(url) is True
        await made.stop()
        assert await made.check_url_health(url) is True
        assert await made.check_tcp_port("127.0.0.1", int(url.rpartition(":")[2])) is True


@on_loop
async def test_a_port_that_accepts_is_open_and_another_is_not():
    """Section 1.4, check_tcp_port."""
    made = health()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        assert await made.check_tcp_port("127.0.0.1", port) is True
        assert await made.check_tcp_port("localhost", port) is True
    assert await made.check_tcp_port("127.0.0.1", closed_port()) is False


@pytest.mark.parametrize(
    ("host", "port"), [("", 1), (None, 0), ("127.0.0.1", 99999), ("a b", 80), (7, 7), ("x", None)]
)
@on_loop
async def test_a_port_that_is_none_is_closed(host, port):
    """Section 1.4, check_tcp_port never raises."""
    assert await health(dependency_timeout=1.0).check_tcp_port(host, port) is False


@on_loop
async def test_a_port_that_never_answers_has_the_dependency_timeout():
    """Rows 19 and 21: and not that of the checks."""
    listener, waiting, port = silent_port()
    with listener:
        made = health(dependency_timeout=0.1, timeout=BOUND)
        assert await made.check_tcp_port("127.0.0.1", port) is False
        await until(lambda: "meshvitals-probe" not in threads())
        for one in waiting:
            one.close()


def test_a_peer_that_resets_was_connected():
    """Row 20: twenty of twenty."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    abort = struct.pack("ii", 1, 0)

    def reset():
        while True:
            try:
                peer, _ = listener.accept()
            except OSError:
                return
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, abort)
            peer.close()

    thread = threading.Thread(target=reset)
    thread.start()
    made = health()

    async def ask():
        return [await made.check_tcp_port(*listener.getsockname()) for _ in range(20)]

    try:
        assert asyncio.run(ask()) == [True] * 20
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


def test_a_reset_that_comes_with_the_connection_is_one(monkeypatch):
    """Row 20: ECONNRESET after the handshake, as the system may report it."""

    def connect(self, address):
        raise ConnectionResetError

    with socket.create_server(("127.0.0.1", 0)) as listener:
        monkeypatch.setattr(socket.socket, "connect", connect)
        assert Wire(BOUND).reaches(*listener.getsockname()) is True


@pytest.mark.parametrize("is_enabled", [False, True])
@on_loop
async def test_dependencies_are_watched_if_the_configuration_says_so(is_enabled):
    """Row 21: the switch has an effect."""
    made = health(enable_dependency_checks=is_enabled, dependency_timeout=1.0)
    port = closed_port()
    made.register_dependency("db", "127.0.0.1", port)
    assert await made.check_health() is not is_enabled
    assert (await made.get_health_stats())["total_checks"] == int(is_enabled)
    if is_enabled:
        assert (await result(made, "db"))["port"] == port


@on_loop
async def test_stop_gives_up_the_probes_in_flight():
    """Section 1.4, stop: no task, thread, socket is left, and who asked has an answer."""
    listener, waiting, port = silent_port()
    before = descriptors()
    async with Server(ANSWERS) as server:
        url = server.url
        made = health(timeout=BOUND, dependency_timeout=BOUND)
        probes = [made.check_url_health(url + "/hangs"), made.check_tcp_port("127.0.0.1", port)]
        asked = [asyncio.ensure_future(probe) for probe in probes]
        await until(lambda: len(made._dependencies._threads) == 2)
        await asyncio.sleep(0.05)
        await made.stop()
        assert await asyncio.gather(*asked) == [False, False]
        assert "meshvitals-probe" not in threads()
    assert descriptors() <= before
    for one in (*waiting, listener):
        one.close()


@on_loop
async def test_more_probes_than_threads_wait_for_their_turn(monkeypatch):
    """Section 1.4, check_url_health: a balancer may ask for thousands at once."""
    monkeypatch.setattr(_dependencies, "_LIMIT", 3)
    async with Server(ANSWERS) as server:
        url = server.url
        made = health()
        answers = await asyncio.gather(*[made.check_url_health(url) for _ in range(20)])
        assert answers == [True] * 20
    assert eventually(lambda: "meshvitals-probe" not in threads())


@on_loop
async def test_a_probe_that_is_cancelled_ends():
    """Section 1.4, check_url_health: its caller may be."""
    async with Server(ANSWERS) as server:
        url = server.url
        made = health(timeout=BOUND)
        asks = asyncio.ensure_future(made.check_url_health(url + "/hangs"))
        await until(lambda: "meshvitals-probe" in threads())
        asks.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asks
        await until(lambda: "meshvitals-probe" not in threads())


@on_loop
async def test_resolving_a_name_does_not_hold_the_loop(monkeypatch):
    """Section 1.4, check_url_health: what blocks does so elsewhere."""
    gate = threading.Event()

    def resolve(*_, **__):
        gate.wait(BOUND)
        raise OSError("no such name")

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    made = health(timeout=0.05)
    began = time.monotonic()
    assert await made.check_url_health("http://nowhere.example/") is False
    assert time.monotonic() - began < BOUND
    gate.set()
    assert eventually(lambda: "meshvitals-probe" not in threads())
