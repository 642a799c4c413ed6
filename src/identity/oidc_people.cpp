// Who the provider's person is here, and what the groups give.

#include <algorithm>

#include "email.hpp"
#include "oidc_state.hpp"
#include "oidc_store.hpp"
#include "sluice/base/log.hpp"

namespace sluice::identity {

namespace {

constexpr std::string_view mapped_by = "oidc";  // created_by of the memberships that groups gave

std::size_t rank_of(std::string_view role) {  // roles stand from the least to the most
    const auto all = roles();
    return static_cast<std::size_t>(std::ranges::find(all, role, &Role::name) - all.begin());
}

std::string domain_of(std::string_view email) {
    const auto at = email.rfind('@');
    return at == email.npos ? std::string() : std::string(email.substr(at + 1));
}

/// The trail's entry of a membership that changed by the groups.
void note_change(PeopleState& s, storage::WriteUnit& unit, const StoredMembership& membership, std::string_view action,
                 std::string_view before, std::string_view after, const Client& client) {
    if (s.audit == nullptr) return;
    const auto role = [](std::string_view name) { return name.empty() ? std::string() : base::dump_json(Json{{"role", name}}); };
    AuditEntry entry;
    entry.workspace = membership.workspace;
    entry.actor_kind = "system";
    entry.actor_name = "groups of the identity provider";
    entry.action = std::string(action);
    entry.target = membership.user.str();
    entry.before = role(before);
    entry.after = role(after);
    entry.request_id = client.request_id;
    entry.address = client.address;
    s.audit->append(unit, std::move(entry));
}

}  // namespace

std::vector<std::pair<WorkspaceId, std::string>> Oidc::State::roles_of(const std::vector<std::string>& groups) const {
    std::vector<std::pair<WorkspaceId, std::string>> out;
    for (const auto& row : options.group_roles) {
        const auto* workspace = people.state().house.workspace(row.workspace);
        if (workspace == nullptr) {
            log::warn("oidc.group_roles names a workspace that is not there", {{"workspace", row.workspace}});
            continue;
        }
        auto place = std::ranges::find(out, workspace->id, &std::pair<WorkspaceId, std::string>::first);
        if (place == out.end()) place = out.insert(out.end(), {workspace->id, std::string()});
        if (std::ranges::find(groups, row.group) == groups.end()) continue;
        if (place->second.empty() || rank_of(row.role) > rank_of(place->second)) place->second = row.role;
    }
    return out;
}

Awaitable<Result<UserId>> Oidc::State::find_person(Json claims, Client client) {
    auto& s = persons();
    const auto subject = base::string_or(claims, "sub", "");
    const auto email = verified_email(claims);
    const auto& domains = options.email_domains;
    if (!domains.empty() && email.empty())
        co_return fail(ErrorCode::forbidden, "the identity provider gave no verified e-mail address, and this server asks for one");
    if (!domains.empty() && std::ranges::find(domains, domain_of(email)) == domains.end())
        co_return fail(ErrorCode::forbidden, "people with addresses of {} may not sign in here; ask the server's operator", domain_of(email));
    auto known = co_await store::find_external(s.house.storage, options.issuer, subject);
    if (!known) co_return fail(std::move(known.error()));
    if (*known) co_return **known;

    if (email.empty())
        co_return fail(ErrorCode::forbidden, "the identity provider gave no verified e-mail address, so nobody here can be found by it; "
                                             "have it verified there first");
    const auto now = s.house.clock.now();
    storage::WriteUnit unit;
    if (const auto* account = s.account_of(email)) {
        const auto user = account->user.id;
        store::insert_external(unit, options.issuer, subject, user, now);
        s.note(unit, user, "auth.oidc.link", client);
        auto done = co_await s.house.storage.submit(std::move(unit));
        if (!done) co_return fail(std::move(done.error()));
        co_return user;
    }
    if (!options.create_people)
        co_return fail(ErrorCode::forbidden, "there is no account for {} here; ask an owner of the workspace for an invitation", email);
    const auto wanted = roles_of(texts_of(claims, options.group_claim));
    if (std::ranges::all_of(wanted, [](const auto& one) { return one.second.empty(); }))
        co_return fail(ErrorCode::forbidden, "none of your groups gives you a role here; ask the server's operator");
    if (s.accounts.size() >= max_accounts)
        co_return fail(ErrorCode::unprocessable, "this server has {} accounts already", max_accounts);
    StoredAccount made;
    auto name = checked_person_name(base::string_or(claims, "name", ""));
    made.user = {UserId::make(now, s.house.random), email, name ? std::move(*name) : email.substr(0, email.find('@')), true, now, {}};
    store::insert_account(unit, made);
    store::insert_external(unit, options.issuer, subject, made.user.id, now);
    std::vector<StoredMembership> memberships;
    for (const auto& [workspace, role] : wanted)
        if (!role.empty()) memberships.push_back({workspace, made.user.id, role, true, now, std::string(mapped_by)});
    for (const auto& one : memberships) {
        store::insert_membership(unit, one);
        note_change(s, unit, one, "users.create", {}, one.role, client);
    }
    auto done = co_await s.house.storage.submit(std::move(unit));
    if (!done) co_return fail(std::move(done.error()));
    s.remember(made);
    for (const auto& one : memberships) s.remember(one);
    co_return made.user.id;
}

/// Only memberships that groups gave are changed and taken away: one that was given by hand stays as it is.
Awaitable<Result<void>> Oidc::State::apply_groups(UserId user, std::vector<std::string> groups, Client client) {
    auto& s = persons();
    for (const auto& [workspace, role] : roles_of(groups)) {
        const auto* account = s.account(user);
        if (account == nullptr) break;
        const auto found = account->memberships.find(workspace);
        const bool there = found != account->memberships.end();
        if (there ? (found->second.created_by != mapped_by || found->second.role == role) : role.empty()) continue;
        storage::WriteUnit unit;
        StoredMembership after{workspace, user, role, true, s.house.clock.now(), std::string(mapped_by)};
        const auto before = there ? found->second.role : std::string();
        if (there) {
            after.active = found->second.active;
            after.joined_at = found->second.joined_at;
        }
        if (!there) store::insert_membership(unit, after);
        else if (role.empty()) store::delete_membership(unit, workspace, user);
        else store::update_membership(unit, after);
        note_change(s, unit, after, !there ? "users.create" : role.empty() ? "users.delete" : "users.update", before, role, client);
        auto done = co_await s.house.storage.submit(std::move(unit));
        if (!done && done.error().code == ErrorCode::conflict) {  // the last owner stays one
            log::warn("a role that a group no longer gives was kept", {{"user", user.str()}, {"cause", done.error().message}});
            continue;
        }
        if (!done) co_return fail(std::move(done.error()));
        if (!role.empty()) s.remember(after);
        else if (auto* now = s.account(user)) now->memberships.erase(workspace);
    }
    co_return co_await s.end_sessions_without_workspace(user);
}

}  // namespace sluice::identity
