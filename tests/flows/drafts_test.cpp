#include <boost/asio/co_spawn.hpp>

#include "flows/draft_house.hpp"
#include "flows/drafts.hpp"

using namespace sluice;
using namespace sluice::flows;
using namespace std::chrono_literals;
using flows::test::DraftHouse;

TEST_CASE("a draft is a person's own, based on the live version, and outlives a restart", "[flows][drafts]") {
    DraftHouse f;
    const auto none = f.refused(f.flows->draft(f.workspace, f.flow.id, f.ann));
    CHECK(none.code == ErrorCode::not_found);
    CHECK(none.message.find(fmt::format("PUT /api/v1/flows/{}/draft", f.flow.id)) != std::string::npos);

    const auto made = f.save(f.ann, f.document(2));
    CHECK(made.based_on == 1);
    CHECK(made.owner == "key_ann");
    CHECK(made.live_version == 1);
    CHECK(made.errors.empty());
    f.save(f.bob, f.document(3));
    f.restart();
    const auto read = f.get(f.flows->draft(f.workspace, f.flow.id, f.ann));
    CHECK(read.document == f.document(2));
    CHECK(etag_of(read) == etag_of(made));
    CHECK(f.get(f.flows->draft(f.workspace, f.flow.id, f.bob)).document == f.document(3));
    CHECK(f.get(f.flows->get(f.workspace, f.flow.id)).document["nodes"][0]["config"]["value"] == 1);
    SECTION("a browser's session and the machine's owner share one") {
        f.save(f.principal(Principal::Kind::session, "ses_1"), f.document(7));
        CHECK(f.get(f.flows->draft(f.workspace, f.flow.id, f.principal(Principal::Kind::session, "ses_2"))).document == f.document(7));
        CHECK(f.get(f.flows->draft(f.workspace, f.flow.id, f.principal(Principal::Kind::local, "local"))).owner == "local");
    }
    SECTION("another workspace sees nothing of it") {
        const auto acme = f.get(f.identity->ensure_workspace("acme")).id;
        CHECK(f.error(f.flows->draft(acme, f.flow.id, f.ann)) == ErrorCode::not_found);
        CHECK(f.error(f.flows->save_draft(acme, f.flow.id, f.ann, {f.document(2)})) == ErrorCode::not_found);
        CHECK(f.error(f.flows->discard_draft(acme, f.flow.id, f.ann, {})) == ErrorCode::not_found);
        CHECK(f.error(f.flows->publish_draft(acme, f.flow.id, f.ann, {})) == ErrorCode::not_found);
        CHECK(f.error(f.flows->freeze_draft(acme, f.flow.id, f.ann)) == ErrorCode::not_found);
        CHECK(f.error(f.flows->put_pin(acme, f.flow.id, "a", 1, "x", {})) == ErrorCode::not_found);
        CHECK(f.get(f.flows->pins(acme, f.flow.id)).empty());
    }
}

TEST_CASE("a draft keeps what it was given, mistakes too, and names them", "[flows][drafts]") {
    DraftHouse f;
    auto odd = f.broken();
    odd["project"] = "default";  // a canonical document would leave it out
    const auto made = f.save(f.ann, odd);
    REQUIRE(made.errors.size() == 1);
    CHECK(made.errors[0].pointer == "/nodes/0/type");
    const auto read = f.get(f.flows->draft(f.workspace, f.flow.id, f.ann));
    CHECK(read.document == odd);
    CHECK(read.errors == made.errors);
    CHECK(f.save(f.ann, Json::object(), "*").errors.size() >= 1);
    for (const Json& no_object : {Json::array(), Json(5), Json()})
        CHECK(f.error(f.flows->save_draft(f.workspace, f.flow.id, f.ann, {no_object})) == ErrorCode::invalid_argument);
    const auto error = f.refused(f.flows->publish_draft(f.workspace, f.flow.id, f.ann, {}));
    CHECK(error.code == ErrorCode::unprocessable);
    CHECK_FALSE(error.details.empty());
    CHECK(f.error(f.flows->freeze_draft(f.workspace, f.flow.id, f.ann)) == ErrorCode::unprocessable);
    CHECK(f.get(f.flows->versions(f.workspace, f.flow.id)).size() == 1);
    CHECK(f.get(f.flows->draft(f.workspace, f.flow.id, f.ann)).document == Json::object());
}

