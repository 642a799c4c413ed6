"""Large outputs over the real binary: they leave a run's memory, are read again when something needs them, and are read
from outside in pieces."""

import json
import os
import tempfile
import unittest

import house
from house import eventually, node

MIB = 1 << 20
LIMIT = 40 * MIB
SIZE = 8 * MIB


def peak_bytes(server):
    """The most that the process has held so far (VmHWM)."""
    house.not_under_a_sanitizer("it keeps what was freed")
    with open(f"/proc/{server.process.pid}/status") as status:
        for line in status:
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    raise AssertionError("the system does not tell VmHWM")


def chain(kind, count, extra=()):
    """`count` steps one after the other, each with 8 MB of output, each of which looks at the one before it."""
    nodes, edges = [], []
    for i in range(count):
        if kind == "read":  # a task with an effect: each step waits for its commit
            before = f"{{{{ nodes.s{i - 1}.output.size > 0 ? 'large.txt' : 'none' }}}}" if i else "large.txt"
            nodes.append(node(f"s{i}", "file.read", {"path": before}))
        else:               # pure: computed as fast as memory allows
            text = f"{{{{ nodes.s{i - 1}.output.text }}}}" if i else "{{ input.text }}"
            nodes.append(node(f"s{i}", "set", {"values": {"text": text, "n": i}}))
        if i:
            edges.append({"from": f"s{i - 1}", "to": f"s{i}"})
    return {"name": f"{kind}-{count}", "nodes": nodes + list(extra), "edges": edges}


