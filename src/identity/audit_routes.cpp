// REST of the audit trail: search, export, verification.

#include "sluice/base/json.hpp"
#include "sluice/identity/audit.hpp"
#include "sluice/net/server.hpp"

namespace sluice::identity {
namespace {

using net::problem;
using net::Request;
using net::Response;
using net::Verb;

constexpr int export_batch = 500;

Json text_or_json(const std::string& text) {
    if (text.empty()) return nullptr;
    auto parsed = base::parse_json(text);
    return parsed ? std::move(*parsed) : Json(text);
}

Json render(const AuditEntry& entry) {
    return {{"seq", entry.seq},
            {"at", base::format_time(entry.at)},
            {"workspace", entry.workspace ? Json(entry.workspace.str()) : Json()},
            {"actor", {{"kind", entry.actor_kind}, {"id", entry.actor}, {"name", entry.actor_name}}},
            {"action", entry.action},
            {"target", entry.target},
            {"outcome", entry.outcome},
            {"reason", entry.reason},
            {"request_id", entry.request_id},
            {"address", entry.address},
            {"before", text_or_json(entry.before)},
            {"after", text_or_json(entry.after)}};
}

/// A cell of RFC 4180; what a spreadsheet would run as a formula becomes text.
std::string cell(std::string_view text) {
    std::string out = "\"";
    if (!text.empty() && std::string_view("=+-@\t\r").find(text.front()) != std::string_view::npos) out += '\'';
    for (const char c : text) {
        if (c == '"') out += '"';
        out += c;
    }
    return out + "\"";
}

std::string csv_line(const AuditEntry& entry) {
    std::string out = std::to_string(entry.seq);
    for (const std::string& text : {base::format_time(entry.at), entry.workspace ? entry.workspace.str() : std::string(), entry.actor_kind,
                                    entry.actor, entry.actor_name, entry.action, entry.target, entry.outcome, entry.reason,
                                    entry.request_id, entry.address, entry.before, entry.after})
        out += "," + cell(text);
    return out + "\r\n";
}

constexpr std::string_view csv_head =
    "seq,at,workspace,actor_kind,actor,actor_name,action,target,outcome,reason,request_id,address,before,after\r\n";

Result<AuditFilter> filter_of(const Request& request) {
    AuditFilter filter;
    const auto text = [&request](std::string_view name) { return std::string(request.query_value(name).value_or("")); };
    filter.actor = text("actor");
    filter.action = text("action");
    filter.target = text("target");
    filter.outcome = text("outcome");
    if (!filter.outcome.empty() && filter.outcome != "done" && filter.outcome != "denied" && filter.outcome != "failed")
        return fail(ErrorCode::invalid_argument, "?outcome= is done, denied or failed");
    for (auto [name, slot] : {std::pair{"since", &filter.since}, std::pair{"until", &filter.until}}) {
        const auto given = text(name);
        if (given.empty()) continue;
        auto time = base::parse_time(given);
        if (!time) return fail(ErrorCode::invalid_argument, "?{}=: {}", name, time.error().message);
        *slot = *time;
    }
    if (text("scope") == "instance") {
        if (request.principal.kind != Principal::Kind::local)
            return fail(ErrorCode::forbidden, "?scope=instance is for the owner of the machine: use `sluice audit` there");
        filter.instance = true;
    } else if (!text("scope").empty()) {
        return fail(ErrorCode::invalid_argument, "?scope= is instance, or absent");
    }
    return filter;
}

Awaitable<Response> list_audit(Request& request, Audit& audit) {
    const auto limit = request.query_integer("limit", 50, 1, 200);
    if (!limit) co_return problem(limit.error());
    auto filter = filter_of(request);
    if (!filter) co_return problem(filter.error());
    std::string cursor(request.query_value("cursor").value_or(""));
    auto list = co_await audit.list(request.workspace(), std::move(*filter), static_cast<int>(*limit), std::move(cursor));
    if (!list) co_return problem(list.error());
    auto items = Json::array();
    for (const auto& entry : list->items) items.push_back(render(entry));
    const Json answer{{"items", std::move(items)}, {"next_cursor", list->next_cursor.empty() ? Json() : Json(list->next_cursor)}};
    co_return net::json_response(200, answer);
}

Awaitable<void> send_entries(net::BodyWriter& writer, Audit& audit, WorkspaceId workspace, AuditFilter filter, bool csv) {
    std::string piece(csv ? csv_head : std::string_view());
    for (std::int64_t after = 0;;) {
        auto entries = co_await audit.read_after(workspace, filter, after, export_batch);
        if (!entries) throw std::runtime_error(entries.error().message);  // the status is sent: a cut body tells the client
        for (const auto& entry : *entries) {
            piece += csv ? csv_line(entry) : base::dump_json(render(entry)) + "\n";
            after = entry.seq;
        }
        const bool last = entries->size() < export_batch;
        if (!piece.empty()) {
            auto sent = co_await writer.write(std::move(piece));
            if (!sent) co_return;
            piece.clear();
        }
        if (last) co_return;
    }
}

Awaitable<Response> export_audit(Request& request, Audit& audit) {
    const auto format = request.query_value("format").value_or("jsonl");
    if (format != "jsonl" && format != "csv")
        co_return problem({ErrorCode::invalid_argument, fmt::format("?format= is jsonl or csv, not \"{}\"", format), {}, false});
    auto filter = filter_of(request);
    if (!filter) co_return problem(filter.error());
    AuditEntry entry = audit.entry_of(request);
    entry.action = "audit.export";
    auto noted = co_await audit.record(std::move(entry));
    if (!noted) co_return problem(noted.error());
    const bool csv = format == "csv";
    Response response;
    response.headers.set("Content-Type", csv ? "text/csv; charset=utf-8" : "application/jsonl");
    response.headers.set("Content-Disposition", fmt::format("attachment; filename=\"audit.{}\"", format));
    response.headers.set("Cache-Control", "no-store");
    response.stream = [&audit, workspace = request.workspace(), filter = std::move(*filter), csv](net::BodyWriter& writer) {
        return send_entries(writer, audit, workspace, filter, csv);
    };
    co_return response;
}

Awaitable<Response> verify_audit(Request&, Audit& audit) {
    auto report = co_await audit.verify();
    if (!report) co_return problem(report.error());
    const Json answer{{"sound", report->sound()},
                      {"checked", report->checked},
                      {"first_seq", report->first_seq},
                      {"last_seq", report->last_seq},
                      {"removed_before", report->removed_before},
                      {"checkpoints", report->checkpoints},
                      {"broken_seq", report->sound() ? Json() : Json(report->broken_seq)},
                      {"what", report->sound() ? Json() : Json(report->what)}};
    co_return net::json_response(200, answer);
}

constexpr std::string_view entry_schema =
    R"json({"type": "object", "required": ["seq", "at", "actor", "action", "target", "outcome"], "properties": {
        "seq": {"type": "integer"}, "at": {"type": "string"}, "workspace": {"type": ["string", "null"]},
        "actor": {"type": "object", "properties": {"kind": {"type": "string"}, "id": {"type": "string"}, "name": {"type": "string"}}},
        "action": {"type": "string"}, "target": {"type": "string"}, "outcome": {"enum": ["done", "denied", "failed"]},
        "reason": {"type": "string"}, "request_id": {"type": "string"}, "address": {"type": "string"},
        "before": {"description": "What it was; null when of no interest"}, "after": {"description": "What it became"}}})json";