TEST_CASE("a draft is written over only by who read it", "[flows][drafts]") {
    DraftHouse f;
    CHECK(f.error(f.flows->save_draft(f.workspace, f.flow.id, f.ann, {f.document(2), {}, "\"1\""})) ==
          ErrorCode::precondition_failed);
    const auto first = f.save(f.ann, f.document(2));
    CHECK(f.error(f.flows->save_draft(f.workspace, f.flow.id, f.ann, {f.document(3)})) == ErrorCode::precondition_required);
    CHECK(f.error(f.flows->save_draft(f.workspace, f.flow.id, f.ann, {f.document(3), {}, {}, true})) ==
          ErrorCode::precondition_failed);
    f.clock.advance(1s);
    const auto second = f.save(f.ann, f.document(3), etag_of(first));
    CHECK(second.revision == 2);
    CHECK(second.created_at == first.created_at);
    CHECK(second.updated_at == first.updated_at + 1s);
    CHECK(f.error(f.flows->save_draft(f.workspace, f.flow.id, f.ann, {f.document(4), {}, etag_of(first)})) ==
          ErrorCode::precondition_failed);
    CHECK(f.error(f.flows->discard_draft(f.workspace, f.flow.id, f.ann, etag_of(first))) == ErrorCode::precondition_failed);
    CHECK(f.error(f.flows->publish_draft(f.workspace, f.flow.id, f.ann, {true, false, "", etag_of(first)})) ==
          ErrorCode::precondition_failed);
    SECTION("the same again is no change") {
        f.clock.advance(1s);
        const auto same = f.save(f.ann, f.document(3), etag_of(second));
        CHECK(etag_of(same) == etag_of(second));
        CHECK(same.updated_at == second.updated_at);
    }
    SECTION("whole and broken numbers differ, though they compare alike") {
        auto other = f.document(3);
        other["nodes"][0]["config"]["value"] = 3.0;
        CHECK(etag_of(f.save(f.ann, other, "*")) != etag_of(second));
    }
    SECTION("a draft that was begun again is another one") {
        f.done(f.flows->discard_draft(f.workspace, f.flow.id, f.ann, etag_of(second)));
        CHECK(f.error(f.flows->discard_draft(f.workspace, f.flow.id, f.ann, {})) == ErrorCode::not_found);
        f.clock.advance(1s);
        const auto begun = f.save(f.ann, f.document(2));
        CHECK(begun.revision == first.revision);
        CHECK(etag_of(begun) != etag_of(first));
    }
}

TEST_CASE("of two that save at once over the same draft one is refused", "[flows][drafts]") {
    DraftHouse f;
    const auto etag = etag_of(f.save(f.ann, f.document(1)));
    int saved = 0, refused = 0;
    const auto count = [&](std::exception_ptr thrown, Result<SavedDraft> result) {
        REQUIRE_FALSE(thrown);
        if (result) ++saved;
        else if (result.error().code == ErrorCode::precondition_failed) ++refused;
        if (saved + refused == 6) f.loop.stop();
    };
    for (int i = 0; i < 6; ++i)
        boost::asio::co_spawn(f.loop.context(), f.flows->save_draft(f.workspace, f.flow.id, f.ann, {f.document(10 + i), {}, etag}),
                              count);
    f.loop.run();
    CHECK(saved == 1);
    CHECK(refused == 5);
}

