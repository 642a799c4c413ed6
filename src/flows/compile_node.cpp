#include <algorithm>
#include <array>

#include "flows/compiler.hpp"
#include "flows/secret_places.hpp"

namespace sluice::flows {

namespace {

constexpr std::array<std::string_view, 12> node_members{"id",       "type", "name",       "description", "notes",
                                                        "config",   "retry", "timeout",   "on_error",    "join",
                                                        "on_unknown", "position"};
constexpr std::array<std::string_view, 7> retry_members{"max_attempts", "backoff", "factor",  "max_backoff",
                                                        "jitter",       "max_elapsed", "retry_if"};
constexpr std::array<std::string_view, 3> on_errors{"fail", "continue", "route"};
constexpr std::array<std::string_view, 2> on_unknowns{"retry", "stop"};
constexpr std::array<std::string_view, 3> joins{"all", "any", "first"};
constexpr std::array<std::string_view, 1> join_members{"n"};
constexpr std::array<std::string_view, 2> position_members{"x", "y"};

bool is_node_id(std::string_view id) {
    const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
    if (id.empty() || id.size() > 64 || !letter(id[0])) return false;
    return std::all_of(id.begin(), id.end(), [&](char c) { return letter(c) || (c >= '0' && c <= '9') || c == '-'; });
}

/// "{{ x }}" written where an expression is expected: a usual slip.
bool looks_like_template(std::string_view text) {
    const auto begin = text.find_first_not_of(" \t\n");
    const auto end = text.find_last_not_of(" \t\n");
    return begin != text.npos && text.substr(begin).starts_with("{{") && text.substr(0, end + 1).ends_with("}}");
}

}  // namespace

void Compiler::read_node(const Json& json, const std::string& pointer, CompiledNode& node) {
    node.config_source = Json::object();
    if (!json.is_object()) {
        mistakes_.error(pointer, "a node is an object with \"id\" and \"type\", not {}", kind_of(json));
        return;
    }
    mistakes_.unknown_members(json, pointer, "a node", node_members);
    if (const auto* id = mistakes_.text(json, pointer, "id")) {
        node.id = *id;
        if (!is_node_id(*id))
            mistakes_.error(at(pointer, "id"),
                            "\"{}\" is no id for a node: 1 to 64 letters, digits, dashes or underscores, starting with a "
                            "letter or underscore",
                            id->substr(0, 80));
    } else if (const auto* member = base::find_member(json, "id"); !member || member->is_null()) {
        mistakes_.error(pointer, "a node needs an \"id\"");
    }
    for (const auto* name : {"name", "description", "notes"}) mistakes_.text(json, pointer, name);
    if (const auto* position = mistakes_.object(json, pointer, "position")) {
        mistakes_.unknown_members(*position, at(pointer, "position"), "\"position\"", position_members);
        for (const auto axis : position_members) mistakes_.number(*position, at(pointer, "position"), axis, -1e9, 1e9);
    }
    if (const auto* config = mistakes_.object(json, pointer, "config")) node.config_source = *config;
    read_type(json, pointer, node);
    read_retry(json, pointer, node.retry);
    read_join(json, pointer, node);
    if (const auto timeout = mistakes_.duration(json, pointer, "timeout")) {
        node.timeout = timeout;
        if (node.type != nullptr && (node.type->kind == NodeKind::compute || node.type->kind == NodeKind::timer))
            mistakes_.warning(at(pointer, "timeout"),
                              "the timeout of node \"{}\" has no effect, because {} neither works nor waits for anybody",
                              node.id, node.type_name);
    }
    if (const auto on_error = mistakes_.choice(json, pointer, "on_error", on_errors))
        node.on_error = static_cast<OnError>(*on_error);
    if (const auto on_unknown = mistakes_.choice(json, pointer, "on_unknown", on_unknowns))
        node.on_unknown = static_cast<OnUnknown>(*on_unknown);
}

void Compiler::read_type(const Json& json, const std::string& pointer, CompiledNode& node) {
    const auto* name = mistakes_.text(json, pointer, "type");
    if (!name) {
        const auto* member = base::find_member(json, "type");
        if (!member || member->is_null()) mistakes_.error(pointer, "a node needs a \"type\"");
        return;
    }
    node.type_name = *name;
    node.type = types_.find(*name);
    if (!node.type) {
        if (mistakes_.full()) return;
        std::vector<std::string_view> known;
        for (const auto* type : types_.all()) known.push_back(type->name);
        const auto nearest = nearest_name(*name, known);
        tolerable(at(pointer, "type"), "there is no node type \"{}\"; {}", *name,
                  nearest ? fmt::format("did you mean \"{}\"?", *nearest)
                          : std::string("GET /api/v1/node-types lists those that there are"));
        return;
    }
    node.config_schema = types_.config_schema(*node.type);
    check_node_config(pointer, node);
    node.timeout = node.type->default_timeout;
    node.reads_upstream = node.type->reads_upstream && node.type->reads_upstream(node.config_source);
    node.effect = node.type->effect_of ? node.type->effect_of(node.config_source) : node.type->effect;
    if (node.effect != Effect::pure) pure_ = false;
    node.on_unknown = node.effect == Effect::unsafe ? OnUnknown::stop : OnUnknown::retry;
    if (durability_ != Durability::none) return;
    if (node.effect == Effect::unsafe || node.effect == Effect::keyed)
        mistakes_.error(pointer,
                        "node \"{}\" has an effect outside ({}), which \"durability\": \"none\" cannot keep track of; use "
                        "\"relaxed\" or \"strict\"",
                        node.id, to_string(node.effect));
    if (node.type->kind == NodeKind::timer)
        mistakes_.warning(pointer, "with \"durability\": \"none\" the wait of node \"{}\" does not outlive the process", node.id);
}

void Compiler::check_node_config(const std::string& pointer, CompiledNode& node) {
    const auto here = at(pointer, "config");
    auto found = check_config(types_.config_schema(*node.type), node.type->config_schema, node.config_source);
    if (found.empty() && node.type->check) found = node.type->check(node.config_source);
    const auto bodies = find_fields(node.type->config_schema, node.config_source).bodies;
    for (const auto& detail : found) {
        // An inner graph is judged as a graph, in better words than a schema has.
        const bool in_body = std::any_of(bodies.begin(), bodies.end(), [&](const auto& body) { return detail.pointer.starts_with(body); });
        if (!in_body) tolerable(here + detail.pointer, "{}", detail.message);
    }
}

void Compiler::read_retry(const Json& json, const std::string& pointer, RetryPolicy& retry) {
    const auto* member = mistakes_.object(json, pointer, "retry");
    if (!member) return;
    const auto here = at(pointer, "retry");
    mistakes_.unknown_members(*member, here, "\"retry\"", retry_members);
    if (const auto attempts = mistakes_.integer(*member, here, "max_attempts", 1, 100)) retry.max_attempts = *attempts;
    if (const auto backoff = mistakes_.duration(*member, here, "backoff", true)) retry.backoff = *backoff;
    if (const auto factor = mistakes_.number(*member, here, "factor", 1, 100)) retry.factor = *factor;
    if (const auto jitter = mistakes_.number(*member, here, "jitter", 0, 1)) retry.jitter = *jitter;
    retry.max_elapsed = mistakes_.duration(*member, here, "max_elapsed");
    mistakes_.text(*member, here, "retry_if");
    if (retry.max_elapsed && retry.max_attempts > 1 && *retry.max_elapsed < retry.backoff)
        mistakes_.warning(at(here, "max_elapsed"), "\"max_elapsed\" ({}) is less than \"backoff\" ({}), so there is no second attempt",
                          base::format_duration(*retry.max_elapsed), base::format_duration(retry.backoff));
    if (const auto most = mistakes_.duration(*member, here, "max_backoff", true)) {
        retry.max_backoff = *most;
        if (*most < retry.backoff)
            mistakes_.error(at(here, "max_backoff"), "\"max_backoff\" ({}) is less than \"backoff\" ({})",
                            base::format_duration(*most), base::format_duration(retry.backoff));
    } else {
        retry.max_backoff = std::max(retry.max_backoff, retry.backoff);
    }
}

void Compiler::read_join(const Json& json, const std::string& pointer, CompiledNode& node) {
    const auto* member = base::find_member(json, "join");
    if (!member || member->is_null()) return;
    if (!member->is_object()) {
        if (const auto join = mistakes_.choice(json, pointer, "join", joins)) node.join = static_cast<Join>(*join);
        return;
    }
    const auto here = at(pointer, "join");
    mistakes_.unknown_members(*member, here, "\"join\"", join_members);
    if (!member->contains("n")) return mistakes_.error(here, "\"join\" is \"all\", \"any\", \"first\" or {{\"n\": 2}}");
    if (const auto n = mistakes_.integer(*member, here, "n", 1, static_cast<int>(most_nodes))) {
        node.join = Join::count;
        node.join_count = static_cast<std::uint32_t>(*n);
    }
}

void Compiler::compile_config(const std::string& pointer, CompiledNode& node, const Place& place, int depth) {
    if (!node.type) return;  // what its fields mean is not known any more
    const auto here = at(pointer, "config");
    const auto fields = find_fields(node.type->config_schema, node.config_source);
    std::vector<std::string> verbatim = fields.bodies;
    for (const auto& field : fields.expressions) {
        verbatim.push_back(field.pointer);
        if (auto program = compile_expression(*field.text, here + field.pointer, place, field.extra_names))
            node.expressions.emplace(field.pointer, std::move(*program));
    }
    if (auto config = compile_template(node.config_source, verbatim, here, place, &node, fields.secrets)) node.config = std::move(*config);
    for (const auto& body : fields.bodies) {
        if (depth + 1 > deepest_container) {
            mistakes_.error(here + body, "containers are nested at most {} deep; this one is deeper", deepest_container);
            return;
        }
        auto inner = std::make_shared<CompiledGraph>();
        read_graph(node.config_source.at(Json::json_pointer(body)), here + body, *inner, &place, depth + 1);
        node.body = std::move(inner);
    }
    const bool container = node.type->kind == NodeKind::map || node.type->kind == NodeKind::loop;
    if (container && !node.body) tolerable(here, "node \"{}\" needs a \"body\" with its inner nodes", node.id);
}

void Compiler::compile_retry(const Json& json, const std::string& pointer, CompiledNode& node, const Place& place) {
    const auto* retry = base::find_member(json, "retry");
    const auto* text = retry != nullptr ? base::find_member(*retry, "retry_if") : nullptr;
    if (!text || !text->is_string()) return;
    node.retry.retry_if = compile_expression(text->get_ref<const std::string&>(), at(at(pointer, "retry"), "retry_if"), place,
                                             {"error", "attempt"});
}

std::optional<cel::Program> Compiler::compile_expression(const std::string& text, const std::string& pointer,
                                                         const Place& place, const std::vector<std::string>& extra_names) {
    auto program = cel::Program::compile(text);
    if (!program) {
        if (looks_like_template(text))
            mistakes_.error(pointer, "this is an expression already: write it without {{{{ }}}}");
        else
            mistakes_.error(pointer, "{}", program.error().message);
        return std::nullopt;
    }
    for (const auto& reference : program->references())
        scope_.check({std::string(reference.root), std::string(reference.member)}, place, extra_names, pointer);
    return std::move(*program);
}

std::optional<cel::Template> Compiler::compile_template(const Json& value, const std::vector<std::string>& verbatim,
                                                        const std::string& pointer, const Place& place, CompiledNode* node,
                                                        const std::vector<std::string>& secret_places) {
    auto compiled = cel::Template::compile(value, verbatim);
    if (!compiled) {
        if (compiled.error().details.empty()) mistakes_.error(pointer, "{}", compiled.error().message);
        for (const auto& detail : compiled.error().details) mistakes_.error(pointer + detail.pointer, "{}", detail.message);
        return std::nullopt;
    }
    for (const auto& reference : compiled->references()) {
        if (node != nullptr && reference.reference.root == "secrets" && check_secret(reference, secret_places, pointer, *node)) continue;
        scope_.check({std::string(reference.reference.root), std::string(reference.reference.member)}, place, {},
                     pointer + reference.pointer);
    }
    return std::move(*compiled);
}

}  // namespace sluice::flows
