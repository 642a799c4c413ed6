// REST of a workspace's rules of egress.

#include "sluice/base/json.hpp"
#include "sluice/identity/egress_rules.hpp"
#include "sluice/identity/identity.hpp"
#include "sluice/net/server.hpp"

namespace sluice::identity {
namespace {

using net::json_response;
using net::problem;
using net::Request;
using net::Response;
using net::Verb;

constexpr std::string_view rules_schema = R"json({"type": "object", "required": ["hosts", "allow"], "properties": {
    "hosts": {"type": ["array", "null"], "items": {"type": "string"},
              "description": "The only hosts that requests may go to; null: every public one"},
    "allow": {"type": "array", "items": {"type": "string"},
              "description": "Internal addresses that are open to the workspace, as in egress.allow"},
    "changed_at": {"type": ["string", "null"]}, "changed_by": {"type": ["string", "null"]}}})json";
constexpr std::string_view new_schema = R"json({"type": "object", "required": ["hosts"], "additionalProperties": false,
    "properties": {
    "hosts": {"type": ["array", "null"], "items": {"type": "string", "minLength": 1, "maxLength": 260}, "maxItems": 500,
              "description": "Names, *.names or addresses, each with :PORT or without; null: every public host"},
    "allow": {"type": "array", "items": {"type": "string", "minLength": 1, "maxLength": 260}, "maxItems": 500,
              "description": "Left out: as it is. Only the owner of the server's machine may change it"}}})json";

Json render(const EgressRuleSet& rules) {
    const bool changed = rules.changed_at != Time();
    return {{"hosts", rules.hosts ? Json(*rules.hosts) : Json()},
            {"allow", rules.allow},
            {"changed_at", changed ? Json(base::format_time(rules.changed_at)) : Json()},
            {"changed_by", changed ? Json(rules.changed_by) : Json()}};
}

/// The workspace in the path must be the caller's own.
Result<void> check_workspace(const Request& request, const Identity& identity) {
    const auto found = identity.find_workspace(request.parameter("id"));
    if (found && found->id == request.workspace()) return {};
    return fail(ErrorCode::not_found, "there is no workspace {} for this credential", request.parameter("id"));
}

std::vector<std::string> strings(const Json& list) {
    std::vector<std::string> out;
    for (const auto& each : list) out.push_back(each.get<std::string>());
    return out;
}

Awaitable<Response> get_rules(Request& request, EgressRoutes& service) {
    if (auto own = check_workspace(request, service.identity); !own) co_return problem(own.error());
    co_return json_response(200, render(service.egress.get(request.workspace())));
}

Awaitable<Response> put_rules(Request& request, EgressRoutes& service) {
    if (auto own = check_workspace(request, service.identity); !own) co_return problem(own.error());
    const auto body = request.json();
    if (!body) co_return problem(body.error());
    auto rules = service.egress.get(request.workspace());
    rules.hosts.reset();
    if (const auto& hosts = body->at("hosts"); hosts.is_array()) rules.hosts = strings(hosts);
    if (const auto* allow = base::find_member(*body, "allow")) rules.allow = strings(*allow);
    std::function<void(storage::WriteUnit&, const EgressRuleSet&)> also = [&request](storage::WriteUnit& unit,
                                                                                     const EgressRuleSet& made) {
        request.record(unit, {200, base::dump_json(render(made)), {}});
    };
    auto made = co_await service.egress.set(request.principal, std::move(rules), std::move(also));
    if (!made) co_return problem(made.error());
    co_return json_response(200, render(*made));
}

const net::Route<EgressRoutes> routes[] = {
    {Verb::get, "/api/v1/workspaces/{id}/egress", Permission::egress_read, get_rules,
     {.summary = "Read where the workspace's requests may go", .response = "EgressRules"}},
    {Verb::put, "/api/v1/workspaces/{id}/egress", Permission::egress_write, put_rules,
     {.summary = "Say where the workspace's requests may go", .request = "NewEgressRules", .response = "EgressRules"}},
};

}  // namespace

void add_routes(net::Router& router, EgressRoutes& service) {
    router.add_schema("EgressRules", rules_schema);
    router.add_schema("NewEgressRules", new_schema);
    router.add(std::span<const net::Route<EgressRoutes>>(routes), service);
}

}  // namespace sluice::identity
