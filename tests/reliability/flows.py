"""The flows of the kill loop and what each promises. Every step with an effect tells the ledger its run, its place and the nonce
that it was given by the step before, so that the ledger can be compared with the journal.
"""

import dataclasses
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "system"))

from house import chain  # noqa: E402


def call(name, ledger, extra=None, path="/effect", seen=None, attempts=40, **more):
    """A step with an effect: it posts its run and place to the ledger."""
    body = {"run": "{{ run.id }}", "path": name}
    if seen:
        body["seen"] = {"path": seen, "nonce": "{{ nodes.%s.output.body.nonce }}" % seen}
    body.update(extra or {})
    timeout = "30s" if path in ("/slow", "/steady") else "4s"
    return {"id": name, "type": "http.request",
            "config": {"method": "POST", "url": f"http://127.0.0.1:{ledger}{path}", "body": body, "timeout": timeout},
            "retry": {"max_attempts": attempts, "backoff": "20ms", "max_backoff": "200ms"}, **more}


@dataclasses.dataclass
class Spec:
    document: dict
    weight: int                   # share of the starts
    effects: dict                 # path → /effect | /once | /flaky | /steady | /slow | /refuse
    steps: list                   # every path that a run which succeeds has an end of
    status: str = "succeeded"     # how every run of it ends
    output: object = None         # function of n, where the output is known
    strict: bool = True           # a start mark is durable before the effect
    once: tuple = ()              # steps with on_unknown: stop
    cancel: bool = False          # each run is cancelled by its client
    signal: str = ""              # each run is sent this signal by its client
    pause: bool = False           # each run is paused and resumed by its client
    large: bool = False           # its input goes to a blob
    retry: bool = False           # a run that fails is retried by its client until it succeeds
    undo: tuple = ()              # the compensations of a run that fails, in their order
    inner: str = ""               # the flow of its one run within
    optional: bool = False        # left out when the binary does not know it yet


def transform(name, expression):
    return {"id": name, "type": "transform", "config": {"expression": expression}}


