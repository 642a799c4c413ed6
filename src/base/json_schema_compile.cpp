#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/json_schema_node.hpp"
#include "sluice/base/json.hpp"

namespace sluice::base::schema {

namespace {

constexpr std::size_t max_depth = 128;
constexpr std::size_t max_mistakes = 20;
constexpr std::size_t max_nodes = 20'000;
constexpr std::size_t max_pattern_bytes = 4096;
constexpr std::int64_t max_pattern_memory = 2 << 20;

constexpr std::array<std::string_view, 15> annotations{
    "title",    "description", "default",    "examples",         "example",         "$comment",    "$schema", "$id",
    "readOnly", "writeOnly",   "deprecated", "contentMediaType", "contentEncoding", "definitions", "$defs"};

/// ECMA's `\uXXXX` in RE2's spelling; everything else RE2 reads as ECMA does, or refuses.
std::string to_re2(std::string_view pattern) {
    const auto hex4 = [&](std::size_t at) -> std::optional<std::uint32_t> {
        if (at + 6 > pattern.size() || pattern[at] != '\\' || pattern[at + 1] != 'u') return std::nullopt;
        std::uint32_t code = 0;
        const char* const end = pattern.data() + at + 6;
        const auto [stop, bad] = std::from_chars(pattern.data() + at + 2, end, code, 16);
        if (bad != std::errc{} || stop != end) return std::nullopt;
        return code;
    };
    std::string out;
    for (std::size_t i = 0; i < pattern.size();) {
        if (pattern[i] != '\\' || i + 1 == pattern.size()) {
            out += pattern[i++];
        } else if (auto code = hex4(i)) {
            i += 6;
            if (*code >= 0xd800 && *code < 0xdc00) {
                if (const auto low = hex4(i); low && *low >= 0xdc00 && *low < 0xe000) {
                    *code = 0x10000 + ((*code - 0xd800) << 10) + (*low - 0xdc00);
                    i += 6;
                }
            }
            out += fmt::format("\\x{{{:x}}}", *code);
        } else {
            out.append(pattern, i, 2);
            i += 2;
        }
    }
    return out;
}

std::optional<std::string> unescape_pointer(std::string_view token) {
    std::string out;
    for (std::size_t i = 0; i < token.size(); ++i) {
        if (token[i] == '%') {  // a pointer inside a URI fragment is percent-encoded
            unsigned byte = 0;
            if (i + 2 >= token.size()) return std::nullopt;
            const char* const end = token.data() + i + 3;
            if (std::from_chars(token.data() + i + 1, end, byte, 16).ptr != end) return std::nullopt;
            out += static_cast<char>(byte);
            i += 2;
        } else {
            out += token[i];
        }
    }
    std::string plain;
    for (std::size_t i = 0; i < out.size(); ++i) {
        if (out[i] != '~') {
            plain += out[i];
        } else if (i + 1 < out.size() && (out[i + 1] == '0' || out[i + 1] == '1')) {
            plain += out[++i] == '0' ? '~' : '/';
        } else {
            return std::nullopt;
        }
    }
    return plain;
}

const Json* resolve(const Json& document, std::string_view pointer) {
    const Json* at = &document;
    while (!pointer.empty()) {
        if (pointer.front() != '/') return nullptr;
        pointer.remove_prefix(1);
        const auto token = unescape_pointer(pointer.substr(0, pointer.find('/')));
        if (!token) return nullptr;
        pointer.remove_prefix(std::min(pointer.find('/'), pointer.size()));
        if (at->is_array()) {
            std::size_t index = 0;
            const char* const end = token->data() + token->size();
            if (token->empty() || std::from_chars(token->data(), end, index).ptr != end || index >= at->size()) return nullptr;
            at = &(*at)[index];
        } else {
            at = find_member(*at, *token);
            if (!at) return nullptr;
        }
    }
    return at;
}

class Compiler {
  public:
    Compiler(const Json& schema, const Json& root) : schema_(schema), root_(root) {}

