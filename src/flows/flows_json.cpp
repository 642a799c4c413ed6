#include "flows/flows_json.hpp"

#include "sluice/net/router.hpp"

namespace sluice::flows {

namespace {

Json or_null(int version) { return version == 0 ? Json() : Json(version); }

std::string_view kind_name(NodeKind kind) {
    switch (kind) {
        case NodeKind::compute: return "compute";
        case NodeKind::task: return "task";
        case NodeKind::map: return "map";
        case NodeKind::loop: return "loop";
        case NodeKind::timer: return "timer";
        case NodeKind::signal: return "signal";
    }
    return "task";
}

/// flow_document_schema with its definitions moved to where the API's document has them.
Json document_component() {
    Json schema = flow_document_schema();
    const Json definitions = schema["definitions"];
    schema.erase("definitions");
    const auto resolve = [&](const auto& self, const Json& value) -> Json {
        if (value.is_array()) {
            Json out = Json::array();
            for (const auto& item : value) out.push_back(self(self, item));
            return out;
        }
        if (!value.is_object()) return value;
        Json out = Json::object();
        for (const auto& [name, member] : value.get_ref<const Json::object_t&>()) {
            if (name != "$ref") {
                out[name] = self(self, member);
                continue;
            }
            const auto& reference = member.get_ref<const std::string&>();
            const Json target = self(self, definitions.at(reference.substr(reference.rfind('/') + 1)));
            for (const auto& [key, part] : target.get_ref<const Json::object_t&>()) out[key] = part;
        }
        return out;
    };
    return resolve(resolve, schema);
}

void add_draft_schemas(net::Router& router) {
    router.add_schema("DraftDocument", R"json({
      "type": "object", "description": "A flow document (NewFlow) that may have mistakes still."
      })json");
    router.add_schema("FlowDraft", R"json({
      "type": "object",
      "required": ["flow", "owner", "based_on", "live_version", "etag", "document", "valid", "errors", "warnings", "created_at",
                   "updated_at"],
      "properties": {
        "flow": {"type": "string", "examples": ["flw_01jcy3m1q8e2fvt6pr0w5x9zka"]},
        "owner": {"type": "string", "description": "Whose it is: a key, or local."},
        "based_on": {"type": "integer", "description": "The version that was edited."},
        "live_version": {"type": ["integer", "null"], "description": "Of the flow now; above based_on the draft is behind."},
        "etag": {"type": "string", "description": "As in the header: what If-Match of the next change takes."},
        "document": {"$ref": "#/components/schemas/DraftDocument"},
        "valid": {"type": "boolean"},
        "errors": {"type": "array", "items": {"$ref": "#/components/schemas/ValidationMistake"}},
        "warnings": {"type": "array", "items": {"$ref": "#/components/schemas/ValidationMistake"}},
        "created_at": {"type": "string", "format": "date-time"}, "updated_at": {"type": "string", "format": "date-time"}
      }})json");
    router.add_schema("DraftPublication", R"json({
      "type": "object", "additionalProperties": false,
      "properties": {"note": {"type": "string", "maxLength": 1000, "description": "What the version is for."}}
      })json");
    router.add_schema("NewPin", R"json({
      "type": "object", "required": ["output"], "additionalProperties": false,
      "properties": {"output": {"description": "Any JSON up to 1 MiB: what the node gives in runs of drafts."}}
      })json");
    router.add_schema("Pin", R"json({
      "type": "object", "required": ["node", "size_bytes", "updated_by", "updated_at"],
      "properties": {
        "node": {"type": "string"}, "output": {"description": "Not in lists."},
        "size_bytes": {"type": "integer", "description": "Of the output as JSON."},
        "updated_by": {"type": "string"}, "updated_at": {"type": "string", "format": "date-time"}
      }})json");
    router.add_schema("PinList", R"json({
      "type": "object", "required": ["items", "next_cursor"],
      "properties": {
        "items": {"type": "array", "items": {"$ref": "#/components/schemas/Pin"}},
        "next_cursor": {"type": "null"}
      }})json");
}

}  // namespace

Json draft_json(const Draft& draft) {
    return {{"flow", draft.flow.str()},
            {"owner", draft.owner},
            {"based_on", draft.based_on},
            {"live_version", or_null(draft.live_version)},
            {"etag", etag_of(draft)},
            {"valid", draft.errors.empty()},
            {"errors", details_json(draft.errors)},
            {"warnings", details_json(draft.warnings)},
            {"document", draft.document},
            {"created_at", base::format_time(draft.created_at)},
            {"updated_at", base::format_time(draft.updated_at)}};
}

