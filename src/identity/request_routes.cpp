// How requests are told apart: whose they are (key, session, local socket), and whether the same
// write came before.

#include "identity_state.hpp"
#include "request_credentials.hpp"
#include "sluice/base/teeth.hpp"
#include "sluice/crypto/crypto.hpp"
#include "sluice/net/server.hpp"

namespace sluice::identity {
namespace {

using net::Request;
using net::Verb;

constexpr std::size_t max_idempotency_key = 255;

std::optional<std::string_view> bearer(const Request& request) {
    const auto header = request.headers.find("authorization");
    constexpr std::string_view scheme = "bearer ";
    if (!header || header->size() <= scheme.size()) return std::nullopt;
    for (std::size_t i = 0; i < scheme.size(); ++i)
        if (const char c = (*header)[i]; (c >= 'A' && c <= 'Z' ? c + 32 : c) != scheme[i])
            return std::nullopt;
    auto key = header->substr(scheme.size());
    while (key.starts_with(' ')) key.remove_prefix(1);
    while (key.ends_with(' ')) key.remove_suffix(1);
    return key;
}

/// The header that the SDKs of other vendors send, on their paths alone.
std::optional<std::string_view> vendor_key(const Request& request) {
    const std::string_view path = request.path;
    if (!path.starts_with("/v1/") && !path.starts_with("/v1beta/")) return std::nullopt;
    if (auto key = request.headers.find("x-api-key")) return key;
    return request.headers.find("x-goog-api-key");
}

std::string_view named_workspace(const Request& request) {
    if (auto header = request.headers.find("sluice-workspace")) return *header;
    return request.query_value("workspace").value_or(std::string_view());
}

/// A cookie is sent by the browser whoever made it ask: what changes state or opens a socket must
/// come from our own page, and a write besides with a header that no form can send.
Result<void> check_own_page(const Request& request) {
    const bool reads =
        request.verb == Verb::get || request.verb == Verb::head || request.verb == Verb::options;
    if (reads && !request.headers.find("upgrade")) return {};
    if (!reads && request.headers.get("sluice-request").empty())
        return fail(ErrorCode::forbidden,
                    "a browser's session changes things only with the header Sluice-Request (any "
                    "value); use an API key or an access token elsewhere");
    return check_own_origin(request);
}

class Keys final : public net::Authenticator {
  public:
    explicit Keys(State& state) : state_(state) {}

    Result<Principal> authenticate(const Request& request) override {
        if (request.local_socket) return local(request);
        auto principal = of_credential(request);
        if (!principal) return principal;
        const auto named = named_workspace(request);
        if (!named.empty() && named != principal->workspace_name &&
            named != principal->workspace.str())
            return fail(ErrorCode::not_found, "there is no workspace {} for this credential",
                        named);
        if (state_.persons)
            if (auto enrolled = state_.persons->check_enrolled(*principal, request.path); !enrolled)
                return fail(std::move(enrolled.error()));
        return principal;
    }

  private:
    Result<Principal> local(const Request& request) const {
        auto named = named_workspace(request);
        if (named.empty()) named = default_name;
        const auto* workspace = state_.workspace(named);
        if (!workspace) return fail(ErrorCode::not_found, "there is no workspace {}", named);
        return Principal{
            Principal::Kind::local,     "local", "local", "owner", workspace->id, workspace->name,
            base::PermissionSet().set()};
    }

    Result<Principal> of_credential(const Request& request) {
        if (auto key = bearer(request)) {
            // A JSON Web Token has two dots, a key has none.
            if (state_.persons && key->find('.') != key->npos)
                return state_.persons->of_token(*key, named_workspace(request));
            return state_.principal_of_key(*key, request);
        }
        if (auto key = vendor_key(request)) return state_.principal_of_key(*key, request);
        if (auto secret = session_cookie(request)) {
            auto principal = of_cookie(*secret, named_workspace(request));
            if (!principal) return principal;
            if (auto own = check_own_page(request); !own) return fail(std::move(own.error()));
            return principal;
        }
        return fail(
            ErrorCode::unauthenticated,
            "send an API key as `Authorization: Bearer KEY`; `sluice key create` makes one");
    }

    Result<Principal> of_cookie(std::string_view secret, std::string_view workspace) {
        if (state_.persons)
            if (auto person = state_.persons->of_cookie(secret, workspace))
                return std::move(*person);
        return state_.principal_of_session(secret);
    }

