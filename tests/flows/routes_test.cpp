#include <httplib.h>

#include "events/house.hpp"
#include "flows/types.hpp"
#include "sluice/identity/identity.hpp"
#include "sluice/net/server.hpp"
#include "sluice/runtime/pool.hpp"

using namespace sluice;
using namespace sluice::flows;
using flows::test::flow;
using flows::test::types;

namespace {

/// A real server with the routes of flows; requests are made on a pool's thread while the loop serves them.
struct Site : sluice::testing::House {
    Site() {
        identity = std::make_unique<identity::Identity>(*storage, clock, random);
        done(identity->start());
        flows = std::make_unique<Flows>(*storage, types(), clock, random);
        routes = std::make_unique<FlowRoutes>(FlowRoutes{*flows, types()});
        add_routes(router, *routes);
        router.seal("test");
        net::ServerOptions options;
        options.port = 0;
        server = std::make_unique<net::Server>(loop, router, std::move(options));
        server->set_authenticator(identity->authenticator());
        server->set_idempotency(identity->idempotency());
        REQUIRE(server->start());
        key = make_key("owner");
    }
    ~Site() {
        testing::run(loop, server->stop());
        testing::run(loop, identity->stop());
    }

    std::string make_key(std::string role) {
        identity::NewKey wanted;
        wanted.name = role;
        wanted.role = std::move(role);
        auto maker = identity->local_principal();
        REQUIRE(maker);
        return get(identity->create_key(*maker, std::move(wanted))).secret;
    }

    struct Answer {
        int status = 0;
        httplib::Headers headers;
        std::string body;
        Json json() const { return Json::parse(body); }
        std::string header(const std::string& name) const {
            const auto found = headers.find(name);
            return found == headers.end() ? "" : found->second;
        }
    };

    Answer ask(std::string verb, std::string path, std::string body = "", httplib::Headers headers = {},
               std::string type = "application/json") {
        headers.emplace("Authorization", "Bearer " + key);
        auto job = [=, port = server->port()]() -> Answer {
            httplib::Client client("127.0.0.1", port);
            client.set_read_timeout(20, 0);
            const auto send = [&]() -> httplib::Result {
                if (verb == "GET") return client.Get(path, headers);
                if (verb == "DELETE") return client.Delete(path, headers);
                if (verb == "PUT") return client.Put(path, headers, body, type);
                return client.Post(path, headers, body, type);
            };
            const auto result = send();
            if (!result) return {};
            return {result->status, result->headers, result->body};
        };
        return run(pool.run(std::move(job)));
    }
    Answer get_(std::string path) { return ask("GET", std::move(path)); }

    net::Router router;
    std::unique_ptr<identity::Identity> identity;
    std::unique_ptr<Flows> flows;
    std::unique_ptr<FlowRoutes> routes;
    std::unique_ptr<net::Server> server;
    runtime::Pool pool{loop, "client", 1};
    std::string key;
};

std::string document(int value = 1, std::string name = "triage") {
    auto made = flow(R"({"id": "a", "type": "echo", "config": {"value": 0}})");
    made["name"] = std::move(name);
    made["nodes"][0]["config"]["value"] = value;
    return made.dump();
}

}  // namespace