    Result<Graph> run() {
        graph_.start = node(schema_, "", 0);
        // References are followed one after the other, so that a long chain of types is no deep recursion.
        while (!references_.empty() && mistakes_.empty()) {
            const auto next = references_.front();
            references_.pop_front();
            next.from->reference = node(*next.target, next.pointer, 0);
        }
        for (const auto& each : graph_.nodes) check_ends(each, 0);
        if (mistakes_.empty()) return std::move(graph_);
        Error error{ErrorCode::unprocessable, {}, std::move(mistakes_), false};
        const auto& first = error.details.front();
        error.message = fmt::format("the JSON Schema is not usable{}: {}",
                                    first.pointer.empty() ? std::string() : " at " + first.pointer, first.message);
        return fail(std::move(error));
    }

  private:
    template <class... Args>
    void mistake(std::string pointer, fmt::format_string<Args...> format, Args&&... args) {
        if (mistakes_.size() < max_mistakes)
            mistakes_.push_back({std::move(pointer), fmt::format(format, std::forward<Args>(args)...)});
    }

    const Node* node(const Json& schema, const std::string& pointer, std::size_t depth) {
        if (const auto found = known_.find(&schema); found != known_.end()) return found->second;
        Node& made = graph_.nodes.emplace_back();
        made.pointer = pointer;
        known_.emplace(&schema, &made);
        if (depth > max_depth) {
            mistake(pointer, "is nested deeper than {} levels", max_depth);
        } else if (graph_.nodes.size() > max_nodes) {
            mistake(pointer, "has more than {} subschemas", max_nodes);
        } else if (schema.is_boolean()) {
            made.never = !schema.get<bool>();
        } else if (!schema.is_object()) {
            mistake(pointer, "a schema must be an object or a boolean");
        } else {
            for (const auto& [key, value] : schema.items()) {
                if (mistakes_.size() >= max_mistakes) break;
                keyword(made, key, value, schema, pointer + "/" + escape_pointer(key), depth + 1);
            }
            made.string_rules = made.min_length || made.max_length || made.pattern || made.format != Format::annotation;
            made.number_rules = made.minimum || made.maximum || made.exclusive_minimum || made.exclusive_maximum || made.multiple_of;
        }
        return &made;
    }

    void keyword(Node& made, const std::string& key, const Json& value, const Json& schema, const std::string& at, std::size_t depth) {
        if (key == "type") return read_types(made, value, at);
        if (key == "properties") return read_properties(made, value, at, depth);
        if (key == "required") return read_names(made.required, value, at);
        if (key == "items") {
            if (!value.is_array()) return void(made.items = node(value, at, depth));
            made.items_per_place = true;
            return read_nodes(made.item_places, value, at, depth, true);
        }
        if (key == "enum") {
            if (!value.is_array() || value.empty()) return mistake(at, "must be an array with at least one value");
            made.has_enum = true;
            return void(made.enumeration.assign(value.begin(), value.end()));
        }
        if (key == "const") return void(made.constant = value);
        if (key == "additionalProperties") return void(made.additional_properties = node(value, at, depth));
        if (key == "patternProperties") return read_pattern_properties(made, value, at, depth);
        if (key == "propertyNames") return void(made.property_names = node(value, at, depth));
        if (key == "dependencies") return read_dependencies(made, value, at, depth);
        if (key == "additionalItems") return void(made.additional_items = node(value, at, depth));
        if (key == "contains") return void(made.contains = node(value, at, depth));
        if (key == "uniqueItems") {
            if (!value.is_boolean()) return mistake(at, "must be true or false");
            return void(made.unique_items = value.get<bool>());
        }
        if (key == "allOf") return read_nodes(made.all_of, value, at, depth, false);
        if (key == "anyOf") return read_nodes(made.any_of, value, at, depth, false);
        if (key == "oneOf") return read_nodes(made.one_of, value, at, depth, false);
        if (key == "not") return void(made.negated = node(value, at, depth));
        if (key == "if") return void(made.condition = node(value, at, depth));
        if (key == "then") return void(made.then = node(value, at, depth));
        if (key == "else") return void(made.otherwise = node(value, at, depth));
        if (key == "minLength") return read_count(made.min_length, value, at);
        if (key == "maxLength") return read_count(made.max_length, value, at);
        if (key == "minItems") return read_count(made.min_items, value, at);
        if (key == "maxItems") return read_count(made.max_items, value, at);
        if (key == "minProperties") return read_count(made.min_properties, value, at);
        if (key == "maxProperties") return read_count(made.max_properties, value, at);
        if (key == "minimum") return read_bound(made.minimum, value, at);
        if (key == "maximum") return read_bound(made.maximum, value, at);
        if (key == "exclusiveMinimum") return read_bound(made.exclusive_minimum, value, at);
        if (key == "exclusiveMaximum") return read_bound(made.exclusive_maximum, value, at);
        if (key == "multipleOf") {
            if (!value.is_number() || as_number(value) <= 0) return mistake(at, "must be a number above 0");
            return void(made.multiple_of = value);
        }
        if (key == "pattern") {
            if (!value.is_string()) return mistake(at, "must be a string");
            made.pattern_text = value.get_ref<const std::string&>();
            return void(made.pattern = pattern(made.pattern_text, at));
        }
        if (key == "format") return read_format(made, value, at);
        if (key == "$ref") return read_reference(made, value, at);
        annotation(key, value, schema, at, depth);
    }

