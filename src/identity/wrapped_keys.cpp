#include "sluice/identity/wrapped_keys.hpp"

#include <map>
#include <set>

#include "sluice/base/log.hpp"
#include "sluice/crypto/crypto.hpp"
#include "sluice/runtime/loop.hpp"
#include "sluice/runtime/pool.hpp"
#include "sluice/runtime/turns.hpp"
#include "sluice/storage/failpoint.hpp"
#include "wrapped_keys_store.hpp"

namespace sluice::identity {

namespace {

using Place = std::pair<WorkspaceId, std::string>;

Result<void> interrupted_at(std::string_view point) {
    if (storage::failpoint::hit(point) == storage::failpoint::Outcome::none) return {};
    return fail(ErrorCode::unavailable, "the root's rotation was interrupted at {}; the next start completes it", point);
}

}  // namespace

struct WrappedKeys::State {
    State(runtime::Loop& l, storage::Storage& s, runtime::Pool& p, base::Random& r, crypto::RootSources from)
        : loop(l), storage(s), blocking(p), random(r), sources(std::move(from)), turns(l) {}

    runtime::Loop& loop;
    storage::Storage& storage;
    runtime::Pool& blocking;
    base::Random& random;
    crypto::RootSources sources;
    std::set<std::string, std::less<>> declared;
    std::vector<std::function<void()>> listeners;

    SharedKey root;  ///< null: sealed
    std::string reason = "the server is starting";
    std::string root_id, origin;
    std::filesystem::path file;
    std::map<Place, std::map<unsigned, WrappedKey>, std::less<>> keys;
    runtime::Turns turns;

    Error sealed_error() const { return Error{ErrorCode::sealed, fmt::format("the vault is sealed: {}", reason), {}, true}; }

    const std::map<unsigned, WrappedKey>* find(std::string_view purpose, WorkspaceId workspace) const {
        const auto found = keys.find(Place{workspace, std::string(purpose)});
        return found == keys.end() || found->second.empty() ? nullptr : &found->second;
    }

