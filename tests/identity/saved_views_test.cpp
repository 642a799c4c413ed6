#include "events/house.hpp"
#include "sluice/identity/identity.hpp"
#include "sluice/identity/saved_views.hpp"

using namespace sluice;
using namespace sluice::identity;

namespace {

struct Office : sluice::testing::House {
    Office() {
        identity = std::make_unique<Identity>(*storage, clock, random);
        done(identity->start());
        workspace = identity->find_workspace("default")->id;
        views = std::make_unique<SavedViews>(*storage, clock, random);
    }
    ~Office() { run(identity->stop()); }

    Principal person(std::string id, bool admin = false) const {
        Principal out;
        out.kind = Principal::Kind::user;
        out.id = std::move(id);
        out.workspace = workspace;
        if (admin) out.permissions.set(static_cast<std::size_t>(Permission::users_write));
        return out;
    }
    static SavedView view(std::string name, bool shared = false, std::string page = "runs") {
        SavedView out;
        out.page = std::move(page);
        out.name = std::move(name);
        out.search = "status=failed";
        out.shared = shared;
        return out;
    }
    std::vector<std::string> names(const Principal& caller, std::string page = "") {
        std::vector<std::string> out;
        for (const auto& each : get(views->list(caller, std::move(page)))) out.push_back(each.name);
        return out;
    }

    std::unique_ptr<Identity> identity;
    std::unique_ptr<SavedViews> views;
    WorkspaceId workspace;
};
using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("a saved view is its maker's own until it is shared", "[identity][views]") {
    Office o;
    const Principal ann = o.person("usr_ann"), bob = o.person("usr_bob");
    const auto mine = o.get(o.views->create(ann, Office::view("mine")));
    o.get(o.views->create(ann, Office::view("ours", true)));
    o.get(o.views->create(bob, Office::view("his", false, "dead-letters")));
    CHECK(o.names(ann) == Names{"mine", "ours"});
    CHECK(o.names(bob) == Names{"his", "ours"});
    CHECK(o.names(bob, "runs") == Names{"ours"});
    SavedView shared = mine;
    shared.shared = true;
    const auto changed = o.get(o.views->change(ann, mine.id, shared, std::nullopt));
    CHECK(changed.revision == 2);
    CHECK(o.names(bob) == Names{"his", "mine", "ours"});
    Principal elsewhere = bob;
    elsewhere.workspace = WorkspaceId::last();
    CHECK(o.names(elsewhere).empty());
}

TEST_CASE("a saved view is changed by its maker, and a shared one by whoever manages people", "[identity][views]") {
    Office o;
    const Principal ann = o.person("usr_ann"), bob = o.person("usr_bob"), admin = o.person("usr_eve", true);
    const auto own = o.get(o.views->create(ann, Office::view("mine")));
    const auto shared = o.get(o.views->create(ann, Office::view("ours", true)));
    CHECK(o.error(o.views->change(bob, own.id, Office::view("x"), std::nullopt)) == ErrorCode::not_found);
    CHECK(o.error(o.views->change(admin, own.id, Office::view("x"), std::nullopt)) == ErrorCode::not_found);
    CHECK(o.error(o.views->change(bob, shared.id, Office::view("x"), std::nullopt)) == ErrorCode::forbidden);
    CHECK(o.error(o.views->remove(bob, shared.id, std::nullopt)) == ErrorCode::forbidden);
    CHECK(o.get(o.views->change(admin, shared.id, Office::view("everyone's", true), std::nullopt)).owner == "usr_ann");
    CHECK(o.error(o.views->change(ann, shared.id, Office::view("late", true), etag_of(shared))) == ErrorCode::precondition_failed);
    CHECK(o.error(o.views->remove(ann, shared.id, etag_of(shared))) == ErrorCode::precondition_failed);
    o.done(o.views->remove(ann, shared.id, std::nullopt));
    CHECK(o.error(o.views->remove(ann, shared.id, std::nullopt)) == ErrorCode::not_found);
    CHECK(o.names(ann) == Names{"mine"});
}

TEST_CASE("a name is given once on a page, and a person has a bounded number of views", "[identity][views]") {
    Office o;
    const Principal ann = o.person("usr_ann"), bob = o.person("usr_bob");
    const auto first = o.get(o.views->create(ann, Office::view("mine")));
    CHECK(o.error(o.views->create(ann, Office::view("mine"))) == ErrorCode::conflict);
    const auto second = o.get(o.views->create(ann, Office::view("other")));
    CHECK(o.error(o.views->change(ann, second.id, Office::view("mine"), std::nullopt)) == ErrorCode::conflict);
    o.get(o.views->create(ann, Office::view("mine", false, "spend")));
    o.get(o.views->create(bob, Office::view("mine")));
    for (int i = 3; i < SavedView::most_of_owner; ++i) o.get(o.views->create(ann, Office::view(std::to_string(i))));
    CHECK(o.error(o.views->create(ann, Office::view("one more"))) == ErrorCode::conflict);
    o.done(o.views->remove(ann, first.id, std::nullopt));
    o.get(o.views->create(ann, Office::view("one more")));
}
