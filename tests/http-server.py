#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A server on 127.0.0.1 that answers well, or badly in a way that the path names.

Usage: http-server.py FILE LOG [PEM]; prints its port, and with PEM (a key and a certificate)
that of a second one with TLS; ends when its standard input does.  FILE is what it serves, LOG
gets a line for every request: path, Range, If-Range.

Everything behind the first part of a path, "/early/2", is only there to tell tests apart.
"""
import http.server
import re
import ssl
import sys
import threading

CONTENT = open(sys.argv[1], "rb").read()
OTHER = bytes(len(CONTENT))
HALF = len(CONTENT) // 2
seen = {}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def do_GET(self):
        path = re.sub("^http://[^/]*", "", self.path)
        seen[path] = self.count = seen.get(path, 0) + 1
        with open(sys.argv[2], "a", encoding="ascii") as log:
            print(path, self.headers.get("Range", "-"), self.headers.get("If-Range", "-"), file=log)
        self.close_connection = True
        mode = path.split("/")[1].split("?")[0].replace("-", "_")
        getattr(self, "mode_" + mode, self.mode_404)()

    def head(self, status, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def serve(self, content=CONTENT, tag='"one"', most=None, ranges=True, extra=b"", **headers):
        """Send content, or what the request wants of it; at most so many bytes, then extra."""
        start = 0
        wanted = re.fullmatch("bytes=([0-9]+)-", self.headers.get("Range", ""))
        if tag:
            headers["ETag"] = tag
        valid = (tag, headers.get("Last_Modified"))
        if wanted and ranges and self.headers.get("If-Range") in valid:
            start = int(wanted[1])
            if start >= len(content):
                self.head(416, Content_Range=f"bytes */{len(content)}", Content_Length=0)
                return
            headers["Content_Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
        part = content[start:]
        self.head(206 if start else 200, Content_Length=len(part), **headers)
        self.wfile.write(part[:most] + extra)

    def mode_normal(self):
        self.serve()

    def mode_keep(self):
        self.close_connection = False
        self.serve()

    def mode_no_range(self):
        self.serve(most=HALF if self.count == 1 else None, ranges=False)

    def mode_early(self):
        """Breaks twice."""
        self.serve(most=HALF // 2 if self.count < 3 else None)

    def mode_modified(self):
        """Breaks; has a date for the file, and a weak tag, which is of no use."""
        self.serve(tag='W/"x"', Last_Modified="Sat, 01 Feb 2025 10:00:00 GMT",
                   most=HALF if self.count == 1 else None)

    def mode_nothing_to_compare(self):
        self.serve(tag=None, most=HALF if self.count == 1 else None)

    def mode_always_early(self):
        self.serve(most=1000)

    def mode_changed(self):
        """Breaks, and is another file from then on."""
        if self.count == 1:
            self.serve(content=OTHER, most=HALF)
        else:
            self.serve(tag='"two"')

    def mode_glued(self):
        """The same, but does not know If-Range."""
        if self.count == 1:
            self.serve(content=OTHER, most=HALF)
        elif "Range" in self.headers:
            self.head(206, ETag='"two"', Content_Length=len(CONTENT) - HALF,
                      Content_Range=f"bytes {HALF}-{len(CONTENT) - 1}/{len(CONTENT)}")
            self.wfile.write(CONTENT[HALF:])
        else:
            self.serve(tag='"two"')

    def mode_shrunk(self):
        """Breaks, and is shorter than what was sent from then on."""
        if self.count == 1:
            self.serve(content=OTHER + OTHER, most=len(OTHER) + 1)
        elif "Range" in self.headers:
            self.head(416, Content_Range=f"bytes */{len(CONTENT)}", Content_Length=0)
        else:
            self.serve()

    def mode_wrong_range(self):
        """Continues somewhere else."""
        if "Range" in self.headers:
            self.head(206, ETag='"one"', Content_Length=len(CONTENT),
                      Content_Range=f"bytes 0-{len(CONTENT) - 1}/{len(CONTENT)}")
            self.wfile.write(CONTENT)
        else:
            self.serve(most=HALF if self.count == 1 else None)

    def mode_more(self):
        self.serve(extra=b"more")

    def mode_chunked(self, end=b"0\r\n\r\n"):
        self.head(200, Transfer_Encoding="chunked")
        for part in CONTENT[:HALF], CONTENT[HALF:]:
            self.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))
        self.wfile.write(end)

    def mode_chunked_early(self):
        self.mode_chunked(end=b"")

    def mode_close(self):
        """As long as the connection."""
        self.head(200, ETag='"one"')
        self.wfile.write(CONTENT)

    def mode_preliminary(self):
        self.wfile.write(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n")
        self.serve()

    def mode_busy(self):
        if self.count < 3:
            self.head(503, Content_Length=0)
        else:
            self.serve()

    def mode_always_busy(self):
        self.head(503, Content_Length=0)

    def mode_404(self):
        self.head(404, Content_Length=4)
        self.wfile.write(b"none")

    def mode_401(self):
        if self.headers.get("Authorization"):
            self.serve()
        else:
            self.head(401, Content_Length=0, WWW_Authenticate="Basic realm=x")

    def mode_huge(self):
        self.head(200, Content_Length=1 << 50)

    def mode_stall(self):
        self.serve(most=HALF)
        self.wfile.flush()
        threading.Event().wait(20)

    def mode_always_stall(self):
        self.serve(most=0)
        self.wfile.flush()
        threading.Event().wait(20)

    def mode_garbage(self):
        self.wfile.write(b"\x00\x01 this is no HTTP\r\n\r\n")

    def mode_silent(self):
        pass

    def redirect(self, location, status=302):
        # Nothing is sent, and the connection stays open: the client has to know by itself.
        self.head(status, Location=location, Content_Length=0)
        self.close_connection = False

    def mode_redirect(self):
        self.redirect("/normal/behind?token=secret", 307)

    def mode_redirect_relative(self):
        self.redirect("../normal/behind", 301)

    def mode_redirect_ten(self):
        self.redirect("/normal" if self.count == 10 else self.path)

    def mode_loop(self):
        self.redirect(self.path)

    def mode_to_file(self):
        self.redirect("file:///etc/hostname")

    def mode_to_ftp(self):
        self.redirect("ftp://user:secret@127.0.0.1/x?token=secret")

    def mode_to_nowhere(self):
        self.redirect("http://:::/")

    def mode_no_location(self):
        self.head(302, Content_Length=0)


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        pass


def start(pem=None):
    server = Server(("127.0.0.1", 0), Handler)
    if pem:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_address[1], flush=True)


start()
if len(sys.argv) > 3:
    start(sys.argv[3])
sys.stdin.read()