TEST_CASE("a draft's base is chosen, kept, and must be a version", "[flows][drafts]") {
    DraftHouse f;
    f.update(2);
    f.update(3);
    CHECK(f.save(f.ann, f.document(9), {}, 1).based_on == 1);
    CHECK(f.save(f.ann, f.document(10), "*").based_on == 1);
    CHECK(f.save(f.ann, f.document(10), "*", 2).based_on == 2);
    for (const int wrong : {0, -1, 4})
        CHECK(f.error(f.flows->save_draft(f.workspace, f.flow.id, f.ann, {f.document(1), wrong, "*"})) == ErrorCode::not_found);
    SECTION("where nothing is live it is the latest") {
        const auto other = flows::test::flow(R"({"id": "a", "type": "echo"})");
        const auto id = f.get(f.flows->create(f.workspace, other, false, "", "t")).id;
        const auto draft = f.get(f.flows->save_draft(f.workspace, id, f.ann, {other})).draft;
        CHECK(draft.based_on == 1);
        CHECK(draft.live_version == 0);
    }
}

TEST_CASE("publishing makes the next version with its note and takes the draft away", "[flows][drafts]") {
    DraftHouse f;
    f.save(f.ann, f.document(2));
    const auto applied = f.get(f.flows->publish_draft(f.workspace, f.flow.id, f.ann, {true, false, "now with 2", {}}));
    CHECK(applied.change == "updated");
    CHECK(applied.flow.version == 2);
    CHECK(applied.flow.live_version == 2);
    const auto versions = f.get(f.flows->versions(f.workspace, f.flow.id));
    REQUIRE(versions.size() == 2);
    CHECK(versions[0].note == "now with 2");
    CHECK(versions[0].created_by == "key_ann");
    CHECK(f.error(f.flows->draft(f.workspace, f.flow.id, f.ann)) == ErrorCode::not_found);
    CHECK(f.error(f.flows->publish_draft(f.workspace, f.flow.id, f.ann, {})) == ErrorCode::not_found);
    CHECK(f.get(f.flows->runnable(f.workspace, f.flow.id)).version == 2);
    SECTION("without moving live") {
        f.save(f.ann, f.document(3));
        CHECK(f.get(f.flows->publish_draft(f.workspace, f.flow.id, f.ann, {false, false, "", {}})).flow.live_version == 2);
        CHECK(f.get(f.flows->get(f.workspace, f.flow.id)).latest_version == 3);
    }
    SECTION("a draft that says what the latest version says makes no version and is gone all the same") {
        f.save(f.ann, f.document(2));
        CHECK(f.get(f.flows->publish_draft(f.workspace, f.flow.id, f.ann, {})).change == "unchanged");
        CHECK(f.get(f.flows->versions(f.workspace, f.flow.id)).size() == 2);
        CHECK(f.error(f.flows->draft(f.workspace, f.flow.id, f.ann)) == ErrorCode::not_found);
    }
    SECTION("what fails in the commit leaves the draft: a name that is taken") {
        auto other = f.document(1);
        other["name"] = "other";
        f.get(f.flows->create(f.workspace, other, true, "", "t"));
        f.save(f.ann, other);
        CHECK(f.error(f.flows->publish_draft(f.workspace, f.flow.id, f.ann, {})) == ErrorCode::conflict);
        CHECK(f.get(f.flows->draft(f.workspace, f.flow.id, f.ann)).document == other);
        CHECK(f.get(f.flows->versions(f.workspace, f.flow.id)).size() == 2);
    }
    SECTION("what fails in the commit leaves the draft: a companion of the change") {
        f.save(f.ann, f.document(5));
        const AlsoApply refuse = [](storage::WriteUnit& unit, const Applied&) {
            unit.add([](storage::Tx&) -> Result<void> { return fail(ErrorCode::forbidden, "no"); });
        };
        CHECK(f.error(f.flows->publish_draft(f.workspace, f.flow.id, f.ann, {}, refuse)) == ErrorCode::forbidden);
        CHECK(f.get(f.flows->draft(f.workspace, f.flow.id, f.ann)).document == f.document(5));
        CHECK(f.get(f.flows->get(f.workspace, f.flow.id)).latest_version == 2);
    }
}

