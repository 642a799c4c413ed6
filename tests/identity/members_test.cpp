#include "identity/people_house.hpp"

using namespace sluice;
using namespace sluice::identity;
using sluice::testing::good_password;
using sluice::testing::PeopleHouse;

namespace {

MemberChange role(const std::string& name) {
    MemberChange change;
    change.role = name;
    return change;
}

MemberChange active(bool wanted) {
    MemberChange change;
    change.active = wanted;
    return change;
}

using Roles = std::vector<std::pair<std::string, std::string>>;

ErrorCode code(const Result<Principal>& result) {
    REQUIRE_FALSE(result);
    return result.error().code;
}

}  // namespace

TEST_CASE("a person sees the workspaces of which they are a member, each in its role", "[identity][people][tenancy]") {
    PeopleHouse f;
    const auto ada = f.owner();
    f.workspace("acme");
    const auto vera = f.person("vera@example.com", "viewer", "acme");
    CHECK(f.ask(vera.access_token)->workspace_name == "acme");  // the only one needs no name
    CHECK(f.ask(vera.access_token)->role == "viewer");
    CHECK(f.ask(vera.access_token, f.workspace("acme").str()));
    CHECK(code(f.ask(vera.access_token, "default")) == ErrorCode::not_found);
    CHECK(code(f.ask(vera.access_token, "nowhere")) == ErrorCode::not_found);
    CHECK(code(f.ask(ada.access_token, "acme")) == ErrorCode::not_found);
    CHECK(f.ask(ada.access_token, "default")->role == "owner");
    CHECK(f.identity->is_member(*f.ask(vera.access_token), f.workspace("acme")));
    CHECK_FALSE(f.identity->is_member(*f.ask(vera.access_token), f.workspace()));
}

TEST_CASE("whoever makes a workspace owns it", "[identity][people]") {
    PeopleHouse f;
    const auto ada = f.owner();
    const auto made = f.get(f.identity->create_workspace("mine", {}, *f.ask(ada.access_token)));
    CHECK(f.ask(ada.access_token, "mine")->role == "owner");
    f.restart();
    CHECK(f.ask(ada.access_token, "mine")->role == "owner");
    CHECK(f.people->members(made.id).size() == 1);
}

TEST_CASE("a role is changed at once and stays over a restart", "[identity][people]") {
    PeopleHouse f;
    const auto ada = f.owner();
    const auto vera = f.person("vera@example.com", "viewer");
    const auto boss = *f.ask(ada.access_token);
    CHECK_FALSE(f.ask(vera.access_token)->may(Permission::flows_write));
    CHECK(f.get(f.people->change_member(boss, vera.user.id, role("developer"))).role == "developer");
    CHECK(f.ask(vera.access_token)->may(Permission::flows_write));
    f.restart();
    CHECK(f.ask(vera.access_token)->role == "developer");
    CHECK(f.error(f.people->change_member(boss, vera.user.id, role("emperor"))) == ErrorCode::invalid_argument);
    CHECK(f.error(f.people->change_member(f.local("default"), UserId(), role("viewer"))) == ErrorCode::not_found);
}

TEST_CASE("nobody gives or takes a right that they lack", "[identity][people]") {
    PeopleHouse f;
    const auto ada = f.owner();
    const auto vera = f.person("vera@example.com", "viewer"), dan = f.person("dan@example.com", "developer");
    auto actor = *f.ask(dan.access_token);
    actor.permissions.set(static_cast<std::size_t>(Permission::users_write));  // may change people, is no owner
    CHECK(f.error(f.people->change_member(actor, vera.user.id, role("owner"))) == ErrorCode::forbidden);
    CHECK(f.error(f.people->change_member(actor, dan.user.id, role("owner"))) == ErrorCode::forbidden);
    CHECK(f.error(f.people->change_member(actor, ada.user.id, role("viewer"))) == ErrorCode::forbidden);
    CHECK(f.error(f.people->remove_member(actor, ada.user.id)) == ErrorCode::forbidden);
    CHECK(f.error(f.people->invite(actor, "new@example.com", "owner")) == ErrorCode::forbidden);
    f.get(f.people->change_member(actor, vera.user.id, role("operator")));
    MemberChange projects;
    projects.project_roles = Roles{std::pair{"default", "owner"}};
    CHECK(f.error(f.people->change_member(actor, vera.user.id, projects)) == ErrorCode::forbidden);
}

