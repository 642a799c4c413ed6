// Invitations by a link that works once.

#include "email.hpp"
#include "people_state.hpp"
#include "sluice/crypto/crypto.hpp"

namespace sluice::identity {

namespace {

tl::unexpected<Error> gone() {
    return fail(ErrorCode::gone, "this invitation was used, revoked or is too old; ask for another one");
}

}  // namespace

Awaitable<Result<People::Invited>> People::invite(Principal actor, std::string email, std::string role,
                                                  AlsoCommit<Invited> also) {
    auto& s = *state_;
    auto normal = normal_email(email);
    if (!normal) co_return fail(std::move(normal.error()));
    auto may = check_may_grant(s.house, actor, role);
    if (!may) co_return fail(std::move(may.error()));
    if (const auto* known = s.account_of(*normal); known && known->memberships.contains(actor.workspace))
        co_return fail(ErrorCode::conflict, "{} is a member of this workspace already; change the role under /api/v1/users",
                       *normal);
    const auto now = s.house.clock.now();
    auto open = co_await store::count_open_invitations(s.house.storage, actor.workspace, now);
    if (!open) co_return fail(std::move(open.error()));
    if (*open >= max_open_invitations)
        co_return fail(ErrorCode::unprocessable, "this workspace has {} open invitations already; revoke some first",
                       max_open_invitations);
    Invited out;
    out.token = crypto::random_token(s.house.random);
    auto& made = out.invitation;
    made.id = InvitationId::make(now, s.house.random);
    made.workspace = actor.workspace;
    made.workspace_name = actor.workspace_name;
    made.email = std::move(*normal);
    made.role = std::move(role);
    made.created_by = actor.id;
    made.created_at = now;
    made.expires_at = now + invitation_life;
    storage::WriteUnit unit;
    store::insert_invitation(unit, made, digest(out.token));
    if (also) also(unit, out);
    auto done = co_await s.house.storage.submit(std::move(unit));
    if (!done) co_return fail(std::move(done.error()));
    co_return out;
}

void People::complete(Invitation& invitation) const {
    const auto found = state_->house.workspaces.find(invitation.workspace);
    if (found != state_->house.workspaces.end()) invitation.workspace_name = found->second.name;
    invitation.has_account = state_->account_of(invitation.email) != nullptr;
}

Awaitable<Result<std::vector<Invitation>>> People::invitations(WorkspaceId workspace, int limit,
                                                               std::optional<InvitationId> before) {
    auto found = co_await store::list_invitations(state_->house.storage, workspace, before, limit);
    if (!found) co_return fail(std::move(found.error()));
    for (auto& one : *found) complete(one);
    co_return std::move(*found);
}

Awaitable<Result<Invitation>> People::invitation(WorkspaceId workspace, InvitationId id) {
    auto found = co_await store::find_invitation(state_->house.storage, workspace, id);
    if (!found) co_return fail(std::move(found.error()));
    if (!*found) co_return fail(ErrorCode::not_found, "there is no invitation {}; check the id", id.str());
    complete(**found);
    co_return std::move(**found);
}

Awaitable<Result<void>> People::revoke_invitation(Principal actor, InvitationId id, AlsoCommit<Invitation> also) {
    auto found = co_await invitation(actor.workspace, id);
    if (!found) co_return fail(std::move(found.error()));
    storage::WriteUnit unit;
    store::revoke_invitation(unit, actor.workspace, id, state_->house.clock.now());
    if (also) also(unit, *found);
    co_return co_await state_->house.storage.submit(std::move(unit));
}

Awaitable<Result<Invitation>> People::read_invitation(std::string token) {
    auto found = co_await store::find_invitation_by_hash(state_->house.storage, digest(token));
    if (!found) co_return fail(std::move(found.error()));
    if (!*found || (*found)->accepted_at || (*found)->revoked_at || (*found)->expires_at <= state_->house.clock.now())
        co_return gone();
    complete(**found);
    co_return std::move(**found);
}

Awaitable<Result<SignedIn>> People::accept_invitation(std::string token, Principal principal, std::string name,
                                                      std::string password, Client client) {
    auto& s = *state_;
    auto found = co_await read_invitation(std::move(token));
    if (!found) co_return fail(std::move(found.error()));
    storage::WriteUnit unit;
    StoredMembership membership{found->workspace, {}, found->role, true, s.house.clock.now(), found->created_by};
    std::optional<StoredAccount> made;
    if (const auto* known = s.account_of(found->email)) {
        if (principal.kind != Principal::Kind::user)
            co_return fail(ErrorCode::conflict, "there is an account for {} already; sign in with it and open this link again",
                           found->email);
        if (principal.id != known->user.id.str())
            co_return fail(ErrorCode::forbidden, "this invitation is for {}; sign in as that person", found->email);
        membership.user = known->user.id;
    } else {
        auto account = co_await make_account(found->email, std::move(name), std::move(password), "/password");
        if (!account) co_return fail(std::move(account.error()));
        made = std::move(*account);
        membership.user = made->user.id;
        store::insert_account(unit, *made);
    }
    store::accept_invitation(unit, found->workspace, found->id, membership.user, s.house.clock.now());
    store::insert_membership(unit, membership);
    auto done = co_await s.house.storage.submit(std::move(unit));
    if (!done) co_return fail(std::move(done.error()));
    if (made) s.remember(*made);
    s.remember(membership);
    co_return co_await s.open_session(membership.user, std::move(client), "invitations.accept");
}

}  // namespace sluice::identity