TEST_CASE("a flow is created, read, changed, rolled back and deleted over HTTP", "[flows][routes]") {
    Site site;
    const auto made = site.ask("POST", "/api/v1/flows?note=begin", document());
    REQUIRE(made.status == 201);
    const auto flow = made.json();
    const auto path = "/api/v1/flows/" + flow["id"].get<std::string>();
    CHECK(made.header("Location") == path);
    CHECK(made.header("ETag") == "\"1\"");
    CHECK(flow["version"] == 1);
    CHECK(flow["live_version"] == 1);
    CHECK(flow["project"] == "default");
    CHECK(flow["document"]["nodes"][0]["id"] == "a");
    CHECK(site.router.check("Flow", flow).empty());

    CHECK(site.get_(path).json() == flow);
    CHECK(site.ask("GET", path, "", {{"If-None-Match", "\"1\""}}).status == 304);

    const auto second = site.ask("PUT", path + "?note=more", document(2), {{"If-Match", "\"1\""}});
    REQUIRE(second.status == 200);
    CHECK(second.json()["version"] == 2);
    CHECK(second.header("ETag") == "\"2\"");
    CHECK(site.ask("PUT", path, document(3), {{"If-Match", "\"1\""}}).status == 412);

    const auto hidden = site.ask("PUT", path + "?live=false", document(3));
    CHECK(hidden.json()["version"] == 3);
    CHECK(hidden.json()["live_version"] == 2);

    const auto back = site.ask("PUT", path + "/live", R"({"version": 1})");
    CHECK(back.status == 200);
    CHECK(back.json()["live_version"] == 1);
    CHECK(site.get_(path).json()["version"] == 1);
    CHECK(site.get_(path + "?version=3").json()["document"]["nodes"][0]["config"]["value"] == 3);
    CHECK(site.ask("PUT", path + "/live", R"({"version": 9})").status == 404);
    CHECK(site.ask("PUT", path + "/live", R"({"version": "x"})").status == 400);

    const auto versions = site.get_(path + "/versions?limit=2").json();
    REQUIRE(versions["items"].size() == 2);
    CHECK(versions["items"][0]["version"] == 3);
    CHECK(site.router.check("FlowVersionList", versions).empty());
    const auto rest = site.get_(path + "/versions?limit=2&cursor=" + versions["next_cursor"].get<std::string>()).json();
    REQUIRE(rest["items"].size() == 1);
    CHECK(rest["items"][0]["note"] == "begin");
    CHECK(rest["next_cursor"].is_null());
    CHECK(site.get_(path + "/versions/2").json()["document"]["nodes"][0]["config"]["value"] == 2);
    CHECK(site.get_(path + "/versions/7").status == 404);
    CHECK(site.get_(path + "/versions/x").status == 404);

    const auto diff = site.get_(path + "/diff?from=1&to=3").json();
    CHECK(diff["differences"] == Json::parse(R"([{"kind": "node", "key": "a", "change": "changed", "fields": ["/config/value"]}])"));
    CHECK(site.router.check("FlowDiff", diff).empty());
    CHECK(site.get_(path + "/diff?from=1").status == 400);

    CHECK(site.ask("DELETE", path, "", {{"If-Match", "\"1\""}}).status == 412);
    CHECK(site.ask("DELETE", path).status == 204);
    CHECK(site.get_(path).status == 404);
    CHECK(site.ask("DELETE", path).status == 404);
}

TEST_CASE("mistakes in a document come back with pointers", "[flows][routes]") {
    Site site;
    const auto refused = site.ask("POST", "/api/v1/flows", R"({"name": "x", "nodes": [{"id": "a", "type": "ecko"}]})");
    CHECK(refused.status == 422);
    CHECK(refused.header("Content-Type").starts_with("application/problem+json"));
    CHECK(refused.json()["errors"] ==
          Json::parse(R"([{"pointer": "/nodes/0/type", "message": "there is no node type \"ecko\"; did you mean \"echo\"?"}])"));
    CHECK(site.ask("POST", "/api/v1/flows", "{").status == 400);
    CHECK(site.ask("POST", "/api/v1/flows", "name: [", {}, "application/yaml").status == 400);
    CHECK(site.ask("POST", "/api/v1/flows?live=perhaps", document()).status == 400);
    const auto judged = site.ask("POST", "/api/v1/flows/validate", R"({"name": "x", "nodes": [{"id": "a", "type": "ecko"}]})");
    CHECK(judged.status == 200);
    CHECK(judged.json()["valid"] == false);
    CHECK(judged.json()["errors"].size() == 1);
    CHECK(site.router.check("ValidationResult", judged.json()).empty());
    CHECK(site.ask("POST", "/api/v1/flows/validate", document()).json()["valid"] == true);
    CHECK(site.get_("/api/v1/flows").json()["items"].empty());
    CHECK(site.ask("POST", "/api/v1/flows", document()).status == 201);
    CHECK(site.ask("POST", "/api/v1/flows", document()).status == 409);
    CHECK(site.get_("/api/v1/flows/flw_nonsense").status == 404);
}