TEST_CASE("one owner always remains", "[identity][people]") {
    PeopleHouse f;
    const auto ada = f.owner();
    f.workspace("acme");
    f.person("olga@example.com", "owner", "acme");  // another workspace's owner does not count
    const auto boss = *f.ask(ada.access_token);
    CHECK(f.error(f.people->change_member(boss, ada.user.id, role("viewer"))) == ErrorCode::conflict);
    CHECK(f.error(f.people->change_member(boss, ada.user.id, active(false))) == ErrorCode::conflict);
    CHECK(f.error(f.people->remove_member(boss, ada.user.id)) == ErrorCode::conflict);
    const auto otto = f.person("otto@example.com", "owner");
    f.get(f.people->change_member(boss, otto.user.id, active(false)));
    CHECK(f.error(f.people->remove_member(boss, ada.user.id)) == ErrorCode::conflict);  // one who is disabled does not count
    f.get(f.people->change_member(boss, otto.user.id, active(true)));
    f.get(f.people->set_active(otto.user.id, false));
    CHECK(f.error(f.people->remove_member(boss, ada.user.id)) == ErrorCode::conflict);  // nor does one whose account is
    f.get(f.people->set_active(otto.user.id, true));
    f.done(f.people->remove_member(boss, ada.user.id));
    CHECK(f.error(f.people->remove_member(f.local(), otto.user.id)) == ErrorCode::conflict);
}

TEST_CASE("two owners who resign at the same moment leave one", "[identity][people]") {
    PeopleHouse f;
    const auto ada = f.owner();
    const auto otto = f.person("otto@example.com", "owner");
    const auto first = *f.ask(ada.access_token), second = *f.ask(otto.access_token);
    std::vector<Result<Member>> results;
    runtime::TaskGroup tasks(f.loop);
    const auto resign = [](People* people, Principal who, UserId user, std::vector<Result<Member>>* out) -> Awaitable<void> {
        MemberChange change;
        change.role = "viewer";
        auto changed = co_await people->change_member(std::move(who), user, std::move(change));
        out->push_back(std::move(changed));
    };
    tasks.spawn("first", resign(f.people.get(), first, ada.user.id, &results));
    tasks.spawn("second", resign(f.people.get(), second, otto.user.id, &results));
    f.run(tasks.join());
    REQUIRE(results.size() == 2);
    CHECK(results[0].has_value() != results[1].has_value());
    int owners = 0;
    for (const auto& member : f.people->members(f.workspace())) owners += member.role == "owner";
    CHECK(owners == 1);
}

TEST_CASE("whoever has no workspace left is signed out and cannot sign in", "[identity][people]") {
    PeopleHouse f;
    f.owner();
    f.workspace("acme");
    const auto vera = f.person("vera@example.com", "viewer", "acme");
    const bool removed = GENERATE(true, false);
    CAPTURE(removed);
    if (removed)
        f.done(f.people->remove_member(f.local("acme"), vera.user.id));
    else
        f.get(f.people->change_member(f.local("acme"), vera.user.id, active(false)));
    CHECK(code(f.ask(vera.access_token)) == ErrorCode::unauthenticated);
    CHECK(f.error(f.people->refresh(vera.refresh_token, f.from())) == ErrorCode::unauthenticated);
    CHECK(f.error(f.people->sign_in("vera@example.com", good_password, "", f.from())) == ErrorCode::unauthenticated);
    f.restart();
    CHECK(code(f.ask(vera.access_token)) == ErrorCode::unauthenticated);
    if (!removed) {
        f.get(f.people->change_member(f.local("acme"), vera.user.id, active(true)));
        f.sign_in("vera@example.com");
    }
}

