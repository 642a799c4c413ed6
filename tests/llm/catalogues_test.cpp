// The catalogue in use: its layers, imports that stay, what is recorded of versions, and its routes.

#include <fstream>

#include "events/live.hpp"
#include "llm/catalogue_store.hpp"
#include "sluice/identity/identity.hpp"
#include "sluice/llm/prices.hpp"
#include "sluice/runtime/turns.hpp"

using namespace sluice;
using namespace sluice::llm;
using sluice::testing::parsed;

namespace {

Time at(std::string_view text) { return *base::parse_time(text); }
NanoUsd usd(std::string_view text) { return *base::parse_usd(text); }

std::string catalogue_of(std::string_view provider, std::string_view model, std::string_view prices) {
    return fmt::format(R"({{"format": 1, "models": [{{"provider": "{}", "id": "{}", "kind": "chat", "prices": [{}]}}]}})", provider, model,
                       prices);
}
std::string price_of(std::string_view from, std::string_view to, std::string_view input) {
    return fmt::format(R"({{"valid_from": "{}", "valid_to": {}, "usd_per_million": {{"input": "{}", "output": "10"}}}})", from,
                       to.empty() ? "null" : fmt::format("\"{}\"", to), input);
}
/// A price of gpt-6-astra, which is built in at 10.
std::string astra(std::string_view input, std::string_view from = "2026-11-01T00:00:00Z", std::string_view to = "") {
    return catalogue_of("openai", "gpt-6-astra", price_of(from, to, input));
}

struct Fixture : sluice::testing::Live {
    Fixture() { clock.advance(at("2026-11-26T12:00:00Z") - clock.now()); }
    ~Fixture() {
        if (server) run(server->stop());
        server.reset();
        if (identity) run(identity->stop());
    }
    Catalogues& begin(std::filesystem::path file = {}) {
        models = std::make_unique<Catalogues>(loop, *storage, pool, clock, std::move(file));
        done(models->start());
        return *models;
    }
    std::filesystem::path write(std::string_view text) {
        auto path = directory / "models.json";
        std::ofstream(path) << text;
        return path;
    }
    NanoUsd input_now(std::string_view provider = "openai", std::string_view model = "gpt-6-astra") {
        const auto* price = models->snapshot()->find(provider, model, clock.now());
        REQUIRE(price);
        return *price->rates.input;
    }
    ImportReport add(std::string text) { return get(models->import(std::move(text), false, "usr_1")); }
    void listen() {
        identity = std::make_unique<identity::Identity>(*storage, clock, random);
        done(identity->start());
        get(identity->ensure_workspace("acme"));
        add_routes(router, *models);
        serve(identity->authenticator(), &identity->idempotency());
    }
    std::string key(std::vector<Permission> permissions) {
        identity::NewKey wanted;
        wanted.permissions = std::move(permissions);
        const auto owner = identity->local_principal("acme");
        REQUIRE(owner);
        return get(identity->create_key(*owner, wanted)).secret;
    }
    std::unique_ptr<Catalogues> models;
    std::unique_ptr<identity::Identity> identity;
};

}  // namespace

TEST_CASE("before the start the built-in prices are in use", "[llm][catalogues]") {
    Fixture f;
    Catalogues models(f.loop, *f.storage, f.pool, f.clock);
    const auto snapshot = models.snapshot();
    REQUIRE(snapshot);
    CHECK(snapshot->find("simulated", "simulated-small", f.clock.now()));
}

TEST_CASE("an operator's provider counts before imports, they before the file, it before what is built in", "[llm][catalogues]") {
    Fixture f;
    f.begin();
    CHECK(f.input_now() == usd("10"));
    const auto path = f.write(astra("9"));
    f.begin(path);
    CHECK(f.input_now() == usd("9"));
    CHECK(f.add(astra("8")).added.size() == 1);
    CHECK(f.input_now() == usd("8"));
    auto rows = read_catalogue(astra("7"));
    REQUIRE(rows);
    f.run(f.models->set_provider_rows(std::move(rows->rows)));
    CHECK(f.input_now() == usd("7"));
    CHECK(f.models->snapshot()->find_version("openai", "gpt-6-astra", f.clock.now()).origin == PriceOrigin::provider);
    CHECK(f.input_now("openai", "gpt-6-sol") == usd("2"));
    f.run(f.models->set_provider_rows({}));
    CHECK(f.input_now() == usd("8"));
}

TEST_CASE("a snapshot that a call holds does not change with an import", "[llm][catalogues]") {
    Fixture f;
    f.begin();
    const auto held = f.models->snapshot();
    const auto* price = held->find("openai", "gpt-6-astra", f.clock.now());
    f.add(astra("8"));
    CHECK(price->rates.input == usd("10"));
    CHECK(held->find("openai", "gpt-6-astra", f.clock.now()) == price);
    CHECK(f.input_now() == usd("8"));
}