TEST_CASE("flows are listed, filtered and paged", "[flows][routes]") {
    Site site;
    for (int i = 0; i < 3; ++i) {
        REQUIRE(site.ask("POST", "/api/v1/flows", document(1, fmt::format("n{}", i))).status == 201);
        site.clock.advance(std::chrono::milliseconds(5));
    }
    const auto page = site.get_("/api/v1/flows?limit=2").json();
    CHECK(site.router.check("FlowList", page).empty());
    REQUIRE(page["items"].size() == 2);
    CHECK(page["items"][0]["name"] == "n2");
    CHECK_FALSE(page["items"][0].contains("document"));
    const auto last = site.get_("/api/v1/flows?limit=2&cursor=" + page["next_cursor"].get<std::string>()).json();
    CHECK(last["items"].size() == 1);
    CHECK(last["next_cursor"].is_null());
    CHECK(site.get_("/api/v1/flows?name=n1").json()["items"].size() == 1);
    CHECK(site.get_("/api/v1/flows?project=none").json()["items"].empty());
    CHECK(site.get_("/api/v1/flows?cursor=abc").status == 400);
    CHECK(site.get_("/api/v1/flows?limit=201").status == 400);
}

TEST_CASE("export and import give the same flow, as JSON and as YAML", "[flows][routes]") {
    Site site;
    const auto id = site.ask("POST", "/api/v1/flows", document()).json()["id"].get<std::string>();
    const auto yaml = site.get_("/api/v1/flows/" + id + "/export?format=yaml");
    CHECK(yaml.status == 200);
    CHECK(yaml.header("Content-Type").starts_with("application/yaml"));
    CHECK(yaml.body.starts_with("name: triage\nnodes:\n  - id: a\n"));
    const auto json = site.get_("/api/v1/flows/" + id + "/export");
    CHECK(json.json() == site.get_("/api/v1/flows/" + id).json()["document"]);
    CHECK(site.get_("/api/v1/flows/" + id + "/export?format=xml").status == 400);

    CHECK(site.ask("POST", "/api/v1/flows/import", yaml.body, {}, "application/yaml; charset=utf-8").json()["change"] == "unchanged");
    CHECK(site.ask("POST", "/api/v1/flows/import", json.body).json()["change"] == "unchanged");
    const auto next = site.ask("POST", "/api/v1/flows/import", document(5));
    CHECK(next.status == 200);
    CHECK(next.json()["change"] == "updated");
    CHECK(next.json()["version"] == 2);
    const auto fresh = site.ask("POST", "/api/v1/flows/import", document(5, "other"));
    CHECK(fresh.status == 201);
    CHECK(fresh.json()["change"] == "created");
    CHECK(site.router.check("Flow", fresh.json()).empty());
}

