// Where objects belong, and whom they exist for.
#include "sluice/net/places.hpp"

#include "net/server_world.hpp"
#include "sluice/net/networks.hpp"

using namespace sluice;
using namespace sluice::net;

namespace {

Principal limited(base::Scope scope) {
    Principal principal;
    principal.id = "key_me";
    for (const auto one : {Permission::runs_read, Permission::users_read}) principal.permissions.set(static_cast<std::size_t>(one));
    principal.scope = std::make_shared<const base::Scope>(std::move(scope));
    return principal;
}

ErrorCode refusal(const Principal& principal, const Place& place, Permission permission = Permission::runs_read) {
    const auto checked = check_place(principal, permission, place, "run_x");
    REQUIRE_FALSE(checked);
    return checked.error().code;
}

Awaitable<Response> nothing(Request&) { co_return no_content(); }

}  // namespace

TEST_CASE("what is outside of a scope is not there", "[net][places]") {
    const auto key = limited({.projects = {"shop"}});
    CHECK(check_place(key, Permission::runs_read, Place{"shop", "any"}, "run_x"));
    CHECK(refusal(key, Place{"hr", "any"}) == ErrorCode::not_found);
    CHECK(refusal(key, Place{}) == ErrorCode::not_found);
    CHECK(check_place(key, Permission::runs_read, Place{"", "", "key_me"}, "art_x"));
    CHECK(refusal(key, Place{"", "", "key_other"}) == ErrorCode::not_found);
    Place everyones;
    everyones.everyones = true;
    CHECK(check_place(key, Permission::runs_read, everyones, "set"));
    CHECK(check_place(Principal{}, Permission::runs_read, Place{"hr"}, "run_x"));  // no scope: its permissions were judged before
}

TEST_CASE("what concerns many objects exists for those who reach all of them", "[net][places]") {
    const auto within = [](std::string projects, std::string flows) {
        Place place;
        place.within = std::make_shared<const base::SeenNames>(base::SeenNames{std::move(projects), std::move(flows)});
        return place;
    };
    const auto key = limited({.projects = {"shop", "hr"}});
    CHECK(check_place(key, Permission::runs_read, within("\nshop\n", ""), "bulk_x"));
    CHECK(check_place(key, Permission::runs_read, within("\nhr\nshop\n", "\ntriage\n"), "bulk_x"));
    CHECK(refusal(key, within("\nshop\nother\n", "")) == ErrorCode::not_found);
    CHECK(refusal(key, within("", "\ntriage\n")) == ErrorCode::not_found);
    CHECK(refusal(limited({.flows = {"a"}}), within("\nshop\n", "")) == ErrorCode::not_found);
}

TEST_CASE("who sees an object but may not do that is told so", "[net][places]") {
    base::Scope scope;
    base::PermissionSet reads;
    reads.set(static_cast<std::size_t>(Permission::runs_read));
    scope.rights = base::Scope::Rights{{}, {{"shop", reads}}};
    auto person = limited(std::move(scope));
    person.permissions.set(static_cast<std::size_t>(Permission::runs_write));
    CHECK(check_place(person, Permission::runs_read, Place{"shop", "a"}, "run_x"));
    CHECK(refusal(person, Place{"shop", "a"}, Permission::runs_write) == ErrorCode::forbidden);
    CHECK(refusal(person, Place{"hr", "a"}, Permission::runs_write) == ErrorCode::not_found);
}

TEST_CASE("a route whose objects nobody has placed does not start", "[net][places]") {
    Router router;
    router.add(RouteEntry{Verb::get, "/api/v1/things/{id}", Permission::runs_read, nothing, {.summary = "Read a thing"}});
    CHECK_THROWS_WITH(router.seal("1"), Catch::Contains("nobody has said where the objects of things belong"));
    Router placed;
    placed.add(RouteEntry{Verb::get, "/api/v1/things/{id}", Permission::runs_read, nothing, {.summary = "Read a thing"}});
    placed.places().add_whole("things");
    placed.seal("1");
    CHECK_THROWS_WITH(placed.places().add_whole("things"), Catch::Contains("twice"));
}

TEST_CASE("networks hold addresses of their family, mapped ones too", "[net][networks]") {
    const auto networks = Networks::parse({"10.0.0.0/24", "192.0.2.7", "2001:db8::/32"});
    REQUIRE(networks);
    for (const auto* inside : {"10.0.0.255", "::ffff:10.0.0.1", "192.0.2.7", "2001:db8:1::1"}) {
        CAPTURE(inside);
        CHECK(networks->contains(inside));
    }
    for (const auto* outside : {"10.0.1.0", "192.0.2.8", "2001:db9::1", "", "localhost"}) {
        CAPTURE(outside);
        CHECK_FALSE(networks->contains(outside));
    }
    CHECK_FALSE(Networks::parse({})->contains("10.0.0.1"));
    for (const auto* wrong : {"10.0.0.0/33", "10.0.0/8", "name", "10.0.0.0/", "/8", "::1/129"}) {
        CAPTURE(wrong);
        CHECK_FALSE(Networks::parse({wrong}));
    }
}
