"""A provider in a process of its own that fails as it is told: Anthropic's and OpenAI's interfaces.

A point (`message`, `create`, `list`, `look`, `results`, `upload`) has a list of faults, one for each
request that comes there; after the last one it works. `kill_*` kills the process whose id it was told.
"""

import asyncio
import json
import os
import re
import signal
import sys
import time
import zlib
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import web

Json = dict[str, Any]
LONG = 10**9


class Provider:
    """What there is and what came."""

    def __init__(self) -> None:
        self.faults: dict[str, list[Any]] = defaultdict(list)
        self.seen: dict[str, int] = defaultdict(int)
        self.judged: list[str] = []
        self.bodies: list[Json] = []
        self.batches: dict[str, Json] = {}
        self.files: dict[str, bytes] = {}
        self.pid = 0
        self.age_hours = 0.0
        self.looks = 0
        self.latency = 0.0
        self.closed = ""

    def judge(self, body: Json) -> None:
        self.judged.append(user_text(body))
        self.bodies.append(body)


def user_text(body: Json) -> str:
    messages = body.get("messages") or body.get("input") or []
    content = messages[-1]["content"]
    return content if isinstance(content, str) else "".join(part["text"] for part in content)


def verdict(text: str) -> str:
    number = zlib.crc32(text.encode("utf-8", "surrogatepass"))
    return json.dumps(
        {"aligned": number % 101, "coherent": 50, "reasoning": "by number\u2028"},
        ensure_ascii=False,
    )


def reply(body: Json, path: str) -> Json:
    text = verdict(user_text(body))
    if path.endswith("/messages"):
        return {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "model": body["model"],
            "content": [{"type": "text", "text": text}],
            "stop_reason": "end_turn",
            "stop_sequence": None,
            "usage": {"input_tokens": 100, "output_tokens": 20},
        }
    if path.endswith("/responses"):
        message = {"type": "message", "content": [{"type": "output_text", "text": text}]}
        usage = {"input_tokens": 100, "output_tokens": 20, "total_tokens": 120}
        return {"model": body["model"], "output": [message], "usage": usage}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": body["model"],
        "choices": [
            {
                "index": 0,
                "finish_reason": "stop",
                "message": {"role": "assistant", "content": text},
            }
        ],
        "usage": {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120},
    }


provider = Provider()
routes = web.RouteTableDef()


async def at(point: str, request: web.Request, work: Any) -> web.StreamResponse:
    """Do a request's work, and fail before or after it as told."""
    provider.seen[point] += 1
    queue = provider.faults[point]
    fault = queue.pop(0) if queue else None
    if isinstance(fault, dict) and "status" in fault:
        error = {"type": "error", "message": fault.get("message", "told to fail")}
        body = {"type": "error", "error": error | fault.get("error", {})}
        return web.json_response(body, status=fault["status"], headers=fault.get("headers"))
    if fault in ("drop_before", "kill_before"):
        return await gone(request, fault)
    if fault == "hang":
        await asyncio.sleep(LONG)
    if provider.latency and point == "message":
        await asyncio.sleep(provider.latency)
    while provider.closed == point:
        await asyncio.sleep(0.01)
    response: web.StreamResponse = await work(fault)
    if fault in ("drop_after", "kill_after"):
        return await gone(request, fault)
    return response


async def gone(request: web.Request, how: str) -> web.StreamResponse:
    if how.startswith("kill"):
        os.kill(provider.pid, signal.SIGKILL)
        await asyncio.sleep(0)
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


@routes.post("/control")
async def control(request: web.Request) -> web.Response:
    for name, value in (await request.json()).items():
        if name == "reset":
            provider.__init__()  # type: ignore[misc]
        elif name == "faults":
            provider.faults = defaultdict(list, value)
        else:
            setattr(provider, name, value)
    return web.json_response({})


@routes.get("/control")
async def state(request: web.Request) -> web.Response:
    batches = [
        {"id": batch["id"], "size": len(batch["calls"])} for batch in provider.batches.values()
    ]
    return web.json_response(
        {
            "seen": provider.seen,
            "judged": provider.judged,
            "batches": batches,
            "bodies": provider.bodies,
        }
    )


