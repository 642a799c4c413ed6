#pragma once
/// A house with the service of flows, one flow "triage", and two people who edit it.

#include <memory>
#include <optional>
#include <string>

#include "events/house.hpp"
#include "flows/types.hpp"
#include "sluice/identity/identity.hpp"
#include "sluice/storage/tx.hpp"

namespace sluice::flows::test {

inline const storage::Query insert_run{"test.insert_run_of_draft", R"sql(
    INSERT INTO run (workspace_id, id, flow_id, flow_version, flow_name, project, trigger, status, created_at_us)
    VALUES (?1, ?2, ?3, ?4, 'f', 'default', 'api', 'succeeded', 0))sql"};
inline const storage::Query delete_runs{"test.delete_runs_of_draft", "DELETE FROM run WHERE workspace_id = ?1"};
inline const storage::Query count_drafts{"test.count_drafts", R"sql(
    SELECT (SELECT count(*) FROM flow_draft WHERE workspace_id = ?1) + (SELECT count(*) FROM flow_pin WHERE workspace_id = ?1))sql"};

inline const storage::Query delete_flow{"test.delete_flow_of_draft",
                                        "UPDATE flow SET deleted_at_us = 1 WHERE workspace_id = ?1 AND id = ?2"};
inline const storage::Query change_pins{"test.change_pins", R"sql(
    UPDATE flow_pin SET output = '7', content_hash = 'other' WHERE workspace_id = ?1 AND flow_id = ?2)sql"};

struct DraftHouse : sluice::testing::House {
    DraftHouse() {
        start();
        ann = principal(Principal::Kind::api_key, "key_ann");
        bob = principal(Principal::Kind::api_key, "key_bob");
        flow = get(flows->create(workspace, document(1), true, "first", "tester"));
    }
    void start() {
        identity = std::make_unique<identity::Identity>(*storage, clock, random);
        done(identity->start());
        workspace = identity->find_workspace("default")->id;
        flows = std::make_unique<Flows>(*storage, test::types(), clock, random);
    }
    void restart() {
        run(identity->stop());
        flows.reset();
        identity.reset();
        close();
        open();
        start();
    }
    static Json document(int value) {
        auto made = test::flow(R"({"id": "a", "type": "echo", "config": {"value": 0}})");
        made["name"] = "triage";
        made["nodes"][0]["config"]["value"] = value;
        return made;
    }
    static Json broken() {
        auto made = document(1);
        made["nodes"][0]["type"] = "ecko";
        return made;
    }
    Principal principal(Principal::Kind kind, std::string id) const {
        Principal out;
        out.kind = kind;
        out.id = std::move(id);
        out.workspace = workspace;
        return out;
    }
    Draft save(const Principal& who, Json json, std::optional<std::string> if_match = {}, std::optional<int> based_on = {}) {
        return get(flows->save_draft(workspace, flow.id, who, {std::move(json), based_on, std::move(if_match)})).draft;
    }
    Flow update(int value, bool live = true, std::string by = "key_eve") {
        return get(flows->update(workspace, flow.id, document(value), live, "faster", std::move(by), {}));
    }
    template <class T>
    Error refused(Awaitable<Result<T>> task) {
        auto result = testing::run(loop, std::move(task));
        REQUIRE_FALSE(result);
        return result.error();
    }
    void add_run(int version) {
        auto job = [=, this](storage::Tx& tx) -> Result<std::int64_t> {
            return tx.run(insert_run, {storage::to_value(workspace), storage::to_value(flow.id), storage::to_value(flow.id),
                                       storage::to_value(version)});
        };
        CHECK(get(storage->write(std::move(job))) == 1);
    }
    void remove_runs() {
        auto job = [=, this](storage::Tx& tx) { return tx.run(delete_runs, {storage::to_value(workspace)}); };
        get(storage->write(std::move(job)));
    }
    /// Commits a statement on the flow before what is submitted next.
    void first(const storage::Query& query, FlowId id) {
        storage::WriteUnit unit;
        unit.add(query, workspace, id);
        storage->enqueue(std::move(unit), [](Result<void> done) { CHECK(done); });
    }
    /// Drafts and pins together.
    std::int64_t rows() {
        auto job = [=, this](storage::ReadTx& tx) {
            return tx.list<std::int64_t>(count_drafts, {storage::to_value(workspace)},
                                         [](const storage::Row& row) { return row.integer(0); });
        };
        return get(storage->read(std::move(job))).at(0);
    }

    std::unique_ptr<identity::Identity> identity;
    std::unique_ptr<Flows> flows;
    WorkspaceId workspace;
    Principal ann, bob;
    Flow flow;
};

}  // namespace sluice::flows::test
