#include "sluice/artifacts/artifacts.hpp"

#include "artifacts/content_disposition.hpp"
#include "events/house.hpp"
#include "sluice/storage/audit.hpp"
#include "sluice/storage/blobs.hpp"

using namespace sluice;
using namespace sluice::artifacts;

namespace {

struct Fixture : sluice::testing::House {
    NewArtifact file(std::string name, std::string content) {
        NewArtifact wanted;
        wanted.name = std::move(name);
        wanted.content = std::move(content);
        wanted.created_by = "key_x";
        return wanted;
    }
    Artifact made(NewArtifact wanted) {
        auto artifact = get(artifacts.create(one, std::move(wanted)));
        clock.advance(std::chrono::milliseconds(2));
        return artifact;
    }

    WorkspaceId one = WorkspaceId::make(clock.now(), random),
                two = WorkspaceId::make(clock.now(), random);
    Artifacts artifacts{*storage, clock, random};
};

}  // namespace

TEST_CASE("an artifact gives back what was put in, small and big", "[artifacts]") {
    Fixture f;
    const std::string content = GENERATE(std::string(), std::string("id,urgency\n1,high\n"),
                                         std::string("a\0b", 3), std::string(3 << 20, 'x'));
    const auto made = f.made(f.file("report.csv", content));
    CHECK(made.media_type == "text/csv; charset=utf-8");
    CHECK(made.size_bytes == content.size());
    CHECK(made.hash.size() == 64);
    CHECK(f.get(f.artifacts.read(f.one, made.id)) == content);
    const auto row = f.get(f.artifacts.get(f.one, made.id));
    CHECK(row.name == "report.csv");
    CHECK(row.hash == made.hash);
    CHECK(row.created_by == "key_x");
    CHECK_FALSE(row.run);

    std::string parts;
    while (parts.size() < content.size())
        parts += f.get(f.artifacts.read_part(row, parts.size(), 1'000'000));
    CHECK(parts == content);
}

TEST_CASE("reading is refused over the caller's limit, before reading", "[artifacts]") {
    Fixture f;
    const auto made = f.made(f.file("a.txt", "0123456789"));
    CHECK(f.get(f.artifacts.read(f.one, made.id, 10)).size() == 10);
    CHECK(f.error(f.artifacts.read(f.one, made.id, 9)) == ErrorCode::too_large);
    CHECK(f.error(f.artifacts.create(f.one, f.file("big", std::string(max_size_bytes + 1, 'x')))) ==
          ErrorCode::too_large);
}

TEST_CASE("another workspace never sees an artifact", "[artifacts][tenancy]") {
    Fixture f;
    const auto made = f.made(f.file("a.txt", "mine"));
    CHECK(f.error(f.artifacts.get(f.two, made.id)) == ErrorCode::not_found);
    CHECK(f.error(f.artifacts.read(f.two, made.id)) == ErrorCode::not_found);
    CHECK(f.error(f.artifacts.remove(f.two, made.id)) == ErrorCode::not_found);
    CHECK(f.get(f.artifacts.list(f.two, {}, 50, "")).items.empty());
    CHECK(f.get(f.artifacts.read(f.one, made.id)) == "mine");
}

TEST_CASE("a name is a file's name and the media type follows from it", "[artifacts]") {
    Fixture f;
    CHECK(f.made(f.file("Übersicht.MD", "x")).media_type == "text/markdown; charset=utf-8");
    CHECK(f.made(f.file("data", "x")).media_type == "application/octet-stream");
    for (const auto& bad :
         {std::string(), std::string("a/b"), std::string("a\\b"), std::string("a\nb"),
          std::string(".."), std::string("\xff\xfe"), std::string(256, 'a')}) {
        CAPTURE(bad);
        CHECK(f.error(f.artifacts.create(f.one, f.file(bad, "x"))) == ErrorCode::invalid_argument);
    }
    for (const auto& bad : {"text", "text/", "/csv", "text/csv\r\nX: y", "te xt/csv"}) {
        CAPTURE(bad);
        auto wanted = f.file("a", "x");
        wanted.media_type = bad;
        CHECK(f.error(f.artifacts.create(f.one, wanted)) == ErrorCode::invalid_argument);
    }
}

