#include <array>

#include "flows/compiler.hpp"
#include "sluice/flows/flows.hpp"

namespace sluice::flows {

namespace {

constexpr std::array<std::string_view, 10> document_members{"name", "project", "description", "input_schema", "vars",
                                                            "nodes", "edges", "output", "settings", "ui"};
constexpr std::array<std::string_view, 8> settings_members{"durability", "timeout",    "max_attempts", "priority",
                                                           "concurrency", "error_flow", "retention",    "record"};
constexpr std::array<std::string_view, 2> concurrency_members{"limit", "key"};
constexpr std::array<std::string_view, 2> retention_members{"succeeded", "failed"};
constexpr std::array<std::string_view, 3> durabilities{"strict", "relaxed", "none"};

bool is_alnum(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

bool is_flow_name(std::string_view name) {
    if (name.empty() || name.size() > 100 || !is_alnum(name[0])) return false;
    for (const char c : name)
        if (!is_alnum(c) && c != '.' && c != '_' && c != ' ' && c != '-') return false;
    return name.back() != ' ';
}

}  // namespace

Compiler::Compiler(const NodeTypes& types, Strictness strictness)
    : types_(types), strictness_(strictness), scope_(mistakes_, containers_, vars_) {}

ValidationResult Compiler::compile(const Json& document) {
    ValidationResult result;
    if (!document.is_object()) {
        result.errors.push_back({"", fmt::format("a flow is a JSON object with \"name\" and \"nodes\", not {}", kind_of(document))});
        return result;
    }
    auto flow = std::make_shared<CompiledFlow>();
    mistakes_.unknown_members(document, "", "a flow", document_members);
    read_header(document, *flow);
    read_settings(document, flow->settings);
    durability_ = flow->settings.durability;
    if (const auto* vars = mistakes_.object(document, "", "vars")) vars_ = *vars;
    collect_ids(document, "", "", 0);
    if (node_count_ > most_nodes)
        mistakes_.error("/nodes", "a flow has at most {} nodes, this one has {}; split it", most_nodes, node_count_);
    else
        read_graph(document, "", flow->graph, nullptr, 0);
    result.errors = std::move(mistakes_.errors);
    result.warnings = std::move(mistakes_.warnings);
    if (!result.errors.empty()) return result;
    flow->vars = std::move(vars_);
    flow->pure = pure_;
    for (const auto& use : secret_uses_) flow->secret_marks[use.secret] = secret_mark(use.secret);
    flow->secret_uses = std::move(secret_uses_);
    flow->document = canonical_document(document);
    result.flow = std::move(flow);
    return result;
}

void Compiler::read_header(const Json& document, CompiledFlow& flow) {
    if (const auto* name = mistakes_.text(document, "", "name")) {
        flow.name = *name;
        if (!is_flow_name(*name))
            mistakes_.error("/name",
                            "\"{}\" is no name for a flow: 1 to 100 letters, digits, spaces, dots, dashes or underscores, "
                            "starting with a letter or digit",
                            name->substr(0, 120));
    } else if (const auto* member = base::find_member(document, "name"); !member || member->is_null()) {
        mistakes_.error("", "a flow needs a \"name\"");
    }
    if (const auto* ui = mistakes_.object(document, "", "ui"); ui && base::dump_json(*ui).size() > most_ui_bytes)
        mistakes_.error("/ui", "what an editor keeps beside the graph has at most {} bytes as JSON; shorten its comments", most_ui_bytes);
    flow.project = "default";
    if (const auto* project = mistakes_.text(document, "", "project")) {
        flow.project = *project;
        if (!is_flow_name(*project)) mistakes_.error("/project", "\"{}\" is no name for a project", project->substr(0, 120));
    }
    if (const auto* description = mistakes_.text(document, "", "description")) {
        flow.description = *description;
        if (description->size() > 10'000) mistakes_.error("/description", "a description has at most 10000 bytes");
    }
    if (const auto* schema = mistakes_.object(document, "", "input_schema"); schema && !schema->empty()) {
        auto compiled = base::JsonSchema::compile(*schema);
        if (compiled) {
            flow.input_schema = std::move(*compiled);
        } else if (compiled.error().details.empty()) {
            mistakes_.error("/input_schema", "{}", compiled.error().message);
        } else {
            for (const auto& detail : compiled.error().details)
                mistakes_.error("/input_schema" + detail.pointer, "{}", detail.message);
        }
    }
}

void Compiler::read_settings(const Json& document, FlowSettings& settings) {
    const auto* json = mistakes_.object(document, "", "settings");
    if (!json) return;
    mistakes_.unknown_members(*json, "/settings", "\"settings\"", settings_members);
    if (const auto durability = mistakes_.choice(*json, "/settings", "durability", durabilities))
        settings.durability = static_cast<Durability>(*durability);
    settings.timeout = mistakes_.duration(*json, "/settings", "timeout");
    settings.max_attempts = mistakes_.integer(*json, "/settings", "max_attempts", 1, 1'000'000);
    settings.priority = mistakes_.integer(*json, "/settings", "priority", 1, 5).value_or(settings.priority);
    settings.record = mistakes_.flag(*json, "/settings", "record").value_or(settings.record);
    if (const auto* flow = mistakes_.text(*json, "/settings", "error_flow")) {
        settings.error_flow = *flow;
        if (!is_flow_name(*flow)) mistakes_.error("/settings/error_flow", "\"{}\" is no name for a flow", flow->substr(0, 120));
    }
    if (const auto* retention = mistakes_.object(*json, "/settings", "retention")) {
        mistakes_.unknown_members(*retention, "/settings/retention", "\"retention\"", retention_members);
        settings.retention_succeeded = mistakes_.duration(*retention, "/settings/retention", "succeeded", true);
        settings.retention_failed = mistakes_.duration(*retention, "/settings/retention", "failed", true);
    }
    read_concurrency(*json, settings);
}

void Compiler::read_concurrency(const Json& json, FlowSettings& settings) {
    const auto* concurrency = mistakes_.object(json, "/settings", "concurrency");
    if (!concurrency) return;
    const std::string here = "/settings/concurrency";
    mistakes_.unknown_members(*concurrency, here, "\"concurrency\"", concurrency_members);
    if (!concurrency->contains("limit")) mistakes_.error(here, "\"concurrency\" needs a \"limit\": how many runs go on at once");
    if (const auto limit = mistakes_.integer(*concurrency, here, "limit", 1, 100'000))
        settings.concurrency_limit = static_cast<std::size_t>(*limit);
    const auto* key = mistakes_.text(*concurrency, here, "key");
    if (!key) return;
    auto compiled = cel::Template::compile(Json(*key), std::vector<std::string>());
    if (!compiled) return mistakes_.error(at(here, "key"), "{}", compiled.error().message);
    for (const auto& reference : compiled->references()) {
        const std::string root(reference.reference.root);
        if (root != "input" && root != "vars")
            mistakes_.error(at(here, "key"), "the key is made before the run starts, from input and vars alone; \"{}\" is not there yet", root);
    }
    settings.concurrency_key = std::move(*compiled);
}

void Compiler::collect_ids(const Json& graph, const std::string& pointer, const std::string& container, int depth) {
    const auto* nodes = base::find_member(graph, "nodes");
    if (!nodes || !nodes->is_array() || depth > deepest_container) return;
    node_count_ += nodes->size();
    for (std::size_t i = 0; i < nodes->size(); ++i) {
        const auto& node = (*nodes)[i];
        const auto here = at(at(pointer, "nodes"), i);
        const auto* id = base::find_member(node, "id");
        // A container without an id is a mistake, but its body is read all the same.
        const auto name = id && id->is_string() ? id->get<std::string>() : std::string();
        if (!name.empty() && first_seen_.emplace(name, here).second) containers_.emplace(name, container);
        const auto* config = base::find_member(node, "config");
        const auto* type = types_.find(base::string_or(node, "type", ""));
        if (!config || !type) continue;
        for (const auto& body : find_fields(type->config_schema, *config).bodies)
            collect_ids(config->at(Json::json_pointer(body)), at(here, "config") + body, name, depth + 1);
    }
}

ValidationResult compile_flow(const Json& document, const NodeTypes& types, Strictness strictness) {
    return Compiler(types, strictness).compile(document);
}

}  // namespace sluice::flows