constexpr std::string_view list_schema = R"json({"type": "object", "required": ["items", "next_cursor"], "properties": {
        "items": {"type": "array", "items": {"$ref": "#/components/schemas/AuditEntry"}}, "next_cursor": {"type": ["string", "null"]}}})json";
constexpr std::string_view report_schema = R"json({"type": "object", "required": ["sound", "checked"], "properties": {
        "sound": {"type": "boolean"}, "checked": {"type": "integer"}, "first_seq": {"type": "integer"}, "last_seq": {"type": "integer"},
        "removed_before": {"type": "integer"}, "checkpoints": {"type": "integer"},
        "broken_seq": {"type": ["integer", "null"]}, "what": {"type": ["string", "null"]}}})json";

#define AUDIT_FILTERS                                                                                       \
    {"actor", "string", "Only entries of this actor (an id)"},                                              \
    {"action", "string", "Only this action, such as flows.create; flows.* for all that begin so"},          \
    {"target", "string", "Only entries about this object"}, {"outcome", "string", "done, denied or failed"}, \
    {"since", "string", "At or after this time"}, {"until", "string", "Before this time"},                  \
    {"scope", "string", "instance: every workspace, for the owner of the machine"}

constexpr net::Parameter list_query[] = {{"limit", "integer", "How many, at most 200; default 50"},
                                         {"cursor", "string", "next_cursor of the page before"}, AUDIT_FILTERS};
constexpr net::Parameter export_query[] = {{"format", "string", "jsonl (default) or csv"}, AUDIT_FILTERS};

const net::Route<Audit> routes[] = {
    {Verb::get, "/api/v1/audit", Permission::audit_read, list_audit,
     {.summary = "List audit entries, newest first", .tag = "audit", .response = "AuditList", .query = list_query}},
    {Verb::get, "/api/v1/audit/export", Permission::audit_read, export_audit,
     {.summary = "Export audit entries, oldest first", .tag = "audit", .query = export_query, .response_media = "application/jsonl"}},
    {Verb::post, "/api/v1/audit/verify", Permission::audit_read, verify_audit,
     {.summary = "Verify the whole audit trail: its chain and its signatures", .tag = "audit", .response = "AuditReport",
      .audited = net::Audited::never}},
};

}  // namespace

void add_routes(net::Router& router, Audit& audit) {
    router.add_schema("AuditEntry", entry_schema);
    router.add_schema("AuditList", list_schema);
    router.add_schema("AuditReport", report_schema);
    router.add<Audit>(routes, audit);
}

}  // namespace sluice::identity