TEST_CASE("a person who is disabled in one workspace goes on in another", "[identity][people][tenancy]") {
    PeopleHouse f;
    f.owner();
    f.workspace("acme");
    const auto vera = f.person("vera@example.com", "viewer", "acme");
    const auto invited = f.get(f.people->invite(f.local(), "vera@example.com", "developer"));
    f.get(f.people->accept_invitation(invited.token, *f.ask(vera.access_token), "", "", f.from()));
    CHECK(f.ask(vera.access_token, "default")->role == "developer");
    f.get(f.people->change_member(f.local("default"), vera.user.id, active(false)));
    CHECK(code(f.ask(vera.access_token, "default")) == ErrorCode::not_found);
    CHECK(f.ask(vera.access_token, "acme")->role == "viewer");
    CHECK(f.error(f.people->change_member(f.local("default"), UserId::make(f.clock.now(), f.random), role("viewer"))) ==
          ErrorCode::not_found);
}

TEST_CASE("roles in projects are kept with the member", "[identity][people]") {
    PeopleHouse f;
    f.owner();
    const auto project = f.get(f.identity->create_project(f.workspace(), "support"));
    const auto vera = f.person("vera@example.com", "viewer");
    MemberChange change;
    change.project_roles = Roles{{"support", "developer"}, {"default", "operator"}};
    CHECK(f.get(f.people->change_member(f.local(), vera.user.id, change)).project_roles.size() == 2);
    f.restart();
    REQUIRE(f.people->find_member(f.workspace(), vera.user.id)->project_roles.size() == 2);
    change.project_roles = Roles{std::pair{project.id.str(), "operator"}};
    const auto roles = f.get(f.people->change_member(f.local(), vera.user.id, change)).project_roles;
    REQUIRE(roles.size() == 1);
    CHECK(roles[0].project_name == "support");
    CHECK(roles[0].role == "operator");
    change.project_roles = Roles{std::pair{"nowhere", "operator"}};
    CHECK(f.error(f.people->change_member(f.local(), vera.user.id, change)) == ErrorCode::not_found);
    change.project_roles = Roles{{"support", "operator"}, {project.id.str(), "viewer"}};
    CHECK(f.error(f.people->change_member(f.local(), vera.user.id, change)) == ErrorCode::invalid_argument);
    change.project_roles = Roles{std::pair{"support", "emperor"}};
    CHECK(f.error(f.people->change_member(f.local(), vera.user.id, change)) == ErrorCode::invalid_argument);
    f.done(f.people->remove_member(f.local(), vera.user.id));
    f.restart();
    CHECK_FALSE(f.people->find_member(f.workspace(), vera.user.id));
}

TEST_CASE("an invitation makes one account, once, within seven days", "[identity][people]") {
    PeopleHouse f;
    f.owner();
    const auto invited = f.get(f.people->invite(f.local(), " New@Example.com", "developer"));
    CHECK(invited.invitation.email == "new@example.com");
    CHECK_FALSE(f.get(f.people->read_invitation(invited.token)).has_account);
    CHECK(f.error(f.people->accept_invitation(invited.token, {}, "New", "short", f.from())) == ErrorCode::invalid_argument);
    CHECK(f.error(f.people->accept_invitation(invited.token, {}, "", good_password, f.from())) == ErrorCode::invalid_argument);
    const auto in = f.get(f.people->accept_invitation(invited.token, {}, "New", good_password, f.from()));
    CHECK(f.ask(in.access_token)->role == "developer");
    CHECK(f.error(f.people->accept_invitation(invited.token, {}, "New", good_password, f.from())) == ErrorCode::gone);
    CHECK(f.error(f.people->read_invitation(invited.token)) == ErrorCode::gone);
    CHECK(f.error(f.people->read_invitation("nonsense")) == ErrorCode::gone);
    CHECK(f.get(f.people->invitation(f.workspace(), invited.invitation.id)).accepted_at);
    CHECK(f.error(f.people->revoke_invitation(f.local(), invited.invitation.id)) == ErrorCode::conflict);
    CHECK(f.error(f.people->invite(f.local(), "new@example.com", "viewer")) == ErrorCode::conflict);
    f.restart();
    f.sign_in("new@example.com");
}