TEST_CASE("a repeated request with its Idempotency-Key is done once", "[flows][routes]") {
    Site site;
    const httplib::Headers once{{"Idempotency-Key", "k1"}};
    const auto first = site.ask("POST", "/api/v1/flows", document(), once);
    const auto again = site.ask("POST", "/api/v1/flows", document(), once);
    REQUIRE(first.status == 201);
    CHECK(again.status == 201);
    CHECK(again.json() == first.json());
    CHECK(again.header("ETag") == first.header("ETag"));
    CHECK(site.ask("POST", "/api/v1/flows", document(2), once).status == 422);
    const auto path = "/api/v1/flows/" + first.json()["id"].get<std::string>();
    const httplib::Headers change{{"Idempotency-Key", "k2"}};
    CHECK(site.ask("PUT", path, document(2), change).json()["version"] == 2);
    site.ask("PUT", path, document(3));
    CHECK(site.ask("PUT", path, document(2), change).json()["version"] == 2);
    CHECK(site.get_(path).json()["version"] == 3);
    const httplib::Headers removal{{"Idempotency-Key", "k3"}};
    CHECK(site.ask("DELETE", path, "", removal).status == 204);
    CHECK(site.ask("DELETE", path, "", removal).status == 204);
}

TEST_CASE("who may only read flows cannot write them", "[flows][routes]") {
    Site site;
    REQUIRE(site.ask("POST", "/api/v1/flows", document()).status == 201);
    site.key = site.make_key("viewer");
    CHECK(site.get_("/api/v1/flows").status == 200);
    CHECK(site.ask("POST", "/api/v1/flows", document(1, "x")).status == 403);
    CHECK(site.ask("POST", "/api/v1/flows/import", document()).status == 403);
    site.key = "nonsense";
    CHECK(site.get_("/api/v1/flows").status == 401);
}

TEST_CASE("node types are listed with schema, docs and example", "[flows][routes]") {
    Site site;
    const auto list = site.get_("/api/v1/node-types").json();
    CHECK(site.router.check("NodeTypeList", list).empty());
    REQUIRE(list["items"].size() == types().all().size());
    CHECK(list["items"][0]["name"] == "echo");
    const auto one = site.get_("/api/v1/node-types/http.request").json();
    CHECK(one["effect"] == "keyed");
    CHECK(one["effect_depends_on_config"] == true);
    CHECK(one["default_timeout"] == "30s");
    CHECK(one["config_schema"]["required"][0] == "url");
    CHECK(site.get_("/api/v1/node-types/nope").status == 404);
}

TEST_CASE("validate answers with the times of the attempts", "[flows][routes][retry]") {
    Site site;
    auto made = flow(R"({"id": "a", "type": "http.request", "config": {"url": "http://a"},
        "retry": {"max_attempts": 3, "backoff": "2s", "jitter": 0.5}})");
    const auto judged = site.ask("POST", "/api/v1/flows/validate", made.dump()).json();
    CHECK(site.router.check("ValidationResult", judged).empty());
    REQUIRE(judged["retries"].size() == 1);
    CHECK(judged["retries"][0]["pointer"] == "/nodes/0/retry");
    CHECK(judged["retries"][0]["total"] == "6s");
    CHECK(judged["retries"][0]["attempts"][2] ==
          Json::parse(R"({"attempt": 3, "delay": "4s", "earliest": "3s", "latest": "9s", "elapsed": "6s"})"));
    made["nodes"][0]["type"] = "http.requests";
    const auto wrong = site.ask("POST", "/api/v1/flows/validate", made.dump()).json();
    CHECK(wrong["valid"] == false);
    CHECK(wrong["retries"].empty());
    CHECK(site.ask("POST", "/api/v1/flows/validate", document()).json()["retries"].empty());
}

