#include "sluice/identity/identity.hpp"

#include "identity_state.hpp"
#include "key_text.hpp"
#include "sluice/base/log.hpp"
#include "sluice/crypto/crypto.hpp"
#include "sluice/net/http.hpp"

namespace sluice::identity {

std::string digest(std::string_view text) {
    const auto bytes = crypto::sha256(text);
    return std::string(crypto::raw(bytes));
}

Result<void> check_name(std::string_view kind, std::string_view name) {
    const auto fits = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
    };
    const bool good = !name.empty() && name.size() <= 63 && std::ranges::all_of(name, fits) &&
                      name[0] != '.' && name[0] != '-' &&
                      !WorkspaceId::parse(name) && !ProjectId::parse(name);  // no name is another's id
    if (good) return {};
    Error error{
        ErrorCode::invalid_argument,
        fmt::format(
            "a {}'s name has 1 to 63 lower-case letters, digits, '-', '_' and '.', and starts with "
            "none of '-' and '.'",
            kind),
        {{"/name", "is not such a name"}}};
    return fail(std::move(error));
}

const Workspace* State::workspace(std::string_view id_or_name) const {
    if (auto named = workspace_names.find(id_or_name); named != workspace_names.end())
        return &workspaces.at(named->second);
    if (auto id = WorkspaceId::parse(id_or_name))
        if (auto found = workspaces.find(*id); found != workspaces.end()) return &found->second;
    return nullptr;
}

void State::remember(const Workspace& workspace) {
    workspace_names[workspace.name] = workspace.id;
    workspaces[workspace.id] = workspace;
}

void State::remember(const Project& project) {
    projects[project.workspace][project.name] = project;
}

void State::remember(const StoredKey& stored) {
    LiveKey live{stored.key, {}, {}, false};
    auto& key = live.key;
    resolve(key);
    live.principal = {Principal::Kind::api_key, key.id.str(), key.name, key.role, key.workspace,
                      workspaces.at(key.workspace).name, key.permissions, key.scope, key.rate_limit};
    if (auto networks = net::Networks::parse(key.networks)) live.networks = std::move(*networks);
    keys[stored.hash] = std::move(live);
}

void State::remember(const Session& session) {
    LiveSession live{session, {}, false};
    const auto* role = find_role(session.role);
    live.principal = {Principal::Kind::session,
                      session.id.str(),
                      "browser session",
                      session.role,
                      session.workspace,
                      workspaces.at(session.workspace).name,
                      role ? role->permissions : base::PermissionSet()};
    sessions[session.hash] = std::move(live);
}

void State::append_uses(storage::WriteUnit& unit) {
    for (auto& [hash, live] : keys)
        if (std::exchange(live.used, false))
            store::touch_key(unit, live.key);
    for (auto& [hash, live] : sessions)
        if (std::exchange(live.used, false))
            store::touch_session(unit, live.session.workspace, live.session.id,
                                 live.session.last_used_at);
    if (persons) persons->append_uses(unit);
    uses_pending = false;
}

void State::write_down_uses(Time now) {
    if (!uses_pending || now - written_down < use_interval) return;
    written_down = now;
    storage::WriteUnit unit;
    append_uses(unit);
    storage.enqueue(std::move(unit), [](Result<void> done) {
        if (!done)
            log::warn("the last use of keys was not written down",
                      {{"error", done.error().message}});
    });
}

Result<Principal> State::principal_of_key(std::string_view text, const net::Request& request) {
    const auto hash = key_hashes.of(text);
    if (hash.empty())
        return fail(ErrorCode::unauthenticated,
                    "this is no Sluice API key; check that it was copied whole (slk_…)");
    const auto found = keys.find(hash);
    const auto now = clock.now();
    if (found == keys.end() ||
        (found->second.key.expires_at && *found->second.key.expires_at <= now))
        return fail(
            ErrorCode::unauthenticated,
            "this API key is unknown, revoked or expired; make another with `sluice key create`");
    auto& live = found->second;
    if (!live.key.networks.empty() && !request.local_socket && !live.networks.contains(request.remote_address))
        return fail(ErrorCode::forbidden,
                    "this API key may not be used from {}: it is limited to certain networks", request.remote_address);
    live.key.last_used_at = now;
    if (live.key.last_address != request.remote_address) live.key.last_address = request.remote_address;
    live.used = uses_pending = true;
    write_down_uses(now);
    return live.principal;
}

