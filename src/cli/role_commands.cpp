// Roles: built in, and the workspace's own.

#include "cli/follow.hpp"
#include "cli/lists.hpp"
#include "cli/table.hpp"

namespace sluice::cli {

namespace {

int print_role(Context& context, const Json& role, const char* what) {
    if (context.json())
        context.print_json(role);
    else
        context.print(fmt::format("role {} {}: {}\n", cell(role, "name"), what, joined(role["permissions"])));
    return exit_ok;
}

}  // namespace

Outcome<int> list_roles(Context& context) {
    auto server = context.connect();
    if (!server) return stop(std::move(server.error()));
    auto list = (*server)->get("/api/v1/roles");
    if (!list) return stop(std::move(list.error()));
    const auto items = list->value("items", Json::array());
    if (context.json()) {
        context.print_json(Json{{"items", items}});
        return exit_ok;
    }
    Table table({{"NAME"}, {"KIND"}, {"PERMISSIONS"}, {"DESCRIPTION"}});
    for (const auto& role : items)
        table.add({cell(role, "name"), role.value("built_in", false) ? "built in" : "own", std::to_string(role["permissions"].size()),
                   cell(role, "description")});
    context.print(table.render());
    return exit_ok;
}

Outcome<int> create_role(Context& context) {
    Json wanted{{"name", context.arguments.text("NAME")}, {"permissions", split(context.arguments.text("permissions"))}};
    if (context.arguments.has("description")) wanted["description"] = context.arguments.text("description");
    auto server = context.connect();
    if (!server) return stop(std::move(server.error()));
    auto made = (*server)->post("/api/v1/roles", wanted);
    if (!made) return stop(std::move(made.error()));
    return print_role(context, *made, "made");
}

Outcome<int> update_role(Context& context) {
    Json wanted = Json::object();
    if (context.arguments.has("permissions")) wanted["permissions"] = split(context.arguments.text("permissions"));
    if (context.arguments.has("description")) wanted["description"] = context.arguments.text("description");
    if (wanted.empty()) return wrong_use("say what shall change: --permissions, --description");
    auto server = context.connect();
    if (!server) return stop(std::move(server.error()));
    auto changed = (*server)->json(Call{"PUT", "/api/v1/roles/" + encode(context.arguments.text("NAME")), {}, base::dump_json(wanted)});
    if (!changed) return stop(std::move(changed.error()));
    return print_role(context, *changed, "changed");
}

Outcome<int> delete_role(Context& context) {
    auto server = context.connect();
    if (!server) return stop(std::move(server.error()));
    const auto name = context.arguments.text("NAME");
    auto done = (*server)->text(Call{"DELETE", "/api/v1/roles/" + encode(name)});
    if (!done) return stop(std::move(done.error()));
    context.print(fmt::format("role {} is deleted\n", name));
    return exit_ok;
}

}  // namespace sluice::cli