TEST_CASE("artifacts are listed newest first, all or of one run", "[artifacts]") {
    Fixture f;
    const auto run = RunId::make(f.clock.now(), f.random);
    for (int i = 0; i < 6; ++i) {
        auto wanted = f.file(std::to_string(i), "x");
        if (i % 2 == 0) {
            wanted.run = run;
            wanted.step_path = "each[3]/write";
        }
        f.made(std::move(wanted));
    }
    const auto names = [&](std::optional<RunId> of, int limit) {
        std::string out, cursor;
        do {
            const auto page = f.get(f.artifacts.list(f.one, {of, {}, {}}, limit, cursor));
            for (const auto& artifact : page.items) out += artifact.name;
            cursor = page.next_cursor;
        } while (!cursor.empty());
        return out;
    };
    CHECK(names({}, 50) == "543210");
    CHECK(names({}, 4) == "543210");
    CHECK(names(run, 2) == "420");
    const auto page = f.get(f.artifacts.list(f.one, {run, {}, {}}, 2, ""));
    CHECK(page.items[0].run == run);
    CHECK(page.items[0].step_path == "each[3]/write");
    CHECK(f.error(f.artifacts.list(f.one, {}, 2, page.next_cursor)) == ErrorCode::invalid_argument);
}

TEST_CASE("a removed artifact's content goes with its last owner", "[artifacts]") {
    Fixture f;
    const auto first = f.made(f.file("a", "same")), second = f.made(f.file("b", "same"));
    CHECK(first.hash == second.hash);
    f.done(f.artifacts.remove(f.one, first.id));
    CHECK(f.error(f.artifacts.get(f.one, first.id)) == ErrorCode::not_found);
    CHECK(f.error(f.artifacts.remove(f.one, first.id)) == ErrorCode::not_found);
    f.clock.advance(std::chrono::hours(24 * 365 * 50));  // files carry the machine's time
    CHECK(f.get(f.storage->blobs().collect()) == 0);
    CHECK(f.get(f.artifacts.read(f.one, second.id)) == "same");
    f.done(f.artifacts.remove(f.one, second.id));
    CHECK(f.get(f.storage->blobs().collect()) == 1);
}

TEST_CASE("a prepared artifact exists exactly if its unit commits", "[artifacts]") {
    Fixture f;
    const auto prepared = f.get(f.artifacts.prepare(f.one, f.file("a", "x")));
    CHECK(f.error(f.artifacts.get(f.one, prepared.id)) == ErrorCode::not_found);
    storage::WriteUnit failing;
    f.artifacts.append_create(failing, prepared);
    std::function<Result<void>(storage::Tx&)> refuse = [](storage::Tx&) -> Result<void> {
        return fail(ErrorCode::conflict, "no");
    };
    failing.add(std::move(refuse));
    CHECK(f.error(f.storage->submit(std::move(failing))) == ErrorCode::conflict);
    CHECK(f.error(f.artifacts.get(f.one, prepared.id)) == ErrorCode::not_found);
    storage::WriteUnit unit;
    f.artifacts.append_create(unit, prepared);
    f.done(f.storage->submit(std::move(unit)));
    CHECK(f.get(f.artifacts.read(f.one, prepared.id)) == "x");
}

TEST_CASE("a reference stands for an artifact in data", "[artifacts]") {
    Fixture f;
    const auto made = f.made(f.file("a.csv", "x,y"));
    const auto value = reference(made);
    CHECK(value == Json{{"$artifact", made.id.str()},
                        {"name", "a.csv"},
                        {"size", 3},
                        {"media_type", made.media_type}});
    CHECK(referenced(value) == made.id);
    CHECK_FALSE(referenced(Json{{"$artifact", "run_x"}}));
    CHECK_FALSE(referenced(Json("text")));
}

TEST_CASE("a file name cannot break out of its header", "[artifacts]") {
    CHECK(attachment("report.csv") ==
          "attachment; filename=\"report.csv\"; filename*=UTF-8''report.csv");
    CHECK(attachment("a\"b\\c%\r\n.txt") ==
          "attachment; filename=\"a_b_c___.txt\"; filename*=UTF-8''a%22b%5Cc%25%0D%0A.txt");
    CHECK(attachment("ü.md") == "attachment; filename=\"__.md\"; filename*=UTF-8''%C3%BC.md");
}

TEST_CASE("the statements of artifacts keep storage's rules", "[artifacts]") {
    std::vector<const storage::Query*> own;
    for (const auto* query : storage::Query::all())
        if (std::string_view(query->name()).starts_with("artifacts.")) own.push_back(query);
    REQUIRE(own.size() == 5);
    const auto findings = storage::audit_queries(storage::built_in_migrations(), own, {});
    REQUIRE(findings);
    for (const auto& finding : *findings) {
        CAPTURE(finding.query, finding.problem);
        CHECK(finding.query.empty());
    }
}
