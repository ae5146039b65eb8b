"""A server on this machine alone: files, a bucket of S3, an article of figshare, and faults."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, quote, unquote, urlsplit
from xml.sax.saxutils import escape

NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"


def md5_of(content):
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


@dataclass
class Served:
    """A file of the server.

    `faults` are used up one a request: a name and its value, see `Handler.spoiled`.
    """

    content: bytes
    etag: str | None = ""
    modified: str | None = "Wed, 21 Oct 2026 07:28:00 GMT"
    has_ranges: bool = True
    encoding: str | None = None
    has_length: bool = True
    head: int = 200
    faults: list[tuple[str, object]] = field(default_factory=list)
    always: tuple[str, object] | None = None

    def __post_init__(self):
        if self.etag == "":
            self.etag = f'"{md5_of(self.content)}"'


class Server:
    """Listens on a free port of 127.0.0.1 until it is closed."""

    def __init__(self):
        self.files: dict[str, Served] = {}
        self.requests: list[tuple[str, str, dict[str, str]]] = []
        self.page_size = 1000
        self.region: str | None = None
        self.listing: bytes | None = None
        self.articles: dict[str, object] = {}
        self.active = self.most_active = 0
        self.guard = threading.Lock()
        handler = type("Bound", (Handler,), {"server_state": self})
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._http.daemon_threads = True
        # Clients that hang up are what is tested.
        self._http.handle_error = lambda *_: None
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"
        threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def endpoints(self):
        return {
            "s3://": f"{self.url}/s3",
            "figshare://": f"{self.url}/articles",
            "https://": self.url,
        }

    def put(self, path, content, **kind):
        """Serve a file; objects of a bucket have paths that start with /s3/<bucket>/."""
        self.files[path] = Served(content, **kind)
        return self.files[path]

    def put_article(self, number, files):
        """Serve an article of figshare with files by name."""
        listed = []
        for k, (name, content) in enumerate(files.items()):
            path = f"/download/{number}/{k}"
            self.put(path, content)
            digits = md5_of(content)
            listed.append(
                {"id": k, "name": name, "size": len(content), "computed_md5": digits,
                 "download_url": self.url + path}
            )  # fmt: skip
        self.articles[str(number)] = listed

    def sent(self, path, method="GET"):
        """The headers of all requests for a file."""
        return [headers for how, where, headers in self.requests if (how, where) == (method, path)]

    def close(self):
        self._http.shutdown()
        self._http.server_close()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_state: Server

    def log_message(self, *_):
        pass

    def do_HEAD(self):
        self.answer(with_body=False)

    def do_GET(self):
        state = self.server_state
        with state.guard:
            state.active += 1
            state.most_active = max(state.most_active, state.active)
        try:
            self.answer(with_body=True)
        finally:
            with state.guard:
                state.active -= 1

    def answer(self, *, with_body):
        state, parts = self.server_state, urlsplit(self.path)
        path, query = unquote(parts.path), parse_qs(parts.query)
        with state.guard:
            state.requests.append((self.command, path, dict(self.headers)))
        if state.region is not None and path.startswith("/s3/") and state.region not in path:
            self.reply(301, b"", {"x-amz-bucket-region": state.region})
        elif "list-type" in query:
            self.reply(200, state.listing or self.list_objects(path, query), {})
        elif path.startswith("/articles/"):
            self.figshare(path, query)
        elif path in state.files:
            self.file(state.files[path], with_body)
        else:
            self.reply(404, b"nothing here", {})

    def reply(self, status, body, headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def figshare(self, path, query):
        number, size = path.split("/")[2], int(query["page_size"][0])
        page = int(query["page"][0])
        listed = self.server_state.articles.get(number)
        if isinstance(listed, list):
            self.reply(200, json.dumps(listed[(page - 1) * size : page * size]).encode(), {})
        elif isinstance(listed, bytes):
            self.reply(200, listed, {})
        else:
            self.reply(404, b"{}", {})

    def list_objects(self, path, query):
        """ListObjectsV2 in the order of the keys, in pages."""
        start = path + "/"
        prefix = query.get("prefix", [""])[0]
        files = self.server_state.files
        keys = sorted(name.removeprefix(start) for name in files if name.startswith(start))
        keys = [key for key in keys if key.startswith(prefix)]
        after = unquote(query.get("continuation-token", [""])[0])
        keys = [key for key in keys if key > after]
        page, rest = keys[: self.server_state.page_size], keys[self.server_state.page_size :]
        items = "".join(
            f"<Contents><Key>{escape(key)}</Key><Size>{len(files[start + key].content)}</Size>"
            f"<ETag>{escape(files[start + key].etag or '')}</ETag></Contents>"
            for key in page
        )
        more = f"<NextContinuationToken>{quote(page[-1])}</NextContinuationToken>" if rest else ""
        return (
            f'<?xml version="1.0" encoding="UTF-8"?><ListBucketResult xmlns="{NAMESPACE}">'
            f"<IsTruncated>{str(bool(rest)).lower()}</IsTruncated>{more}{items}</ListBucketResult>"
        ).encode()

    def file(self, served, with_body):
        headers = {}
        if served.etag:
            headers["ETag"] = served.etag
        if served.modified:
            headers["Last-Modified"] = served.modified
        if served.encoding:
            headers["Content-Encoding"] = served.encoding
        if not with_body:
            if served.head != 200:
                self.reply(served.head, b"a page that explains it", {})
                return
            if served.has_length:
                headers["Content-Length"] = str(len(served.content))
            self.send_response(200)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            return
        kind, value = served.always or (served.faults.pop(0) if served.faults else ("", None))
        if self.spoiled(served, kind, value, headers):
            return
        status, body, start = 200, served.content, self.start(served)
        if start is not None and served.has_ranges:
            if start >= len(body):
                self.reply(416, b"", {"Content-Range": f"bytes */{len(body)}"})
                return
            said = value if kind == "range" else start
            headers["Content-Range"] = f"bytes {said}-{len(body) - 1}/{len(body)}"
            status, body = 206, body[start:]
        if kind == "wrong":
            body = bytes([body[0] ^ 1]) + body[1:]
        length = len(body) + (value if kind == "length" else 0)
        self.send_response(status)
        for name, text in headers.items():
            self.send_header(name, text)
        if served.has_length:
            self.send_header("Content-Length", str(length))
        else:
            self.send_header("Connection", "close")
        self.end_headers()
        if kind == "break":
            self.wfile.write(body[:value])
            self.close_connection = True
        elif kind == "slow":
            for k in range(0, len(body), 1 << 16):
                self.wfile.write(body[k : k + (1 << 16)])
                time.sleep(value)
        else:
            self.wfile.write(body)
        if not served.has_length or kind == "length":
            self.close_connection = True

    def start(self, served):
        """First byte that is asked for, unless the file is not the one that the client knows."""
        asked = self.headers.get("Range")
        if asked is None:
            return None
        condition = self.headers.get("If-Range")
        if condition is not None and condition not in (served.etag, served.modified):
            return None
        return int(asked.removeprefix("bytes=").removesuffix("-"))

    def spoiled(self, served, kind, value, headers):
        """Answer with a fault that replaces the answer; say whether that was one."""
        if kind == "status":
            status, more = value if isinstance(value, tuple) else (value, {})
            self.reply(status, b"no", more)
        elif kind == "redirect":
            self.reply(302, b"", {"Location": value})
        elif kind == "hang up":
            self.close_connection = True
        elif kind == "silence":
            time.sleep(value)
            self.close_connection = True
        elif kind == "change":
            served.content, served.etag = value, f'"{md5_of(value)}"'
            headers["ETag"] = served.etag
            return False
        elif kind == "rubbish":
            self.wfile.write(b"this is no HTTP\r\n\r\n")
            self.close_connection = True
        else:
            return False
        return True