def specs(ledger):
    """name → Spec"""
    out = {}

    def add(name, graph, weight, effects=None, **more):
        steps = more.pop("steps", None) or [node["id"] for node in graph["nodes"]]
        out[name] = Spec({"name": name, **graph}, weight, effects or {}, steps, **more)

    pure = chain(*[transform(f"p{i}", f"input.n + {i}") for i in range(5)])
    add("pure", {**pure, "output": "{{ nodes.p4.output }}"}, 24, output=lambda n: n + 4)

    spread = [call("a", ledger, path="/once"), call("b", ledger, seen="a"), call("c", ledger, path="/once", seen="a"),
              transform("d", "input.n * 3"), call("e", ledger, {"d": "{{ nodes.d.output }}"}, seen="b")]
    edges = [("a", "b"), ("a", "c"), ("a", "d"), ("b", "e"), ("c", "e"), ("d", "e")]
    add("dag", {"nodes": spread, "edges": [{"from": a, "to": b} for a, b in edges], "output": "{{ nodes.d.output }}"}, 18,
        {"a": "/once", "b": "/effect", "c": "/once", "e": "/effect"}, output=lambda n: 3 * n)

    add("retries", chain(call("r", ledger, path="/flaky"), call("s", ledger, path="/flaky", seen="r")), 10,
        {"r": "/flaky", "s": "/flaky"})

    each = {"nodes": [transform("double", "item * 2"),
                      call("tell", ledger, {"path": "each[{{ index }}]/tell"}, path="/once")],
            "edges": [{"from": "double", "to": "tell"}], "output": "{{ nodes.double.output }}"}
    spread = {"id": "each", "type": "map", "config": {"items": "{{ input.items }}", "concurrency": 3, "body": each}}
    tells = {f"each[{i}]/tell": "/once" for i in range(4)}
    add("mapped", {**chain(spread, call("after", ledger, path="/once")), "output": "{{ nodes.each.output }}"}, 12,
        {**tells, "after": "/once"}, output=lambda n: [2 * (n + i) for i in range(4)],
        steps=["each", "after", *tells, *[f"each[{i}]/double" for i in range(4)]])

    # A map of nothing but pure steps: its end is a record that nothing else makes again.
    inner = {"nodes": [transform("x", "item + 1"), transform("y", "nodes.x.output * 2")],
             "edges": [{"from": "x", "to": "y"}], "output": "{{ nodes.y.output }}"}
    add("counted", {**chain({"id": "all", "type": "map", "config": {"items": "{{ input.items }}", "body": inner}},
                            call("last", ledger, path="/once")), "output": "{{ nodes.all.output }}"}, 8, {"last": "/once"},
        output=lambda n: [2 * (n + i + 1) for i in range(4)],
        steps=["all", "last", *[f"all[{i}]/{s}" for i in range(4) for s in "xy"]])

    wait = {"id": "pause", "type": "wait", "config": {"for": "1s"}}
    add("waiting", chain(call("before", ledger, path="/once"), wait, call("after", ledger, path="/once", seen="before")), 8,
        {"before": "/once", "after": "/once"})

    add("stops", chain(call("before", ledger, path="/once"), call("hold", ledger, path="/slow", attempts=1, on_unknown="stop"),
                       call("after", ledger, path="/once")), 8,
        {"before": "/once", "hold": "/slow", "after": "/once"}, once=("hold",))

    long = {"id": "long", "type": "wait", "config": {"for": "10m"}}
    add("cancelled", chain(call("before", ledger, path="/once"), long, call("never", ledger, path="/steady")), 6,
        {"before": "/once", "never": "/steady"}, status="cancelled", cancel=True)

    add("failing", chain(call("no", ledger, path="/refuse", attempts=2), call("never", ledger, path="/steady")), 3,
        {"no": "/refuse", "never": "/steady"}, status="failed")

    add("relaxed", {**chain(transform("t", "input.n"), call("one", ledger, path="/once"),
                            call("two", ledger, path="/once", seen="one")), "settings": {"durability": "relaxed"}}, 3,
        {"one": "/once", "two": "/once"}, strict=False)

    add("large", {**chain(transform("size", "size(input.text) + input.n"), call("tell", ledger, path="/once")),
                  "output": "{{ nodes.size.output }}"}, 2, {"tell": "/once"}, output=lambda n: 70_000 + n, large=True)

    signal = {"id": "gate", "type": "wait.signal", "config": {"name": "go"}}
    add("signalled", chain(call("before", ledger, path="/once"), signal, call("after", ledger, path="/once")), 6,
        {"before": "/once", "after": "/once"}, signal="go", optional=True)

    add("paused", chain(call("before", ledger, path="/once"), {**wait, "config": {"for": "300ms"}},
                        call("after", ledger, path="/once", seen="before")), 5,
        {"before": "/once", "after": "/once"}, pause=True, optional=True)
    turn = {"nodes": [{"id": "rest", "type": "wait", "config": {"for": "20ms"}},
                      call("tell", ledger, {"path": "turns[{{ index }}]/tell"}, path="/once")],
            "edges": [{"from": "rest", "to": "tell"}], "output": "{{ index }}"}
    tells = {f"turns[{i}]/tell": "/once" for i in range(3)}
    add("looped", chain({"id": "turns", "type": "loop", "config": {"while": "index < 3", "body": turn}}, call("after", ledger, path="/once")),
        6, {**tells, "after": "/once"}, steps=["turns", "after", *tells], optional=True)

    trip = [call(name, ledger, path=path, attempts=attempts) for name, path, attempts in
            (("flight", "/once", 40), ("hotel", "/once", 40), ("car", "/refuse", 1), ("no_flight", "/once", 40), ("no_hotel", "/once", 40))]
    add("undone", {"nodes": trip, "edges": [{"from": "flight", "to": "hotel"}, {"from": "hotel", "to": "car"},
                                            {"from": "flight", "to": "no_flight", "on": "rollback"},
                                            {"from": "hotel", "to": "no_hotel", "on": "rollback"}]}, 6,
        {"flight": "/once", "hotel": "/once", "car": "/refuse", "no_flight": "/once", "no_hotel": "/once"}, status="failed",
        undo=("no_hotel", "no_flight"), optional=True)

    add("retried", chain(call("before", ledger, path="/once"), call("weak", ledger, path="/second", attempts=1, seen="before"),
                         call("after", ledger, path="/once", seen="weak")), 5,
        {"before": "/once", "weak": "/second", "after": "/once"}, retry=True, optional=True)

    add("inner", chain(wait, call("within", ledger, path="/once")), 0, {"within": "/once"}, optional=True)
    out["inner"].document["nodes"][0] = {**wait, "config": {"for": "200ms"}}
    add("outer", chain(call("before", ledger, path="/once"),
                       {"id": "sub", "type": "subflow", "config": {"flow": "inner", "input": {"n": "{{ input.n }}"}}},
                       call("after", ledger, path="/once")), 5, {"before": "/once", "after": "/once"}, inner="inner", optional=True)
    return out


def value_of(spec, n):
    """The input of a run."""
    value = {"n": n, "items": [n, n + 1, n + 2, n + 3]}
    if spec.large:
        value["text"] = "x" * 70_000
    return value