TEST_CASE("what was imported stays over a restart, and the same again adds nothing", "[llm][catalogues]") {
    Fixture f;
    f.begin();
    f.add(astra("8"));
    f.add(catalogue_of("acme", "own", price_of("2026-01-01T00:00:00Z", "", "1")));
    f.begin();
    CHECK(f.input_now() == usd("8"));
    CHECK(f.input_now("acme", "own") == usd("1"));
    REQUIRE(f.models->snapshot()->entry("acme", "own"));
    const auto again = f.add(astra("8"));
    CHECK(again.added.empty());
    CHECK(again.unchanged == 1);
    CHECK(again.models == 1);
}

TEST_CASE("a later import counts while it holds, and an earlier one can be imported anew", "[llm][catalogues]") {
    Fixture f;
    f.begin();
    f.add(astra("8"));
    f.add(astra("5", "2026-11-20T00:00:00Z", "2026-12-20T00:00:00Z"));
    CHECK(f.input_now() == usd("5"));
    CHECK(f.models->snapshot()->find("openai", "gpt-6-astra", at("2026-12-20T00:00:00Z"))->rates.input == usd("8"));
    CHECK(f.add(astra("8")).added.size() == 1);
    CHECK(f.input_now() == usd("8"));
    f.begin();
    CHECK(f.input_now() == usd("8"));
    CHECK(f.models->history("gpt-6-astra").size() == 3);  // by id: 5, 8, and what is built in
}

TEST_CASE("an import on trial adds nothing", "[llm][catalogues]") {
    Fixture f;
    f.begin();
    const auto report = f.get(f.models->import(astra("8"), true, "usr_1"));
    CHECK(report.dry_run);
    CHECK(report.added.size() == 1);
    CHECK(f.input_now() == usd("10"));
    f.begin();
    CHECK(f.input_now() == usd("10"));
}

TEST_CASE("an import with a mistake adds nothing at all", "[llm][catalogues]") {
    Fixture f;
    f.begin();
    const auto text = fmt::format(R"({{"format": 1, "models": [{{"provider": "openai", "id": "gpt-6-astra", "kind": "chat", "prices": [{}, {}]}}]}})",
                                  price_of("2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z", "1"), price_of("2026-02-01T00:00:00Z", "", "-1"));
    CHECK(f.error(f.models->import(text, false, "usr_1")) == ErrorCode::invalid_argument);
    CHECK(f.input_now() == usd("10"));
    f.begin();
    CHECK(f.input_now() == usd("10"));
}

TEST_CASE("two imports at once are both kept", "[llm][catalogues]") {
    Fixture f;
    f.begin();
    runtime::TaskGroup tasks(f.loop);
    const auto add = [](Catalogues* models, std::string text) -> Awaitable<void> {
        auto done = co_await models->import(std::move(text), false, "usr_1");
        if (!done) throw std::runtime_error(done.error().message);
    };
    for (const auto* model : {"a", "b", "c"})
        tasks.spawn("import", add(f.models.get(), catalogue_of("acme", model, price_of("2026-01-01T00:00:00Z", "", "1"))));
    f.run(tasks.join());
    for (const auto* model : {"a", "b", "c"}) CHECK(f.models->snapshot()->entry("acme", model));
}

TEST_CASE("a file that cannot be used stops the start and names the mistake", "[llm][catalogues]") {
    Fixture f;
    Catalogues missing(f.loop, *f.storage, f.pool, f.clock, f.directory / "nothing.json");
    auto done = f.run(missing.start());
    REQUIRE(!done);
    CHECK(done.error().code == ErrorCode::invalid_argument);
    CHECK_THAT(done.error().message, Catch::Contains("models.file") && Catch::Contains("nothing.json"));
    Catalogues wrong(f.loop, *f.storage, f.pool, f.clock, f.write("{\n\"format\": 7, \"models\": []}"));
    done = f.run(wrong.start());
    REQUIRE(!done);
    CHECK_THAT(done.error().message, Catch::Contains("models.json") && Catch::Contains("line 2: format must be 1"));
}

TEST_CASE("versions that are not in use any more stay explained", "[llm][catalogues]") {
    Fixture f;
    f.begin(f.write(astra("9")));
    const auto used = f.models->snapshot()->find("openai", "gpt-6-astra", f.clock.now())->id;
    f.begin();  // without the file
    CHECK(f.input_now() == usd("10"));
    const auto history = f.models->history("gpt-6-astra", "openai");
    REQUIRE(history.size() == 2);
    CHECK(history[0].price.id == used);
    CHECK(history[0].origin == PriceOrigin::file);
    CHECK_FALSE(history[0].in_use);
    CHECK(history[1].in_use);
    CHECK(f.models->history("gpt-6-astra", "acme").empty());
}

