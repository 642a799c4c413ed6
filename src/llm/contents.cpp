#include "sluice/llm/contents.hpp"

#include "llm/contents_store.hpp"
#include "sluice/base/log.hpp"
#include "sluice/base/metrics.hpp"
#include "sluice/budget/spend.hpp"
#include "sluice/net/http.hpp"
#include "sluice/runtime/loop.hpp"
#include "sluice/runtime/task_group.hpp"
#include "sluice/storage/blobs.hpp"

namespace sluice::llm {
namespace {

base::metrics::Counter kept_total("sluice_content_kept_total", "Model calls whose content was stored");
base::metrics::Counter dropped_total("sluice_content_dropped_total", "Model calls whose content could not be stored");

constexpr std::size_t most_waiting = 64 << 20;
constexpr std::size_t largest_content = 96 << 20;
constexpr int batch = 100;
constexpr Duration shortest = std::chrono::hours(1), longest = std::chrono::hours(24 * 400);

}  // namespace

std::string_view to_string(ContentKeep keep) {
    switch (keep) {
        case ContentKeep::none: return "none";
        case ContentKeep::errors: return "errors";
        case ContentKeep::all: return "all";
    }
    return "";
}

std::optional<ContentKeep> content_keep_from(std::string_view text) {
    for (const auto each : {ContentKeep::none, ContentKeep::errors, ContentKeep::all})
        if (to_string(each) == text) return each;
    return std::nullopt;
}

std::string etag_of(const ContentPolicy& policy) { return fmt::format("\"{}\"", policy.revision); }

struct Contents::State {
    State(runtime::Loop& the_loop, storage::Storage& the_storage, budget::Budgets& the_budgets)
        : loop(the_loop), storage(the_storage), budgets(the_budgets), tasks(the_loop) {}
    runtime::Loop& loop;
    storage::Storage& storage;
    budget::Budgets& budgets;
    std::size_t waiting = 0;  ///< bytes
    bool stopped = false;
    runtime::TaskGroup tasks;

    static Awaitable<void> store(State* self, store::KeptContent content, std::string text) {
        const auto size = text.size();
        auto hash = co_await self->storage.blobs().put(content.workspace, std::move(text));
        self->waiting -= size;
        if (!hash) {
            dropped_total.add();
            log::warn("the content of a model's call could not be stored", {{"call", content.call.str()}, {"cause", hash.error().message}});
            co_return;
        }
        content.hash = std::move(*hash);
        storage::WriteUnit unit;
        store::insert(unit, content);
        self->storage.blobs().append_reference(unit, content.workspace, content.hash, size, content.call.raw());
        auto done = co_await self->storage.submit(std::move(unit));
        if (!done) log::warn("the content of a model's call could not be stored", {{"call", content.call.str()}, {"cause", done.error().message}});
        (done ? kept_total : dropped_total).add();
    }
};

Contents::Contents(runtime::Loop& loop, storage::Storage& storage, budget::Budgets& budgets)
    : state_(std::make_unique<State>(loop, storage, budgets)) {}
Contents::~Contents() = default;

Awaitable<Result<void>> Contents::start() {
    auto loaded = co_await store::load_policies(state_->storage);
    if (!loaded) co_return fail(std::move(loaded.error()));
    for (auto& policy : *loaded) (policy.keep == ContentKeep::none ? silent_ : policies_).insert_or_assign(policy.workspace, policy);
    co_return Result<void>();
}

Awaitable<void> Contents::stop() {
    state_->stopped = true;
    co_await state_->tasks.join();
}

ContentPolicy Contents::policy(WorkspaceId workspace) const {
    for (const auto* known : {&policies_, &silent_})
        if (const auto found = known->find(workspace); found != known->end()) return found->second;
    ContentPolicy out;
    out.workspace = workspace;
    return out;
}

Awaitable<Result<ContentPolicy>> Contents::set(ContentPolicy wanted, std::optional<std::string> if_match, Also also) {
    const auto present = policy(wanted.workspace);
    if (if_match && !net::etag_matches(*if_match, etag_of(present)))
        co_return fail(ErrorCode::precondition_failed, "the policy was changed meanwhile; read it again and repeat the change");
    if (wanted.retention < shortest || wanted.retention > longest)
        co_return fail(Error{ErrorCode::invalid_argument, "the retention is from 1h to 400d", {{"/retention", "is from 1h to 400d"}}, false});
    wanted.revision = present.revision + 1;
    wanted.updated_at = state_->loop.now();
    storage::WriteUnit unit;
    store::put(unit, wanted);
    if (also) also(unit, wanted);
    auto done = co_await state_->storage.submit(std::move(unit));
    if (!done) co_return fail(std::move(done.error()));
    policies_.erase(wanted.workspace);
    silent_.erase(wanted.workspace);
    (wanted.keep == ContentKeep::none ? silent_ : policies_).insert_or_assign(wanted.workspace, wanted);
    co_return wanted;
}

bool Contents::keeps(WorkspaceId workspace, bool failed) const {
    const auto found = policies_.find(workspace);
    return found != policies_.end() && (failed || found->second.keep == ContentKeep::all);
}

void Contents::keep(WorkspaceId workspace, budget::SpendId call, std::string content) {
    if (state_->stopped || state_->waiting + content.size() > most_waiting) {
        dropped_total.add();
        return;
    }
    state_->waiting += content.size();
    store::KeptContent row;
    row.workspace = workspace;
    row.call = call;
    row.size_bytes = static_cast<std::int64_t>(content.size());
    row.expires_at = state_->loop.now() + policy(workspace).retention;
    state_->tasks.spawn("keep-content", State::store(state_.get(), std::move(row), std::move(content)));
}

Awaitable<Result<std::string>> Contents::read(WorkspaceId workspace, budget::SpendId call) const {
    auto found = co_await store::find_content(state_->storage, workspace, call);
    if (!found) co_return fail(std::move(found.error()));
    if (!*found || (*found)->expires_at <= state_->loop.now())
        co_return fail(ErrorCode::not_found, "nothing is kept of the call {}; PUT /api/v1/content-policy says what is", call);
    auto content = co_await state_->storage.blobs().get(workspace, (*found)->hash, largest_content);
    co_return content;
}

Awaitable<Result<budget::Spend>> Contents::call(WorkspaceId workspace, budget::SpendId call) const {
    co_return co_await state_->budgets.book().get(workspace, call);
}

Awaitable<Result<std::int64_t>> Contents::remove_expired() {
    std::int64_t removed = 0;
    while (true) {
        auto old = co_await store::expired_contents(state_->storage, state_->loop.now(), batch);
        if (!old) co_return fail(std::move(old.error()));
        if (old->empty()) co_return removed;
        storage::WriteUnit unit;
        for (const auto& content : *old) {
            store::remove(unit, content);
            state_->storage.blobs().append_release(unit, content.workspace, content.call.raw());
        }
        auto done = co_await state_->storage.submit(std::move(unit));
        if (!done) co_return fail(std::move(done.error()));
        removed += static_cast<std::int64_t>(old->size());
    }
}

}  // namespace sluice::llm
