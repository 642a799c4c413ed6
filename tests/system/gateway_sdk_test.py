"""The vendors' own SDKs, unchanged, against the gateway: each with a model of every type of provider. And the mock itself."""

import os
import re
import subprocess

import gateway_house
import house
from gateway_house import GatewayStory, Mock, SUITES, TYPES, WITH_EMBEDDINGS, model_of, suites_folder

SDKS = ("openai", "responses", "anthropic", "gemini")


def suite(case, sdk, kind, least=6, **environment):
    """Runs tests/gateway/SDK.test.mjs; fails with what it said."""
    folder = suites_folder()
    without = [] if kind in WITH_EMBEDDINGS else ["embeddings"]
    told = {f"GATEWAY_{name.upper()}": value for name, value in environment.items()}
    ran = subprocess.run([os.path.join(folder, "node"), "--test", "--test-reporter=tap", f"{sdk}.test.mjs"], cwd=SUITES, capture_output=True, text=True,
                         timeout=300, env={**house.clean_environment(), "GATEWAY_SDKS": folder, "GATEWAY_UPSTREAM": kind,
                                           "GATEWAY_WITHOUT": ",".join(without), **told})
    passed = re.search(r"^# pass (\d+)$", ran.stdout, re.M)
    failed = re.findall(r"^not ok \d+ - (.*)$", ran.stdout, re.M)
    case.assertEqual(ran.returncode, 0, f"{sdk} with {kind}: {failed}\n{ran.stdout[-6000:]}\n{ran.stderr[-2000:]}")
    case.assertGreaterEqual(int(passed.group(1)), least, ran.stdout[-2000:])


class TheMock(gateway_house.unittest.TestCase):
    def test_it_does_what_its_own_tests_say(self):
        ran = subprocess.run(["node", "--test", "mock.test.mjs"], cwd=SUITES, capture_output=True, text=True, timeout=300, env=house.clean_environment())
        self.assertEqual(ran.returncode, 0, ran.stdout[-6000:])

    def test_the_sdks_agree_with_it_without_a_gateway_between_them(self):
        mock = Mock()
        self.addCleanup(mock.close)
        for sdk, kind in (("openai", "openai"), ("responses", "openai"), ("anthropic", "anthropic"), ("gemini", "gemini")):
            with self.subTest(sdk=sdk):
                suite(self, sdk, kind, url=mock.url, mock=mock.url, key="key", broke_key="broke", model="mock-10-20",
                      embedding_model="embed-mock-4-0")


class Limits(GatewayStory):
    def test_the_sdks_raise_what_they_raise_at_their_vendors_limits_and_wait_as_they_are_told(self):
        def key(per_minute):
            made = self.owner.post("/api/v1/api-keys", {"name": "limited", "role": "owner", "requests_per_minute": per_minute})
            self.assertEqual(made.status, 201, made)
            return made.json["key"]
        suite(self, "limits", "openai", least=5, url=f"http://127.0.0.1:{self.server.port}", mock=self.mock.url, key=self.owner.key, broke_key="none",
              model=model_of("openai"), embedding_model=model_of("openai", "embed-mock-4-0"), once_openai=key(1), once_anthropic=key(1),
              once_gemini=key(1), quick_openai=key(120), quick_anthropic=key(120))


class Pairings(GatewayStory):
    """test_<sdk>_with_<type of provider>, made below."""

    def setUp(self):
        self.broke, _ = self.limited_key("0")

    def pairing(self, sdk, kind):
        suite(self, sdk, kind, url=f"http://127.0.0.1:{self.server.port}", mock=self.mock.url, key=self.owner.key, broke_key=self.broke.key,
              model=model_of(kind), embedding_model=model_of(kind, "embed-mock-4-0"))


for one in SDKS:
    for other in TYPES:
        def test(self, sdk=one, kind=other):
            self.pairing(sdk, kind)
        setattr(Pairings, f"test_{one}_with_{other}", test)


if __name__ == "__main__":
    house.main()
