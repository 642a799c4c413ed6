#include <catch2/catch.hpp>

#include <set>

#include "sluice/base/json.hpp"
#include "sluice/net/router.hpp"

using namespace sluice;
using namespace sluice::net;

namespace {

struct Service {};
Awaitable<Response> nothing(Request&, Service&) { co_return no_content(); }

constexpr Parameter list_query[] = {{"limit", "integer", "At most so many"},
                                    {"cursor", "string", "Where to go on"}};
const Route<Service> rows[] = {
    {Verb::get,
     "/api/v1/flows",
     Permission::flows_read,
     nothing,
     {.summary = "List flows", .response = "Flow", .query = list_query}},
    {Verb::post,
     "/api/v1/flows",
     Permission::flows_write,
     nothing,
     {.summary = "Create a flow", .request = "Flow", .response = "Flow", .status = 201}},
    {Verb::get,
     "/api/v1/flows/{id}/versions/{version:integer}",
     Permission::flows_read,
     nothing,
     {.summary = "Get a version"}},
    {Verb::get,
     "/api/v1/flows-id/versions",
     Permission::flows_read,
     nothing,
     {.summary = "Something like it"}},
    {Verb::del,
     "/api/v1/flows/{id}",
     Permission::flows_write,
     nothing,
     {.summary = "Delete a flow", .status = 204}},
    {Verb::put,
     "/api/v1/files/{name}",
     Permission::artifacts_write,
     nothing,
     {.summary = "Upload",
      .stream_body = true,
      .request_media = "application/octet-stream, text/csv"}},
    {Verb::get,
     "/healthz",
     Access::open(),
     nothing,
     {.summary = "Is it alive", .tag = "health", .response_media = "text/plain"}},
};

Json document() {
    Service service;
    Router router;
    router.add_schema("Flow", R"({"type": "object", "properties": {"name": {"type": "string"}}})");
    router.add<Service>(rows, service);
    router.places().add_whole("flows");
    router.places().add_whole("files");
    router.seal("1.2.3");
    return *base::parse_json(router.make_openapi());
}

}  // namespace

TEST_CASE("the OpenAPI document says what the rows say", "[net][openapi]") {
    const auto doc = document();
    CHECK(doc["openapi"] == "3.1.0");
    CHECK(doc["info"]["version"] == "1.2.3");
    CHECK(doc["info"]["license"]["identifier"] == "Apache-2.0");
    CHECK(doc["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer");
    CHECK(doc["components"]["schemas"].contains("Problem"));

    const auto& create = doc["paths"]["/api/v1/flows"]["post"];
    CHECK(create["x-permission"] == "flows:write");
    CHECK_FALSE(create.contains("x-collection"));
    CHECK(doc["paths"]["/api/v1/flows/{id}"]["delete"]["x-collection"] == "flows");
    CHECK(doc["paths"]["/healthz"]["get"]["x-permission"].is_null());
    CHECK(create["requestBody"]["content"]["application/json"]["schema"]["$ref"] ==
          "#/components/schemas/Flow");
    CHECK(create["requestBody"]["required"] == true);
    CHECK(create["responses"].contains("201"));
    for (const auto* status : {"400", "401", "403", "409", "422", "429", "500"}) {
        CAPTURE(status);
        REQUIRE(create["responses"].contains(status));
        CHECK(create["responses"][status]["content"].contains("application/problem+json"));
    }
    CHECK(create["security"][0].contains("bearer"));
    CHECK(create["tags"][0] == "flows");

    const auto& version = doc["paths"]["/api/v1/flows/{id}/versions/{version}"]["get"];
    REQUIRE(version["parameters"].size() == 2);
    CHECK(version["parameters"][0]["in"] == "path");
    CHECK(version["parameters"][0]["required"] == true);
    CHECK(version["parameters"][1]["schema"]["type"] == "integer");
    CHECK(version["responses"].contains("404"));

    const auto& list = doc["paths"]["/api/v1/flows"]["get"];
    CHECK(list["parameters"][0]["in"] == "query");
    CHECK(list["parameters"][0]["schema"]["type"] == "integer");
    CHECK_FALSE(list["responses"].contains("404"));

    CHECK_FALSE(
        doc["paths"]["/api/v1/flows/{id}"]["delete"]["responses"]["204"].contains("content"));
    const auto& upload = doc["paths"]["/api/v1/files/{name}"]["put"]["requestBody"]["content"];
    CHECK(upload.contains("application/octet-stream"));
    CHECK(upload.contains("text/csv"));
    const auto& health = doc["paths"]["/healthz"]["get"];
    CHECK(health["security"].empty());
    CHECK(health["responses"]["200"]["content"].contains("text/plain"));
}

TEST_CASE("every operation has its own id, and every tag is declared", "[net][openapi]") {
    const auto doc = document();
    std::set<std::string> ids, tags, declared;
    std::size_t operations = 0;
    for (const auto& [path, item] : doc["paths"].items())
        for (const auto& [verb, operation] : item.items()) {
            ++operations;
            ids.insert(operation["operationId"].get<std::string>());
            tags.insert(operation["tags"][0].get<std::string>());
        }
    CHECK(operations == std::size(rows));
    CHECK(ids.size() == operations);
    CHECK(ids.contains("get_flows"));
    for (const auto& tag : doc["tags"]) declared.insert(tag["name"].get<std::string>());
    CHECK(tags == declared);
}