Result<Principal> State::principal_of_session(std::string_view secret) {
    const auto found = sessions.find(digest(secret));
    const auto now = clock.now();
    if (found == sessions.end() || found->second.session.last_used_at + session_idle <= now ||
        found->second.session.created_at + session_life <= now)
        return fail(ErrorCode::unauthenticated,
                    "this browser's session is over; sign in again with a new link");
    auto& live = found->second;
    live.session.last_used_at = now;
    live.used = uses_pending = true;
    write_down_uses(now);
    return live.principal;
}

Identity::Identity(storage::Storage& storage, base::Clock& clock, base::Random& random)
    : state_(std::make_unique<State>(storage, clock, random)) {
    state_->authenticator = make_authenticator(*state_);
    state_->records = make_idempotency_records(*state_);
}

Identity::~Identity() = default;

Awaitable<Result<void>> Identity::start() {
    std::string fresh(32, '\0');
    state_->random.fill({reinterpret_cast<std::uint8_t*>(fresh.data()), fresh.size()});
    auto secret = co_await store::load_or_make_secret(state_->storage, "root", std::move(fresh));
    if (!secret) co_return fail(std::move(secret.error()));
    state_->root_secret = std::move(*secret);
    state_->cursors.emplace(signing_key("cursors"));

    auto loaded = co_await store::load(state_->storage, state_->clock.now());
    if (!loaded) co_return fail(std::move(loaded.error()));
    for (const auto& one : *loaded) {
        state_->remember(one.workspace);
        for (const auto& project : one.projects) state_->remember(project);
        for (const auto& role : one.roles) state_->remember(role);
        for (const auto& key : one.keys) state_->remember(key);
        for (const auto& session : one.sessions) state_->remember(session);
    }
    auto made = co_await ensure_workspace(std::string(default_name));
    if (!made) co_return fail(std::move(made.error()));
    co_return Result<void>{};
}

Awaitable<void> Identity::stop() {
    if (!state_->uses_pending) co_return;
    storage::WriteUnit unit;
    state_->append_uses(unit);
    auto done = co_await state_->storage.submit(std::move(unit));
    if (!done)
        log::warn("the last use of keys was not written down", {{"error", done.error().message}});
}

void Identity::set_keys(WrappedKeys& keys) {
    keys.declare(std::string(record_purpose));
    state_->wrapped_keys = &keys;
}

net::Authenticator& Identity::authenticator() { return *state_->authenticator; }
net::IdempotencyRecords& Identity::idempotency() { return *state_->records; }

Result<Principal> Identity::local_principal(std::string_view workspace_id_or_name) const {
    const auto* workspace = state_->workspace(workspace_id_or_name);
    if (!workspace)
        return fail(ErrorCode::not_found,
                    "there is no workspace {}; `sluice key create --workspace` makes one",
                    workspace_id_or_name);
    return Principal{
        Principal::Kind::local,     "local", "local", "owner", workspace->id, workspace->name,
        base::PermissionSet().set()};
}

std::vector<Workspace> Identity::workspaces() const {
    std::vector<Workspace> out;
    for (const auto& [name, id] : state_->workspace_names) out.push_back(state_->workspaces.at(id));
    return out;
}

std::optional<Workspace> Identity::find_workspace(std::string_view id_or_name) const {
    const auto* found = state_->workspace(id_or_name);
    return found ? std::optional<Workspace>(*found) : std::nullopt;
}

Awaitable<Result<Workspace>> Identity::create_workspace(std::string name,
                                                        AlsoCommit<Workspace> also,
                                                        Principal maker) {
    if (auto good = check_name("workspace", name); !good) co_return fail(std::move(good.error()));
    const auto now = state_->clock.now();
    const Workspace workspace{WorkspaceId::make(now, state_->random), std::move(name), now};
    const Project project{ProjectId::make(now, state_->random), workspace.id,
                          std::string(default_name), now};
    storage::WriteUnit unit;
    store::insert_workspace(unit, workspace);
    store::insert_project(unit, project);
    if (state_->persons) state_->persons->join_as_owner(unit, workspace, maker);
    if (also) also(unit, workspace);
    auto done = co_await state_->storage.submit(std::move(unit));
    if (!done) co_return fail(std::move(done.error()));
    state_->remember(workspace);
    state_->remember(project);
    if (state_->persons) state_->persons->joined_as_owner(workspace, maker);
    co_return workspace;
}