@routes.post("/v1/messages")
@routes.post("/v1/chat/completions")
@routes.post("/v1/responses")
async def message(request: web.Request) -> web.StreamResponse:
    async def work(fault: Any) -> web.StreamResponse:
        body = await request.json()
        provider.judge(body)
        if fault == "malformed":
            return web.json_response({"type": "message"})
        return web.json_response(reply(body, request.path))

    return await at("message", request, work)


def add_batch(calls: list[Json], kind: str, metadata: Any = None) -> Json:
    name = f"batch_{len(provider.batches) + 1}"
    provider.batches[name] = {
        "id": name,
        "calls": calls,
        "kind": kind,
        "metadata": metadata,
        "created": time.time() - provider.age_hours * 3600,
        "looks": provider.looks,
        "fate": "",
    }
    for call in calls:
        provider.judge(call["body"])
    return provider.batches[name]


def anthropic_batch(batch: Json) -> Json:
    made = datetime.fromtimestamp(batch["created"], UTC)
    ended = batch["looks"] <= 0
    counts = dict.fromkeys(("processing", "succeeded", "errored", "canceled", "expired"), 0)
    counts["succeeded" if ended else "processing"] = len(batch["calls"])
    return {
        "id": batch["id"],
        "type": "message_batch",
        "processing_status": "ended" if ended else "in_progress",
        "request_counts": counts,
        "created_at": made.isoformat(),
        "expires_at": (made + timedelta(days=1)).isoformat(),
        "ended_at": made.isoformat() if ended else None,
        "cancel_initiated_at": None,
        "archived_at": None,
        "results_url": f"/v1/messages/batches/{batch['id']}/results" if ended else None,
    }


def openai_batch(batch: Json) -> Json:
    ended = batch["looks"] <= 0
    status = (batch["fate"] or "completed") if ended else "in_progress"
    errors = (
        {"data": [{"message": "the file is not to our liking"}]} if status == "failed" else None
    )
    return {
        "id": batch["id"],
        "object": "batch",
        "endpoint": "/v1/chat/completions",
        "input_file_id": "file",
        "completion_window": "24h",
        "created_at": int(batch["created"]),
        "status": status,
        "metadata": batch["metadata"],
        "errors": errors,
        "output_file_id": f"out_{batch['id']}" if ended and status != "failed" else None,
    }


def shown(batch: Json) -> Json:
    return anthropic_batch(batch) if batch["kind"] == "anthropic" else openai_batch(batch)


