// API keys: what may be granted, and the life of a key.

#include "identity_state.hpp"
#include "key_text.hpp"
#include "sluice/crypto/crypto.hpp"

namespace sluice::identity {
namespace {

constexpr std::size_t max_workspace_keys = 1'000;  // live keys of one workspace
constexpr std::size_t max_keys = 10'000;  // live keys of one instance; all of them are in memory

Result<base::PermissionSet> wanted_permissions(const NewKey& wanted) {
    base::PermissionSet set;
    if (wanted.permissions.empty()) {
        const auto* role = find_role(wanted.role);
        if (!role) {
            std::string names;
            for (const auto& known : roles())
                names += (names.empty() ? "" : ", ") + std::string(known.name);
            Error error{ErrorCode::invalid_argument,
                        fmt::format("there is no role {}; roles are {}", wanted.role, names),
                        {{"/role", "is no role"}}};
            return fail(std::move(error));
        }
        set = role->permissions;
    }
    for (auto permission : wanted.permissions) set.set(static_cast<std::size_t>(permission));
    set.set(
        static_cast<std::size_t>(Permission::workspaces_read));  // every key may see where it is
    return set;
}

Result<void> check_grant(const Principal& maker, const base::PermissionSet& wanted) {
    const auto beyond = wanted & ~maker.permissions;
    for (std::size_t i = 0; i < beyond.size(); ++i)
        if (beyond.test(i))
            return fail(ErrorCode::forbidden,
                        "a key cannot be given {}, which its maker does not have",
                        base::to_string(static_cast<Permission>(i)));
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
    auto permissions = wanted_permissions(wanted);
    if (!permissions) co_return fail(std::move(permissions.error()));
    if (auto granted = check_grant(maker, *permissions); !granted)
        co_return fail(std::move(granted.error()));
    if (wanted.name.size() > 100) {
        Error error{ErrorCode::invalid_argument,
                    "a key's name has at most 100 bytes",
                    {{"/name", "is too long"}}};
        co_return fail(std::move(error));
    }
    if (wanted.expires_at && *wanted.expires_at <= now) {
        Error error{ErrorCode::invalid_argument,
                    "a key's expiry must be in the future",
                    {{"/expires_at", "is in the past"}}};
        co_return fail(std::move(error));
    }
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
    key.expires_at = wanted.expires_at;

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
    // Memory knows later uses than the rows.
    for (const auto& [hash, live] : state_->keys)
        for (auto& key : list.items)
            if (key.id == live.key.id) key.last_used_at = live.key.last_used_at;
    co_return list;
}

Awaitable<Result<ApiKey>> Identity::key(WorkspaceId workspace, ApiKeyId id) {
    auto found = co_await store::find_key(state_->storage, workspace, id);
    if (!found) co_return fail(std::move(found.error()));
    if (!*found)
        co_return fail(ErrorCode::not_found, "there is no API key {}; check the id", id.str());
    for (const auto& [hash, live] : state_->keys)
        if (live.key.id == id) (*found)->last_used_at = live.key.last_used_at;
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
