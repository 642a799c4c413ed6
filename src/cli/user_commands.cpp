// People: the accounts of the server, over its admin socket, and invitations.

#include "cli/follow.hpp"
#include "cli/table.hpp"

namespace sluice::cli {

namespace {

/// Where a browser finds the server; empty without one that listens.
std::string address_of(Connection& server) {
    auto system = server.get("/api/v1/system");
    auto url = system ? base::string_or(*system, "url", "") : std::string();
    while (url.ends_with('/')) url.pop_back();
    return url;
}

/// The first line of a file or of standard input: a password does not belong on a command line, where
/// others could read it.
Outcome<std::string> read_password(Context& context) {
    auto text = read_whole(context, context.arguments.text("password-file", "-"));
    if (!text) return stop(std::move(text.error()));
    return text->substr(0, text->find_first_of("\r\n"));
}

int print_link(Context& context, const Json& answer, const std::string& url) {
    const auto link = url + base::string_or(answer, "path", "");
    if (context.json())
        context.print_json(Json{{"url", link}});
    else
        context.print(link + "\n");
    return exit_ok;
}

std::string workspaces_of(const Json& user) {
    std::string out;
    const auto list = user.value("workspaces", Json::array());
    for (const auto& one : list) out += (out.empty() ? "" : ", ") + fmt::format("{} ({})", cell(one, "name"), cell(one, "role"));
    return out;
}

Outcome<int> set_status(Context& context, const char* status) {
    auto server = context.connect();
    if (!server) return stop(std::move(server.error()));
    Call call;
    call.verb = "PATCH";
    call.path = "/api/v1/system/users/" + encode(context.arguments.text("EMAIL"));
    call.body = base::dump_json(Json{{"status", status}});
    auto changed = (*server)->json(call);
    if (!changed) return stop(std::move(changed.error()));
    context.print(fmt::format("{} is {}\n", cell(*changed, "email"), cell(*changed, "status")));
    return exit_ok;
}

}  // namespace

Outcome<int> list_users(Context& context) {
    auto server = context.connect();
    if (!server) return stop(std::move(server.error()));
    auto list = (*server)->get("/api/v1/system/users");
    if (!list) return stop(std::move(list.error()));
    const auto items = list->value("items", Json::array());
    if (context.json()) {
        context.print_json(Json{{"items", items}});
        return exit_ok;
    }
    Table table({{"EMAIL"}, {"NAME"}, {"STATUS"}, {"WORKSPACES"}, {"LAST SIGN-IN"}});
    for (const auto& user : items)
        table.add({cell(user, "email"), cell(user, "name"), cell(user, "status"), workspaces_of(user),
                   human_time(user.value("last_sign_in_at", Json()))});
    context.print(table.empty() ? "no accounts; `sluice user create` makes one\n" : table.render());
    return exit_ok;
}

Outcome<int> create_user(Context& context) {
    auto password = read_password(context);
    if (!password) return stop(std::move(password.error()));
    auto server = context.connect(true);
    if (!server) return stop(std::move(server.error()));
    const auto email = context.arguments.text("EMAIL");
    const Json wanted{{"email", email},
                      {"name", context.arguments.text("name", email.substr(0, email.find('@')))},
                      {"role", context.arguments.text("role", "owner")},
                      {"password", *password}};
    auto made = (*server)->post("/api/v1/system/users", wanted);
    if (!made) return stop(std::move(made.error()));
    if (context.json())
        context.print_json(*made);
    else
        context.print(fmt::format("{} has an account now: {}\n", cell(*made, "email"), workspaces_of(*made)));
    return exit_ok;
}

Outcome<int> reset_user(Context& context) {
    auto server = context.connect();
    if (!server) return stop(std::move(server.error()));
    if (context.arguments.has("second-factor")) {
        const auto email = context.arguments.text("EMAIL");
        auto done = (*server)->text(Call{"DELETE", fmt::format("/api/v1/system/users/{}/second-factor", encode(email))});
        if (!done) return stop(std::move(done.error()));
        if (context.json()) context.print_json(Json{{"email", email}, {"second_factor", false}});
        else context.print(fmt::format("{} signs in without a second factor now, and can set up another\n", email));
        return exit_ok;
    }
    const auto url = address_of(**server);
    if (url.empty())  // the link lives in the memory of the server that made it
        return stop(exit_unreachable, Error{ErrorCode::unavailable, "no server listens on this data directory; start `sluice serve` first"});
    auto link = (*server)->post(fmt::format("/api/v1/system/users/{}/reset", encode(context.arguments.text("EMAIL"))), Json::object());
    if (!link) return stop(std::move(link.error()));
    return print_link(context, *link, url);
}

Outcome<int> disable_user(Context& context) { return set_status(context, "disabled"); }
Outcome<int> enable_user(Context& context) { return set_status(context, "active"); }

Outcome<int> invite_user(Context& context) {
    auto server = context.connect();
    if (!server) return stop(std::move(server.error()));
    const Json wanted{{"email", context.arguments.text("EMAIL")}, {"role", context.arguments.text("role", "developer")}};
    auto made = (*server)->post("/api/v1/invitations", wanted);
    if (!made) return stop(std::move(made.error()));
    return print_link(context, *made, address_of(**server));
}

Outcome<int> workspace_second_factor(Context& context) {
    auto server = context.connect();
    if (!server) return stop(std::move(server.error()));
    auto me = (*server)->get("/api/v1/auth/me");
    if (!me) return stop(std::move(me.error()));
    const auto path = "/api/v1/workspaces/" + encode((*me)["workspace"]["id"].get<std::string>());
    const auto rule = context.arguments.text("RULE");
    if (!rule.empty() && rule != "required" && rule != "optional")
        return stop(exit_usage, Error{ErrorCode::invalid_argument, fmt::format("{} is no rule; write required or optional", rule)});
    const Json wanted{{"require_second_factor", rule == "required"}};
    auto found = rule.empty() ? (*server)->get(path) : (*server)->json(Call{"PATCH", path, {}, base::dump_json(wanted)});
    if (!found) return stop(std::move(found.error()));
    if (context.json()) {
        context.print_json(*found);
        return exit_ok;
    }
    context.print(fmt::format("a second factor is {} in {}\n", found->value("require_second_factor", false) ? "required" : "optional",
                              cell(*found, "name")));
    return exit_ok;
}

}  // namespace sluice::cli