@routes.post("/v1/messages/batches")
@routes.post("/v1/batches")
async def create(request: web.Request) -> web.StreamResponse:
    async def work(fault: Any) -> web.StreamResponse:
        body = await request.json()
        if "requests" in body:
            calls = [{"id": c["custom_id"], "body": c["params"]} for c in body["requests"]]
            assert all(re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", call["id"]) for call in calls)
            return web.json_response(shown(add_batch(calls, "anthropic")))
        lines = provider.files[body["input_file_id"]].decode().split("\n")
        calls = [
            {"id": line["custom_id"], "body": line["body"]}
            for line in map(json.loads, filter(None, lines))
        ]
        return web.json_response(shown(add_batch(calls, "openai", body.get("metadata"))))

    return await at("create", request, work)


@routes.get("/v1/messages/batches")
@routes.get("/v1/batches")
async def batches(request: web.Request) -> web.StreamResponse:
    async def work(fault: Any) -> web.StreamResponse:
        if fault == "stranger":
            # A batch of the same size that someone else has sent meanwhile.
            mine = list(provider.batches.values())[-1]
            calls = [call | {"id": f"x{call['id'][1:]}"} for call in mine["calls"]]
            judged = list(provider.judged)
            add_batch(calls, mine["kind"])
            provider.judged = judged
        found = [shown(batch) for batch in reversed(provider.batches.values())]
        found = found[: int(request.query.get("limit", 20))]
        return web.json_response({"data": found, "has_more": False, "object": "list"})

    return await at("list", request, work)


@routes.get("/v1/messages/batches/{id}")
@routes.get("/v1/batches/{id}")
async def look(request: web.Request) -> web.StreamResponse:
    async def work(fault: Any) -> web.StreamResponse:
        batch = provider.batches[request.match_info["id"]]
        if fault in ("expired", "cancelled", "failed"):
            batch["fate"] = fault
        batch["looks"] -= 1
        return web.json_response(shown(batch))

    return await at("look", request, work)


@routes.post("/v1/files")
async def upload(request: web.Request) -> web.StreamResponse:
    async def work(fault: Any) -> web.StreamResponse:
        form = await request.post()
        name = f"file_{len(provider.files) + 1}"
        provider.files[name] = form["file"].file.read()  # type: ignore[union-attr]
        about = {"id": name, "object": "file", "bytes": 1, "created_at": 1}
        return web.json_response(
            about | {"filename": "x", "purpose": "batch", "status": "processed"}
        )

    return await at("upload", request, work)


@routes.get("/v1/messages/batches/{id}/results")
@routes.get("/v1/files/{id}/content")
async def results(request: web.Request) -> web.StreamResponse:
    async def work(fault: Any) -> web.StreamResponse:
        batch = provider.batches[request.match_info["id"].removeprefix("out_")]
        lines = [result(batch, call) for call in reversed(batch["calls"])]
        if batch["fate"] in ("expired", "cancelled"):
            lines = lines[1:]
        lines = spoiled(lines, fault, batch)
        text = ("\n".join(lines) + "\n").encode() if lines else b""
        if fault not in ("cut", "kill_during"):
            return web.Response(body=text)
        response = web.StreamResponse(headers={"content-length": str(len(text))})
        await response.prepare(request)
        await response.write(text[: len(text) // 2])
        await asyncio.sleep(0.05)
        return await gone(request, fault)

    return await at("results", request, work)


def result(batch: Json, call: Json, how: str = "") -> str:
    told = {"message": "told to fail"}
    if batch["kind"] == "anthropic":
        blocked = {
            "type": "invalid_request_error",
            "message": "Blocked by content filtering policy",
        }
        wrong: Json = {
            "errored": {"type": "errored", "error": {"error": told | {"type": "api_error"}}},
            "expired": {"type": "expired"},
            "cancelled": {"type": "canceled"},
            "filtered": {"type": "errored", "error": {"type": "error", "error": blocked}},
            "malformed": {"type": "succeeded", "message": {"type": "message"}},
        }
        good = {"type": "succeeded", "message": reply(call["body"], "/messages")}
        return json.dumps(
            {"custom_id": call["id"], "result": wrong.get(how, good)}, ensure_ascii=False
        )
    refused = {"error": {"code": "content_filter", "message": "blocked"}}
    wrong = {
        "errored": {"response": {"status_code": 500, "body": {"error": told}}},
        "expired": {"response": None, "error": {"code": "batch_expired", "message": "late"}},
        "cancelled": {"response": None, "error": {"code": "batch_cancelled", "message": "no"}},
        "filtered": {"response": {"status_code": 400, "body": refused}},
        "malformed": {"response": {"status_code": 200, "body": {}}},
    }
    path = "/responses" if "input" in call["body"] else "/chat/completions"
    good = dict[str, Any](status_code=200, body=reply(call["body"], path))
    line = {"id": "x", "custom_id": call["id"], "response": good, "error": None}
    return json.dumps(line | wrong.get(how, {}), ensure_ascii=False)


def spoiled(lines: list[str], fault: Any, batch: Json) -> list[str]:
    """Spoil the first line of the results, or add to them."""
    first = batch["calls"][-1]
    other = json.loads(lines[0])
    match fault:
        case "missing":
            return lines[1:]
        case "empty":
            return []
        case "broken_line":
            return [lines[0][: len(lines[0]) // 2], *lines[1:]]
        case "not_json":
            return ["<html>", "[]", "null", *lines]
        case "unknown_entry":
            return [json.dumps(other | {"custom_id": "nobody"}), *lines]
        case "no_id":
            return [json.dumps({k: v for k, v in other.items() if k != "custom_id"}), *lines]
        case "twice":
            return [*lines, result(batch, first | {"body": batch["calls"][0]["body"]})]
        case "failed_and_good":
            return [result(batch, first, "errored"), *lines]
        case "errored" | "expired" | "cancelled" | "filtered" | "malformed":
            return [result(batch, first, fault), *lines[1:]]
        case "unknown_type":
            other |= {"result": {"type": "new"}, "response": "new"}
            return [json.dumps(other), *lines[1:]]
    return lines


async def serve() -> None:
    app = web.Application(client_max_size=2**30)
    app.add_routes(routes)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, backlog=1024)
    await site.start()
    print(f"http://127.0.0.1:{runner.addresses[0][1]}", flush=True)
    # Ends with the process that started it.
    await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(serve())
