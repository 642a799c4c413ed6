#include "flows/config_schema.hpp"

#include <algorithm>

#include "flows/mistakes.hpp"

namespace sluice::flows {

namespace {

constexpr int deepest = 64;  // of a schema and of its references, so that a reference to itself ends

bool flag(const Json& schema, std::string_view name) {
    const auto* value = base::find_member(schema, name);
    return value && value->is_boolean() && value->get<bool>();
}

const Json* resolve(const Json& root, const Json& schema) {
    const auto* reference = base::find_member(schema, "$ref");
    if (!reference || !reference->is_string()) return nullptr;
    const auto& text = reference->get_ref<const std::string&>();
    if (text.empty() || text[0] != '#') return nullptr;
    const Json* at = &root;
    std::size_t begin = 1;
    while (begin < text.size()) {
        const auto end = std::min(text.find('/', begin + 1), text.size());
        std::string token = text.substr(begin + 1, end - begin - 1);
        for (std::size_t p = 0; (p = token.find('~', p)) != std::string::npos; ++p)
            token.replace(p, 2, token.compare(p, 2, "~1") == 0 ? "/" : "~");
        at = base::find_member(*at, token);
        if (!at) return nullptr;
        begin = end;
    }
    return at;
}

class Finder {
  public:
    Finder(const Json& root, ConfigFields& out) : root_(root), out_(out) {}

    void walk(const Json& schema, const Json& value, const std::string& pointer, int depth) {
        if (!schema.is_object() || depth > deepest) return;
        if (const auto* target = resolve(root_, schema)) walk(*target, value, pointer, depth + 1);
        if (flag(schema, "x-expression") && value.is_string()) add(schema, value, pointer);
        if (flag(schema, "x-secret")) out_.secrets.push_back(pointer);
        if (flag(schema, "x-body") && value.is_object()) {
            if (std::find(out_.bodies.begin(), out_.bodies.end(), pointer) == out_.bodies.end()) out_.bodies.push_back(pointer);
            return;
        }
        for (const auto* name : {"allOf", "anyOf", "oneOf"})
            if (const auto* branches = base::find_member(schema, name); branches && branches->is_array())
                for (const auto& branch : *branches) walk(branch, value, pointer, depth + 1);
        for (const auto* name : {"then", "else"})
            if (const auto* branch = base::find_member(schema, name)) walk(*branch, value, pointer, depth + 1);
        if (value.is_object()) members(schema, value, pointer, depth);
        if (value.is_array()) items(schema, value, pointer, depth);
    }

  private:
    void members(const Json& schema, const Json& value, const std::string& pointer, int depth) {
        const auto* properties = base::find_member(schema, "properties");
        const auto* others = base::find_member(schema, "additionalProperties");
        for (const auto& [name, member] : value.get_ref<const Json::object_t&>()) {
            const auto* property = properties ? base::find_member(*properties, name) : nullptr;
            if (property) walk(*property, member, at(pointer, name), depth + 1);
            else if (others) walk(*others, member, at(pointer, name), depth + 1);
        }
    }

    void items(const Json& schema, const Json& value, const std::string& pointer, int depth) {
        const auto* item = base::find_member(schema, "items");
        if (!item) return;
        const auto* rest = base::find_member(schema, "additionalItems");
        for (std::size_t i = 0; i < value.size(); ++i) {
            const Json* its = item;
            if (item->is_array()) its = i < item->size() ? &(*item)[i] : rest;
            if (its) walk(*its, value[i], at(pointer, i), depth + 1);
        }
    }

    void add(const Json& schema, const Json& value, const std::string& pointer) {
        for (const auto& known : out_.expressions)
            if (known.pointer == pointer) return;
        ExpressionField field{pointer, &value.get_ref<const std::string&>(), {}};
        if (const auto* names = base::find_member(schema, "x-scope"); names && names->is_array()) {
            for (const auto& name : *names)
                if (name.is_string()) field.extra_names.push_back(name.get<std::string>());
        } else {
            field.extra_names = {"item", "index"};
        }
        out_.expressions.push_back(std::move(field));
    }

    const Json& root_;
    ConfigFields& out_;
};

/// A schema in which every place that holds a template accepts anything. Combinations with a template below them
/// become the weaker form, because a branch may match only after rendering.
class Relaxer {
  public:
    explicit Relaxer(const Json& root) : root_(root) {}

    Json relax(const Json& schema, const Json& value, int depth) const {
        if (!schema.is_object() || depth > deepest) return schema;
        if (flag(schema, "x-expression") || flag(schema, "x-body")) return schema;
        if (is_template(value)) return Json::object();
        if (!has_template(value)) return schema;
        if (const auto* target = resolve(root_, schema)) return relax(*target, value, depth + 1);
        Json out = Json::object();
        for (const auto& [name, part] : schema.get_ref<const Json::object_t&>()) {
            if (name == "enum" || name == "const" || name == "uniqueItems" || name == "contains" || name == "not" ||
                name == "if" || name == "then" || name == "else")
                continue;
            if (name == "allOf" || name == "anyOf" || name == "oneOf") {
                Json branches = Json::array();
                for (const auto& branch : part) branches.push_back(relax(branch, value, depth + 1));
                // Two branches of oneOf can both match a template; one of them will not after rendering.
                const std::string kept = name == "oneOf" ? "anyOf" : name;
                if (out.contains(kept)) out["allOf"].push_back(Json{{kept, std::move(branches)}});
                else out[kept] = std::move(branches);
                continue;
            }
            if (name == "items" && value.is_array()) {
                out["items"] = items(schema, part, value, depth);
                continue;
            }
            out[name] = part;
        }
        if (value.is_object()) members(schema, value, depth, out);
        return out;
    }

  private:
    Json items(const Json& schema, const Json& item, const Json& value, int depth) const {
        const auto* rest = base::find_member(schema, "additionalItems");
        Json each = Json::array();
        for (std::size_t i = 0; i < value.size(); ++i) {
            const Json* its = &item;
            if (item.is_array()) its = i < item.size() ? &item[i] : rest;
            each.push_back(its ? relax(*its, value[i], depth + 1) : Json::object());
        }
        return each;
    }

    void members(const Json& schema, const Json& value, int depth, Json& out) const {
        const auto* properties = base::find_member(schema, "properties");
        const auto* others = base::find_member(schema, "additionalProperties");
        for (const auto& [name, member] : value.get_ref<const Json::object_t&>()) {
            const auto* property = properties ? base::find_member(*properties, name) : nullptr;
            if (property) out["properties"][name] = relax(*property, member, depth + 1);
            else if (others && others->is_object() && has_template(member))
                out["properties"][name] = relax(*others, member, depth + 1);
        }
    }

    const Json& root_;
};

}  // namespace

ConfigFields find_fields(const Json& schema, const Json& config) {
    ConfigFields out;
    Finder(schema, out).walk(schema, config, "", 0);
    return out;
}

bool has_template(const Json& value) {
    if (value.is_string()) return is_template(value);
    if (value.is_structured())
        for (const auto& part : value)
            if (has_template(part)) return true;
    return false;
}

std::vector<base::ErrorDetail> check_config(const base::JsonSchema& compiled, const Json& schema, const Json& config) {
    auto mistakes = compiled.validate(config);
    if (mistakes.empty() || !has_template(config)) return mistakes;
    const Json relaxed = Relaxer(schema).relax(schema, config, 0);
    auto again = base::JsonSchema::compile(relaxed, schema);
    // A relaxed schema that does not compile would be our mistake; the strict answer is then still an answer.
    return again ? again->validate(config) : mistakes;
}

}  // namespace sluice::flows
