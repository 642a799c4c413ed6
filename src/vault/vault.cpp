#include "sluice/vault/vault.hpp"

#include <algorithm>

#include "sluice/base/log.hpp"
#include "sluice/crypto/crypto.hpp"
#include "sluice/net/http.hpp"
#include "sluice/runtime/pool.hpp"
#include "vault/bindings.hpp"
#include "vault/vault_state.hpp"

namespace sluice::vault {

namespace {

tl::unexpected<Error> no_secret(std::string_view name) {
    return fail(ErrorCode::not_found, "there is no secret {}; `sluice secrets list` shows those that there are", name.substr(0, 80));
}

tl::unexpected<Error> mistake(std::string pointer, std::string message) {
    std::string whole = fmt::format("{} {}", pointer, message);
    return fail(Error{ErrorCode::invalid_argument, std::move(whole), {{std::move(pointer), std::move(message)}}, false});
}

Result<void> check_value(const std::string& value) {
    if (value.empty()) return mistake("/value", "is empty; a secret has 1 byte to 64 KiB");
    if (value.size() > longest_value) return mistake("/value", "is longer than 64 KiB");
    return {};
}

Result<void> check_description(const std::string& description) {
    if (description.size() > longest_description) return mistake("/description", "is longer than 1000 bytes");
    return {};
}

Result<void> check_match(const Secret& secret, const std::optional<std::string>& if_match) {
    if (!if_match || net::etag_matches(*if_match, etag_of(secret))) return {};
    return fail(ErrorCode::precondition_failed, "secret {} has changed since you read it (its ETag is now {}); read it again and repeat "
                "your change", secret.name, etag_of(secret));
}

}  // namespace

std::string etag_of(const Secret& secret) { return fmt::format("\"{}\"", secret.revision); }

SecretText::~SecretText() { crypto::wipe(text_); }

Awaitable<Result<std::vector<SecretValue>>> OwnSource::reveal(WorkspaceId workspace, SecretId secret) {
    auto stored = co_await store::versions(storage_, workspace, secret, clock_.now());
    if (!stored) co_return fail(std::move(stored.error()));
    if (stored->empty()) co_return no_secret(secret.str());
    std::vector<SecretValue> out;
    for (const auto& version : *stored) {
        auto key = keys_.version(key_purpose, version.key_version, workspace);
        if (!key) {
            if (key.error().code == ErrorCode::sealed) co_return fail(std::move(key.error()));
            // A rotation let this key go between the read and here: what was read is outdated.
            co_return fail(Error{ErrorCode::unavailable, "the workspace's key is being rotated; try again", {}, true});
        }
        auto plain = crypto::decrypt(*key->key, version.data_key, bound_of(workspace, version, "data_key"));
        if (!plain) co_return fail(std::move(plain.error()));
        const crypto::SecretKey data_key(*plain);
        crypto::wipe(*plain);
        auto value = crypto::decrypt(data_key, version.value, bound_of(workspace, version, "value"));
        if (!value) co_return fail(std::move(value.error()));
        out.push_back({version.version, std::make_shared<const SecretText>(std::move(*value))});
    }
    co_return out;
}

const Secret* Vault::State::find(WorkspaceId workspace, std::string_view name_or_id) const {
    const auto own = secrets.find(workspace);
    if (own == secrets.end()) return nullptr;
    if (const auto named = own->second.find(name_or_id); named != own->second.end()) return &named->second;
    const auto id = SecretId::parse(name_or_id);
    if (!id) return nullptr;
    for (const auto& [name, secret] : own->second)
        if (secret.id == *id) return &secret;
    return nullptr;
}

Awaitable<Result<StoredVersion>> Vault::State::encrypt(Secret secret, std::string value, std::string by) {
    auto key = co_await keys.get_or_make(std::string(key_purpose), secret.workspace);
    if (!key) {
        crypto::wipe(value);
        co_return fail(std::move(key.error()));
    }
    StoredVersion version{secret.id, secret.version, key->version, {}, {}, std::move(by), loop.now()};
    const auto data_key = crypto::SecretKey::make(random);
    version.value = crypto::encrypt(data_key, value, bound_of(secret.workspace, version, "value"), random);
    version.data_key = crypto::encrypt(*key->key, data_key.bytes(), bound_of(secret.workspace, version, "data_key"), random);
    crypto::wipe(value);
    co_return version;
}

Vault::Vault(runtime::Loop& loop, storage::Storage& storage, identity::WrappedKeys& keys, runtime::Pool& blocking, base::Random& random)
    : state_(std::make_unique<State>(loop, storage, keys, blocking, random)) {
    keys.when_open([state = state_.get()] { state->opened.notify(); });
}

Vault::~Vault() { log::set_filter(nullptr); }

Awaitable<Result<void>> Vault::start() {
    auto loaded = co_await store::load(state_->storage);
    if (!loaded) co_return fail(std::move(loaded.error()));
    for (auto& secret : *loaded) state_->secrets[secret.workspace][secret.name] = std::move(secret);
    state_->tasks.spawn("key-rotations", finish_rotations(state_.get()));
    co_return Result<void>();
}

Awaitable<void> Vault::stop() { co_await state_->tasks.cancel_and_join(); }

std::vector<Secret> Vault::list(WorkspaceId workspace) const {
    std::vector<Secret> out;
    if (const auto own = state_->secrets.find(workspace); own != state_->secrets.end())
        for (const auto& [name, secret] : own->second) out.push_back(secret);
    return out;
}

std::optional<Secret> Vault::find(WorkspaceId workspace, std::string_view name_or_id) const {
    const auto* found = state_->find(workspace, name_or_id);
    return found == nullptr ? std::nullopt : std::optional<Secret>(*found);
}

Awaitable<Result<Secret>> Vault::create(WorkspaceId workspace, NewSecret wanted, std::string by, AlsoCommit also) {
    State& s = *state_;
    if (!is_secret_name(wanted.name))
        co_return mistake("/name", "is no name for a secret: 1 to 64 letters, digits or underscores, not a digit first");
    if (auto good = check_value(wanted.value); !good) co_return fail(std::move(good.error()));
    if (auto good = check_description(wanted.description); !good) co_return fail(std::move(good.error()));
    if (auto good = check_bindings(wanted.bindings); !good) co_return fail(std::move(good.error()));
    const auto turn = co_await s.turns.take();
    if (s.secrets[workspace].size() >= most_secrets)
        co_return fail(ErrorCode::conflict, "a workspace has at most {} secrets; delete one that no flow uses", most_secrets);
    Secret secret;
    secret.created_at = secret.updated_at = s.loop.now();
    secret.id = SecretId::make(secret.created_at, s.random);
    secret.workspace = workspace;
    secret.name = std::move(wanted.name);
    secret.description = std::move(wanted.description);
    secret.bindings = std::move(wanted.bindings);
    secret.created_by = by;
    auto version = co_await s.encrypt(secret, std::move(wanted.value), std::move(by));
    if (!version) co_return fail(std::move(version.error()));
    storage::WriteUnit unit;
    if (also) also(unit, secret);
    store::insert(unit, secret);
    store::insert_version(unit, workspace, *version);
    auto done = co_await s.storage.submit(std::move(unit));
    if (!done) co_return fail(std::move(done.error()));
    s.secrets[workspace][secret.name] = secret;
    co_await s.refresh(workspace);
    co_return secret;
}

Awaitable<Result<Secret>> Vault::set_value(WorkspaceId workspace, std::string name_or_id, std::string value, std::string by,
                                           std::optional<std::string> if_match, AlsoCommit also) {
    State& s = *state_;
    if (auto good = check_value(value); !good) co_return fail(std::move(good.error()));
    const auto turn = co_await s.turns.take();
    const auto* present = s.find(workspace, name_or_id);
    if (present == nullptr) co_return no_secret(name_or_id);
    if (auto good = check_match(*present, if_match); !good) co_return fail(std::move(good.error()));
    Secret secret = *present;
    const auto before = secret.revision;
    ++secret.version;
    ++secret.revision;
    secret.updated_at = s.loop.now();
    secret.previous_ends_at = secret.updated_at + grace;
    auto version = co_await s.encrypt(secret, std::move(value), std::move(by));
    if (!version) co_return fail(std::move(version.error()));
    storage::WriteUnit unit;
    if (also) also(unit, secret);
    store::update(unit, secret, before);
    store::end_versions(unit, workspace, secret.id, secret.version, *secret.previous_ends_at);
    store::insert_version(unit, workspace, *version);
    auto done = co_await s.storage.submit(std::move(unit));
    if (!done) co_return fail(std::move(done.error()));
    s.secrets[workspace][secret.name] = secret;
    co_await s.refresh(workspace);
    co_return secret;
}

Awaitable<Result<Secret>> Vault::edit(WorkspaceId workspace, std::string name_or_id, SecretEdit change,
                                      std::optional<std::string> if_match, AlsoCommit also) {
    State& s = *state_;
    if (change.description)
        if (auto good = check_description(*change.description); !good) co_return fail(std::move(good.error()));
    if (change.bindings)
        if (auto good = check_bindings(*change.bindings); !good) co_return fail(std::move(good.error()));
    const auto turn = co_await s.turns.take();
    const auto* present = s.find(workspace, name_or_id);
    if (present == nullptr) co_return no_secret(name_or_id);
    if (auto good = check_match(*present, if_match); !good) co_return fail(std::move(good.error()));
    Secret secret = *present;
    const auto before = secret.revision;
    ++secret.revision;
    secret.updated_at = s.loop.now();
    if (change.description) secret.description = std::move(*change.description);
    if (change.bindings) secret.bindings = std::move(*change.bindings);
    storage::WriteUnit unit;
    if (also) also(unit, secret);
    store::update(unit, secret, before);
    auto done = co_await s.storage.submit(std::move(unit));
    if (!done) co_return fail(std::move(done.error()));
    s.secrets[workspace][secret.name] = secret;
    co_return secret;
}

Awaitable<Result<void>> Vault::remove(WorkspaceId workspace, std::string name_or_id, std::optional<std::string> if_match,
                                      AlsoCommit also) {
    State& s = *state_;
    const auto turn = co_await s.turns.take();
    const auto* present = s.find(workspace, name_or_id);
    if (present == nullptr) co_return no_secret(name_or_id);
    if (auto good = check_match(*present, if_match); !good) co_return good;
    const Secret secret = *present;
    storage::WriteUnit unit;
    if (also) also(unit, secret);
    store::remove(unit, workspace, secret.id);
    auto done = co_await s.storage.submit(std::move(unit));
    if (!done) co_return done;
    s.secrets[workspace].erase(secret.name);  // its value is still looked for in texts until the next change or start
    co_return Result<void>();
}

Awaitable<Result<KeyRotation>> Vault::rotate_keys(WorkspaceId workspace) {
    State& s = *state_;
    const auto turn = co_await s.turns.take();
    auto made = co_await s.keys.rotate(std::string(key_purpose), workspace);
    if (!made) co_return fail(std::move(made.error()));
    co_return co_await s.finish_rotation(workspace);
}

Awaitable<Result<KeyRotation>> Vault::State::finish_rotation(WorkspaceId workspace) {
    KeyRotation out;
    std::vector<NumberedKey> present;
    for (const auto& key : keys.versions(key_purpose, workspace)) present.push_back({key.version, key.key});
    if (present.empty()) co_return out;
    const NumberedKey newest = present.back();
    out.key_version = newest.version;
    for (bool more = true; more;) {
        auto done = co_await store::rewrap_batch(storage, workspace, present, newest, rewrap_size);
        if (!done) co_return fail(std::move(done.error()));
        out.rewrapped += *done;
        more = *done == rewrap_size;
    }
    auto removed = co_await keys.remove_below(std::string(key_purpose), newest.version, workspace);
    if (!removed) co_return fail(std::move(removed.error()));
    co_return out;
}

Awaitable<void> finish_rotations(Vault::State* s) {
    while (s->keys.sealed()) co_await s->opened.wait();
    std::vector<WorkspaceId> workspaces;
    for (const auto& [workspace, secrets] : s->secrets)
        if (s->keys.versions(key_purpose, workspace).size() > 1) workspaces.push_back(workspace);
    for (const auto& workspace : workspaces) {
        const auto turn = co_await s->turns.take();
        auto done = co_await s->finish_rotation(workspace);
        if (!done) log::warn("a rotation of keys is not finished; the next start goes on with it", {{"cause", done.error().message}});
    }
}

Awaitable<Result<std::int64_t>> Vault::remove_ended() {
    constexpr int batch = 500;
    std::int64_t total = 0;
    for (bool more = true; more;) {
        auto done = co_await store::delete_ended(state_->storage, state_->loop.now(), batch);
        if (!done) co_return fail(std::move(done.error()));
        total += *done;
        more = *done == batch;
    }
    const Time now = state_->loop.now();
    for (auto& [workspace, own] : state_->secrets)
        for (auto& [name, secret] : own)
            if (secret.previous_ends_at && *secret.previous_ends_at <= now) secret.previous_ends_at.reset();
    co_return total;
}

}  // namespace sluice::vault