TEST_CASE("a draft is saved, read, changed and published over HTTP", "[flows][routes][drafts]") {
    Site site;
    const auto path = "/api/v1/flows/" + site.ask("POST", "/api/v1/flows", document()).json()["id"].get<std::string>();
    const auto draft = path + "/draft";
    const auto none = site.get_(draft);
    CHECK(none.status == 404);
    CHECK(none.json()["detail"].get<std::string>().find("PUT " + draft) != std::string::npos);

    const auto made = site.ask("PUT", draft, document(2));
    REQUIRE(made.status == 201);
    CHECK(made.json()["based_on"] == 1);
    CHECK(made.json()["valid"] == true);
    CHECK(made.json()["etag"] == made.header("ETag"));
    CHECK(site.router.check("FlowDraft", made.json()).empty());
    CHECK(site.get_(draft).json() == made.json());
    CHECK(site.get_(draft).header("ETag") == made.header("ETag"));

    CHECK(site.ask("PUT", draft, document(3)).status == 428);
    CHECK(site.ask("PUT", draft, document(3), {{"If-None-Match", "*"}}).status == 412);
    CHECK(site.ask("PUT", draft, document(3), {{"If-Match", "\"other\""}}).status == 412);
    const auto broken = site.ask("PUT", draft, R"({"name": "x", "nodes": [{"id": "a", "type": "ecko"}]})",
                                 {{"If-Match", made.header("ETag")}});
    CHECK(broken.status == 200);
    CHECK(broken.json()["valid"] == false);
    CHECK(broken.json()["errors"][0]["pointer"] == "/nodes/0/type");
    CHECK(site.router.check("FlowDraft", broken.json()).empty());
    CHECK(site.ask("PUT", draft, document(3), {{"If-Match", made.header("ETag")}}).status == 412);
    const auto refused = site.ask("POST", draft + "/publish");
    CHECK(refused.status == 422);
    CHECK(refused.json()["errors"][0]["pointer"] == "/nodes/0/type");

    CHECK(site.ask("PUT", draft, "[]", {{"If-Match", "*"}}).status == 400);
    CHECK(site.ask("PUT", draft, "{", {{"If-Match", "*"}}).status == 400);
    CHECK(site.ask("PUT", draft, "- a", {{"If-Match", "*"}}, "application/yaml").status == 400);
    CHECK(site.ask("PUT", draft + "?based_on=0", document(3), {{"If-Match", "*"}}).status == 400);
    CHECK(site.ask("PUT", draft + "?based_on=2", document(3), {{"If-Match", "*"}}).status == 404);
    const auto yaml = site.ask("PUT", draft + "?based_on=1", "name: triage\nnodes:\n  - id: a\n    type: echo\n", {{"If-Match", "*"}},
                               "application/yaml");
    CHECK(yaml.status == 200);
    CHECK(yaml.json()["document"]["nodes"][0]["type"] == "echo");

    CHECK(site.ask("POST", draft + "/publish?force=perhaps").status == 400);
    CHECK(site.ask("POST", draft + "/publish", R"({"notes": "x"})").status == 400);
    CHECK(site.ask("POST", draft + "/publish", R"({"note": 5})").status == 400);
    CHECK(site.ask("POST", draft + "/publish", "[]").status == 400);
    CHECK(site.ask("POST", draft + "/publish", "", {{"If-Match", made.header("ETag")}}).status == 412);
    REQUIRE(site.ask("PUT", path, document(9)).status == 200);
    const auto overtaken = site.ask("POST", draft + "/publish");
    CHECK(overtaken.status == 409);
    CHECK(overtaken.json()["detail"].get<std::string>().find("version 2") != std::string::npos);
    CHECK(site.get_(draft).json()["live_version"] == 2);
    const auto published = site.ask("POST", draft + "/publish?force=true", R"({"note": "simpler"})");
    REQUIRE(published.status == 200);
    CHECK(published.json()["version"] == 3);
    CHECK(published.json()["live_version"] == 3);
    CHECK(published.json()["change"] == "updated");
    CHECK(site.router.check("Flow", published.json()).empty());
    CHECK(site.get_(path + "/versions").json()["items"][0]["note"] == "simpler");
    CHECK(site.get_(draft).status == 404);
    CHECK(site.ask("POST", draft + "/publish").status == 404);

    site.clock.advance(std::chrono::microseconds(1));
    const auto again = site.ask("PUT", draft, document(4));
    CHECK(site.ask("DELETE", draft, "", {{"If-Match", made.header("ETag")}}).status == 412);
    CHECK(site.ask("DELETE", draft, "", {{"If-Match", again.header("ETag")}}).status == 204);
    CHECK(site.ask("DELETE", draft).status == 404);
    CHECK(site.get_("/api/v1/flows/flw_nonsense/draft").status == 404);
}

