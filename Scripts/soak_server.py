"""Asks a server of `distill serve` for some time as good, slow, broken and hostile clients do, all at once.

    python3 soak_server.py http://127.0.0.1:8080 PID SECONDS [--changes]

Every request that was sent as a whole by a client that waits must be answered, and with what the server answered when nobody else asked. At the
end of two minutes or more, the server must have about as much memory as after the first sixth of the time. PID is that of the server, which must
run on this machine. With --changes, the knowledge base is changed meanwhile (start the server with --allow-changes). Needs nothing but Python.
"""
import asyncio
import json
import os
import random
import socket
import struct
import sys
import time
from collections import Counter
from urllib.parse import urlsplit

url, pid, seconds = urlsplit(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
changes = "--changes" in sys.argv
host, port = url.hostname, url.port
assert host in ("127.0.0.1", "localhost", "::1"), "this script loads a server; it must be on this machine"
generator = random.Random(1)
words = "where is my parcel please cancel the order I want money back when does it come é 🙂 not the right size".split()
texts = [" ".join(generator.choices(words, k=generator.randint(1, 30))) for _ in range(200)]
expected = {}
end = time.monotonic() + seconds
done, wrong = Counter(), []


def over():
    return time.monotonic() > end


def request(body, path="/predict", method="POST", extra=""):
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    head = f"{method} {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: {len(data)}\r\n{extra}\r\n"
    return head.encode() + data


async def answer(reader):
    """Reads an answer: its status and body."""
    head = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 60)).decode()
    status = int(head.split()[1])
    lengths = [line.split(":")[1] for line in head.split("\r\n") if line.lower().startswith("content-length:")]
    if lengths:
        return status, await asyncio.wait_for(reader.readexactly(int(lengths[0])), 60)
    body = b""
    while size := int(await asyncio.wait_for(reader.readline(), 60), 16):
        body += await asyncio.wait_for(reader.readexactly(size), 60)
        await reader.readexactly(2)
    await reader.readexactly(2)
    return status, body


async def connect():
    return await asyncio.wait_for(asyncio.open_connection(host, port), 60)


def check(kind, chosen, status, body):
    """Compares an answer with that of the quiet server. Labels may change while the knowledge base does."""
    done[kind] += 1
    if status == 429:
        done["told to come again"] += 1
        return
    if status != 200:
        wrong.append(f"{kind}: {status} {body[:200]}")
        return
    answers = json.loads(body)["answers"]
    if len(answers) != len(chosen):
        wrong.append(f"{kind}: {len(answers)} answers to {len(chosen)} texts")
    for text, one in zip(chosen, answers):
        label, score = expected[text]
        if not changes and (one["label"] != label or abs(one["score"] - score) > 1e-3):
            wrong.append(f"{kind}: {text!r} is {one['label']} {one['score']}, and was {label} {score}")


def some(most):
    return generator.choices(texts, k=generator.randint(1, most))


async def good():
    reader, writer = await connect()
    for _ in range(generator.randint(1, 50)):
        chosen = some(8)
        writer.write(request({"texts": chosen}))
        check("good", chosen, *await answer(reader))
    writer.close()


async def pipelining():
    reader, writer = await connect()
    asked = [some(3) for _ in range(20)]
    writer.write(b"".join(request({"texts": chosen}) for chosen in asked))
    for chosen in asked:
        check("pipelining", chosen, *await answer(reader))
    writer.close()


async def large():
    reader, writer = await connect()
    chosen = [generator.choice(texts) for _ in range(256)]
    writer.write(request({"texts": chosen, "scores": True, "neighbours": 3}))
    check("large", chosen, *await answer(reader))
    writer.close()


async def slow_to_write():
    reader, writer = await connect()
    chosen = some(3)
    data = request({"texts": chosen})
    for first in range(0, len(data), 40):
        writer.write(data[first:first + 40])
        await writer.drain()
        await asyncio.sleep(0.1)
    check("slow to write", chosen, *await answer(reader))
    writer.close()


async def slow_to_read():
    plain = socket.socket()
    plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    plain.setblocking(False)
    await asyncio.get_running_loop().sock_connect(plain, (host, port))
    reader, writer = await asyncio.open_connection(sock=plain, limit=1024)
    chosen = [generator.choice(texts) for _ in range(100)]
    writer.write(request({"texts": chosen, "scores": True, "neighbours": 10}))
    await asyncio.sleep(3)
    check("slow to read", chosen, *await answer(reader))
    writer.close()


def broken(kind, make):
    """A client that sends what `make` returns and leaves, by a reset as often as not."""
    async def run():
        reader, writer = await connect()
        data = make()
        writer.write(data)
        try:
            await writer.drain()
            if generator.random() < 0.3:
                await asyncio.wait_for(reader.read(4096), 0.5)
        except (asyncio.TimeoutError, ConnectionError):
            pass
        if generator.random() < 0.5:
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.close()
        done[kind] += 1
    return run


def cut():
    data = request({"texts": some(20)})
    return data[:generator.randrange(len(data))]