TEST_CASE("a draft whose base was overtaken is published only by force, and the refusal says by whom", "[flows][drafts]") {
    DraftHouse f;
    f.save(f.ann, f.document(2));
    f.update(7);
    CHECK(f.get(f.flows->draft(f.workspace, f.flow.id, f.ann)).live_version == 2);
    const auto error = f.refused(f.flows->publish_draft(f.workspace, f.flow.id, f.ann, {}));
    CHECK(error.code == ErrorCode::conflict);
    for (const auto* word : {"version 2", "key_eve", "\"faster\"", "based on version 1", "diff?from=1&to=2", "?force=true"}) {
        CAPTURE(word, error.message);
        CHECK(error.message.find(word) != std::string::npos);
    }
    SECTION("by force") {
        const auto applied = f.get(f.flows->publish_draft(f.workspace, f.flow.id, f.ann, {true, true, "", {}}));
        CHECK(applied.flow.version == 3);
        CHECK(applied.flow.document["nodes"][0]["config"]["value"] == 2);
    }
    SECTION("after a look at what is newer") {
        f.save(f.ann, f.document(2), "*", 2);
        CHECK(f.get(f.flows->publish_draft(f.workspace, f.flow.id, f.ann, {})).flow.version == 3);
    }
    SECTION("a version that is not live, or no longer, overtakes nobody") {
        f.get(f.flows->set_live(f.workspace, f.flow.id, 1, {}));
        f.update(8, false);
        CHECK(f.get(f.flows->publish_draft(f.workspace, f.flow.id, f.ann, {})).flow.version == 4);
    }
}

TEST_CASE("two drafts published at once give one version and one conflict", "[flows][drafts]") {
    DraftHouse f;
    f.save(f.ann, f.document(2));
    f.save(f.bob, f.document(3));
    int published = 0, conflicts = 0;
    const auto count = [&](std::exception_ptr thrown, Result<Applied> result) {
        REQUIRE_FALSE(thrown);
        if (result) ++published;
        else if (result.error().code == ErrorCode::conflict) ++conflicts;
        if (published + conflicts == 2) f.loop.stop();
    };
    boost::asio::co_spawn(f.loop.context(), f.flows->publish_draft(f.workspace, f.flow.id, f.ann, {}), count);
    boost::asio::co_spawn(f.loop.context(), f.flows->publish_draft(f.workspace, f.flow.id, f.bob, {}), count);
    f.loop.run();
    CHECK(published == 1);
    CHECK(conflicts == 1);
    CHECK(f.get(f.flows->versions(f.workspace, f.flow.id)).size() == 2);
    CHECK(f.rows() == 1);
}