Json pin_row_json(const Pin& pin) {
    return {{"node", pin.node},
            {"size_bytes", pin.size_bytes},
            {"updated_by", pin.updated_by},
            {"updated_at", base::format_time(pin.updated_at)}};
}

Json pin_json(const Pin& pin) {
    auto json = pin_row_json(pin);
    json["output"] = pin.output;
    return json;
}

Json summary_json(const Flow& flow) {
    return {{"id", flow.id.str()},
            {"name", flow.name},
            {"project", flow.project},
            {"description", flow.description},
            {"live_version", or_null(flow.live_version)},
            {"latest_version", flow.latest_version},
            {"created_at", base::format_time(flow.created_at)},
            {"updated_at", base::format_time(flow.updated_at)}};
}

Json flow_json(const Flow& flow) {
    return {{"id", flow.id.str()},
            {"name", flow.name},
            {"project", flow.project},
            {"description", flow.description},
            {"version", flow.version},
            {"live_version", or_null(flow.live_version)},
            {"latest_version", flow.latest_version},
            {"document", flow.document},
            {"created_at", base::format_time(flow.created_at)},
            {"updated_at", base::format_time(flow.updated_at)}};
}

Json version_json(const Version& version) {
    return {{"version", version.number},
            {"note", version.note},
            {"created_by", version.created_by},
            {"content_hash", version.content_hash},
            {"created_at", base::format_time(version.created_at)}};
}

Json difference_json(const Difference& difference) {
    return {{"kind", difference.kind}, {"key", difference.key}, {"change", difference.change}, {"fields", difference.fields}};
}

Json details_json(const std::vector<base::ErrorDetail>& details) {
    Json out = Json::array();
    for (const auto& detail : details) out.push_back({{"pointer", detail.pointer}, {"message", detail.message}});
    return out;
}

Json node_type_json(const NodeType& type) {
    return {{"name", type.name},
            {"title", type.title},
            {"category", type.category},
            {"doc", type.doc},
            {"kind", kind_name(type.kind)},
            {"effect", to_string(type.effect)},
            {"effect_depends_on_config", static_cast<bool>(type.effect_of)},
            {"has_ports", static_cast<bool>(type.ports)},
            {"default_timeout", type.default_timeout ? Json(base::format_duration(*type.default_timeout)) : Json()},
            {"config_schema", type.config_schema},
            {"example", type.example}};
}