    Result<void> unwrap(const crypto::SecretKey& with, const std::vector<StoredWrappedKey>& stored);
    Awaitable<Result<void>> open();
    Awaitable<Result<WrappedKey>> make(std::string purpose, WorkspaceId workspace);
};

/// Takes the keys into memory; all of them, or none.
Result<void> WrappedKeys::State::unwrap(const crypto::SecretKey& with, const std::vector<StoredWrappedKey>& stored) {
    decltype(keys) fresh;
    for (const auto& one : stored) {
        auto plain = crypto::decrypt(with, one.wrapped, bound_of(one));
        if (!plain) return fail(std::move(plain.error()));
        if (plain->size() != crypto::SecretKey::size) return fail(ErrorCode::internal, "the key {} has a wrong length", one.purpose);
        auto key = std::make_shared<const crypto::SecretKey>(*plain);
        crypto::wipe(*plain);
        fresh[Place{one.workspace, one.purpose}][one.version] = WrappedKey{one.version, std::move(key), one.created_at};
    }
    keys = std::move(fresh);
    return {};
}

/// Finds the root and unwraps. Errors: sealed (the reason is kept), of storage, internal.
Awaitable<Result<void>> WrappedKeys::State::open() {
    auto loaded = co_await store::load_wrapped_keys(storage);
    if (!loaded) co_return fail(std::move(loaded.error()));
    std::optional<crypto::KnownRoot> known;
    if (loaded->root) known = crypto::KnownRoot{loaded->root->check_value, loaded->root->salt};
    auto look = [from = sources, known] {
        base::SystemRandom random;
        return crypto::find_root(from, known, random);
    };
    auto found = co_await blocking.run(std::move(look));
    if (!found) {
        reason = found.error().message;
        root_id = loaded->root ? loaded->root->id : std::string();
        co_return fail(sealed_error());
    }
    StoredRoot row{crypto::root_id(found->key), crypto::check_value(found->key), found->salt,
                   std::string(crypto::to_string(found->origin))};
    if (found->made)
        log::info("a root key was made; keep a copy of it apart from the data and its backups: without it nothing encrypted can be read",
                  {{"file", found->file.string()}, {"root", row.id}});
    if (!known) {
        auto stored = co_await store::insert_root(storage, row, loop.now());
        if (!stored) co_return fail(std::move(stored.error()));
    }
    auto unwrapped = unwrap(found->key, loaded->keys);
    if (!unwrapped) co_return fail(std::move(unwrapped.error()));
    root = std::make_shared<const crypto::SecretKey>(std::move(found->key));
    root_id = row.id;
    origin = row.origin;
    file = found->file;
    reason.clear();
    const std::vector<std::string> wanted(declared.begin(), declared.end());
    for (const auto& purpose : wanted) {
        if (find(purpose, {}) != nullptr) continue;
        auto made = co_await make(purpose, {});
        if (!made) co_return fail(std::move(made.error()));
    }
    co_return Result<void>();
}

/// The next version of a key. The caller holds the turn.
Awaitable<Result<WrappedKey>> WrappedKeys::State::make(std::string purpose, WorkspaceId workspace) {
    if (!root) co_return fail(sealed_error());
    const auto* present = find(purpose, workspace);
    auto key = std::make_shared<const crypto::SecretKey>(crypto::SecretKey::make(random));
    StoredWrappedKey row{workspace, purpose, present == nullptr ? 1U : present->rbegin()->first + 1, {}, loop.now()};
    row.wrapped = crypto::encrypt(*root, key->bytes(), bound_of(row), random);
    const unsigned version = row.version;
    const Time created = row.created_at;
    auto stored = co_await store::insert_wrapped_key(storage, std::move(row), root_id);
    if (!stored) co_return fail(std::move(stored.error()));
    WrappedKey made{version, std::move(key), created};
    keys[Place{workspace, purpose}][version] = made;
    co_return made;
}

WrappedKeys::WrappedKeys(runtime::Loop& loop, storage::Storage& storage, runtime::Pool& blocking, base::Random& random,
                         crypto::RootSources sources)
    : state_(std::make_unique<State>(loop, storage, blocking, random, std::move(sources))) {}

WrappedKeys::~WrappedKeys() { crypto::wipe(state_->sources.passphrase); }

void WrappedKeys::declare(std::string purpose) { state_->declared.insert(std::move(purpose)); }

Awaitable<Result<void>> WrappedKeys::start() {
    State& s = *state_;
    const auto turn = co_await s.turns.take();
    auto opened = co_await s.open();
    if (!opened && opened.error().code != ErrorCode::sealed) co_return opened;
    if (!opened) log::warn(opened.error().message);
    co_return Result<void>();
}

Awaitable<Result<void>> WrappedKeys::unseal(std::string passphrase) {
    State& s = *state_;
    const auto turn = co_await s.turns.take();
    if (s.root) co_return Result<void>();
    auto kept = s.sources;
    if (!passphrase.empty()) {
        s.sources.passphrase = std::move(passphrase);
        s.sources.key_file.clear();
        s.sources.credentials.clear();
    }
    auto opened = co_await s.open();
    if (!opened) {
        s.sources = std::move(kept);
        co_return opened;
    }
    log::info("the vault was unsealed", {{"root", s.root_id}, {"origin", s.origin}});
    for (const auto& tell : s.listeners) tell();
    co_return Result<void>();
}

bool WrappedKeys::sealed() const { return state_->root == nullptr; }

RootStatus WrappedKeys::status() const {
    const State& s = *state_;
    RootStatus out{s.root == nullptr, s.reason, s.root_id, s.origin, s.file, 0};
    for (const auto& [place, versions] : s.keys) out.keys += versions.size();
    return out;
}

void WrappedKeys::when_open(std::function<void()> tell) { state_->listeners.push_back(std::move(tell)); }

Result<WrappedKey> WrappedKeys::get(std::string_view purpose, WorkspaceId workspace) const {
    if (!state_->root) return fail(state_->sealed_error());
    const auto* found = state_->find(purpose, workspace);
    if (found == nullptr) return fail(ErrorCode::not_found, "there is no key for {} yet", purpose);
    return found->rbegin()->second;
}

Result<WrappedKey> WrappedKeys::version(std::string_view purpose, unsigned version, WorkspaceId workspace) const {
    if (!state_->root) return fail(state_->sealed_error());
    const auto* found = state_->find(purpose, workspace);
    if (found != nullptr)
        if (const auto one = found->find(version); one != found->end()) return one->second;
    return fail(ErrorCode::not_found, "version {} of the key for {} is not there", version, purpose);
}

std::vector<WrappedKey> WrappedKeys::versions(std::string_view purpose, WorkspaceId workspace) const {
    std::vector<WrappedKey> out;
    if (const auto* found = state_->root ? state_->find(purpose, workspace) : nullptr)
        for (const auto& [version, key] : *found) out.push_back(key);
    return out;
}

Awaitable<Result<WrappedKey>> WrappedKeys::get_or_make(std::string purpose, WorkspaceId workspace) {
    State& s = *state_;
    auto present = get(purpose, workspace);
    if (present || present.error().code != ErrorCode::not_found) co_return present;
    const auto turn = co_await s.turns.take();
    present = get(purpose, workspace);
    if (present || present.error().code != ErrorCode::not_found) co_return present;
    co_return co_await s.make(std::move(purpose), workspace);
}

Awaitable<Result<WrappedKey>> WrappedKeys::rotate(std::string purpose, WorkspaceId workspace) {
    State& s = *state_;
    const auto turn = co_await s.turns.take();
    co_return co_await s.make(std::move(purpose), workspace);
}

Awaitable<Result<void>> WrappedKeys::remove_below(std::string purpose, unsigned version, WorkspaceId workspace) {
    State& s = *state_;
    const auto turn = co_await s.turns.take();
    const auto* present = s.find(purpose, workspace);
    if (present == nullptr) co_return Result<void>();
    if (version > present->rbegin()->first)
        co_return fail(ErrorCode::invalid_argument, "the newest version of the key for {} stays", purpose);
    auto done = co_await store::delete_wrapped_keys(s.storage, workspace, purpose, version);
    if (!done) co_return done;
    auto& versions = s.keys[Place{workspace, purpose}];
    versions.erase(versions.begin(), versions.lower_bound(version));
    co_return Result<void>();
}

Awaitable<Result<RootStatus>> WrappedKeys::rotate_root(NewRoot wanted) {
    State& s = *state_;
    const auto turn = co_await s.turns.take();
    if (!s.root) co_return fail(s.sealed_error());
    const bool in_place = wanted.key_file.empty() && wanted.passphrase.empty();
    if (!wanted.key_file.empty() && !wanted.passphrase.empty())
        co_return fail(ErrorCode::invalid_argument, "give the new root as a key file or as a passphrase, not as both");
    if (in_place && s.origin != "key_file")
        co_return fail(ErrorCode::invalid_argument, "the present root comes from a {}, which the server cannot replace: name the new "
                       "root's key file (openssl rand -hex 32, mode 0400) or give a passphrase", s.origin);

    auto prepare = [wanted, in_place, file = s.file, data = s.sources.data]() -> Result<crypto::FoundRoot> {
        base::SystemRandom random;
        crypto::RootSources from;
        from.data = data;
        from.passphrase = wanted.passphrase;
        if (!wanted.passphrase.empty()) return crypto::find_root(from, std::nullopt, random);
        crypto::FoundRoot found;
        found.file = in_place ? file : wanted.key_file;
        if (in_place) {
            found.key = crypto::SecretKey::make(random);
            found.made = true;
            auto written = crypto::write_key_beside(file, found.key);
            if (!written) return fail(std::move(written.error()));
            return found;
        }
        auto key = crypto::read_key_file(wanted.key_file, data);
        if (!key) return fail(std::move(key.error()));
        found.key = std::move(*key);
        return found;
    };
    auto found = co_await s.blocking.run(std::move(prepare));
    if (!found) {
        found.error().code = found.error().code == ErrorCode::sealed ? ErrorCode::invalid_argument : found.error().code;
        co_return fail(std::move(found.error()));
    }
    if (auto passed = interrupted_at("root.key_written"); !passed) co_return fail(std::move(passed.error()));
    const StoredRoot next{crypto::root_id(found->key), crypto::check_value(found->key), found->salt,
                          std::string(crypto::to_string(found->origin))};
    if (next.id == s.root_id) co_return fail(ErrorCode::invalid_argument, "this is the root in use already; give another");
    auto fresh = std::make_shared<const crypto::SecretKey>(std::move(found->key));

    auto wrapped = co_await store::rewrap_all(s.storage, s.root, fresh, next, s.loop.now());
    if (!wrapped) co_return fail(std::move(wrapped.error()));
    s.root = fresh;  // from the commit on, whatever else fails
    s.root_id = next.id;
    s.origin = next.origin;
    s.file = found->file;
    if (auto passed = interrupted_at("root.committed"); !passed) co_return fail(std::move(passed.error()));
    // The old root is kept until what was committed has been read back with the new one.
    auto loaded = co_await store::load_wrapped_keys(s.storage);
    if (!loaded) co_return fail(std::move(loaded.error()));
    auto unwrapped = s.unwrap(*fresh, loaded->keys);
    if (!unwrapped) co_return fail(std::move(unwrapped.error()));
    if (auto passed = interrupted_at("root.verified"); !passed) co_return fail(std::move(passed.error()));
    if (in_place) {
        auto settle = [file = found->file, fresh] { return crypto::settle_key_file(file, *fresh); };
        auto settled = co_await s.blocking.run(std::move(settle));
        if (!settled) co_return fail(std::move(settled.error()));
    } else {
        s.sources.key_file = found->file;
        s.sources.passphrase = wanted.passphrase;
    }
    if (auto passed = interrupted_at("root.settled"); !passed) co_return fail(std::move(passed.error()));
    log::info("the root key was rotated", {{"root", next.id}, {"origin", next.origin}, {"file", s.file.string()}});
    co_return status();
}

}  // namespace sluice::identity