def refused(kind, data, allowed):
    """A request that must be refused with one of these statuses, or by closing the connection (0)."""
    async def run():
        reader, writer = await connect()
        try:
            writer.write(data() if callable(data) else data)
            await writer.drain()
            status, _ = await answer(reader)
        except (ConnectionError, asyncio.IncompleteReadError):
            status = 0
        if status not in allowed:
            wrong.append(f"{kind}: {status}, and not one of {allowed}")
        done[kind] += 1
        writer.close()
    return run


async def silent():
    """A connection on which nothing is sent for a while."""
    _, writer = await connect()
    await asyncio.sleep(generator.random() * 10)
    writer.close()
    done["silent"] += 1


async def looking():
    reader, writer = await connect()
    for path in ("/health", "/metrics", "/info", "/knowledge?limit=5", "/openapi.json", "/"):
        writer.write(f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        status, _ = await answer(reader)
        if status != 200:
            wrong.append(f"{path}: {status}")
        done["looking"] += 1
    writer.close()


async def teaching():
    reader, writer = await connect()
    writer.write(request({"entries": [{"text": generator.choice(texts), "label": "other"}]}, "/knowledge"))
    status, body = await answer(reader)
    if status not in (201, 409):
        wrong.append(f"adding: {status} {body[:200]}")
    if status == 201:
        ids = "&".join(f"id={number}" for number in json.loads(body)["ids"])
        writer.write(request(b"", f"/knowledge?{ids}", "DELETE"))
        status, body = await answer(reader)
        if status not in (200, 409):
            wrong.append(f"removing: {status} {body[:200]}")
    done["changing"] += 1
    writer.close()
    await asyncio.sleep(1)


nested = b"[" * 100_000
clients = {
    good: 6, pipelining: 1, large: 1, slow_to_write: 3, slow_to_read: 3, silent: 20, looking: 1,
    broken("cut", cut): 3, broken("leaves", lambda: request({"texts": some(100)})): 2,
    broken("noise", lambda: generator.randbytes(generator.randint(1, 5000))): 2,
    refused("not JSON", lambda: request(generator.randbytes(2000)), {400}): 1,
    refused("nested", request(nested), {400}): 1,
    refused("too large", lambda: request(b"a" * 2_000_000), {413, 0}): 1,
    refused("large header", b"GET /health HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 500_000 + b"\r\n\r\n", {400, 431, 0}): 1,
    refused("many headers", b"GET /health HTTP/1.1\r\nHost: a\r\n" + b"X: a\r\n" * 50_000 + b"\r\n", {400, 431, 0}): 1,
    refused("two lengths", b"POST /predict HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\naaaaaa", {400, 0}): 1,
    refused("negative length", b"POST /predict HTTP/1.1\r\nHost: a\r\nContent-Length: -5\r\n\r\n", {400, 0}): 1,
    refused("bad chunk", b"POST /predict HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\naa\r\n", {400, 0}): 1,
    refused("HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", {400, 404, 505, 0}): 1,
    refused("TLS", bytes.fromhex("16030100a5010000a10303") + bytes(160), {400, 0}): 1,
}
if changes:
    clients[teaching] = 1


async def again(client):
    while not over():
        try:
            await client()
        except Exception as error:
            wrong.append(f"{client.__qualname__}: {type(error).__name__} {error}")
            await asyncio.sleep(0.1)


def figures():
    memory = next(int(line.split()[1]) for line in open(f"/proc/{pid}/status") if line.startswith("VmRSS"))
    return memory / 1024, len(os.listdir(f"/proc/{pid}/fd"))


async def main():
    reader, writer = await connect()
    for text in texts:
        writer.write(request({"texts": [text]}))
        status, body = await answer(reader)
        one = json.loads(body)["answers"][0]
        expected[text] = one["label"], one["score"]
    writer.close()
    start, samples = time.monotonic(), []

    async def watch():
        while not over():
            await asyncio.sleep(max(1, seconds / 60))
            samples.append((time.monotonic() - start, *figures()))
    await asyncio.gather(watch(), *(again(client) for client, count in clients.items() for _ in range(count)))
    await asyncio.sleep(3)
    reader, writer = await connect()
    writer.write(request({"texts": texts[:5]}))
    check("good", texts[:5], *await answer(reader))
    writer.close()
    early = [memory for at, memory, _ in samples if seconds / 6 <= at < seconds / 3]
    late = [memory for at, memory, _ in samples if at >= seconds * 5 / 6]
    first, last = (sorted(some)[len(some) // 2] for some in (early, late))
    memory, files = figures()
    print(json.dumps({
        "seconds": seconds, "requests": dict(sorted(done.items())), "wrong": len(wrong),
        "MiB after a sixth": round(first), "MiB in the last sixth": round(last), "MiB at most": round(max(m for _, m, _ in samples)),
        "open files at most": max(f for _, _, f in samples), "open files at the end": files}, ensure_ascii=False))
    for line in list(dict.fromkeys(wrong))[:20]:
        print(line, file=sys.stderr)
    if wrong:
        raise SystemExit(f"{len(wrong)} answers were lost or wrong")
    if seconds >= 120 and last > first * 1.1 + 8:  # within seconds, memory is still on its way to where it stays
        raise SystemExit(f"memory grows: {first:.0f} MiB, then {last:.0f}")


asyncio.run(main())