TEST_CASE("an invitation that is revoked or too old is good for nothing", "[identity][people]") {
    PeopleHouse f;
    f.owner();
    const auto revoked = f.get(f.people->invite(f.local(), "a@example.com", "viewer"));
    f.done(f.people->revoke_invitation(f.local(), revoked.invitation.id));
    f.done(f.people->revoke_invitation(f.local(), revoked.invitation.id));
    CHECK(f.error(f.people->accept_invitation(revoked.token, {}, "A", good_password, f.from())) == ErrorCode::gone);
    f.clock.advance(std::chrono::milliseconds(2));
    const auto late = f.get(f.people->invite(f.local(), "a@example.com", "viewer"));
    f.clock.advance(std::chrono::hours(24 * 7));
    CHECK(f.error(f.people->accept_invitation(late.token, {}, "A", good_password, f.from())) == ErrorCode::gone);
    f.workspace("acme");
    CHECK(f.error(f.people->revoke_invitation(f.local("acme"), late.invitation.id)) == ErrorCode::not_found);
    CHECK(f.error(f.people->invitation(f.workspace("acme"), late.invitation.id)) == ErrorCode::not_found);
    CHECK(f.get(f.people->invitations(f.workspace("acme"), 50, {})).empty());
    const auto list = f.get(f.people->invitations(f.workspace(), 50, {}));
    REQUIRE(list.size() == 2);
    CHECK(list[0].id == late.invitation.id);
    CHECK(f.get(f.people->invitations(f.workspace(), 50, list[0].id)).size() == 1);
}

TEST_CASE("whoever has an account joins with it and with no other", "[identity][people]") {
    PeopleHouse f;
    const auto ada = f.owner();
    f.workspace("acme");
    const auto vera = f.person("vera@example.com", "viewer", "acme");
    const auto invited = f.get(f.people->invite(f.local(), "vera@example.com", "developer"));
    CHECK(f.get(f.people->read_invitation(invited.token)).has_account);
    CHECK(f.error(f.people->accept_invitation(invited.token, {}, "Thief", good_password, f.from())) == ErrorCode::conflict);
    CHECK(f.error(f.people->accept_invitation(invited.token, *f.ask(ada.access_token), "", "", f.from())) == ErrorCode::forbidden);
    f.get(f.people->accept_invitation(invited.token, *f.ask(vera.access_token), "", "", f.from()));
    CHECK(f.ask(vera.access_token, "default")->role == "developer");
}

TEST_CASE("an address is one account, whatever its case, and has one form", "[identity][people]") {
    PeopleHouse f;
    f.owner();
    CHECK(f.error(f.people->create_user("ADA@example.com", "Ada", good_password, f.workspace(), "viewer")) == ErrorCode::conflict);
    for (const auto& bad : {"", "ada", "@example.com", "ada@", "a da@example.com", "ada@exa mple.com", "ada@example..com",
                            ".ada@example.com", "ada@b@example.com", "ada\n@example.com", "ada@ex\xC3\xA4mple.com"}) {
        CAPTURE(bad);
        CHECK(f.error(f.people->create_user(bad, "Ada", good_password, f.workspace(), "viewer")) == ErrorCode::invalid_argument);
    }
    CHECK(f.error(f.people->create_user(std::string(65, 'a') + "@b.c", "A", good_password, f.workspace(), "viewer")) ==
          ErrorCode::invalid_argument);
    CHECK(f.error(f.people->create_user("new@b.c", "A\nB", good_password, f.workspace(), "viewer")) == ErrorCode::invalid_argument);
    CHECK(f.error(f.people->create_user("new@b.c", std::string(101, 'x'), good_password, f.workspace(), "viewer")) ==
          ErrorCode::invalid_argument);
    CHECK(f.error(f.people->create_user("new@b.c", "New", good_password, f.workspace(), "emperor")) == ErrorCode::invalid_argument);
    const std::string script = "<script>alert(1)</script> \"'; DROP TABLE user_account; --";
    CHECK(f.get(f.people->create_user("o'neil+x@b.c", script, good_password, f.workspace(), "viewer")).user.name == script);
    CHECK(f.people->find_user("O'Neil+X@b.c")->name == script);
    CHECK(f.people->users().size() == 2);
}
