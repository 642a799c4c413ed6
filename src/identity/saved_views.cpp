#include "sluice/identity/saved_views.hpp"

#include "saved_views_store.hpp"
#include "sluice/net/http.hpp"
#include "sluice/storage/write_unit.hpp"

namespace sluice::identity {

std::string view_owner(const Principal& caller) {
    const bool own = caller.kind == Principal::Kind::api_key || caller.kind == Principal::Kind::user;
    return own ? caller.id : "local";
}

std::string etag_of(const SavedView& view) { return fmt::format("\"{}\"", view.revision); }

Awaitable<Result<std::vector<SavedView>>> SavedViews::list(const Principal& caller, std::string page) {
    std::string owner = view_owner(caller);
    co_return co_await store::list_views(storage_, caller.workspace, std::move(owner), std::move(page));
}

Awaitable<Result<SavedView>> SavedViews::create(const Principal& caller, SavedView view, Also also) {
    view.id = SavedViewId::make(clock_.now(), random_);
    view.workspace = caller.workspace;
    view.owner = view_owner(caller);
    view.revision = 1;
    view.created_at = view.updated_at = clock_.now();
    storage::WriteUnit unit;
    store::insert_view(unit, view);
    if (also) also(unit, view);
    auto done = co_await storage_.submit(std::move(unit));
    if (!done) co_return fail(std::move(done.error()));
    co_return view;
}

Awaitable<Result<SavedView>> SavedViews::changeable(const Principal& caller, SavedViewId id, const std::optional<std::string>& if_match) {
    auto found = co_await store::find_view(storage_, caller.workspace, id);
    if (!found) co_return fail(std::move(found.error()));
    const bool own = *found && (*found)->owner == view_owner(caller);
    if (!*found || (!own && !(*found)->shared)) co_return fail(ErrorCode::not_found, "there is no saved view {}; GET /api/v1/saved-views lists them", id);
    if (!own && !caller.may_everywhere(Permission::users_write))
        co_return fail(ErrorCode::forbidden, "this view is shared by somebody else; save one of your own, or ask its maker or an administrator");
    if (if_match && !net::etag_matches(*if_match, etag_of(**found)))
        co_return fail(ErrorCode::precondition_failed, "somebody has changed this view meanwhile; read it again");
    co_return std::move(**found);
}

Awaitable<Result<SavedView>> SavedViews::change(const Principal& caller, SavedViewId id, SavedView view,
                                                std::optional<std::string> if_match, Also also) {
    auto found = co_await changeable(caller, id, if_match);
    if (!found) co_return fail(std::move(found.error()));
    SavedView after = std::move(*found);
    after.name = std::move(view.name);
    after.search = std::move(view.search);
    after.shared = view.shared;
    after.updated_at = clock_.now();
    ++after.revision;
    storage::WriteUnit unit;
    store::update_view(unit, after);
    if (also) also(unit, after);
    auto done = co_await storage_.submit(std::move(unit));
    if (!done) co_return fail(std::move(done.error()));
    co_return after;
}

Awaitable<Result<void>> SavedViews::remove(const Principal& caller, SavedViewId id, std::optional<std::string> if_match, Also also) {
    auto found = co_await changeable(caller, id, if_match);
    if (!found) co_return fail(std::move(found.error()));
    storage::WriteUnit unit;
    store::delete_view(unit, *found);
    if (also) also(unit, *found);
    co_return co_await storage_.submit(std::move(unit));
}

}  // namespace sluice::identity
