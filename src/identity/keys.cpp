// API keys: what may be granted, and the life of a key.

#include "identity_state.hpp"
#include "key_text.hpp"
#include "sluice/crypto/crypto.hpp"

namespace sluice::identity {
namespace {

constexpr std::size_t max_workspace_keys = 1'000;  // live keys of one workspace
constexpr std::size_t max_keys = 10'000;  // live keys of one instance; all of them are in memory

constexpr std::size_t max_names = 100;   // projects, flows, networks of one key

tl::unexpected<Error> wrong(std::string pointer, std::string message) {
    Error error{ErrorCode::invalid_argument, message, {{std::move(pointer), std::move(message)}}};
    return fail(std::move(error));
}

Result<base::PermissionSet> wanted_permissions(const State& state, WorkspaceId workspace, const NewKey& wanted, bool scoped) {
    base::PermissionSet set;
    if (wanted.permissions.empty()) {
        const auto role = state.permissions_of(workspace, wanted.role);
        if (!role) return state.no_such_role(workspace, wanted.role);
        set = *role;
    }
    for (auto permission : wanted.permissions) {
        if (scoped && !scoped_permissions().test(static_cast<std::size_t>(permission)))
            return wrong("/permissions", fmt::format("{} concerns the whole workspace and does not go with a list of projects or flows",
                                                     base::to_string(permission)));
        set.set(static_cast<std::size_t>(permission));
    }
    set.set(
        static_cast<std::size_t>(Permission::workspaces_read));  // every key may see where it is
    return scoped ? set & scoped_permissions() : set;
}

/// When the key ends. The machine's owner may make one that does not; others get what is usual.
Result<std::optional<Time>> wanted_end(const Principal& maker, const NewKey& wanted, Time now) {
    const bool owner_of_machine = maker.kind == Principal::Kind::local;
    if (wanted.never_expires || (owner_of_machine && !wanted.expires_at)) {
        if (owner_of_machine) return std::optional<Time>();
        return wrong("/expires_at", "a key without an end is made on the server's own machine, by `sluice key create`; over the network a "
                                    "key lives at most 365 days");
    }
    if (!wanted.expires_at) return std::optional(now + usual_key_life);
    if (*wanted.expires_at <= now) return wrong("/expires_at", "a key's expiry must be in the future");
    if (!owner_of_machine && *wanted.expires_at > now + longest_key_life)
        return wrong("/expires_at", "a key lives at most 365 days; the owner of the server's machine may give it longer");
    return wanted.expires_at;
}

Result<void> check_names(const base::Scope& scope, const auto& projects_of) {
    for (const auto& [list, pointer] : {std::pair(&scope.projects, "/projects"), std::pair(&scope.flows, "/flows")})
        if (list->size() > max_names) return wrong(pointer, fmt::format("a key is limited to at most {} names", max_names));
    for (std::size_t i = 0; i < scope.projects.size(); ++i)
        if (!projects_of(scope.projects[i]))
            return wrong(fmt::format("/projects/{}", i), fmt::format("there is no project {} in this workspace", scope.projects[i]));
    // A flow may be made later, also by this key: its name is all that there is to say.
    for (std::size_t i = 0; i < scope.flows.size(); ++i)
        if (scope.flows[i].empty() || scope.flows[i].size() > 200 || scope.flows[i].find('\n') != std::string::npos)
            return wrong(fmt::format("/flows/{}", i), "is no flow's name");
    return {};
}

/// A key that may be used from some networks alone makes none that may be used from others.
Result<void> keep_networks(const State& state, const Principal& maker, std::vector<std::string>& wanted) {
    if (maker.kind != Principal::Kind::api_key) return {};
    for (const auto& [hash, live] : state.keys) {
        const auto& own = live.key.networks;
        if (own.empty() || live.key.id.str() != maker.id) continue;
        if (wanted.empty()) wanted = own;
        for (const auto& one : wanted)
            if (std::ranges::find(own, one) == own.end())
                return fail(ErrorCode::forbidden, "this key makes keys for its own networks alone, not for {}", one);
    }
    return {};
}

Result<void> check_rate(const std::optional<base::RateLimit>& rate) {
    if (!rate) return {};
    if (!(rate->per_second > 0) || rate->per_second > 100'000 || rate->burst < 1 || rate->burst > 1'000'000)
        return wrong("/rate_limit", "a rate is above 0 and at most 100000 a second, with a burst of 1 to 1000000");
    return {};
}

}  // namespace

KeyHashes::~KeyHashes() {
    for (auto& known : known_) crypto::wipe(known.text);
}

std::string_view KeyHashes::of(std::string_view text) {
    if (text.size() != key_length || !text.starts_with(key_start)) return {};
    const auto name = text.substr(key_start.size(), key_name_length);
    auto& known = known_[std::hash<std::string_view>()(name) % known_.size()];
    if (crypto::constant_time_equal(known.text, text)) return known.hash;
    if (!is_key_text(text)) return {};
    crypto::wipe(known.text);
    known.text = text;
    known.hash = digest(text);
    return known.hash;
}

Awaitable<Result<CreatedKey>> Identity::create_key(Principal maker, NewKey wanted,
                                                   AlsoCommit<CreatedKey> also) {
    const auto now = state_->clock.now();
    const bool scoped = !wanted.scope.projects.empty() || !wanted.scope.flows.empty();
    auto permissions = wanted_permissions(*state_, maker.workspace, wanted, scoped);
    if (!permissions) co_return fail(std::move(permissions.error()));
    if (auto granted = check_grant(maker, "a key", *permissions); !granted)
        co_return fail(std::move(granted.error()));
    // An owner's key may sign in as an owner: that is more than its permissions say.
    if (wanted.permissions.empty() && wanted.role == "owner" && maker.role != "owner")
        co_return fail(ErrorCode::forbidden, "only an owner makes keys of the role owner; give this one another role");
    const auto known = [&](const std::string& name) {
        const auto project = find_project(maker.workspace, name);
        return project && project->name == name;
    };
    if (auto good = check_names(wanted.scope, known); !good) co_return fail(std::move(good.error()));
    if (auto good = check_rate(wanted.rate_limit); !good) co_return fail(std::move(good.error()));
    if (wanted.networks.size() > max_names) co_return wrong("/networks", fmt::format("a key has at most {} networks", max_names));
    if (auto good = net::Networks::parse(wanted.networks); !good) co_return wrong("/networks", good.error().message);
    if (auto within = keep_networks(*state_, maker, wanted.networks); !within) co_return fail(std::move(within.error()));
    if (wanted.name.size() > 100) {
        Error error{ErrorCode::invalid_argument,
                    "a key's name has at most 100 bytes",
                    {{"/name", "is too long"}}};
        co_return fail(std::move(error));
    }
    auto end = wanted_end(maker, wanted, now);
    if (!end) co_return fail(std::move(end.error()));
    if (!find_project(maker.workspace, wanted.project))
        co_return fail(ErrorCode::not_found, "there is no project {} in this workspace",
                       wanted.project);
    const auto own = static_cast<std::size_t>(std::ranges::count_if(
        state_->keys, [&](const auto& item) { return item.second.key.workspace == maker.workspace; }));
    if (own >= max_workspace_keys)
        co_return fail(ErrorCode::unprocessable,
                       "this workspace has {} live keys already; revoke some first", max_workspace_keys);
    if (state_->keys.size() >= max_keys)
        co_return fail(ErrorCode::unprocessable,
                       "this server has {} live keys already; revoke some first", max_keys);

    CreatedKey created;
    created.secret = make_key_text(state_->random);
    auto& key = created.key;
    key.id = ApiKeyId::make(now, state_->random);
    key.workspace = maker.workspace;
    key.name = wanted.name.empty() ? "key" : std::move(wanted.name);
    key.project = find_project(maker.workspace, wanted.project)->name;
    key.role = wanted.permissions.empty() ? std::move(wanted.role) : "custom";
    key.permissions = *permissions;
    key.prefix = key_prefix(created.secret);
    key.created_by = maker.id;
    key.created_at = now;
    key.expires_at = *end;
    if (scoped) key.scope = std::make_shared<const base::Scope>(std::move(wanted.scope));
    key.networks = std::move(wanted.networks);
    key.rate_limit = wanted.rate_limit;

    const StoredKey stored{key, digest(created.secret)};
    storage::WriteUnit unit;
    store::insert_key(unit, stored);
    if (also) also(unit, created);
    auto done = co_await state_->storage.submit(std::move(unit));
    if (!done) co_return fail(std::move(done.error()));
    state_->remember(stored);
    co_return created;
}

Awaitable<Result<KeyList>> Identity::keys(WorkspaceId workspace, int limit, std::string cursor) {
    auto position = state_->cursors->read(workspace, "api-keys", cursor);
    if (!position) co_return fail(std::move(position.error()));
    std::optional<ApiKeyId> before;
    if (!position->empty()) before = ApiKeyId::from_raw(*position);
    auto found = co_await store::list_keys(state_->storage, workspace, before, limit + 1);
    if (!found) co_return fail(std::move(found.error()));
    KeyList list{std::move(*found), {}};
    if (list.items.size() > static_cast<std::size_t>(limit)) {
        list.items.resize(static_cast<std::size_t>(limit));
        list.next_cursor = state_->cursors->make(workspace, "api-keys", list.items.back().id.raw());
    }
    for (auto& key : list.items) state_->resolve(key);
    // Memory knows later uses than the rows.
    for (const auto& [hash, live] : state_->keys)
        for (auto& key : list.items)
            if (key.id == live.key.id) {
                key.last_used_at = live.key.last_used_at;
                key.last_address = live.key.last_address;
            }
    co_return list;
}

Awaitable<Result<ApiKey>> Identity::key(WorkspaceId workspace, ApiKeyId id) {
    auto found = co_await store::find_key(state_->storage, workspace, id);
    if (!found) co_return fail(std::move(found.error()));
    if (!*found)
        co_return fail(ErrorCode::not_found, "there is no API key {}; check the id", id.str());
    state_->resolve(**found);
    for (const auto& [hash, live] : state_->keys)
        if (live.key.id == id) {
            (*found)->last_used_at = live.key.last_used_at;
            (*found)->last_address = live.key.last_address;
        }
    co_return std::move(**found);
}

Awaitable<Result<void>> Identity::revoke_key(WorkspaceId workspace, ApiKeyId id,
                                             AlsoCommit<ApiKey> also) {
    auto found = co_await key(workspace, id);
    if (!found) co_return fail(std::move(found.error()));
    storage::WriteUnit unit;
    store::revoke_key(unit, workspace, id, state_->clock.now());
    if (also) also(unit, *found);
    auto done = co_await state_->storage.submit(std::move(unit));
    if (!done) co_return fail(std::move(done.error()));
    std::erase_if(state_->keys, [&](const auto& item) { return item.second.key.id == id; });
    if (found->role == "owner") {  // its links may have signed browsers in: they sign in anew
        std::erase_if(state_->links, [&](const auto& item) { return item.second.workspace == workspace; });
        std::erase_if(state_->sessions, [&](const auto& item) { return item.second.session.workspace == workspace; });
        const Time all = state_->clock.now() + std::chrono::seconds(1);
        auto ended = co_await store::delete_idle_sessions(state_->storage, workspace, all);
        if (!ended) co_return fail(std::move(ended.error()));
    }
    co_return Result<void>{};
}

}  // namespace sluice::identity
