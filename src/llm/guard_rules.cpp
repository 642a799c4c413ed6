// Rules as they are written, made ready to judge; and what is told of their findings.

#include <re2/re2.h>

#include "llm/guard.hpp"

namespace sluice::llm {
namespace {

constexpr std::size_t longest_pattern = 4'000;
constexpr std::size_t longest_replacement = 200;
constexpr std::size_t usual_window = 256, largest_window = 8 << 10;
constexpr std::int64_t pattern_memory = 4 << 20;

Error mistake(std::string pointer, std::string message) {
    return Error{ErrorCode::invalid_argument,
                 "the guardrail is not right: " + message,
                 {{std::move(pointer), std::move(message)}},
                 false};
}

struct TypeName {
    std::string_view name;
    GuardRule::Type type;
    std::vector<std::string_view> members;
};
const std::vector<TypeName>& types() {
    static const std::vector<TypeName> all = {
        {"pattern", GuardRule::Type::pattern, {"type", "pattern", "action", "replacement", "window"}},
        {"detect", GuardRule::Type::detect, {"type", "kinds", "action", "replacement", "window"}},
        {"size", GuardRule::Type::size, {"type", "max_characters", "max_messages"}},
        {"tools", GuardRule::Type::tools, {"type", "allow"}},
        {"schema", GuardRule::Type::schema, {"type", "schema", "repair"}},
    };
    return all;
}

constexpr Detector detectors[] = {Detector::email, Detector::phone, Detector::card, Detector::iban, Detector::secret};

Result<std::int64_t> least(const Json& rule, const char* member, std::int64_t most) {
    const auto* value = base::find_member(rule, member);
    if (!value) return std::int64_t{-1};
    if (!value->is_number_integer() || value->get<std::int64_t>() < 0 || value->get<std::int64_t>() > most)
        return fail(mistake(fmt::format("/rule/{}", member), fmt::format("is a whole number from 0 to {}", most)));
    return value->get<std::int64_t>();
}

Result<std::vector<std::string>> names_in(const Json& rule, const char* member, std::size_t most) {
    const auto* list = base::find_member(rule, member);
    const auto wrong = [&] {
        return fail(mistake(fmt::format("/rule/{}", member), fmt::format("is a list of 1 to {} texts", most)));
    };
    if (!list || !list->is_array() || list->empty() || list->size() > most) return wrong();
    std::vector<std::string> out;
    for (const auto& each : *list) {
        if (!each.is_string() || each.get_ref<const std::string&>().empty() ||
            each.get_ref<const std::string&>().size() > 200)
            return wrong();
        out.push_back(each.get<std::string>());
    }
    return out;
}

Result<void> read_looking(GuardRule& out) {
    const auto& rule = out.row.rule;
    const auto action = base::string_or(rule, "action", "redact");
    if (action != "redact" && action != "block") return fail(mistake("/rule/action", "is redact or block"));
    out.redacts = action == "redact";
    out.replacement = base::string_or(rule, "replacement", "");
    if (out.replacement.size() > longest_replacement)
        return fail(mistake("/rule/replacement", fmt::format("has at most {} bytes", longest_replacement)));
    for (const char c : out.replacement)
        if (static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\')
            return fail(mistake("/rule/replacement", "has no quotation mark, backslash or control character: it may come to stand in JSON"));
    auto window = least(rule, "window", largest_window);
    if (!window) return fail(std::move(window.error()));
    out.window = *window < 0 ? usual_window : std::max<std::size_t>(static_cast<std::size_t>(*window), 64);
    if (out.type == GuardRule::Type::detect) {
        auto kinds = names_in(rule, "kinds", std::size(detectors));
        if (!kinds) return fail(std::move(kinds.error()));
        for (const auto& kind : *kinds) {
            bool known = false;
            for (const auto each : detectors)
                if (to_string(each) == kind) {
                    out.detectors.push_back(each);
                    known = true;
                }
            if (!known) return fail(mistake("/rule/kinds", "are of email, phone, card, iban and secret"));
        }
        return {};
    }
    const auto pattern = base::string_or(rule, "pattern", "");
    if (pattern.empty() || pattern.size() > longest_pattern)
        return fail(mistake("/rule/pattern", fmt::format("is a regular expression of 1 to {} bytes", longest_pattern)));
    re2::RE2::Options options;
    options.set_log_errors(false);
    options.set_max_mem(pattern_memory);
    auto compiled = std::make_shared<const re2::RE2>(pattern, options);
    if (!compiled->ok())
        return fail(mistake("/rule/pattern", "is no regular expression of RE2: " + compiled->error()));
    if (re2::RE2::FullMatch("", *compiled))
        return fail(mistake("/rule/pattern", "fits the empty text, and so every place; let it need a character"));
    out.pattern = std::move(compiled);
    return {};
}

Result<void> read_rest(GuardRule& out) {
    const auto& rule = out.row.rule;
    if (out.type == GuardRule::Type::size) {
        auto characters = least(rule, "max_characters", 100'000'000);
        auto messages = characters ? least(rule, "max_messages", 1'000'000) : characters;
        if (!messages) return fail(std::move(messages.error()));
        out.max_characters = *characters;
        out.max_messages = *messages;
        if (*characters < 0 && *messages < 0)
            return fail(mistake("/rule", "of type size has max_characters, max_messages or both"));
        return {};
    }
    if (out.type == GuardRule::Type::tools) {
        const auto* allow = base::find_member(rule, "allow");
        if (allow && allow->is_array() && allow->empty()) return {};  // no tools at all
        auto names = names_in(rule, "allow", 500);
        if (!names) return fail(std::move(names.error()));
        out.tools = std::move(*names);
        return {};
    }
    const auto* schema = base::find_member(rule, "schema");
    if (!schema || !schema->is_object()) return fail(mistake("/rule/schema", "is a JSON Schema"));
    if (out.row.direction != GuardDirection::output)
        return fail(mistake("/direction", "of a schema is output: it is what an answer must keep"));
    auto compiled = base::JsonSchema::compile(*schema);
    if (!compiled) {
        auto error = mistake("/rule/schema", compiled.error().message);
        for (const auto& detail : compiled.error().details)
            error.details.push_back({"/rule/schema" + detail.pointer, detail.message});
        return fail(std::move(error));
    }
    out.schema = std::move(*compiled);
    const auto* repair = base::find_member(rule, "repair");
    if (repair && !repair->is_boolean()) return fail(mistake("/rule/repair", "is true or false"));
    out.repair = !repair || repair->get<bool>();
    return {};
}

}  // namespace

std::string_view to_string(Detector detector) {
    switch (detector) {
        case Detector::email: return "email";
        case Detector::phone: return "phone";
        case Detector::card: return "card";
        case Detector::iban: return "iban";
        case Detector::secret: return "secret";
    }
    return "";
}

Result<std::shared_ptr<const GuardRule>> compile_rule(Guardrail row) {
    auto out = std::make_shared<GuardRule>();
    out->row = std::move(row);
    const auto& rule = out->row.rule;
    const auto type = rule.is_object() ? base::string_or(rule, "type", "") : std::string();
    const TypeName* known = nullptr;
    for (const auto& each : types())
        if (each.name == type) known = &each;
    if (!known) return fail(mistake("/rule/type", "is pattern, detect, size, tools or schema"));
    for (const auto& [name, value] : rule.items())
        if (std::find(known->members.begin(), known->members.end(), name) == known->members.end())
            return fail(mistake("/rule/" + base::escape_pointer(name),
                                fmt::format("is no member of a rule of type {}; there are {}", type, fmt::join(known->members, ", "))));
    out->type = known->type;
    auto read = out->judges_text() ? read_looking(*out) : read_rest(*out);
    if (!read) return fail(std::move(read.error()));
    return std::shared_ptr<const GuardRule>(std::move(out));
}

bool fits(std::string_view pattern, std::string_view name) {
    // The last star is tried again further on until the rest fits: linear but for the product of both lengths.
    std::size_t p = 0, n = 0, star = std::string_view::npos, from = 0;
    while (n < name.size()) {
        if (p < pattern.size() && pattern[p] == '*') {
            star = p++;
            from = n;
        } else if (p < pattern.size() && pattern[p] == name[n]) {
            ++p;
            ++n;
        } else if (star != std::string_view::npos) {
            p = star + 1;
            n = ++from;
        } else {
            return false;
        }
    }
    while (p < pattern.size() && pattern[p] == '*') ++p;
    return p == pattern.size();
}

void GuardReport::add(const GuardRule& rule, std::string_view direction, std::string_view kind, bool blocked) {
    for (auto& hit : hits_)
        if (hit.rule == rule.row.name && hit.direction == direction && hit.kind == kind && hit.blocked == blocked) {
            ++hit.count;
            return;
        }
    hits_.push_back({rule.row.name, std::string(direction), std::string(kind), blocked, 1, 0});
}

void GuardReport::add(GuardReport other) {
    for (auto& hit : other.hits_) {
        const auto same = std::find_if(hits_.begin(), hits_.end(), [&](const Hit& each) {
            return each.rule == hit.rule && each.direction == hit.direction && each.kind == hit.kind && each.blocked == hit.blocked;
        });
        if (same == hits_.end()) hits_.push_back(std::move(hit));
        else same->count += hit.count;
    }
    if (other.refusal && !refusal) refusal = std::move(other.refusal);
}

Json GuardReport::Hit::json(int of) const {
    return {{"rule", rule}, {"direction", direction}, {"kind", kind}, {"action", blocked ? "blocked" : "redacted"}, {"count", of}};
}

std::string GuardReport::json() const {
    if (hits_.empty()) return {};
    Json out = Json::array();
    for (const auto& hit : hits_) out.push_back(hit.json(hit.count));
    return base::dump_json(out);
}

Json GuardReport::untold() {
    Json out = Json::array();
    for (auto& hit : hits_)
        if (const int before = std::exchange(hit.told, hit.count); hit.count > before) out.push_back(hit.json(hit.count - before));
    return out;
}

CallError guard_error(const GuardReport::Refusal& refusal) {
    CallError out;
    out.status = 400;
    out.type = "invalid_request";
    out.code = "guardrail_blocked";
    out.message = fmt::format("the guardrail {} refuses the call: {}", refusal.rule->row.name, refusal.why);
    out.should_retry = false;
    return out;
}

}  // namespace sluice::llm