Awaitable<Result<Workspace>> Identity::ensure_workspace(std::string name) {
    if (auto found = find_workspace(name)) co_return std::move(*found);
    auto made = co_await create_workspace(name);
    if (!made && made.error().code == ErrorCode::conflict)  // somebody else made it meanwhile
        if (auto found = find_workspace(name)) co_return std::move(*found);
    co_return made;
}

std::vector<Project> Identity::projects(WorkspaceId workspace) const {
    std::vector<Project> out;
    if (auto found = state_->projects.find(workspace); found != state_->projects.end())
        for (const auto& [name, project] : found->second) out.push_back(project);
    return out;
}

std::optional<Project> Identity::find_project(WorkspaceId workspace,
                                              std::string_view id_or_name) const {
    const auto found = state_->projects.find(workspace);
    if (found == state_->projects.end()) return {};
    if (auto named = found->second.find(id_or_name); named != found->second.end())
        return named->second;
    if (auto id = ProjectId::parse(id_or_name))
        for (const auto& [name, project] : found->second)
            if (project.id == *id) return project;
    return {};
}

Awaitable<Result<Project>> Identity::create_project(WorkspaceId workspace, std::string name,
                                                    AlsoCommit<Project> also) {
    if (auto good = check_name("project", name); !good) co_return fail(std::move(good.error()));
    const auto now = state_->clock.now();
    const Project project{ProjectId::make(now, state_->random), workspace, std::move(name), now};
    storage::WriteUnit unit;
    store::insert_project(unit, project);
    if (also) also(unit, project);
    auto done = co_await state_->storage.submit(std::move(unit));
    if (!done) co_return fail(std::move(done.error()));
    state_->remember(project);
    co_return project;
}

Awaitable<Result<void>> Identity::keep_record(const net::Request& request, int status, std::string body) {
    storage::WriteUnit unit;
    request.record(unit, {status, std::move(body), {}});
    co_return co_await state_->storage.submit(std::move(unit));
}

std::string State::signing_key(std::string_view purpose) const {
    const auto key = crypto::hmac_sha256(root_secret, purpose);
    return std::string(crypto::raw(key));
}

std::string Identity::signing_key(std::string_view purpose) const {
    return state_->signing_key(purpose);
}

Awaitable<Result<std::int64_t>> Identity::remove_expired() {
    constexpr int batch = 500;
    const auto now = state_->clock.now();
    std::int64_t total = 0;
    for (;;) {
        auto deleted = co_await store::delete_records(state_->storage, now - record_life, batch);
        if (!deleted) co_return fail(std::move(deleted.error()));
        total += *deleted;
        if (*deleted == 0) break;
    }
    std::erase_if(state_->links, [&](const auto& item) { return item.second.expires_at <= now; });
    std::erase_if(state_->keys, [&](const auto& item) {
        return item.second.key.expires_at && *item.second.key.expires_at <= now &&
               !item.second.used;
    });
    // What was used is written down first: the rows decide which sessions are over.
    storage::WriteUnit unit;
    state_->append_uses(unit);
    if (!unit.empty()) {
        auto done = co_await state_->storage.submit(std::move(unit));
        if (!done) co_return fail(std::move(done.error()));
    }
    const auto idle_since = now - session_idle;
    for (const auto& workspace : workspaces()) {
        auto deleted =
            co_await store::delete_idle_sessions(state_->storage, workspace.id, idle_since);
        if (!deleted) co_return fail(std::move(deleted.error()));
        total += *deleted;
    }
    std::erase_if(state_->sessions, [&](const auto& item) {
        return item.second.session.last_used_at <= idle_since ||
               item.second.session.created_at + session_life <= now;
    });
    co_return total;
}

}  // namespace sluice::identity