TEST_CASE("each key has a draft of its own, and who may only read cannot make one", "[flows][routes][drafts]") {
    Site site;
    const auto draft = "/api/v1/flows/" + site.ask("POST", "/api/v1/flows", document()).json()["id"].get<std::string>() + "/draft";
    REQUIRE(site.ask("PUT", draft, document(2)).status == 201);
    site.key = site.make_key("developer");
    CHECK(site.get_(draft).status == 404);
    CHECK(site.ask("PUT", draft, document(3)).status == 201);
    site.key = site.make_key("viewer");
    CHECK(site.get_(draft).status == 404);
    for (const auto* verb : {"PUT", "DELETE"}) CHECK(site.ask(verb, draft, document(3)).status == 403);
    CHECK(site.ask("POST", draft + "/publish").status == 403);
    site.key = "nonsense";
    CHECK(site.get_(draft).status == 401);
}

TEST_CASE("repeated changes of a draft with their Idempotency-Key are done once", "[flows][routes][drafts]") {
    Site site;
    const auto path = "/api/v1/flows/" + site.ask("POST", "/api/v1/flows", document()).json()["id"].get<std::string>();
    const httplib::Headers save{{"Idempotency-Key", "k1"}}, publish{{"Idempotency-Key", "k2"}}, removal{{"Idempotency-Key", "k3"}};
    const auto made = site.ask("PUT", path + "/draft", document(2), save);
    REQUIRE(made.status == 201);
    const auto repeated = site.ask("PUT", path + "/draft", document(2), save);
    CHECK(repeated.status == 201);
    CHECK(repeated.json() == made.json());
    CHECK(repeated.header("ETag") == made.header("ETag"));
    CHECK(repeated.header("Idempotent-Replayed") == "true");
    CHECK(site.ask("PUT", path + "/draft", document(3), save).status == 422);

    const auto published = site.ask("POST", path + "/draft/publish", R"({"note": "x"})", publish);
    REQUIRE(published.status == 200);
    const auto twice = site.ask("POST", path + "/draft/publish", R"({"note": "x"})", publish);
    CHECK(twice.status == 200);
    CHECK(twice.json() == published.json());
    CHECK(twice.header("ETag") == published.header("ETag"));
    CHECK(twice.header("Idempotent-Replayed") == "true");
    CHECK(site.ask("POST", path + "/draft/publish", R"({"note": "y"})", publish).status == 422);
    CHECK(site.get_(path + "/versions").json()["items"].size() == 2);

    site.ask("PUT", path + "/draft", document(4));
    CHECK(site.ask("DELETE", path + "/draft", "", removal).status == 204);
    CHECK(site.ask("DELETE", path + "/draft", "", removal).status == 204);
    const httplib::Headers pin{{"Idempotency-Key", "k4"}}, unpin{{"Idempotency-Key", "k5"}};
    const auto pinned = site.ask("PUT", path + "/pins/a", R"({"output": 1})", pin);
    CHECK(site.ask("PUT", path + "/pins/a", R"({"output": 1})", pin).json() == pinned.json());
    CHECK(site.ask("DELETE", path + "/pins/a", "", unpin).status == 204);
    CHECK(site.ask("DELETE", path + "/pins/a", "", unpin).status == 204);
}

