// Secrets and the vault. A value comes from a file, standard input or a prompt, never from the command line, where other
// processes and the shell's history would see it.

#include "cli/follow.hpp"
#include "cli/read_secret.hpp"
#include "cli/table.hpp"
#include "sluice/crypto/crypto.hpp"

namespace sluice::cli {

namespace {

Json list_of(const std::vector<std::string>& values) {
    Json out = Json::array();
    for (const auto& value : values)
        if (value != "none") out.push_back(value);
    return out;
}

/// The bindings that the options name, over those that there are. A list that is given replaces the whole; "none" empties it.
void take_bindings(const Arguments& arguments, Json& bindings) {
    if (arguments.has("host")) bindings["hosts"] = list_of(arguments.list("host"));
    if (arguments.has("flow")) bindings["flows"] = list_of(arguments.list("flow"));
    if (arguments.has("node-type")) bindings["node_types"] = list_of(arguments.list("node-type"));
    if (arguments.has("developers")) bindings["developers"] = true;
    if (arguments.has("no-developers")) bindings["developers"] = false;
}

std::string path_of(const Context& context) { return "/api/v1/secrets/" + encode(context.arguments.text("NAME")); }

std::string joined(const Json& bindings, std::string_view member, std::string_view empty) {
    std::string out;
    for (const auto& entry : bindings.value(std::string(member), Json::array())) {
        if (!out.empty()) out += ", ";
        out += entry.get<std::string>();
    }
    return out.empty() ? std::string(empty) : out;
}

int show(Context& context, const Json& secret, std::string_view done) {
    if (context.json()) context.print_json(secret);
    else context.print(fmt::format("{} {}, version {}\n", done, cell(secret, "name"), cell(secret, "version")));
    return exit_ok;
}

Call call_of(std::string verb, std::string path, const Json& body) {
    Call call;
    call.verb = std::move(verb);
    call.path = std::move(path);
    call.body = base::dump_json(body);
    return call;
}

/// Nothing when there is no such secret.
Outcome<std::optional<Json>> find_secret(Connection& server, const std::string& path) {
    auto found = server.get(path);
    if (found) return std::optional<Json>(std::move(*found));
    if (found.error().error.code == ErrorCode::not_found) return std::optional<Json>();
    return stop(std::move(found.error()));
}

Outcome<int> send_value(Context& context, bool create) {
    auto server = context.connect(create);
    if (!server) return stop(std::move(server.error()));
    auto found = find_secret(**server, path_of(context));
    if (!found) return stop(std::move(found.error()));
    if (!*found && !create)
        return answer_no("there is no secret {}; `sluice secrets set {}` makes it", context.arguments.text("NAME"), context.arguments.text("NAME"));
    auto value = read_secret(context, context.arguments.text("file"), "value");
    if (!value) return stop(std::move(value.error()));
    Json change = Json::object();
    Json bindings = *found ? (**found)["bindings"] : Json::object();
    take_bindings(context.arguments, bindings);
    if (context.arguments.has("description")) change["description"] = context.arguments.text("description");
    if (!*found) {
        change["name"] = context.arguments.text("NAME");
        change["value"] = *value;
        change["bindings"] = bindings;
        auto made = (*server)->post("/api/v1/secrets", change);
        if (!made) return stop(std::move(made.error()));
        if (!context.json() && bindings.value("hosts", Json::array()).empty())
            context.note("it may be sent nowhere yet: sluice secrets bind NAME --host HOST\n");
        return show(context, *made, "set");
    }
    auto set = (*server)->json(call_of("PUT", path_of(context), Json{{"value", *value}}));
    crypto::wipe(*value);
    if (!set) return stop(std::move(set.error()));
    if (bindings != (**found)["bindings"]) change["bindings"] = bindings;
    if (change.empty()) return show(context, *set, "set");
    auto edited = (*server)->json(call_of("PATCH", path_of(context), change));
    if (!edited) return stop(std::move(edited.error()));
    return show(context, *edited, "set");
}

int show_vault(Context& context, const Json& status) {
    if (context.json()) {
        context.print_json(status);
        return exit_ok;
    }
    if (status.value("sealed", true)) {
        context.print(fmt::format("sealed: {}\n", cell(status, "reason")));
        return exit_ok;
    }
    context.print(fmt::format("open: root {} from {}{}, {} keys\n", cell(status, "root"), cell(status, "origin"),
                              cell(status, "file") == "-" ? "" : " " + cell(status, "file"), cell(status, "keys")));
    return exit_ok;
}

}  // namespace

Outcome<int> set_secret(Context& context) { return send_value(context, true); }

Outcome<int> rotate_secret(Context& context) { return send_value(context, false); }

Outcome<int> bind_secret(Context& context) {
    auto server = context.connect();
    if (!server) return stop(std::move(server.error()));
    auto found = (*server)->get(path_of(context));
    if (!found) return stop(std::move(found.error()));
    Json bindings = (*found)["bindings"];
    take_bindings(context.arguments, bindings);
    auto done = (*server)->json(call_of("PATCH", path_of(context), Json{{"bindings", bindings}}));
    if (!done) return stop(std::move(done.error()));
    return show(context, *done, "bound");
}

Outcome<int> list_secrets(Context& context) {
    auto server = context.connect();
    if (!server) return stop(std::move(server.error()));
    auto items = list_items(**server, "/api/v1/secrets", {}, 10'000);
    if (!items) return stop(std::move(items.error()));
    if (context.json()) {
        context.print_json(Json{{"items", std::move(*items)}});
        return exit_ok;
    }
    Table table({{"NAME"}, {"VERSION", true}, {"HOSTS"}, {"FLOWS"}, {"UPDATED"}, {"DESCRIPTION"}});
    for (const auto& secret : *items)
        table.add({cell(secret, "name"), cell(secret, "version"), joined(secret["bindings"], "hosts", "none"),
                   joined(secret["bindings"], "flows", "all"), human_time(secret.value("updated_at", Json())),
                   cell(secret, "description")});
    context.print(table.empty() ? "no secrets; `sluice secrets set NAME` makes one\n" : table.render());
    return exit_ok;
}

Outcome<int> show_secret(Context& context) {
    auto server = context.connect();
    if (!server) return stop(std::move(server.error()));
    auto secret = (*server)->get(path_of(context));
    if (!secret) return stop(std::move(secret.error()));
    if (context.json()) {
        context.print_json(*secret);
        return exit_ok;
    }
    const Json& bindings = (*secret)["bindings"];
    context.print(fmt::format("{} ({})\n{}version {} of {}{}\nhosts       {}\nflows       {}\nnode types  {}\ndevelopers  {}\n",
                              cell(*secret, "name"), cell(*secret, "id"),
                              cell(*secret, "description").empty() ? "" : cell(*secret, "description") + "\n", cell(*secret, "version"),
                              human_time((*secret)["updated_at"]),
                              (*secret)["previous_ends_at"].is_null() ? "" : "; the one before ends " + human_time((*secret)["previous_ends_at"]),
                              joined(bindings, "hosts", "none: it is sent nowhere"), joined(bindings, "flows", "all"),
                              joined(bindings, "node_types", "all that have a place for secrets"),
                              bindings.value("developers", false) ? "may use it" : "may not use it"));
    return exit_ok;
}

Outcome<int> delete_secret(Context& context) { return delete_object(context, path_of(context), "NAME"); }

Outcome<int> rotate_secret_keys(Context& context) {
    auto server = context.connect();
    if (!server) return stop(std::move(server.error()));
    auto done = (*server)->post("/api/v1/secrets/rotate-keys", Json::object());
    if (!done) return stop(std::move(done.error()));
    if (context.json()) context.print_json(*done);
    else context.print(fmt::format("key version {}; {} values wrapped anew\n", cell(*done, "key_version"), cell(*done, "rewrapped")));
    return exit_ok;
}

Outcome<int> show_vault_status(Context& context) {
    auto server = context.connect();
    if (!server) return stop(std::move(server.error()));
    auto status = (*server)->get("/api/v1/vault");
    if (!status) return stop(std::move(status.error()));
    show_vault(context, *status);
    return status->value("sealed", true) ? exit_no : exit_ok;
}

Outcome<int> unseal_vault(Context& context) {
    Json body = Json::object();
    if (context.arguments.has("passphrase")) {
        auto passphrase = read_secret(context, context.arguments.text("file"), "passphrase");
        if (!passphrase) return stop(std::move(passphrase.error()));
        body["passphrase"] = std::move(*passphrase);
    }
    auto server = context.connect();
    if (!server) return stop(std::move(server.error()));
    auto status = (*server)->post("/api/v1/vault/unseal", body);
    if (!status) return stop(std::move(status.error()));
    return show_vault(context, *status);
}

Outcome<int> rotate_root(Context& context) {
    Json body = Json::object();
    if (context.arguments.has("key-file")) {
        std::error_code ignored;
        body["key_file"] = std::filesystem::absolute(context.arguments.text("key-file"), ignored).string();
    }
    if (context.arguments.has("passphrase")) {
        auto passphrase = read_secret(context, context.arguments.text("file"), "passphrase");
        if (!passphrase) return stop(std::move(passphrase.error()));
        body["passphrase"] = std::move(*passphrase);
    }
    auto server = context.connect();
    if (!server) return stop(std::move(server.error()));
    auto status = (*server)->post("/api/v1/vault/rotate-root", body);
    if (!status) return stop(std::move(status.error()));
    if (!body.empty() && !context.json())
        context.note("the next start needs this root: set vault.key_file or vault.passphrase to it now\n");
    return show_vault(context, *status);
}

}  // namespace sluice::cli
