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
        case NodeKind::timer: return "timer";
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

}  // namespace

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
      "type": "object", "required": ["valid", "errors", "warnings"],
      "properties": {
        "valid": {"type": "boolean"},
        "errors": {"type": "array", "items": {"$ref": "#/components/schemas/ValidationMistake"}},
        "warnings": {"type": "array", "items": {"$ref": "#/components/schemas/ValidationMistake"}}
      }})json");
    router.add_schema("FlowVersion", R"json({
      "type": "object", "required": ["version", "note", "created_by", "content_hash", "created_at"],
      "properties": {
        "version": {"type": "integer"}, "note": {"type": "string"}, "created_by": {"type": "string"},
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
            "kind": {"type": "string", "description": "node, edge, or the name of a member of the document."},
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
        "kind": {"enum": ["compute", "task", "map", "timer"]},
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
