#include "sluice/flows/flows.hpp"

#include <charconv>

#include "flows/flows_state.hpp"
#include "flows/retry_schedule.hpp"
#include "sluice/crypto/crypto.hpp"
#include "sluice/net/http.hpp"

namespace sluice::flows {

tl::unexpected<Error> no_flow(FlowId id) {
    return fail(ErrorCode::not_found, "there is no flow {}; GET /api/v1/flows lists those that there are", id);
}

tl::unexpected<Error> no_version(const Flow& flow, int version) {
    return fail(ErrorCode::not_found, "flow \"{}\" has no version {}; its latest is {}", flow.name, version, flow.latest_version);
}

Error invalid(std::vector<base::ErrorDetail> mistakes) {
    Error error{ErrorCode::unprocessable, {}, {}, false};
    const auto& first = mistakes.front();
    error.message = mistakes.size() == 1 ? std::string("the flow has a mistake")
                                         : fmt::format("the flow has {} mistakes; the first", mistakes.size());
    error.message += first.pointer.empty() ? fmt::format(": {}", first.message)
                                           : fmt::format(" at {}: {}", first.pointer, first.message);
    error.details = std::move(mistakes);
    return error;
}

std::string content_hash(const Json& canonical) { return crypto::sha256_hex(base::dump_json_canonical(canonical)); }

Error busy(const Flow& flow) {
    return Error{ErrorCode::conflict, fmt::format("flow \"{}\" is being changed by others; try again", flow.name), {}, true};
}

namespace {

bool is_stale(const Flow& flow, const std::optional<std::string>& if_match) {
    return if_match && !net::etag_matches(*if_match, etag_of(flow));
}

tl::unexpected<Error> changed_meanwhile(const Flow& flow) {
    return fail(ErrorCode::precondition_failed,
                "flow \"{}\" has changed since you read it (its ETag is now {}); read it again and repeat your change", flow.name,
                etag_of(flow));
}

std::string list_filter(std::string_view project, std::string_view name) {
    return fmt::format("flows:{}:{}:{}", project.size(), project, name);
}

}  // namespace

Flows::Flows(storage::Storage& storage, const NodeTypes& types, base::Clock& clock, base::Random& random)
    : state_(std::make_unique<State>(storage, types, clock, random)) {}
Flows::~Flows() = default;

void Flows::set_cursor_key(std::string key) { state_->cursors = events::Cursors(std::move(key)); }

void Flows::set_vault(const vault::Vault& vault) { state_->vault = &vault; }

Result<void> Flows::State::check_secrets(WorkspaceId workspace, const CompiledFlow& flow, const Principal& principal) const {
    if (vault == nullptr || flow.secret_uses.empty()) return {};
    auto judged = vault->judge(workspace, flow.name, flow.secret_uses, principal);
    if (judged.mistakes.empty()) return {};
    auto error = invalid(std::move(judged.mistakes));
    if (judged.forbidden) error.code = ErrorCode::forbidden;
    return fail(std::move(error));
}

ValidationResult Flows::validate(const Json& document) const { return compile_flow(document, state_->types); }

Awaitable<Result<Flows::Judgement>> Flows::validate_apart(Json document, std::optional<Principal> principal) {
    auto job = [this, document = std::move(document)](storage::ReadTx&) -> Result<Judgement> {
        Judgement out{validate(document)};
        if (!out.flow) return out;
        const auto previews = preview_retries(document, *out.flow);
        out.retries = retries_json(previews);
        out.retries_left_out = previews.left_out;
        return out;
    };
    auto judged = co_await state_->storage.read(std::move(job));
    if (judged && judged->flow && principal) {
        auto allowed = state_->check_secrets(principal->workspace, *judged->flow, *principal);
        if (!allowed) judged->errors = std::move(allowed.error().details);
    }
    co_return judged;
}

// ---- changes ------------------------------------------------------------------------------------------------------

Awaitable<Result<Flow>> Flows::State::insert(WorkspaceId workspace, FlowPtr compiled, bool live, std::string note,
                                             std::string by, AlsoCommit also) {
    Flow flow;
    flow.created_at = flow.updated_at = clock.now();
    flow.id = FlowId::make(flow.created_at, random);
    flow.workspace = workspace;
    flow.name = compiled->name;
    flow.project = compiled->project;
    flow.description = compiled->description;
    flow.version = flow.latest_version = 1;
    flow.live_version = live ? 1 : 0;
    flow.revision = 1;
    flow.document = compiled->document;
    NewVersion version{1, base::dump_json(flow.document), content_hash(flow.document), std::move(note), std::move(by)};
    storage::WriteUnit unit;
    // First: a repeated request is answered as such, and not with the conflict that its own first run causes.
    if (also) also(unit, flow);
    FlowStore::append_create(unit, flow, std::move(version));
    auto done = co_await storage.submit(std::move(unit));
    if (!done) co_return fail(std::move(done.error()));
    cache.know(flow, false);
    cache.put(workspace, flow.id, 1, std::move(compiled));
    co_return flow;
}

Awaitable<Result<Applied>> Flows::State::change(WorkspaceId workspace, FlowId id, FlowPtr compiled, bool live,
                                                std::string note, std::string by, std::optional<std::string> if_match,
                                                AlsoApply also) {
    const auto hash = content_hash(compiled->document);
    for (int attempt = 0; attempt < most_tries; ++attempt) {
        auto row = co_await existing(workspace, id);
        if (!row) co_return fail(std::move(row.error()));
        if (is_stale(row->flow, if_match)) co_return changed_meanwhile(row->flow);
        Applied applied{row->flow, "unchanged"};
        auto& flow = applied.flow;
        std::optional<NewVersion> version;
        if (row->latest_hash != hash) {
            ++flow.latest_version;
            version = NewVersion{flow.latest_version, base::dump_json(compiled->document), hash, note, by};
        }
        flow.version = flow.latest_version;
        if (live) flow.live_version = flow.latest_version;
        flow.name = compiled->name;
        flow.project = compiled->project;
        flow.description = compiled->description;
        flow.document = compiled->document;
        const bool differs = version || flow.live_version != row->flow.live_version || flow.name != row->flow.name ||
                             flow.project != row->flow.project || flow.description != row->flow.description;
        if (differs) {
            applied.change = "updated";
            ++flow.revision;
            flow.updated_at = clock.now();
        }
        storage::WriteUnit unit;
        auto stale = std::make_shared<bool>(false);
        if (also) also(unit, applied);
        if (differs) FlowStore::append_change(unit, flow, row->flow.revision, std::move(version), stale);
        if (unit.empty()) co_return applied;
        auto done = co_await storage.submit(std::move(unit));
        if (done) {
            cache.know(flow, false);
            cache.put(workspace, id, flow.version, compiled);
            co_return applied;
        }
        if (!*stale) co_return fail(std::move(done.error()));
        if (attempt + 1 == most_tries) co_return fail(busy(flow));
    }
    co_return no_flow(id);
}

Awaitable<Result<Flow>> Flows::create(WorkspaceId workspace, Json document, bool live, std::string note, Publisher by,
                                      AlsoCommit also) {
    auto compiled = co_await state_->compile(std::move(document));
    if (!compiled) co_return fail(std::move(compiled.error()));
    auto good = co_await state_->check_publisher(workspace, *compiled, by.principal);
    if (!good) co_return fail(std::move(good.error()));
    co_return co_await state_->insert(workspace, std::move(*compiled), live, std::move(note), std::move(by.id), std::move(also));
}

Awaitable<Result<Flow>> Flows::update(WorkspaceId workspace, FlowId id, Json document, bool live, std::string note,
                                      Publisher by, std::optional<std::string> if_match, AlsoCommit also) {
    auto compiled = co_await state_->compile(std::move(document));
    if (!compiled) co_return fail(std::move(compiled.error()));
    auto good = co_await state_->check_publisher(workspace, *compiled, by.principal);
    if (!good) co_return fail(std::move(good.error()));
    AlsoApply also_apply;
    if (also) also_apply = [also](storage::WriteUnit& unit, const Applied& applied) { also(unit, applied.flow); };
    auto applied = co_await state_->change(workspace, id, std::move(*compiled), live, std::move(note), std::move(by.id),
                                           std::move(if_match), std::move(also_apply));
    if (!applied) co_return fail(std::move(applied.error()));
    co_return std::move(applied->flow);
}

Awaitable<Result<Applied>> Flows::apply(WorkspaceId workspace, Json document, bool live, std::string note, Publisher by,
                                        AlsoApply also) {
    auto compiled = co_await state_->compile(std::move(document));
    if (!compiled) co_return fail(std::move(compiled.error()));
    auto good = co_await state_->check_publisher(workspace, *compiled, by.principal);
    if (!good) co_return fail(std::move(good.error()));
    // Another may create or delete the name between our look and our write; then the other way is right.
    for (int attempt = 0;; ++attempt) {
        const bool last = attempt + 1 == most_tries;
        auto row = co_await state_->store.find_by_name(workspace, (*compiled)->name);
        if (!row) co_return fail(std::move(row.error()));
        if (*row) {
            const auto& present = (*row)->flow;
            if (!by.principal.may_in(Permission::flows_write, present.project, present.name) && by.principal.scope)
                co_return fail(ErrorCode::conflict, "the name \"{}\" is taken in this workspace; choose another name", present.name);
            auto changed = co_await state_->change(workspace, (*row)->flow.id, *compiled, live, note, by.id, std::nullopt, also);
            if (changed || changed.error().code != ErrorCode::not_found || last) co_return changed;
            auto still = co_await state_->existing(workspace, (*row)->flow.id);
            if (still) co_return changed;  // it was not the flow that is missing
            continue;
        }
        AlsoCommit also_create;
        if (also) also_create = [also](storage::WriteUnit& unit, const Flow& flow) { also(unit, Applied{flow, "created"}); };
        auto made = co_await state_->insert(workspace, *compiled, live, note, by.id, std::move(also_create));
        if (made) co_return Applied{std::move(*made), "created"};
        if (made.error().code != ErrorCode::conflict || last) co_return fail(std::move(made.error()));
        auto now = co_await state_->store.find_by_name(workspace, (*compiled)->name);
        if (!now || !*now) co_return fail(std::move(made.error()));  // another conflict than the name's
    }
}

Awaitable<Result<Flow>> Flows::set_live(WorkspaceId workspace, FlowId id, int version, std::optional<std::string> if_match,
                                        AlsoCommit also) {
    for (int attempt = 0; attempt < most_tries; ++attempt) {
        auto loaded = co_await state_->store.load(workspace, id, version);
        if (!loaded) co_return fail(std::move(loaded.error()));
        if (!*loaded || (*loaded)->row.deleted) co_return no_flow(id);
        auto flow = (*loaded)->row.flow;
        if (is_stale(flow, if_match)) co_return changed_meanwhile(flow);
        if (version < 1 || (*loaded)->version != version) co_return no_version(flow, version);
        const auto before = flow;
        flow.version = flow.live_version = version;
        flow.document = std::move((*loaded)->document);
        storage::WriteUnit unit;
        auto stale = std::make_shared<bool>(false);
        const bool differs = before.live_version != version;
        if (differs) {
            ++flow.revision;
            flow.updated_at = state_->clock.now();
        }
        if (also) also(unit, flow);
        if (differs) FlowStore::append_change(unit, flow, before.revision, std::nullopt, stale);
        if (unit.empty()) co_return flow;
        auto done = co_await state_->storage.submit(std::move(unit));
        if (done) {
            state_->cache.know(flow, false);
            co_return flow;
        }
        if (!*stale) co_return fail(std::move(done.error()));
        if (attempt + 1 == most_tries) co_return fail(busy(flow));
    }
    co_return no_flow(id);
}

Awaitable<Result<void>> Flows::remove(WorkspaceId workspace, FlowId id, std::optional<std::string> if_match, AlsoCommit also) {
    for (int attempt = 0; attempt < most_tries; ++attempt) {
        auto row = co_await state_->existing(workspace, id);
        if (!row) co_return fail(std::move(row.error()));
        if (is_stale(row->flow, if_match)) co_return changed_meanwhile(row->flow);
        auto flow = row->flow;
        const auto now = state_->clock.now();
        ++flow.revision;
        flow.live_version = 0;
        flow.updated_at = now;
        storage::WriteUnit unit;
        auto stale = std::make_shared<bool>(false);
        if (also) also(unit, flow);
        FlowStore::append_remove(unit, flow, row->flow.revision, now, stale);
        auto done = co_await state_->storage.submit(std::move(unit));
        if (done) {
            state_->cache.know(flow, true);
            co_return Result<void>();
        }
        if (!*stale) co_return fail(std::move(done.error()));
        if (attempt + 1 == most_tries) co_return fail(busy(flow));
    }
    co_return no_flow(id);
}

// ---- reads --------------------------------------------------------------------------------------------------------

namespace {

Result<Flow> with_document(Result<std::optional<LoadedVersion>> loaded, int version, const Error& absent) {
    if (!loaded) return fail(std::move(loaded.error()));
    if (!*loaded || (*loaded)->row.deleted) return fail(absent);
    auto& found = **loaded;
    if (found.version == 0) return no_version(found.row.flow, version);
    found.row.flow.version = found.version;
    found.row.flow.document = std::move(found.document);
    return std::move(found.row.flow);
}

tl::unexpected<Error> hidden_one(int version) {
    return fail(ErrorCode::not_found, "version {} is no published one; published versions are numbers from 1", version);
}

}  // namespace

Awaitable<Result<Flow>> Flows::get(WorkspaceId workspace, FlowId id, int version) {
    if (version < 0) co_return hidden_one(version);
    auto loaded = co_await state_->store.load(workspace, id, version);
    co_return with_document(std::move(loaded), version, no_flow(id).value());
}

Awaitable<Result<Flow>> Flows::get_by_name(WorkspaceId workspace, std::string name, int version) {
    if (version < 0) co_return hidden_one(version);
    const Error absent{ErrorCode::not_found, fmt::format("there is no flow named \"{}\"", name), {}, false};
    auto loaded = co_await state_->store.load_by_name(workspace, std::move(name), version);
    co_return with_document(std::move(loaded), version, absent);
}

Awaitable<Result<FlowList>> Flows::list(WorkspaceId workspace, std::string project, Page page, std::string name,
                                           base::SeenNames seen) {
    const auto filter = list_filter(project, name) + seen.text();
    auto position = state_->cursors.read(workspace, filter, page.cursor);
    if (!position) co_return fail(std::move(position.error()));
    const auto before = FlowId::from_raw(*position);
    auto rows = co_await state_->store.list(workspace, std::move(project), std::move(name), std::move(seen), before, page.limit + 1);
    if (!rows) co_return fail(std::move(rows.error()));
    FlowList list;
    list.items = std::move(*rows);
    if (list.items.size() > static_cast<std::size_t>(page.limit)) {
        list.items.resize(static_cast<std::size_t>(page.limit));
        list.next_cursor = state_->cursors.make(workspace, filter, list.items.back().id.raw());
    }
    co_return list;
}

Awaitable<Result<std::vector<Version>>> Flows::versions(WorkspaceId workspace, FlowId id, int before, int limit) {
    auto row = co_await state_->existing(workspace, id);
    if (!row) co_return fail(std::move(row.error()));
    co_return co_await state_->store.versions(workspace, id, before, limit);
}

Awaitable<Result<Flows::VersionDocument>> Flows::version(WorkspaceId workspace, FlowId id, int number) {
    auto loaded = co_await state_->store.load(workspace, id, number);
    auto flow = with_document(std::move(loaded), number, no_flow(id).value());
    if (!flow) co_return fail(std::move(flow.error()));
    auto found = co_await state_->store.find_version(workspace, id, flow->version);
    if (!found) co_return fail(std::move(found.error()));
    if (!*found) co_return no_version(*flow, number);
    co_return VersionDocument{std::move(**found), std::move(flow->document)};
}

std::string Flows::version_cursor(WorkspaceId workspace, FlowId id, int before) const {
    return state_->cursors.make(workspace, "versions:" + id.str(), std::to_string(before));
}

Result<int> Flows::read_version_cursor(WorkspaceId workspace, FlowId id, std::string_view cursor) const {
    auto position = state_->cursors.read(workspace, "versions:" + id.str(), cursor);
    if (!position) return fail(std::move(position.error()));
    int before = 1 << 30;
    std::from_chars(position->data(), position->data() + position->size(), before);
    return before;
}

Awaitable<Result<std::vector<Difference>>> Flows::diff(WorkspaceId workspace, FlowId id, int from, int to) {
    auto before = co_await get(workspace, id, from);
    if (!before) co_return fail(std::move(before.error()));
    auto after = co_await get(workspace, id, to);
    if (!after) co_return fail(std::move(after.error()));
    co_return diff_documents(before->document, after->document);
}

Awaitable<Result<Flows::Runnable>> Flows::runnable(WorkspaceId workspace, FlowId id, int version) {
    if (auto known = state_->cache.find(workspace, id, version)) co_return std::move(*known);
    auto loaded = co_await state_->store.load_compiled(workspace, id, version, state_->types);
    if (!loaded) co_return fail(std::move(loaded.error()));
    if (!*loaded) co_return no_flow(id);
    auto& found = **loaded;
    const auto& flow = found.row.flow;
    state_->cache.know(flow, found.row.deleted);
    if (found.row.deleted && version == 0) co_return no_flow(id);
    if (found.version == 0 && version == 0)
        co_return fail(ErrorCode::conflict, "no version of flow \"{}\" is live; PUT /api/v1/flows/{}/live names one", flow.name, id);
    if (found.version == 0) co_return no_version(flow, version);
    if (!found.compiled) {
        auto error = invalid(std::move(found.errors));
        error.message = fmt::format("version {} of flow \"{}\" cannot be run by this release; publish it again. {}", found.version,
                                    flow.name, error.message);
        co_return fail(std::move(error));
    }
    state_->cache.put(workspace, id, found.version, found.compiled);
    co_return Runnable{std::move(found.compiled), found.version, flow.name, flow.project, found.row.deleted};
}

std::optional<Flows::Runnable> Flows::cached(WorkspaceId workspace, FlowId id, int version) const {
    return state_->cache.find(workspace, id, version);
}

std::string etag_of(const Flow& flow) { return fmt::format("\"{}\"", flow.revision); }

}  // namespace sluice::flows