    void annotation(const std::string& key, const Json& value, const Json& schema, const std::string& at, std::size_t depth) {
        if (key == "definitions" || key == "$defs") {
            if (!value.is_object()) return mistake(at, "must be an object of schemas");
            for (const auto& [name, each] : value.items()) node(each, at + "/" + escape_pointer(name), depth);
            return;
        }
        if (key == "$id" && &schema != &schema_ && &schema != &root_)
            return mistake(at, "$id is only understood at the top of a schema; use $ref to a local definition");
        if (key.starts_with("x-")) return;
        if (std::find(annotations.begin(), annotations.end(), key) == annotations.end())
            mistake(at, "unknown keyword '{}'; the keywords of JSON Schema draft 7 and x-… annotations are understood", key);
    }

    void read_types(Node& made, const Json& value, const std::string& at) {
        made.types = 0;
        const auto add = [&](const Json& name, const std::string& where) {
            for (const auto& each : type_names)
                if (name.is_string() && name.get_ref<const std::string&>() == each.name) return void(made.types |= each.bit);
            mistake(where, "must be one of string, integer, number, boolean, object, array, null");
        };
        if (!value.is_array()) {
            add(value, at);
        } else {
            if (value.empty()) mistake(at, "must name at least one type");
            for (std::size_t i = 0; i < value.size(); ++i) add(value[i], fmt::format("{}/{}", at, i));
        }
    }

    void read_names(std::vector<std::string>& names, const Json& value, const std::string& at) {
        if (!value.is_array()) return mistake(at, "must be an array of field names");
        for (const auto& each : value) {
            if (!each.is_string()) return mistake(at, "must be an array of field names");
            names.push_back(each.get<std::string>());
        }
    }

    void read_nodes(std::vector<const Node*>& nodes, const Json& value, const std::string& at, std::size_t depth, bool may_be_empty) {
        if (!value.is_array() || (value.empty() && !may_be_empty)) return mistake(at, "must be an array with at least one schema");
        for (std::size_t i = 0; i < value.size(); ++i) nodes.push_back(node(value[i], fmt::format("{}/{}", at, i), depth));
    }

    void read_properties(Node& made, const Json& value, const std::string& at, std::size_t depth) {
        if (!value.is_object()) return mistake(at, "must be an object of schemas");
        for (const auto& [name, each] : value.items())
            made.properties.emplace(name, node(each, at + "/" + escape_pointer(name), depth));
    }

    void read_pattern_properties(Node& made, const Json& value, const std::string& at, std::size_t depth) {
        if (!value.is_object()) return mistake(at, "must be an object of schemas");
        for (const auto& [text, each] : value.items()) {
            const auto place = at + "/" + escape_pointer(text);
            made.pattern_properties.push_back({pattern(text, place), node(each, place, depth)});
        }
    }

    void read_dependencies(Node& made, const Json& value, const std::string& at, std::size_t depth) {
        if (!value.is_object()) return mistake(at, "must be an object");
        for (const auto& [name, each] : value.items()) {
            const auto place = at + "/" + escape_pointer(name);
            auto& dependency = made.dependencies.emplace_back();
            dependency.key = name;
            if (each.is_array()) read_names(dependency.fields, each, place);
            else dependency.node = node(each, place, depth);
        }
    }