TEST_CASE("sample outputs are pinned to nodes over HTTP", "[flows][routes][pins]") {
    Site site;
    const auto path = "/api/v1/flows/" + site.ask("POST", "/api/v1/flows", document()).json()["id"].get<std::string>();
    const auto pin = path + "/pins/a";
    CHECK(site.get_(pin).status == 404);
    CHECK(site.get_(path + "/pins").json() == Json::parse(R"({"items": [], "next_cursor": null})"));
    const auto made = site.ask("PUT", pin, R"({"output": {"n": [1, null]}})");
    REQUIRE(made.status == 200);
    CHECK(site.router.check("Pin", made.json()).empty());
    CHECK(made.json()["size_bytes"] == 14);
    const auto read = site.get_(pin);
    CHECK(read.json()["output"] == Json::parse(R"({"n": [1, null]})"));
    CHECK(read.header("ETag") == made.header("ETag"));
    CHECK(site.router.check("Pin", read.json()).empty());
    CHECK(site.ask("GET", pin, "", {{"If-None-Match", made.header("ETag")}}).status == 304);
    const auto list = site.get_(path + "/pins").json();
    CHECK(site.router.check("PinList", list).empty());
    CHECK(list["items"].size() == 1);
    CHECK_FALSE(list["items"][0].contains("output"));

    CHECK(site.ask("PUT", pin, R"({"output": null})", {{"If-Match", "\"x\""}}).status == 412);
    CHECK(site.ask("PUT", pin, R"({"output": null})", {{"If-Match", made.header("ETag")}}).status == 200);
    CHECK(site.get_(pin).json()["output"].is_null());
    CHECK(site.ask("PUT", pin, "{}").status == 400);
    CHECK(site.ask("PUT", pin, R"({"output": 1, "node": "b"})").status == 400);
    CHECK(site.ask("PUT", pin, "5").status == 400);
    CHECK(site.ask("PUT", path + "/pins/1a", R"({"output": 1})").status == 400);
    std::string large = "[";
    for (int i = 0; i < 3; ++i) large += (i ? ",\"" : "\"") + std::string(400'000, 'x') + '"';
    CHECK(site.ask("PUT", pin, R"({"output": )" + large + "]}").status == 413);
    CHECK(site.ask("PUT", pin, R"({"output": 1, "x": ")" + std::string(5 << 20, 'x') + "\"}").status == 413);
    CHECK(site.ask("DELETE", pin, "", {{"If-Match", made.header("ETag")}}).status == 412);
    site.key = site.make_key("viewer");
    CHECK(site.get_(pin).status == 200);
    CHECK(site.ask("PUT", pin, R"({"output": 1})").status == 403);
    CHECK(site.ask("DELETE", pin).status == 403);
    site.key = site.make_key("owner");
    CHECK(site.ask("DELETE", pin).status == 204);
    CHECK(site.ask("DELETE", pin).status == 404);
}

TEST_CASE("the hidden version of a draft's run is read by its number and stands in no list", "[flows][routes][drafts]") {
    Site site;
    const auto made = site.ask("POST", "/api/v1/flows", document()).json();
    const auto path = "/api/v1/flows/" + made["id"].get<std::string>();
    site.ask("PUT", path + "/draft", document(2));
    const auto workspace = site.identity->find_workspace("default")->id;
    Principal principal;
    principal.kind = Principal::Kind::api_key;
    principal.id = site.get_(path + "/draft").json()["owner"];
    const auto frozen = site.get(site.flows->freeze_draft(workspace, *FlowId::parse(made["id"].get<std::string>()), principal));
    REQUIRE(frozen.version == -1);
    const auto read = site.get_(path + "/versions/-1");
    CHECK(read.status == 200);
    CHECK(read.json()["version"] == -1);
    CHECK(read.json()["document"]["nodes"][0]["config"]["value"] == 2);
    CHECK(site.get_(path + "/versions/-2").status == 404);
    CHECK(site.get_(path + "/versions/0").status == 404);
    CHECK(site.get_(path + "/versions").json()["items"].size() == 1);
    CHECK(site.get_(path + "?version=-1").status == 400);
    CHECK(site.get_(path + "/diff?from=-1&to=1").status == 400);
    CHECK(site.ask("PUT", path + "/live", R"({"version": -1})").status >= 400);
}
