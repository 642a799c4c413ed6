#pragma once
/// What the parts of `Flows` share: its state, and the words for what fails. Thread: loop.

#include <memory>
#include <string>
#include <vector>

#include "flows/compiled_cache.hpp"
#include "flows/drafts_store.hpp"
#include "flows/flows_store.hpp"
#include "sluice/events/cursor.hpp"
#include "sluice/storage/storage.hpp"

namespace sluice::flows {

/// Changes are computed from a read and confirmed by the writer; so often a change that was overtaken begins again.
inline constexpr int most_tries = 8;

tl::unexpected<Error> no_flow(FlowId id);
tl::unexpected<Error> no_version(const Flow& flow, int version);
/// What has mistakes (at least one) as unprocessable, the first in the message.
Error invalid(std::vector<base::ErrorDetail> mistakes);
/// Overtaken too often.
Error busy(const Flow& flow);
/// SHA-256 of the canonical document, hexadecimal.
std::string content_hash(const Json& canonical);

struct Flows::State {
    State(storage::Storage& s, const NodeTypes& t, base::Clock& c, base::Random& r)
        : storage(s), types(t), clock(c), random(r), store(s), drafts(s), cursors(random_key(r)) {}

    static std::string random_key(base::Random& random) {
        std::string key(32, '\0');
        random.fill({reinterpret_cast<std::uint8_t*>(key.data()), key.size()});
        return key;
    }

    /// Compiles on a reader thread: a large document takes longer than the loop may be held.
    Awaitable<Result<FlowPtr>> compile(Json document) {
        auto job = [this, document = std::move(document)](storage::ReadTx&) -> Result<FlowPtr> {
            auto compiled = compile_flow(document, types);
            if (!compiled.flow) return fail(invalid(std::move(compiled.errors)));
            return std::move(compiled.flow);
        };
        co_return co_await storage.read(std::move(job));
    }

    /// The row of a flow that is not deleted.
    Awaitable<Result<FlowRow>> existing(WorkspaceId workspace, FlowId id) {
        auto row = co_await store.find(workspace, id);
        if (!row) co_return fail(std::move(row.error()));
        if (!*row || (*row)->deleted) co_return no_flow(id);
        co_return std::move(**row);
    }

    /// Whether `principal` may publish (or try) what the flow does with secrets. Errors: unprocessable, forbidden.
    Result<void> check_secrets(WorkspaceId workspace, const CompiledFlow& flow, const Principal& principal) const;
    // publisher.cpp
    /// The same, and whether the flow and all that it calls are within the principal's scope: its runs are not held to it.
    /// Errors: also not_found.
    Awaitable<Result<void>> check_publisher(WorkspaceId workspace, FlowPtr flow, const Principal& principal);

    Awaitable<Result<Flow>> insert(WorkspaceId workspace, FlowPtr compiled, bool live, std::string note, std::string by,
                                   AlsoCommit also);
    Awaitable<Result<Applied>> change(WorkspaceId workspace, FlowId id, FlowPtr compiled, bool live, std::string note,
                                      std::string by, std::optional<std::string> if_match, AlsoApply also);

    // drafts.cpp
    /// A flow and the caller's draft of it.
    struct Present {
        Flow flow;
        std::optional<LoadedDraft> draft;
    };
    Awaitable<Result<Present>> load_present(WorkspaceId workspace, FlowId id, std::string owner);
    /// A new document's text and mistakes; both take long enough for a reader thread.
    struct Judged {
        std::string text;
        std::vector<base::ErrorDetail> errors, warnings;
    };
    Awaitable<Result<Judged>> judge(Json document);

    storage::Storage& storage;
    const NodeTypes& types;
    base::Clock& clock;
    base::Random& random;
    FlowStore store;
    DraftStore drafts;
    events::Cursors cursors;
    CompiledCache cache;
    const vault::Vault* vault = nullptr;
};

}  // namespace sluice::flows
