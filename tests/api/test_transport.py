"""How a call travels: its whole time, proxies, certificates."""

import shutil
import ssl
import subprocess
import time
from contextlib import contextmanager

import pytest
from mothertongue.api import Temporary
from mothertongue.api.statuses import retry_after
from standin_vendor import CLIENTS, PATHS, Server, answering, ask, translator

# the whole call ends in time


def trickle(kind):
    def answer(handler, body):
        handler.close_connection = True
        write = handler.wfile.write
        if kind == "headers":
            for letter in b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX: " + b"x" * 200:
                write(bytes([letter]))
                time.sleep(0.1)
            return
        write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n")
        chunked = kind == "chunks"
        write(b"Transfer-Encoding: chunked\r\n\r\n" if chunked else b"Content-Length: 200\r\n\r\n")
        for _ in range(200):
            write(b"1\r\n \r\n" if chunked else b" ")
            time.sleep(0.1 if kind != "one-byte" else 3)

    return answer


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["headers", "body", "chunks", "one-byte"])
def test_a_call_ends_in_time_however_its_answer_trickles(kind):
    with Server(trickle(kind)) as server:
        for backend in CLIENTS:
            client = translator(backend, server.url(backend))
            with pytest.raises(Temporary):  # libraries are imported
                ask(client, 0.1)
            started = time.monotonic()
            with pytest.raises(Temporary, match=r"no reply within 0\.7 s"):
                ask(client, 0.7)
            assert 0.6 < time.monotonic() - started < 1.5, backend


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "2"}, 2),
        (
            {
                "retry-after": "Wed, 21 Oct 2015 07:28:09 GMT",
                "date": "Wed, 21 Oct 2015 07:28:00 GMT",
            },
            9,
        ),
    ],
)
def test_retry_after_is_read_against_the_servers_clock(headers, seconds):
    assert retry_after(headers) == seconds


# the official client's transport


def forward(handler, body):
    """A plain HTTP proxy: fetches the absolute address that it is asked for."""
    import http.client
    from urllib.parse import urlsplit

    parts = urlsplit(handler.path)
    onward = http.client.HTTPConnection(parts.hostname, parts.port, timeout=5)
    path = parts._replace(scheme="", netloc="").geturl()
    onward.request(handler.command, path, body, {"Content-Type": "application/json"})
    answer = onward.getresponse()
    handler.send(answer.read(), answer.status, form=answer.headers["content-type"])
    onward.close()


@pytest.mark.slow
@pytest.mark.parametrize("backend", CLIENTS)
def test_proxies_of_the_environment_are_used_and_no_proxy_too(monkeypatch, backend):
    for name in ("HTTP_PROXY", "http_proxy", "NO_PROXY", "no_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    with Server(answering(backend)) as server, Server(forward) as proxy:
        for name in ("HTTP_PROXY", "http_proxy"):
            monkeypatch.setenv(name, proxy.url())
        assert ask(translator(backend, server.url(backend))).text == "Hola a todos."
        assert len(proxy.seen) == len(server.seen) == 1
        assert proxy.seen[0][0].startswith(server.url(backend))
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.setenv(name, "127.0.0.1")
        assert ask(translator(backend, server.url(backend))).text == "Hola a todos."
        assert (len(proxy.seen), len(server.seen)) == (1, 2)


@pytest.mark.slow
@pytest.mark.parametrize("backend", CLIENTS)
def test_a_proxy_that_trickles_is_bounded_too(monkeypatch, backend):
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    with Server(trickle("body")) as proxy:
        for name in ("HTTP_PROXY", "http_proxy"):
            monkeypatch.setenv(name, proxy.url())
        client = translator(backend, "http://service.invalid" + PATHS.get(backend, ""))
        started = time.monotonic()
        with pytest.raises(Temporary, match="no reply within"):
            ask(client, 0.7)
        assert time.monotonic() - started < 3


@contextmanager
def certified(folder):
    """A certificate for localhost, made for this test; yields its file and a server's context."""
    if shutil.which("openssl") is None:
        pytest.skip("needs the openssl command")
    made = ["-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem"), "-days", "2"]
    name = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", *made, *name]
    subprocess.run(command, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    yield folder / "cert.pem", context


@pytest.mark.slow
@pytest.mark.parametrize("backend", CLIENTS)
def test_a_bundle_of_certificates_is_taken(tmp_path, monkeypatch, backend):
    with certified(tmp_path) as (bundle, context), Server(answering(backend)) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        server.scheme = "https"
        url = server.url(backend, host="localhost")
        with pytest.raises(Temporary):
            ask(translator(backend, url))
        for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"):
            monkeypatch.setenv(name, str(bundle))
        assert ask(translator(backend, url)).text == "Hola a todos."
