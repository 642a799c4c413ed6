// Artifacts over a real server: up, listed, down, gone.
#include "events/live.hpp"
#include "sluice/artifacts/artifacts.hpp"
#include "sluice/identity/identity.hpp"

using namespace sluice;
using namespace sluice::artifacts;
using sluice::testing::parsed;

namespace {

struct Fixture : sluice::testing::Live {
    Fixture() {
        done(identity.start());
        acme = key("acme", "owner");
        globex = key("globex", "owner");
        add_routes(router, artifacts);
        serve(identity.authenticator(), &identity.idempotency());
    }
    ~Fixture() {
        run(server->stop());
        server.reset();
        run(identity.stop());
    }
    std::string key(const std::string& workspace, const std::string& role) {
        get(identity.ensure_workspace(workspace));
        identity::NewKey wanted;
        wanted.role = role;
        return get(identity.create_key(*identity.local_principal(workspace), wanted)).secret;
    }
    Json upload(const std::string& name, const std::string& content,
                const std::string& type = "application/octet-stream") {
        const auto answer = http_post(acme, "/api/v1/artifacts?name=" + name, content, {}, type);
        INFO(answer.body);
        REQUIRE(answer.status == 201);
        return parsed(answer.body);
    }
    identity::Identity identity{*storage, clock, random};
    Artifacts artifacts{*storage, clock, random};
    std::string acme, globex;
};

std::string path_of(const Json& artifact) {
    return "/api/v1/artifacts/" + artifact["id"].get<std::string>();
}

}  // namespace

TEST_CASE("a file comes down as it went up, small and big", "[artifacts][http]") {
    Fixture f;
    std::string big(9 << 20, '\0');
    for (std::size_t i = 0; i < big.size(); ++i) big[i] = static_cast<char>(i * 31 + i / 4096);
    const std::string content = GENERATE(std::string("id,urgency\n"), std::string());
    const auto body = content.empty() ? big : content;
    const auto made = f.upload("report.csv", body);
    CHECK(made["name"] == "report.csv");
    CHECK(made["media_type"] == "text/csv; charset=utf-8");
    CHECK(made["size_bytes"] == body.size());
    const auto down = f.http_get(f.acme, path_of(made) + "/content");
    CHECK(down.status == 200);
    CHECK((down.body == body));
    CHECK(down.get_header_value("Content-Type") == "text/csv; charset=utf-8");
    CHECK(down.get_header_value("Content-Disposition") ==
          "attachment; filename=\"report.csv\"; filename*=UTF-8''report.csv");
    CHECK(down.get_header_value("X-Content-Type-Options") == "nosniff");
    CHECK(down.get_header_value("Content-Security-Policy").find("sandbox") != std::string::npos);
    const auto etag = down.get_header_value("ETag");
    CHECK(f.http_get(f.acme, path_of(made) + "/content", {{"If-None-Match", etag}}).status == 304);
}

TEST_CASE("files belong to their workspace and are written by those who may",
          "[artifacts][http][tenancy]") {
    Fixture f;
    const auto made = f.upload("a.html", "<script>", "text/html");
    for (const auto& path : {path_of(made), path_of(made) + "/content"}) {
        CHECK(f.http_get(f.globex, path).status == 404);
        CHECK(f.http_get("", path).status == 401);
        CHECK(f.http_get(f.acme, path).status == 200);
    }
    CHECK(f.http_delete(f.globex, path_of(made)).status == 404);
    CHECK(parsed(f.http_get(f.globex, "/api/v1/artifacts").body)["items"].empty());
    CHECK(parsed(f.http_get(f.acme, "/api/v1/artifacts").body)["items"].size() == 1);
    const auto viewer = f.key("acme", "viewer");
    CHECK(f.http_delete(viewer, path_of(made)).status == 403);
    CHECK(f.http_post(viewer, "/api/v1/artifacts?name=b", "x", {}, "text/plain").status == 403);
    CHECK(f.http_delete(f.acme, path_of(made)).status == 204);
    CHECK(f.http_get(f.acme, path_of(made)).status == 404);
}

TEST_CASE("a bad upload is refused with the reason", "[artifacts][http]") {
    Fixture f;
    CHECK(f.http_post(f.acme, "/api/v1/artifacts", "x", {}, "text/plain").status == 400);
    CHECK(f.http_post(f.acme, "/api/v1/artifacts?name=a%2Fb", "x", {}, "text/plain").status == 400);
    CHECK(f.http_post(f.acme, "/api/v1/artifacts?name=a", "x", {}, "nonsense").status == 400);
    CHECK(f.http_get(f.acme, "/api/v1/artifacts?run=x").status == 400);
    CHECK(f.http_get(f.acme, "/api/v1/artifacts/art_x").status == 404);
    CHECK(parsed(f.http_get(f.acme, "/api/v1/artifacts").body)["items"].empty());
}

TEST_CASE("an upload that is sent again with its key makes one file",
          "[artifacts][http][idempotency]") {
    Fixture f;
    const httplib::Headers once{{"Idempotency-Key", "up"}};
    const auto first =
        f.http_post(f.acme, "/api/v1/artifacts?name=a.txt", "content", once, "text/plain");
    const auto second =
        f.http_post(f.acme, "/api/v1/artifacts?name=a.txt", "content", once, "text/plain");
    CHECK(first.status == 201);
    CHECK(second.status == 201);
    CHECK(parsed(first.body)["id"] == parsed(second.body)["id"]);
    CHECK(parsed(f.http_get(f.acme, "/api/v1/artifacts").body)["items"].size() == 1);
}