TEST_CASE("a run of a draft names a hidden version, the same for the same content", "[flows][drafts]") {
    DraftHouse f;
    CHECK(f.error(f.flows->freeze_draft(f.workspace, f.flow.id, f.ann)) == ErrorCode::not_found);
    f.save(f.ann, f.document(2));
    const auto frozen = f.get(f.flows->freeze_draft(f.workspace, f.flow.id, f.ann));
    CHECK(frozen.version == -1);
    CHECK(frozen.name == "triage");
    CHECK(frozen.project == "default");
    CHECK(frozen.flow->document == canonical_document(f.document(2)));
    CHECK(f.get(f.flows->freeze_draft(f.workspace, f.flow.id, f.ann)).version == -1);
    f.save(f.bob, f.document(2));
    CHECK(f.get(f.flows->freeze_draft(f.workspace, f.flow.id, f.bob)).version == -1);
    f.save(f.ann, f.document(3), "*");
    CHECK(f.get(f.flows->freeze_draft(f.workspace, f.flow.id, f.ann)).version == -2);
    f.save(f.ann, f.document(2), "*");
    CHECK(f.get(f.flows->freeze_draft(f.workspace, f.flow.id, f.ann)).version == -1);

    SECTION("it is found by its number, also after a restart and after the flow's end") {
        f.restart();
        const auto again = f.get(f.flows->runnable(f.workspace, f.flow.id, -1));
        CHECK(again.version == -1);
        CHECK(again.flow->document == frozen.flow->document);
        CHECK(f.get(f.flows->version(f.workspace, f.flow.id, -2)).document["nodes"][0]["config"]["value"] == 3);
        CHECK(f.error(f.flows->runnable(f.workspace, f.flow.id, -3)) == ErrorCode::not_found);
        f.done(f.flows->remove(f.workspace, f.flow.id, {}));
        CHECK(f.get(f.flows->runnable(f.workspace, f.flow.id, -1)).deleted);
    }
    SECTION("it is in no list, never live, and takes no number away") {
        CHECK(f.get(f.flows->versions(f.workspace, f.flow.id)).size() == 1);
        CHECK(f.error(f.flows->get(f.workspace, f.flow.id, -1)) == ErrorCode::not_found);
        CHECK(f.error(f.flows->get_by_name(f.workspace, "triage", -1)) == ErrorCode::not_found);
        CHECK(f.error(f.flows->set_live(f.workspace, f.flow.id, -1, {})) == ErrorCode::not_found);
        CHECK(f.error(f.flows->diff(f.workspace, f.flow.id, 1, -1)) == ErrorCode::not_found);
        CHECK(f.get(f.flows->get(f.workspace, f.flow.id)).revision == 1);
        CHECK(f.get(f.flows->publish_draft(f.workspace, f.flow.id, f.ann, {})).flow.version == 2);
    }
    SECTION("a published version of the same content is another row") {
        f.get(f.flows->publish_draft(f.workspace, f.flow.id, f.bob, {}));
        CHECK(f.get(f.flows->runnable(f.workspace, f.flow.id, 2)).flow->document == frozen.flow->document);
        CHECK(f.get(f.flows->runnable(f.workspace, f.flow.id, -1)).version == -1);
    }
}

TEST_CASE("many that freeze the same draft at once get one hidden version", "[flows][drafts]") {
    DraftHouse f;
    f.save(f.ann, f.document(2));
    int ended = 0;
    const auto count = [&](std::exception_ptr thrown, Result<Flows::Runnable> result) {
        REQUIRE_FALSE(thrown);
        REQUIRE(result);
        CHECK(result->version == -1);
        if (++ended == 5) f.loop.stop();
    };
    for (int i = 0; i < 5; ++i)
        boost::asio::co_spawn(f.loop.context(), f.flows->freeze_draft(f.workspace, f.flow.id, f.ann), count);
    f.loop.run();
}

TEST_CASE("hidden versions that no run names go after a day, the others stay", "[flows][drafts]") {
    DraftHouse f;
    for (const int value : {2, 3, 4}) {
        f.save(f.ann, f.document(value), value == 2 ? std::nullopt : std::optional<std::string>("*"));
        CHECK(f.get(f.flows->freeze_draft(f.workspace, f.flow.id, f.ann)).version == 1 - value);
    }
    f.add_run(-2);
    f.clock.advance(23h);
    CHECK(f.get(f.flows->remove_unused_hidden()) == 0);
    CHECK(f.get(f.flows->freeze_draft(f.workspace, f.flow.id, f.ann)).version == -3);  // wanted again
    f.clock.advance(1h + 1s);
    CHECK(f.get(f.flows->remove_unused_hidden()) == 1);
    CHECK_FALSE(f.flows->cached(f.workspace, f.flow.id, -1));
    CHECK(f.error(f.flows->runnable(f.workspace, f.flow.id, -1)) == ErrorCode::not_found);
    CHECK(f.get(f.flows->runnable(f.workspace, f.flow.id, -2)).version == -2);
    CHECK(f.get(f.flows->runnable(f.workspace, f.flow.id, -3)).version == -3);
    CHECK(f.get(f.flows->versions(f.workspace, f.flow.id)).size() == 1);
    SECTION("a number is not given twice") {
        f.save(f.ann, f.document(2), "*");
        CHECK(f.get(f.flows->freeze_draft(f.workspace, f.flow.id, f.ann)).version == -4);
    }
    SECTION("when its runs have gone, a hidden version goes as well") {
        f.remove_runs();
        f.clock.advance(25h);
        CHECK(f.get(f.flows->remove_unused_hidden()) == 2);
        CHECK(f.error(f.flows->runnable(f.workspace, f.flow.id, -2)) == ErrorCode::not_found);
    }
}