class LargeValues(unittest.TestCase):
    def setUp(self):
        self.server = house.Server(env={"SLUICE_ENGINE_RUN_MEMORY": str(LIMIT), "SLUICE_SERVER_MAX_BODY": "32MiB"}).start()
        self.addCleanup(self.server.close)
        self.client = self.server.client()
        folder = os.path.join(self.server.data, "files", self.client.get("/api/v1/auth/me").json["workspace"]["name"])
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, "large.txt"), "w") as file:
            file.write("0123456789abcdef" * (SIZE // 16))

    def flow(self, document, output=None):
        return self.client.create_flow({**document, **({} if output is None else {"output": output})})

    def start(self, flow):
        answer = self.client.post(f"/api/v1/flows/{flow}/runs", {"input": {}})
        self.assertEqual(answer.status, 202, answer)
        return answer.json["id"]

    def ended(self, run):
        def judge():
            row = self.client.get(f"/api/v1/runs/{run}?wait=10s").json
            return row if row["status"] in ("succeeded", "failed", "cancelled", "timed_out") else None
        return eventually(judge, "the run ends", 180)

    def test_a_chain_of_large_outputs_needs_the_memory_of_two(self):
        small = self.flow({"name": "small", "nodes": [node("n", "set", {"values": {"n": 1}})]})
        self.client.run(small)
        before = peak_bytes(self.server)
        flow = self.flow(chain("read", 24), {"last": "{{ nodes.s23.output.size }}", "first": "{{ nodes.s0.output.size }}"})
        ended = self.ended(self.start(flow))
        self.assertEqual(ended["status"], "succeeded", ended)
        self.assertEqual(ended["output"], {"last": SIZE, "first": SIZE})
        # 24 outputs are 192 MB; two of them, and what their way to the disk takes for a moment, are far less.
        self.assertLess(peak_bytes(self.server) - before, 128 * MIB)
        self.assertTrue(self.client.post(f"/api/v1/runs/{ended['id']}/replay").json["same"])

    def test_pure_steps_wait_until_what_they_gave_is_stored(self):
        document = chain("pure", 16)
        document["nodes"][0] = node("s0", "file.read", {"path": "large.txt"})
        document["nodes"][1]["config"]["values"]["text"] = "{{ nodes.s0.output.content }}"
        ended = self.ended(self.start(self.flow(document, "{{ nodes.s1.output.n + nodes.s15.output.n }}")))
        self.assertEqual((ended["status"], ended.get("output")), ("succeeded", 16), ended["error"])

    def test_an_expression_that_needs_them_all_fails_its_node_and_says_why(self):
        sizes = " + ".join(f"nodes.s{i}.output.size" for i in range(12))
        all_of_them = node("all", "set", {"values": {"n": "{{ " + sizes + " }}"}})
        document = chain("read", 12, [all_of_them])
        document["edges"].append({"from": "s11", "to": "all"})
        ended = self.ended(self.start(self.flow(document)))
        self.assertEqual(ended["status"], "failed", ended)
        self.assertEqual((ended["error"]["code"], ended["error"]["step"]), ("too_large", "all"))
        self.assertIn("engine.run_memory", ended["error"]["message"])
        steps = {s["path"]: s["status"] for s in self.client.get(f"/api/v1/runs/{ended['id']}/steps").json["items"]}
        self.assertEqual([steps[f"s{i}"] for i in range(12)], ["succeeded"] * 12)
        # What had succeeded is taken from the blobs by a rerun, without loading them all.
        again = self.client.post(f"/api/v1/runs/{ended['id']}/rerun", {"from": "s11"})
        self.assertEqual(again.status, 202, again)
        self.assertEqual(self.ended(again.json["id"])["error"]["step"], "all")

    def test_after_a_kill_the_run_goes_on_with_what_is_in_the_blobs(self):
        document = chain("read", 8, [node("go", "wait.signal", {"name": "go"}), node("end", "set", {"values": {
            "n": "{{ nodes.s0.output.size + nodes.s7.output.size }}"}})])
        document["edges"] += [{"from": "s7", "to": "go", "condition": "nodes.s3.output.size > 0"}, {"from": "go", "to": "end"}]
        run = self.start(self.flow(document, "{{ nodes.end.output.n }}"))
        eventually(lambda: sum(e["kind"] == "step.succeeded" for e in self.client.run_events(run)) >= 3, "some steps have ended", 120)
        self.server.kill()
        self.server.start()
        before = peak_bytes(self.server)
        eventually(lambda: self.client.get(f"/api/v1/runs/{run}").json["status"] == "waiting", "the run waits for its signal", 120)
        self.server.kill()
        self.server.start()
        answer = self.client.post(f"/api/v1/runs/{run}/signals/go", {})
        self.assertEqual(answer.status, 200, answer)
        ended = self.ended(run)
        self.assertEqual((ended["status"], ended.get("output")), ("succeeded", 2 * SIZE), ended["error"])
        self.assertLess(peak_bytes(self.server) - before, 128 * MIB)

    def test_a_large_value_is_read_whole_and_in_parts(self):
        run = self.start(self.flow(chain("read", 1), "{{ nodes.s0.output.content }}"))
        self.assertEqual(self.ended(run)["status"], "succeeded")
        at = f"/api/v1/runs/{run}"
        text = json.dumps("0123456789abcdef" * (SIZE // 16)).encode()
        self.assertEqual(self.client.get(f"{at}/output").body, b'{"output":' + text + b"}")
        self.assertEqual(self.client.get(at).json["output"].encode(), text[1:-1])
        self.assertEqual(self.client.get(f"{at}/input").json, {"input": {}})
        step = self.client.get(f"{at}/steps/s0").json
        self.assertEqual((step["path"], step["attempt"], step["output"]["size"]), ("s0", 1, SIZE))
        raw = self.client.get(f"{at}/output?raw=true")
        self.assertEqual((raw.status, raw.body, raw.headers["accept-ranges"]), (200, text, "bytes"))
        pieces, offset = [], 0
        while offset < len(text):
            part = self.client.get(f"{at}/output?offset={offset}&limit=3000000")
            self.assertEqual(part.status, 206, part)
            self.assertEqual(part.headers["content-range"], f"bytes {offset}-{offset + len(part.body) - 1}/{len(text)}")
            pieces.append(part.body)
            offset += len(part.body)
        self.assertEqual(b"".join(pieces), text)
        for ranges, expected in (("bytes=5-9", text[5:10]), ("bytes=-4", text[-4:]), (f"bytes={len(text) - 2}-", text[-2:])):
            part = self.client.get(f"{at}/output?raw=true", headers={"Range": ranges})
            self.assertEqual((part.status, part.body), (206, expected), ranges)
        beyond = self.client.get(f"{at}/output?raw=true", headers={"Range": f"bytes={len(text)}-"})
        self.assertEqual((beyond.status, beyond.headers["content-range"]), (416, f"bytes */{len(text)}"))
        self.assertEqual(self.client.get(f"{at}/output?offset={len(text)}").status, 400)
        self.assertEqual(self.client.get(f"{at}/output?limit=0").status, 400)

    def test_small_values_are_read_in_the_same_way(self):
        run = self.start(self.flow({"name": "tiny", "nodes": [node("n", "set", {"values": {"word": "hello"}})]}, "{{ nodes.n.output.word }}"))
        self.ended(run)
        at = f"/api/v1/runs/{run}"
        self.assertEqual(self.client.get(f"{at}/output").json, {"output": "hello"})
        self.assertEqual(self.client.get(f"{at}/steps/n?raw=true").body, b'{"word":"hello"}')
        self.assertEqual(self.client.get(f"{at}/output?offset=1&limit=3").body, b"hel")
        failed = self.start(self.flow({"name": "broken", "nodes": [node("n", "fail", {"message": "no"})]}))
        self.ended(failed)
        missing = self.client.get(f"/api/v1/runs/{failed}/output")
        self.assertEqual(missing.status, 404, missing)
        self.assertIn("has not succeeded", missing.json["detail"])

    def test_the_command_saves_a_large_value_to_a_file(self):
        run = self.start(self.flow(chain("read", 1), "{{ nodes.s0.output.content }}"))
        self.ended(run)
        with tempfile.TemporaryDirectory() as folder:
            place = os.path.join(folder, "value.json")
            saved = house.sluice("runs", "output", run, "--file", place, data=self.server.data)
            self.assertEqual(saved.returncode, 0, saved.stderr)
            with open(place) as file:
                self.assertEqual(len(json.load(file)), SIZE)
            step = house.sluice("runs", "output", run, "--step", "s0", data=self.server.data)
            self.assertEqual(json.loads(step.stdout)["size"], SIZE)
            none = house.sluice("runs", "output", run, "--step", "nowhere", "--file", place + "2", data=self.server.data)
            self.assertEqual(none.returncode, 1, none.stderr)
            self.assertEqual(os.listdir(folder), ["value.json"])


if __name__ == "__main__":
    house.main()
