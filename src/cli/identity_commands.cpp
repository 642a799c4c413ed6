// Keys, workspaces, sign-in links. Roles: role_commands.cpp.

#include <charconv>
#include <cstdlib>

#include "cli/follow.hpp"
#include "cli/limit_terms.hpp"
#include "cli/lists.hpp"
#include "cli/table.hpp"
#include "sluice/base/clock.hpp"

namespace sluice::cli {

namespace {

/// Makes the workspace unless it is there. The call itself is made from the default workspace.
Outcome<void> ensure_workspace(Connection& server, const std::string& name) {
    const auto wanted = server.workspace();
    server.set_workspace("");
    auto found = server.get("/api/v1/workspaces/" + encode(name));
    Outcome<void> outcome;
    if (!found && found.error().error.code == ErrorCode::not_found) {
        auto made = server.post("/api/v1/workspaces", Json{{"name", name}});
        // Another may have made it since.
        if (!made && made.error().error.code != ErrorCode::conflict)
            outcome = stop(std::move(made.error()));
    } else if (!found) {
        outcome = stop(std::move(found.error()));
    }
    server.set_workspace(wanted);
    return outcome;
}

/// "10" or "10:50".
std::optional<Json> parse_rate(const std::string& text) {
    const auto colon = text.find(':');
    const auto number = [](std::string_view part) -> std::optional<double> {
        double value = 0;
        const auto [end, failed] = std::from_chars(part.data(), part.data() + part.size(), value);
        if (failed != std::errc() || end != part.data() + part.size() || !(value > 0)) return std::nullopt;
        return value;
    };
    const auto rate = number(std::string_view(text).substr(0, colon));
    if (!rate) return std::nullopt;
    Json out{{"per_second", *rate}};
    if (colon == text.npos) return out;
    const auto burst = number(std::string_view(text).substr(colon + 1));
    if (!burst) return std::nullopt;
    out["burst"] = *burst;
    return out;
}

/// What a key is limited to, in a table's cell.
std::string limits_of(const Json& key) {
    std::string out = joined(key.value("projects", Json::array()));
    if (const auto flows = joined(key.value("flows", Json::array())); !flows.empty()) out += (out.empty() ? "" : "; ") + flows;
    return out.empty() ? "-" : out;
}

/// Where a browser finds a server that listens on `listen`.
std::string url_of(std::string_view listen, bool tls) {
    const auto colon = listen.rfind(':');
    auto host = std::string(listen.substr(0, colon));
    const auto port =
        colon == std::string_view::npos ? std::string_view("8080") : listen.substr(colon + 1);
    if (host.empty() || host == "0.0.0.0" || host == "*") host = "127.0.0.1";
    if (host == "[::]" || host == "::") host = "[::1]";
    return fmt::format("{}://{}:{}", tls ? "https" : "http", host, port);
}

}  // namespace

Outcome<int> create_key(Context& context) {
    Json wanted = Json::object();
    if (context.arguments.has("name")) wanted["name"] = context.arguments.text("name");
    if (context.arguments.has("scopes")) {
        if (context.arguments.has("role")) return wrong_use("give either --role or --scopes");
        wanted["permissions"] = split(context.arguments.text("scopes"));
        if (wanted["permissions"].empty())
            return wrong_use("--scopes is empty; write for example --scopes runs:read,runs:write");
    } else if (context.arguments.has("role")) {
        wanted["role"] = context.arguments.text("role");
    }
    for (const auto& [option, member] : {std::pair("project", "projects"), std::pair("flow", "flows"), std::pair("cidr", "networks")})
        if (context.arguments.has(option)) wanted[member] = Json(context.arguments.list(option));
    if (context.arguments.has("rate")) {
        auto rate = parse_rate(context.arguments.text("rate"));
        if (!rate) return wrong_use("--rate {} is no rate; write for example 10 or 10:50", context.arguments.text("rate"));
        wanted["rate_limit"] = std::move(*rate);
    }
    auto limited = limit_terms(context, std::move(wanted));
    if (!limited) return stop(std::move(limited.error()));
    wanted = std::move(*limited);
    if (context.arguments.has("budget")) {
        wanted["budget"] = {{"limit_usd", context.arguments.text("budget")}, {"window", context.arguments.text("window", "month")}};
        if (context.arguments.has("action")) wanted["budget"]["action"] = context.arguments.text("action");
    } else if (context.arguments.has("window") || context.arguments.has("action")) {
        return wrong_use("--window and --action go with --budget");
    }
    if (context.arguments.text("expires") == "never") {
        wanted["expires_at"] = nullptr;
    } else if (context.arguments.has("expires")) {
        const auto life = base::parse_duration(context.arguments.text("expires"));
        if (!life || life->count() == 0)
            return wrong_use("--expires {} is no duration; write for example 90d or 12h",
                             context.arguments.text("expires"));
        wanted["expires_at"] = base::format_time(base::SystemClock().now() + *life);
    }
    auto server = context.connect(true);
    if (!server) return stop(std::move(server.error()));
    if (const auto name = (*server)->workspace(); !name.empty())
        if (auto there = ensure_workspace(**server, name); !there)
            return stop(std::move(there.error()));
    auto made = (*server)->post("/api/v1/api-keys", wanted);
    if (!made) return stop(std::move(made.error()));
    if (context.json()) {
        context.print(base::dump_json(Json{{"id", (*made)["id"]}, {"key", (*made)["key"]}}) + "\n");
        return exit_ok;
    }
    context.print(cell(*made, "key") + "\n");
    context.note(fmt::format(
        "{}: role {}{}; this is the only time it is shown\n", cell(*made, "id"),
        cell(*made, "role"),
        cell(*made, "expires_at") == "-" ? "" : ", until " + human_time((*made)["expires_at"])));
    return exit_ok;
}

Outcome<int> list_keys(Context& context) {
    auto server = context.connect();
    if (!server) return stop(std::move(server.error()));
    auto items = list_items(**server, "/api/v1/api-keys", {}, 10'000);
    if (!items) return stop(std::move(items.error()));
    if (context.json()) {
        context.print_json(Json{{"items", std::move(*items)}});
        return exit_ok;
    }
    Table table({{"ID"},
                 {"NAME"},
                 {"ROLE"},
                 {"LIMITED TO"},
                 {"PREFIX"},
                 {"CREATED"},
                 {"EXPIRES"},
                 {"LAST USED"},
                 {"REVOKED"}});
    for (const auto& key : *items)
        table.add({cell(key, "id"), cell(key, "name"), cell(key, "role"), limits_of(key), cell(key, "prefix"),
                   human_time(key.value("created_at", Json())),
                   human_time(key.value("expires_at", Json())),
                   human_time(key.value("last_used_at", Json())),
                   human_time(key.value("revoked_at", Json()))});
    context.print(table.empty() ? "no keys; `sluice key create` makes one\n" : table.render());
    return exit_ok;
}

Outcome<int> revoke_key(Context& context) {
    auto server = context.connect();
    if (!server) return stop(std::move(server.error()));
    const auto id = context.arguments.text("ID");
    auto done = (*server)->text(Call{"DELETE", "/api/v1/api-keys/" + encode(id)});
    if (!done) return stop(std::move(done.error()));
    context.print(fmt::format("{} is revoked\n", id));
    return exit_ok;
}

Outcome<int> workspace_egress(Context& context) {
    auto server = context.connect();
    if (!server) return stop(std::move(server.error()));
    auto me = (*server)->get("/api/v1/auth/me");
    if (!me) return stop(std::move(me.error()));
    const auto path = fmt::format("/api/v1/workspaces/{}/egress", encode((*me)["workspace"]["id"].get<std::string>()));
    auto rules = (*server)->get(path);
    if (!rules) return stop(std::move(rules.error()));
    const auto& arguments = context.arguments;
    if (arguments.has("hosts") || arguments.has("allow")) {
        Json wanted{{"hosts", (*rules)["hosts"]}};
        if (arguments.has("hosts")) wanted["hosts"] = arguments.text("hosts") == "any" ? Json() : split(arguments.text("hosts"));
        if (arguments.has("allow"))
            wanted["allow"] = arguments.text("allow") == "none" ? Json::array() : split(arguments.text("allow"));
        rules = (*server)->json(Call{"PUT", path, {}, base::dump_json(wanted)});
        if (!rules) return stop(std::move(rules.error()));
    }
    if (context.json()) {
        context.print_json(*rules);
        return exit_ok;
    }
    const auto line = [](const Json& list, std::string_view otherwise) {
        std::string text;
        for (const auto& each : list) text += (text.empty() ? "" : ", ") + each.get<std::string>();
        return text.empty() ? std::string(otherwise) : text;
    };
    const auto& hosts = (*rules)["hosts"];
    context.print(fmt::format("hosts  {}\nopened {}\n", hosts.is_null() ? "any public host" : line(hosts, "none"),
                              line((*rules)["allow"], "no internal address of its own")));
    return exit_ok;
}

Outcome<int> list_workspaces(Context& context) {
    auto server = context.connect();
    if (!server) return stop(std::move(server.error()));
    auto list = (*server)->get("/api/v1/workspaces");
    if (!list) return stop(std::move(list.error()));
    if (context.json()) {
        context.print_json(Json{{"items", list->value("items", Json::array())}});
        return exit_ok;
    }
    Table table({{"NAME"}, {"ID"}, {"CREATED"}});
    const auto items = list->value("items", Json::array());
    for (const auto& workspace : items)
        table.add({cell(workspace, "name"), cell(workspace, "id"),
                   human_time(workspace.value("created_at", Json()))});
    context.print(table.render());
    return exit_ok;
}

Outcome<int> create_workspace(Context& context) {
    auto server = context.connect(true);
    if (!server) return stop(std::move(server.error()));
    auto made =
        (*server)->post("/api/v1/workspaces", Json{{"name", context.arguments.text("NAME")}});
    if (!made) return stop(std::move(made.error()));
    if (context.json())
        context.print_json(*made);
    else
        context.print(
            fmt::format("workspace {} made ({})\n", cell(*made, "name"), cell(*made, "id")));
    return exit_ok;
}

Outcome<int> make_link(Context& context) {
    auto data = context.data();
    if (!data) return stop(std::move(data.error()));
    const auto socket = std::filesystem::path(*data) / "admin.sock";
    const auto variable = [](const char* name) {
        return std::string(std::getenv(name) ? std::getenv(name) : "");
    };
    auto base_url = context.arguments.text("url", variable("SLUICE_URL"));
    std::unique_ptr<Connection> server;
    if (socket_answers(socket)) {
        server = Connection::over_socket(socket, Connection::Way::socket);
    } else if (!base_url.empty()) {
        auto opened =
            Connection::over_url(base_url, context.arguments.text("key", variable("SLUICE_KEY")));
        if (!opened) return stop(std::move(opened.error()));
        server = std::move(*opened);
    } else {
        // A link lives in the memory of the server that made it.
        return stop(
            exit_unreachable,
            Error{ErrorCode::unavailable, fmt::format("no server runs on {}; start `sluice serve "
                                                      "--data {}`, or name one by --url and --key",
                                                      *data, *data)});
    }
    server->set_workspace(context.arguments.text("workspace", variable("SLUICE_WORKSPACE")));
    auto link = server->post("/api/v1/auth/links", Json::object());
    if (!link) return stop(std::move(link.error()));
    if (base_url.empty())
        if (auto system = server->get("/api/v1/system"))
            base_url = base::string_or(*system, "url", "");
    if (base_url.empty()) {
        const auto& config = **context.config();
        base_url = url_of(config.text("server.listen"), !config.text("tls.certificate").empty());
    }
    while (base_url.ends_with('/')) base_url.pop_back();
    const auto url = base_url + base::string_or(*link, "path", "");
    if (context.json())
        context.print_json(Json{{"url", url}, {"expires_in", cell(*link, "expires_in")}});
    else
        context.print(url + "\n");
    return exit_ok;
}

}  // namespace sluice::cli