void add_schemas(net::Router& router) {
    add_draft_schemas(router);
    router.add_schema("NewFlow", base::dump_json(document_component()));
    router.add_schema("Flow", R"json({
      "type": "object",
      "required": ["id", "name", "project", "version", "live_version", "latest_version", "document", "created_at", "updated_at"],
      "properties": {
        "id": {"type": "string", "examples": ["flw_01jcy3m1q8e2fvt6pr0w5x9zka"]},
        "name": {"type": "string"}, "project": {"type": "string"}, "description": {"type": "string"},
        "version": {"type": "integer", "description": "The version of `document`."},
        "live_version": {"type": ["integer", "null"], "description": "What runs use; null: none is live."},
        "latest_version": {"type": "integer"},
        "document": {"$ref": "#/components/schemas/NewFlow"},
        "change": {"enum": ["created", "updated", "unchanged"], "description": "What an import did."},
        "created_at": {"type": "string", "format": "date-time"}, "updated_at": {"type": "string", "format": "date-time"}
      }})json");
    router.add_schema("FlowList", R"json({
      "type": "object", "required": ["items", "next_cursor"],
      "properties": {
        "items": {"type": "array", "items": {
          "type": "object",
          "required": ["id", "name", "project", "live_version", "latest_version", "created_at", "updated_at"],
          "properties": {
            "id": {"type": "string"}, "name": {"type": "string"}, "project": {"type": "string"}, "description": {"type": "string"},
            "live_version": {"type": ["integer", "null"]}, "latest_version": {"type": "integer"},
            "created_at": {"type": "string", "format": "date-time"}, "updated_at": {"type": "string", "format": "date-time"}
          }}},
        "next_cursor": {"type": ["string", "null"]}
      }})json");
    router.add_schema("ValidationMistake", R"json({
      "type": "object", "required": ["pointer", "message"],
      "properties": {"pointer": {"type": "string", "description": "JSON pointer into the document."}, "message": {"type": "string"}}
      })json");
    router.add_schema("ValidationResult", R"json({
      "type": "object", "required": ["valid", "errors", "warnings", "retries"],
      "properties": {
        "valid": {"type": "boolean"},
        "errors": {"type": "array", "items": {"$ref": "#/components/schemas/ValidationMistake"}},
        "warnings": {"type": "array", "items": {"$ref": "#/components/schemas/ValidationMistake"}},
        "retries": {"type": "array", "items": {"$ref": "#/components/schemas/RetryPreview"},
          "description": "When the attempts of the nodes with a retry policy begin; empty while there are errors."},
        "retries_left_out": {"type": "integer", "description": "Nodes with retries beyond 20,000 attempts in one answer."}
      }})json");
    router.add_schema("RetryPreview", R"json({
      "type": "object", "required": ["pointer", "node", "attempts", "total"],
      "description": "The times when every attempt fails at once and no answer asks to wait longer (Retry-After).",
      "properties": {
        "pointer": {"type": "string", "description": "Of the node's retry, into the document."},
        "node": {"type": "string"},
        "attempts": {"type": "array", "items": {
          "type": "object", "required": ["attempt", "delay", "earliest", "latest", "elapsed"],
          "properties": {
            "attempt": {"type": "integer", "minimum": 1},
            "delay": {"type": "string", "description": "After the failure of the attempt before, without jitter.", "examples": ["2s"]},
            "earliest": {"type": "string", "description": "Since the first attempt began, with the shortest delays."},
            "latest": {"type": "string", "description": "The same with the longest delays."},
            "elapsed": {"type": "string", "description": "The same without jitter."},
            "certain": {"type": "boolean", "description": "false: with long delays max_elapsed cuts this attempt off."}
          }}},
        "total": {"type": "string", "description": "From the beginning of the first attempt to that of the last, without jitter."}
      }})json");
    router.add_schema("FlowVersion", R"json({
      "type": "object", "required": ["version", "note", "created_by", "content_hash", "created_at"],
      "properties": {
        "version": {"type": "integer", "description": "Below 0: the hidden version of a draft's runs."},
        "note": {"type": "string", "description": "What it is for."}, "created_by": {"type": "string"},
        "content_hash": {"type": "string", "description": "SHA-256 of the canonical document."},
        "created_at": {"type": "string", "format": "date-time"},
        "document": {"$ref": "#/components/schemas/NewFlow"}
      }})json");
    router.add_schema("FlowVersionList", R"json({
      "type": "object", "required": ["items", "next_cursor"],
      "properties": {
        "items": {"type": "array", "items": {"$ref": "#/components/schemas/FlowVersion"}},
        "next_cursor": {"type": ["string", "null"]}
      }})json");
    router.add_schema("FlowDiff", R"json({
      "type": "object", "required": ["from", "to", "differences"],
      "properties": {
        "from": {"type": "integer"}, "to": {"type": "integer"},
        "differences": {"type": "array", "items": {
          "type": "object", "required": ["kind", "key", "change", "fields"],
          "properties": {
            "kind": {"type": "string", "description": "node, edge, or the name of a member of the document; ui: positions, groups and comments of the canvas."},
            "key": {"type": "string", "description": "The node's id; an edge's ends."},
            "change": {"enum": ["added", "removed", "changed"]},
            "fields": {"type": "array", "items": {"type": "string"}, "description": "JSON pointers of what changed inside."}
          }}}
      }})json");
    router.add_schema("LiveVersion", R"json({
      "type": "object", "required": ["version"], "additionalProperties": false,
      "properties": {"version": {"type": "integer", "minimum": 1}}
      })json");
    router.add_schema("NodeType", R"json({
      "type": "object", "required": ["name", "title", "category", "doc", "kind", "effect", "config_schema", "example"],
      "properties": {
        "name": {"type": "string"}, "title": {"type": "string"}, "category": {"type": "string"},
        "doc": {"type": "string", "description": "Markdown."},
        "kind": {"enum": ["compute", "task", "map", "loop", "timer", "signal"]},
        "effect": {"enum": ["pure", "safe", "keyed", "unsafe"]},
        "effect_depends_on_config": {"type": "boolean"}, "has_ports": {"type": "boolean"},
        "default_timeout": {"type": ["string", "null"]},
        "config_schema": {"type": "object", "description": "JSON Schema, draft 7."},
        "example": {"description": "A config, and for pure types an input and the output it gives."}
      }})json");
    router.add_schema("NodeTypeList", R"json({
      "type": "object", "required": ["items", "next_cursor"],
      "properties": {
        "items": {"type": "array", "items": {"$ref": "#/components/schemas/NodeType"}},
        "next_cursor": {"type": "null"}
      }})json");
}

}  // namespace sluice::flows
