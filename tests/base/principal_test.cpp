// Who may do what where.
#include "sluice/base/principal.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using base::PermissionSet;
using base::Scope;
using base::SeenNames;

namespace {

PermissionSet set_of(std::initializer_list<Permission> permissions) {
    PermissionSet set;
    for (auto one : permissions) set.set(static_cast<std::size_t>(one));
    return set;
}

Principal with_scope(Scope scope, PermissionSet permissions = set_of({Permission::flows_read, Permission::runs_read, Permission::users_read})) {
    Principal principal;
    principal.permissions = permissions;
    principal.scope = std::make_shared<const Scope>(std::move(scope));
    return principal;
}

}  // namespace

TEST_CASE("without a scope a permission counts everywhere", "[base][scope]") {
    Principal principal;
    principal.permissions = set_of({Permission::flows_read});
    CHECK(principal.sees("shop", "triage"));
    CHECK(principal.may_in(Permission::flows_read, "shop", "triage"));
    CHECK(principal.may_everywhere(Permission::flows_read));
    CHECK_FALSE(principal.may_in(Permission::flows_write, "shop"));
    CHECK(principal.seen(Permission::flows_read).all());
    CHECK_FALSE(principal.seen(Permission::flows_write).covers("shop", "triage"));
}

TEST_CASE("a scope of projects and flows needs both, and empty lists limit nothing", "[base][scope]") {
    const auto projects = with_scope({.projects = {"shop", "hr"}});
    CHECK(projects.sees("shop", "triage"));
    CHECK(projects.sees("hr"));
    CHECK_FALSE(projects.sees("sho", "triage"));
    CHECK_FALSE(projects.may_in(Permission::flows_read, "default"));
    CHECK_FALSE(projects.may_everywhere(Permission::flows_read));
    CHECK(projects.may_everywhere(Permission::users_read));  // not what concerns a project's objects: the key's maker took care
    const auto flows = with_scope({.flows = {"triage"}});
    CHECK(flows.sees("anything", "triage"));
    CHECK_FALSE(flows.sees("anything", "triage2"));
    CHECK_FALSE(flows.sees("anything"));
    const auto both = with_scope({.projects = {"shop"}, .flows = {"triage"}});
    CHECK(both.sees("shop", "triage"));
    CHECK_FALSE(both.sees("hr", "triage"));
    CHECK_FALSE(both.sees("shop", "other"));
}

TEST_CASE("a role in a project counts there, on top of what counts everywhere", "[base][scope]") {
    Scope scope;
    scope.rights = Scope::Rights{set_of({Permission::users_read}), {}};
    scope.rights->in_project["shop"] = set_of({Permission::users_read, Permission::flows_read, Permission::flows_write});
    scope.rights->in_project["hr"] = set_of({Permission::users_read, Permission::flows_read});
    const auto person = with_scope(std::move(scope), set_of({Permission::users_read, Permission::flows_read, Permission::flows_write}));
    CHECK(person.may(Permission::flows_write));
    CHECK(person.may_in(Permission::flows_write, "shop", "any"));
    CHECK_FALSE(person.may_in(Permission::flows_write, "hr", "any"));
    CHECK(person.sees("hr", "any"));
    CHECK_FALSE(person.sees("default", "any"));
    CHECK_FALSE(person.may_everywhere(Permission::flows_read));
    CHECK(person.may_everywhere(Permission::users_read));
    CHECK(person.seen(Permission::flows_write) == SeenNames{"\nshop\n", ""});
    CHECK(person.seen(Permission::flows_read) == SeenNames{"\nhr\nshop\n", ""});
}

TEST_CASE("the names that a list is limited to survive as a statement's parameter", "[base][scope]") {
    for (const auto& names : {SeenNames{}, SeenNames{"\n", {}}, SeenNames{"\nshop\n", {}}, SeenNames{"\nshop\nhr\n", "\ntriage\n"}, SeenNames{{}, "\na\nb\n"}}) {
        CAPTURE(names.projects, names.flows);
        CHECK(SeenNames::from_text(names.text()) == names);
    }
    CHECK(SeenNames{}.text().empty());
    CHECK_FALSE(SeenNames{"\n", {}}.covers("", ""));
    CHECK(SeenNames{}.within("shop") == SeenNames{"\nshop\n", {}});
    CHECK(SeenNames{"\nshop\nhr\n", "\na\n"}.within("hr") == SeenNames{"\nhr\n", "\na\n"});
    CHECK(SeenNames{"\nshop\n", {}}.within("hr") == SeenNames{"\n", {}});
    CHECK(SeenNames{"\nshop\n", {}}.within("") == SeenNames{"\nshop\n", {}});
}