TEST_CASE("versions are recorded once, however often the server starts", "[llm][catalogues]") {
    Fixture f;
    f.begin();
    const auto first = f.get(store::load_catalogue(*f.storage)).prices.size();
    CHECK(first == read_catalogue(embedded_catalogue())->rows.prices.size());
    f.begin();
    CHECK(f.get(store::load_catalogue(*f.storage)).prices.size() == first);
}

TEST_CASE("models are listed page by page with the prices of a time", "[llm][catalogues]") {
    Fixture f;
    f.begin();
    f.listen();
    const auto reader = f.key({Permission::providers_read});
    const auto all = parsed(f.http_get(reader, "/api/v1/models").body);
    CHECK(all["items"].size() == 16);
    CHECK(all["next_cursor"].is_null());
    Json paged = Json::array();
    std::string cursor;
    do {
        const auto page = parsed(f.http_get(reader, "/api/v1/models?limit=5" + (cursor.empty() ? "" : "&cursor=" + cursor)).body);
        for (const auto& item : page["items"]) paged.push_back(item);
        cursor = page["next_cursor"].is_null() ? "" : page["next_cursor"].get<std::string>();
    } while (!cursor.empty());
    CHECK(paged == all["items"]);
    const auto one = [&](const std::string& query) {
        const auto items = parsed(f.http_get(reader, "/api/v1/models?provider=gemini" + query).body)["items"];
        REQUIRE(items.size() == 3);
        CHECK(items[2]["id"] == "gemini-4-argon");
        return items[2]["price"];
    };
    CHECK(one("")["usd_per_million"]["input"] == "2");
    CHECK(one("")["origin"] == "embedded");
    CHECK(one("&at=2026-12-01T00:00:00Z")["usd_per_million"]["input"] == "4");
    CHECK(one("&at=2026-09-01T00:00:00Z").is_null());
    CHECK(f.http_get(reader, "/api/v1/models?at=yesterday").status == 400);
    CHECK(f.http_get(reader, "/api/v1/models?limit=201").status == 400);
    CHECK(f.http_get(reader, "/api/v1/models?cursor=nonsense").status == 400);
    CHECK(f.http_get(f.key({Permission::flows_read}), "/api/v1/models").status == 403);
}

TEST_CASE("the history of a model's prices is told", "[llm][catalogues]") {
    Fixture f;
    f.begin();
    f.listen();
    const auto reader = f.key({Permission::providers_read});
    const auto items = parsed(f.http_get(reader, "/api/v1/models/prices?model=claude-sonnet-5-5").body)["items"];
    REQUIRE(items.size() == 2);
    CHECK(items[0]["valid_from"] == "2026-10-07T00:00:00Z");
    CHECK(items[0]["valid_to"].is_null());
    CHECK(items[1]["valid_to"] == "2026-10-07T00:00:00Z");
    CHECK(items[1]["usd_per_million"]["cache_read"] == "0.2");
    CHECK(parsed(f.http_get(reader, "/api/v1/models/prices?model=nothing").body)["items"].empty());
    CHECK(f.http_get(reader, "/api/v1/models/prices").status == 400);
}

TEST_CASE("models are imported over REST, once for an Idempotency-Key, with each mistake's place", "[llm][catalogues]") {
    Fixture f;
    f.begin();
    f.listen();
    const auto machine = f.key({Permission::system_write});
    const auto answer = f.http_post(machine, "/api/v1/models/import?dry_run=true", astra("8"));
    REQUIRE(answer.status == 200);
    CHECK(parsed(answer.body)["dry_run"] == true);
    CHECK(f.input_now() == usd("10"));
    const httplib::Headers once{{"Idempotency-Key", "one"}};
    const auto made = f.http_post(machine, "/api/v1/models/import", astra("8"), once);
    REQUIRE(made.status == 200);
    CHECK(parsed(made.body)["added"].size() == 1);
    CHECK(parsed(made.body)["added"][0]["usd_per_million"]["input"] == "8");
    CHECK(f.input_now() == usd("8"));
    CHECK(f.http_post(machine, "/api/v1/models/import", astra("8"), once).body == made.body);
    CHECK(f.http_post(machine, "/api/v1/models/import", astra("9"), once).status == 422);
    const auto wrong = f.http_post(machine, "/api/v1/models/import", astra("-8"));
    REQUIRE(wrong.status == 400);
    CHECK(parsed(wrong.body)["errors"][0]["pointer"] == "/models/0/prices/0/usd_per_million/input");
    CHECK(f.http_post(machine, "/api/v1/models/import?dry_run=yes", astra("7")).status == 400);
    CHECK(f.http_post(machine, "/api/v1/models/import", "no json").status == 400);
    CHECK(f.http_post(f.key({Permission::providers_write, Permission::providers_read}), "/api/v1/models/import", astra("7")).status == 403);
    CHECK(f.input_now() == usd("8"));
}
