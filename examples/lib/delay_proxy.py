#!/usr/bin/python3
"""A proxy between clients and PostgreSQL, on unix sockets, that makes each round trip
take longer, as a network does.

    delay_proxy.py MILLISECONDS LISTEN-PATH SERVER-PATH

What the client sends is held back; what the server answers passes at once. So one
exchange takes MILLISECONDS more, and a little for the proxy itself, however much is
answered.
"""
import socket
import sys
import threading
import time


def forward(source, target, delay):
    try:
        while data := source.recv(1 << 20):
            if delay:
                time.sleep(delay)
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass  # the other direction has ended the connection


def connect(path):
    server = socket.socket(socket.AF_UNIX)
    server.connect(path)
    return server


def main(milliseconds, listen_path, server_path):
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(listen_path)
    listener.listen()
    while True:
        client, _ = listener.accept()
        server = connect(server_path)
        for direction in ((client, server, float(milliseconds) / 1000), (server, client, 0)):
            threading.Thread(target=forward, args=direction, daemon=True).start()


if __name__ == "__main__":
    main(*sys.argv[1:])