    State& state_;
};

std::string route_of(const Request& request) {
    return std::string(net::to_string(request.verb)) + " " + std::string(request.route);
}

/// What must be the same for a repeated request to be the same one.
/// A body may hold a secret or a password that is short enough to be guessed from a plain hash.
std::string body_hash(const State& state, const Request& request) {
    crypto::Sha256 hash;
    hash.update(request.path);
    for (const auto& [name, value] : request.query) {
        hash.update("\n" + name + "=");
        hash.update(value);
    }
    hash.update("\n\n");
    if (request.body_reader)
        hash.update(request.headers.get("content-length"));  // a streamed body is not here yet
    hash.update(request.body);
    const auto digest = hash.finish();
    const Result<WrappedKey> key = state.wrapped_keys != nullptr ? state.wrapped_keys->get(record_purpose) : Result<WrappedKey>(fail(Error{}));
    if (!key) return std::string(crypto::raw(digest));  // sealed: then nothing that holds a secret is stored either
    const auto mac = crypto::hmac_sha256(key->key->bytes(), crypto::raw(digest));
    return std::string(crypto::raw(mac));
}

/// The answer under the key of `wanted`. Errors: unprocessable (same key, other body).
Awaitable<Result<std::optional<net::StoredAnswer>>> find_answer(State& state,
                                                                IdempotencyRecord wanted) {
    auto found = co_await store::find_record(state.storage, wanted.workspace, wanted.principal,
                                             std::move(wanted.route), std::move(wanted.key));
    if (!found) co_return fail(std::move(found.error()));
    // A record counts as long as it is there: the next insert would meet it.
    if (!*found) co_return std::optional<net::StoredAnswer>();
    auto& record = **found;
    if (record.body_hash != wanted.body_hash)
        co_return fail(
            ErrorCode::unprocessable,
            "the same Idempotency-Key came with another body; use a new key for a new request");
    net::StoredAnswer answer{record.status, std::move(record.answer), std::move(record.etag)};
    co_return std::optional<net::StoredAnswer>(std::move(answer));
}

class Handle final : public net::Idempotency {
  public:
    Handle(State& state, IdempotencyRecord record) : state_(state), record_(std::move(record)) {}
    std::string_view key() const override { return record_.key; }
    void record(storage::WriteUnit& unit, const net::StoredAnswer& answer) override {
        take(answer);
        if (base::teeth("idempotency_second_transaction")) {
            storage::WriteUnit own;
            store::insert_record(own, record_);
            state_.storage.enqueue(std::move(own), [](const Result<void>&) {});
            return;
        }
        store::insert_record(unit, record_);
    }
    void record_once(storage::WriteUnit& unit, const net::StoredAnswer& answer) override {
        take(answer);
        store::insert_record_once(unit, record_);
    }
    Awaitable<Result<std::optional<net::StoredAnswer>>> stored() override {
        return find_answer(state_, record_);
    }

  private:
    void take(const net::StoredAnswer& answer) {
        record_.status = answer.status;
        record_.answer = answer.body;
        record_.etag = answer.etag;
        record_.created_at = state_.clock.now();
    }

    State& state_;
    IdempotencyRecord record_;
};

class Records final : public net::IdempotencyRecords {
  public:
    explicit Records(State& state) : state_(state) {}

    Result<std::unique_ptr<net::Idempotency>> begin(const Request& request) override {
        const auto key = request.headers.get("idempotency-key");
        if (key.empty() || key.size() > max_idempotency_key)
            return fail(ErrorCode::invalid_argument, "an Idempotency-Key has 1 to {} characters",
                        max_idempotency_key);
        IdempotencyRecord record;
        record.workspace = request.workspace();
        record.principal = request.principal.id;
        record.route = route_of(request);
        record.key = std::string(key);
        record.body_hash = body_hash(state_, request);
        return std::make_unique<Handle>(state_, std::move(record));
    }

    Awaitable<Result<std::optional<net::StoredAnswer>>> find(const Request& request) override {
        IdempotencyRecord wanted;
        wanted.workspace = request.workspace();
        wanted.principal = request.principal.id;
        wanted.route = route_of(request);
        wanted.key = std::string(request.headers.get("idempotency-key"));
        wanted.body_hash = body_hash(state_, request);
        co_return co_await find_answer(state_, std::move(wanted));
    }

  private:
    State& state_;
};

}  // namespace

std::shared_ptr<net::Authenticator> make_authenticator(State& state) {
    return std::make_shared<Keys>(state);
}
std::shared_ptr<net::IdempotencyRecords> make_idempotency_records(State& state) {
    return std::make_shared<Records>(state);
}

}  // namespace sluice::identity