    void read_count(std::optional<std::uint64_t>& count, const Json& value, const std::string& at) {
        if (!is_integer(value) || as_number(value) < 0 || as_number(value) > 9.0e15L)
            return mistake(at, "must be a whole number of at least 0");
        count = static_cast<std::uint64_t>(as_number(value));
    }

    void read_bound(std::optional<Bound>& bound, const Json& value, const std::string& at) {
        if (!value.is_number()) return mistake(at, "must be a number");
        bound = Bound{as_number(value), dump_json(value)};
    }

    void read_format(Node& made, const Json& value, const std::string& at) {
        if (!value.is_string()) return mistake(at, "must be a string");
        const auto& name = value.get_ref<const std::string&>();
        made.format = name == "date-time" ? Format::date_time
                      : name == "date"    ? Format::date
                      : name == "email"   ? Format::email
                      : name == "uri"     ? Format::uri
                      : name == "uuid"    ? Format::uuid
                                          : Format::annotation;
    }

    void read_reference(Node& made, const Json& value, const std::string& at) {
        if (!value.is_string()) return mistake(at, "must be a string");
        const auto& text = value.get_ref<const std::string&>();
        if (!text.starts_with('#')) return mistake(at, "'{}' is not in this document; only local references (#/…) are followed", text);
        const auto path = std::string_view(text).substr(1);
        const Json* target = nullptr;
        if (!path.starts_with("/components/")) target = resolve(schema_, path);
        if (!target) target = resolve(root_, path);
        if (!target) return mistake(at, "there is nothing at '{}'", text);
        references_.push_back({&made, target, std::string(path)});
    }

    std::shared_ptr<const RE2> pattern(const std::string& text, const std::string& at) {
        if (const auto found = patterns_.find(text); found != patterns_.end()) return found->second;
        if (text.size() > max_pattern_bytes) {
            mistake(at, "the pattern is longer than {} bytes", max_pattern_bytes);
            return nullptr;
        }
        RE2::Options options;
        options.set_log_errors(false);
        options.set_max_mem(max_pattern_memory);
        auto compiled = std::make_shared<const RE2>(to_re2(text), options);
        if (!compiled->ok()) {
            mistake(at, "the pattern is not usable: {} (lookaround and back-references are not supported)", compiled->error());
            return nullptr;
        }
        patterns_.emplace(text, compiled);
        return compiled;
    }

    /// Refuses a schema that refers to itself without going deeper into the value: judging it would never end.
    /// Two marks per node: 1 while it is on the path, 2 when it is known to end.
    bool check_ends(const Node& node, std::size_t depth) {
        auto& mark = marks_[&node];
        if (mark == 2) return true;
        if (mark == 1 || depth > max_depth) {
            if (mark == 1) mistake(node.pointer, "refers to itself without end");
            else mistake(node.pointer, "more than {} references follow each other", max_depth);
            mark = 2;
            return false;
        }
        mark = 1;
        bool ends = true;
        const auto visit = [&](const Node* next) {
            if (next && ends) ends = check_ends(*next, depth + 1);
        };
        for (const Node* next : {node.reference, node.negated, node.condition, node.then, node.otherwise}) visit(next);
        for (const auto* list : {&node.all_of, &node.any_of, &node.one_of})
            for (const Node* next : *list) visit(next);
        for (const auto& dependency : node.dependencies) visit(dependency.node);
        marks_[&node] = 2;
        return ends;
    }

    const Json& schema_;
    const Json& root_;
    struct Reference {
        Node* from;
        const Json* target;
        std::string pointer;
    };
    Graph graph_;
    std::deque<Reference> references_;
    std::vector<ErrorDetail> mistakes_;
    std::unordered_map<const Json*, const Node*> known_;
    std::unordered_map<const Node*, int> marks_;
    std::unordered_map<std::string, std::shared_ptr<const RE2>> patterns_;
};

}  // namespace

Result<Graph> compile(const Json& schema, const Json& root) { return Compiler(schema, root).run(); }

}  // namespace sluice::base::schema
