"""Every example of examples/control and examples/drafts: published and run by the real binary, with the result that docs/control.md names."""

import json
import os
import pathlib
import unittest

import house
from house import eventually

ROOT = pathlib.Path(__file__).resolve().parents[2]
ENDED = ("succeeded", "failed", "cancelled", "timed_out")


class Examples(unittest.TestCase):
    """One test for each file, `test_<folder>_<file>`; test_every_example_has_its_test judges that none is left out."""

    @classmethod
    def setUpClass(cls):
        cls.server = house.Server().start()
        cls.client = cls.server.client()

    @classmethod
    def tearDownClass(cls):
        cls.server.close()

    # -- parts

    def sluice(self, *arguments, code=0):
        done = house.sluice(*arguments, data=self.server.data)
        self.assertEqual(done.returncode, code, f"sluice {' '.join(arguments)}: {done.stdout} {done.stderr}")
        return done.stdout

    def asked(self, *arguments):
        return json.loads(self.sluice(*arguments, "--json"))

    def publish(self, file):
        """The flow's name."""
        path = ROOT / "examples" / file
        self.sluice("apply", "-f", str(path))
        return path.read_text(encoding="utf-8").split("\n", 1)[0].removeprefix("name: ")

    def start(self, flow, value=None):
        return self.asked("runs", "start", flow, "--input", json.dumps(value or {}))["id"]

    def run_of(self, run):
        return self.client.get(f"/api/v1/runs/{run}").json

    def ended(self, run, status="succeeded"):
        found = eventually(lambda: (r := self.run_of(run))["status"] in ENDED and r, f"{run} ends")
        self.assertEqual(found["status"], status, found)
        return found

    def reaches(self, run, status):
        return eventually(lambda: self.run_of(run)["status"] == status, f"{run} is {status}")

    def run_file(self, file, value=None, status="succeeded"):
        return self.ended(self.start(self.publish(file), value), status)

    def events(self, run, kind):
        return [event for event in self.client.run_events(run) if event["kind"] == kind]

    def ends(self, run):
        """The paths of the steps in the order in which they succeeded or failed."""
        return [e["path"] for e in self.client.run_events(run) if e["kind"] in ("step.succeeded", "step.failed", "step.timed_out")]

    def flow_id(self, name):
        return self.asked("flows", "show", name)["id"]

    # -- the examples

    def test_control_retries(self):
        preview = self.asked("flows", "validate", str(ROOT / "examples/control/retries.yaml"))["retries"]
        self.assertEqual([(node["node"], len(node["attempts"])) for node in preview], [("ask", 4)])
        run = self.run_file("control/retries.yaml", {"about": "rain"})
        self.assertEqual(run["output"], {"answered": True})
        self.assertEqual([e["attempt"] for e in self.events(run["id"], "step.attempt_failed")], [1, 2])
        self.assertEqual(self.events(run["id"], "step.succeeded")[0]["attempt"], 3)

    def test_control_retry_budget(self):
        run = self.run_file("control/retry-budget.yaml", status="failed")
        self.assertEqual(run["error"]["step"], "second")
        self.assertIn("the run's 3 attempts are used up (settings.max_attempts)", run["error"]["message"])
        self.assertEqual(len(self.events(run["id"], "step.started")), 3)

    def test_control_timeouts(self):
        run = self.run_file("control/timeouts.yaml")
        self.assertEqual(run["output"], {"task": "timeout", "container": "timeout", "signal": "timeout"})
        self.assertEqual({e["path"] for e in self.events(run["id"], "step.timed_out")}, {"task", "container", "signal"})

    def test_control_run_timeout(self):
        run = self.run_file("control/run-timeout.yaml", status="timed_out")
        self.assertEqual(run["error"]["code"], "timeout")
        self.assertIn("settings.timeout", run["error"]["message"])

    def test_control_pausable(self):
        flow = self.publish("control/pausable.yaml")
        run = self.start(flow, {"nap": "3s"})
        self.assertEqual(self.asked("runs", "pause", run, "--reason", "a look")["status"], "paused")
        self.assertIn(self.asked("runs", "resume", run)["status"], ("running", "waiting"))
        self.assertEqual(self.ended(run)["output"], {"done": {"woke": True}})
        self.assertEqual(self.events(run, "run.paused")[0]["data"]["reason"], "a look")
        run = self.start(flow, {"nap": "1h"})
        self.assertEqual(self.asked("runs", "cancel", run, "--reason", "not needed")["status"], "cancelled")
        self.assertEqual(self.ended(run, "cancelled")["error"], {"code": "cancelled", "message": "not needed"})
        self.assertEqual(self.ends(run), [])

    def test_control_on_error(self):
        run = self.run_file("control/on-error.yaml")
        self.assertEqual(run["output"], {"optional": "not_found", "routed": "the stock is empty", "told": False})
        run = self.run_file("control/on-error.yaml", {"strict": True}, "failed")
        self.assertEqual(run["error"]["message"], "this one ends the run")

    def test_control_error_flow(self):
        self.publish("control/error-flow-alarm.yaml")
        run = self.run_file("control/error-flow.yaml", status="failed")["id"]

        def called():
            return [r for r in self.client.get("/api/v1/runs").json["items"] if r["parent_run_id"] == run]

        alarm = eventually(called, "the error flow runs")
        ended = self.ended(alarm[0]["id"])
        self.assertEqual((len(alarm), ended["trigger"]), (1, "error"))
        self.assertEqual(ended["output"], "error-flow failed: the supplier is closed")

    def test_a_server_has_an_error_flow_for_flows_that_name_none(self):
        with house.Server(env={"SLUICE_ENGINE_ERROR_FLOW": "alarm"}) as server:
            client = server.client()
            for file in ("error-flow-alarm", "rollback"):
                made = client.post("/api/v1/flows", (ROOT / f"examples/control/{file}.yaml").read_bytes(), media="application/yaml")
                self.assertEqual(made.status, 201, made)
            self.assertEqual(client.run(made.json["id"])["status"], "failed")

            def alarm():
                return [r for r in client.get("/api/v1/runs?status=succeeded").json["items"] if r["trigger"] == "error"]

            called = eventually(alarm, "the error flow runs")[0]["id"]
            self.assertEqual(client.get(f"/api/v1/runs/{called}").json["output"], "rollback failed: no car is left")

    def test_control_error_flow_alarm(self):
        value = {"flow": "other", "status": "timed_out", "error": {"message": "too late"}}
        self.assertEqual(self.run_file("control/error-flow-alarm.yaml", value)["output"], "other timed_out: too late")

    def test_control_rollback(self):
        run = self.run_file("control/rollback.yaml", status="failed")
        self.assertEqual((run["error"]["step"], run["error"]["message"]), ("car", "no car is left"))
        self.assertEqual(self.ends(run["id"]), ["flight", "hotel", "car", "no_hotel", "no_flight"])
        outputs = {e["path"]: e["value"] for e in self.events(run["id"], "step.succeeded")}
        self.assertEqual(outputs["no_hotel"], {"gave_back": 7, "because": "no car is left"})

    def test_control_joins(self):
        run = self.run_file("control/joins.yaml")
        self.assertEqual(run["output"], {
            "all_of": {"never_ran": True, "middling_done": True}, "any_of": {"middling_done": False},
            "two_of": {"middling_done": True}, "first_of": {"near_won": True}})
        self.assertEqual([e["path"] for e in self.events(run["id"], "step.cancelled")], ["far"])
        self.assertEqual([e["path"] for e in self.events(run["id"], "step.skipped")], ["never"])

    def test_control_map(self):
        output = self.run_file("control/map.yaml")["output"]
        self.assertEqual((output[0], output[2], len(output)), (2, 5, 3))
        self.assertEqual((output[1]["error"]["message"], output[1]["error"]["step"]), ("7 is odd", "each[1]/odd"))

    def test_control_loop(self):
        self.assertEqual(self.run_file("control/loop.yaml")["output"], {"turns": 3, "last": {"progress": 100}})

    def test_control_subflow(self):
        self.publish("control/subflow-greeting.yaml")
        run = self.run_file("control/subflow.yaml")
        self.assertEqual(run["output"]["text"], "Hello Ada")
        inner = self.run_of(run["output"]["run"])
        self.assertEqual((inner["parent_run_id"], inner["trigger"], inner["status"]), (run["id"], "flow", "succeeded"))

    def test_control_subflow_greeting(self):
        self.assertEqual(self.run_file("control/subflow-greeting.yaml", {"name": "Grace"})["output"], "Hello Grace")

    def test_control_wait(self):
        self.assertEqual(self.run_file("control/wait.yaml")["output"], {"woke": True})

    def test_control_signal(self):
        flow = self.publish("control/signal.yaml")
        run = self.start(flow)
        self.reaches(run, "waiting")
        self.sluice("runs", "signal", run, "approved", "--key", "B99", "--payload", '{"by": "Eve"}')
        self.assertEqual(self.run_of(run)["status"], "waiting", "another order's approval is not taken")
        self.sluice("runs", "signal", run, "approved", "--key", "A17", "--payload", '{"by": "Ada"}')
        self.assertEqual(self.ended(run)["output"], {"ship": {"approved_by": "Ada"}})

    def test_control_unknown(self):
        run = self.start(self.publish("control/unknown.yaml"), {"takes": "50s"})
        eventually(lambda: self.events(run, "step.started"), "the call is under way")
        self.server.kill()
        self.server.start()
        self.reaches(run, "waiting")
        self.assertEqual([s["status"] for s in self.client.get(f"/api/v1/runs/{run}/steps").json["items"]], ["unknown"])
        self.sluice("runs", "decide", run, "pay", "succeed", "--output", '{"text": "paid, says the bank"}')
        self.assertEqual(self.ended(run)["output"], "paid, says the bank")
        self.assertEqual(self.events(run, "step.decided")[0]["data"]["decision"], "succeed")

    def test_control_retry_rerun(self):
        flow = self.publish("control/retry-rerun.yaml")
        run = self.start(flow)
        self.assertEqual(self.ended(run, "failed")["error"]["step"], "call")
        self.sluice("runs", "retry", run, "--reason", "the provider is back")
        self.assertEqual(self.ended(run)["output"]["word"], "hello")
        self.assertEqual(self.ends(run), ["prepare", "call", "call", "finish"], "what had succeeded is not done again")
        again = self.asked("runs", "rerun", run, "--from", "finish", "--outputs", '{"call": {"text": "bonjour"}}')["id"]
        rerun = self.ended(again)
        self.assertEqual((rerun["output"], rerun["parent_run_id"]), ({"said": "bonjour", "word": "hello"}, run))
        reused = [e["path"] for e in self.events(again, "step.succeeded") if e.get("data", {}).get("reused")]
        self.assertEqual(reused, ["prepare", "call"])

    def test_control_trial(self):
        flow = self.flow_id(self.publish("control/trial.yaml"))

        def tried(**body):
            answer = self.client.post(f"/api/v1/flows/{flow}/runs?wait=20s", {"input": {}, **body})
            self.assertEqual((answer.status, answer.json["status"]), (200, "succeeded"), answer)
            return answer.json

        sample = {"model": {"text": "urgent"}}
        self.assertEqual(tried(until="line", pins=sample)["output"], {"text": "It is urgent."})
        alone = tried(only="tell", pins={"line": {"text": "given"}, **sample})
        self.assertEqual(alone["output"], {"told": "given"})
        self.assertEqual(self.run_of(alone["id"])["trigger"], "trial")
        self.assertEqual(self.ends(alone["id"]), ["model", "line", "tell"])

    def test_drafts_urgency(self):
        name = self.publish("drafts/urgency.yaml")
        self.assertIn("It is ", self.ended(self.start(name, {"text": "help"}))["output"]["answer"]["line"])
        flow = self.flow_id(name)
        document = (ROOT / "examples/drafts/urgency.yaml").read_text(encoding="utf-8")
        self.assertEqual(self.client.put(f"/api/v1/flows/{flow}/draft", document, media="application/yaml").status, 201)
        self.sluice("pins", "set", name, "classify", "--output", '{"text": "pinned"}')
        answer = self.client.post(f"/api/v1/flows/{flow}/runs?wait=20s", {"input": {}, "version": "draft"})
        self.assertEqual((answer.status, answer.json["status"]), (200, "succeeded"), answer)
        self.assertEqual(answer.json["output"]["answer"]["line"], "It is pinned.")

    # -- the whole

    def test_every_example_has_its_test_and_its_place_in_the_documentation(self):
        text = (ROOT / "docs/control.md").read_text(encoding="utf-8")
        for folder in ("control", "drafts"):
            for name in sorted(os.listdir(ROOT / "examples" / folder)):
                stem = name.removesuffix(".yaml").replace("-", "_")
                self.assertTrue(hasattr(self, f"test_{folder}_{stem}"), f"examples/{folder}/{name} has no test")
                self.assertIn(f"examples/{folder}/{name}", text, "docs/control.md names it")


if __name__ == "__main__":
    house.main()
