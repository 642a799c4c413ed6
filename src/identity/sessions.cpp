// Browser sessions by one-time link.

#include "identity_state.hpp"
#include "sluice/base/json.hpp"
#include "sluice/crypto/crypto.hpp"

namespace sluice::identity {
namespace {

constexpr std::size_t max_links = 1000;

}  // namespace

std::string Identity::make_login_link_token(WorkspaceId workspace) {
    const auto now = state_->clock.now();
    auto& links = state_->links;
    std::erase_if(links, [&](const auto& item) { return item.second.expires_at <= now; });
    if (links.size() >= max_links) {  // bounded: the one that would end first gives way
        auto oldest = std::ranges::min_element(
            links, {}, [](const auto& item) { return item.second.expires_at; });
        links.erase(oldest);
    }
    auto token = crypto::random_token(state_->random);
    links[digest(token)] = {workspace, now + link_life};
    return token;
}

std::string Identity::make_login_path(WorkspaceId workspace) {
    return "/auth/link?token=" + make_login_link_token(workspace);
}

Awaitable<Result<std::string>> Identity::exchange_login_token(std::string token) {
    const auto now = state_->clock.now();
    const auto found = state_->links.find(digest(token));
    const bool good = found != state_->links.end() && found->second.expires_at > now;
    const auto workspace = good ? found->second.workspace : WorkspaceId();
    if (found != state_->links.end()) state_->links.erase(found);  // before the wait: it works once
    if (!good)
        co_return fail(ErrorCode::gone,
                       "this sign-in link was used already or is older than ten minutes; "
                       "make another on the server, for example by restarting scripts/run");

    auto secret = crypto::random_token(state_->random);
    const Session session{
        Id<ids::Session>::make(now, state_->random), workspace, "owner", digest(secret), now, now};
    storage::WriteUnit unit;
    store::insert_session(unit, session);
    auto done = co_await state_->storage.submit(std::move(unit));
    if (!done) co_return fail(std::move(done.error()));
    state_->remember(session);
    co_return secret;
}

Awaitable<Result<void>> Identity::end_session(Principal principal, std::function<void(storage::WriteUnit&)> also) {
    if (principal.kind == Principal::Kind::user && state_->persons)
        co_return co_await state_->persons->end_own_session(std::move(principal), std::move(also));
    const auto id = Id<ids::Session>::parse(principal.id);
    if (principal.kind != Principal::Kind::session || !id)
        co_return fail(ErrorCode::conflict,
                       "only a browser's session can be ended; revoke the API key instead");
    storage::WriteUnit unit;
    store::delete_session(unit, principal.workspace, *id);
    if (also) also(unit);
    auto done = co_await state_->storage.submit(std::move(unit));
    if (!done) co_return fail(std::move(done.error()));
    std::erase_if(state_->sessions,
                  [&](const auto& item) { return item.second.session.id == *id; });
    co_return Result<void>{};
}

bool Identity::is_member(const Principal& principal, WorkspaceId workspace) const {
    return state_->persons && state_->persons->is_member(principal, workspace);
}

Result<void> Identity::check_recent_proof(const Principal& principal) const {
    if (!state_->persons) return {};
    return state_->persons->check_recent_proof(principal);
}

Json Identity::describe_person(const Principal& principal) const {
    return state_->persons ? state_->persons->describe(principal) : Json();
}

}  // namespace sluice::identity