TEST_CASE("more hidden versions than one batch go in one call", "[flows][drafts]") {
    DraftHouse f;
    for (int i = 0; i < 250; ++i) {
        f.save(f.ann, f.document(100 + i), i == 0 ? std::nullopt : std::optional<std::string>("*"));
        f.get(f.flows->freeze_draft(f.workspace, f.flow.id, f.ann));
    }
    f.clock.advance(25h);
    CHECK(f.get(f.flows->remove_unused_hidden()) == 250);
    CHECK(f.get(f.flows->remove_unused_hidden()) == 0);
}

TEST_CASE("a flow's drafts and pins go with it", "[flows][drafts]") {
    DraftHouse f;
    f.save(f.ann, f.document(2));
    f.save(f.bob, f.document(3));
    f.get(f.flows->put_pin(f.workspace, f.flow.id, "a", 1, "t", {}));
    CHECK(f.rows() == 3);
    f.done(f.flows->remove(f.workspace, f.flow.id, {}));
    CHECK(f.rows() == 0);
    CHECK(f.error(f.flows->draft(f.workspace, f.flow.id, f.ann)) == ErrorCode::not_found);
    CHECK(f.error(f.flows->save_draft(f.workspace, f.flow.id, f.ann, {f.document(2)})) == ErrorCode::not_found);
    CHECK(f.error(f.flows->put_pin(f.workspace, f.flow.id, "a", 1, "t", {})) == ErrorCode::not_found);
    CHECK(f.error(f.flows->list_pins(f.workspace, f.flow.id)) == ErrorCode::not_found);
    CHECK(f.error(f.flows->pin(f.workspace, f.flow.id, "a")) == ErrorCode::not_found);
    CHECK(f.error(f.flows->remove_pin(f.workspace, f.flow.id, "a", {})) == ErrorCode::not_found);
}

TEST_CASE("what commits with a draft's change fails with it", "[flows][drafts]") {
    DraftHouse f;
    const auto refusal = [](storage::WriteUnit& unit) {
        unit.add([](storage::Tx&) -> Result<void> { return fail(ErrorCode::forbidden, "no"); });
    };
    const AlsoSaveDraft also_save = [&](storage::WriteUnit& unit, const SavedDraft&) { refusal(unit); };
    const AlsoPin also_pin = [&](storage::WriteUnit& unit, const Pin&) { refusal(unit); };
    CHECK(f.error(f.flows->save_draft(f.workspace, f.flow.id, f.ann, {f.document(2)}, also_save)) == ErrorCode::forbidden);
    CHECK(f.error(f.flows->put_pin(f.workspace, f.flow.id, "a", 1, "t", {}, also_pin)) == ErrorCode::forbidden);
    CHECK(f.rows() == 0);
    f.save(f.ann, f.document(2));
    f.get(f.flows->put_pin(f.workspace, f.flow.id, "a", 1, "t", {}));
    auto refused = testing::run(f.loop, f.flows->discard_draft(f.workspace, f.flow.id, f.ann, {}, refusal));
    CHECK_FALSE(refused);
    refused = testing::run(f.loop, f.flows->remove_pin(f.workspace, f.flow.id, "a", {}, refusal));
    CHECK_FALSE(refused);
    CHECK(f.rows() == 2);
}

TEST_CASE("a draft is not saved for a flow that is deleted at the same moment", "[flows][drafts]") {
    DraftHouse f;
    // Units commit in the order in which they come, so this one is there first, and after all of the save's reads.
    const AlsoSaveDraft overtake = [&](storage::WriteUnit&, const SavedDraft&) { f.first(flows::test::delete_flow, f.flow.id); };
    CHECK(f.error(f.flows->save_draft(f.workspace, f.flow.id, f.ann, {f.document(2)}, overtake)) == ErrorCode::not_found);
    CHECK(f.rows() == 0);
}
