#include <chrono>
#include <cmath>
#include <unordered_set>

#include "base/json_schema_node.hpp"
#include "sluice/base/json.hpp"
#include "sluice/base/time.hpp"

namespace sluice::base::schema {

namespace {

constexpr std::size_t max_depth = 1000;        // of nested judgements: values and subschemas together
constexpr std::size_t max_steps = 2'000'000;   // a schema of nested choices can multiply; this bounds it
constexpr std::size_t scan_up_to = 16;         // members or items; beyond, a hash is built

Type type_of(const Json& value) {
    switch (value.type()) {
        case Json::value_t::null: return type_null;
        case Json::value_t::boolean: return type_boolean;
        case Json::value_t::object: return type_object;
        case Json::value_t::array: return type_array;
        case Json::value_t::string: return type_string;
        default: return type_number;
    }
}

std::string type_list(std::uint8_t types) {
    std::string out;
    for (const auto& each : type_names) {
        if ((types & each.bit) == 0) continue;
        if (!out.empty()) out += " or ";
        out += each.article;
    }
    return out.empty() ? "of a type that does not exist" : out;
}

/// The types a form can have, through its references.
std::uint8_t types_of(const Node& node) {
    std::uint8_t types = node.types;
    for (const Node* next = node.reference; next; next = next->reference) types &= next->types;
    return types;
}

std::string_view article_of(const Json& value) {
    for (const auto& each : type_names)
        if (each.bit == type_of(value)) return each.article;
    return "a number";
}

/// A value as a message shows it.
std::string shown(const Json& value) {
    auto text = dump_json(value);
    if (text.size() <= 60) return text;
    std::size_t cut = 57;
    while (cut > 0 && (static_cast<unsigned char>(text[cut]) & 0xc0) == 0x80) --cut;
    return text.substr(0, cut) + "…";
}

std::uint64_t code_points(std::string_view text) {
    std::uint64_t count = 0;
    for (const char c : text) count += (static_cast<unsigned char>(c) & 0xc0) != 0x80;
    return count;
}

bool is_multiple(const Json& value, const Json& of) {
    if (value.is_number_integer() && of.is_number_integer()) {
        const auto magnitude = [](const Json& n) {
            if (n.is_number_unsigned()) return n.get<std::uint64_t>();
            const auto number = n.get<std::int64_t>();
            return number < 0 ? ~static_cast<std::uint64_t>(number) + 1 : static_cast<std::uint64_t>(number);
        };
        return magnitude(value) % magnitude(of) == 0;
    }
    const auto number = as_number(value), step = as_number(of);
    const auto rest = std::fabs(std::remainder(number, step));
    // 0.0075 is a multiple of 0.0001 although neither is exact in binary.
    const auto tolerance = std::min(std::fabs(number) * 1e-12L, step * 1e-3L);
    return rest <= tolerance;
}

bool has_duplicates(const Json& array) {
    if (array.size() <= scan_up_to) {
        for (std::size_t i = 1; i < array.size(); ++i)
            for (std::size_t j = 0; j < i; ++j)
                if (equal(array[i], array[j])) return true;
        return false;
    }
    std::unordered_set<std::string> seen;
    seen.reserve(array.size());
    for (const auto& item : array)
        if (!seen.insert(dump_json_canonical(item)).second) return true;
    return false;
}

/// Where in the value we are: a chain on the stack, written out only for a mistake.
struct Place {
    const Place* parent = nullptr;
    const std::string* key = nullptr;
    std::size_t index = 0;

    std::string pointer() const {
        if (!parent) return {};
        return parent->pointer() + "/" + (key ? escape_pointer(*key) : std::to_string(index));
    }
};

using Details = std::vector<ErrorDetail>;

class Judge {
  public:
    Judge(Details* details, std::size_t limit) : details_(details), limit_(limit) {}

    bool judge(const Node& node, const Json& value, const Place& place) {
        if (depth_ >= max_depth || ++steps_ > max_steps) {
            exhausted_ = true;
            return false;
        }
        ++depth_;
        const bool valid = judge_node(node, value, place);
        --depth_;
        return valid;
    }

    /// The value could not be judged to its end; whatever came out so far says nothing (a `not` turns it round).
    bool exhausted() const { return exhausted_; }

  private:
    bool full() const { return !details_ || details_->size() >= limit_; }

    /// Records a mistake; the text is only made when somebody wants it.
    template <class... Args>
    bool refuse(const Place& place, fmt::format_string<Args...> format, Args&&... args) {
        if (!full()) details_->push_back({place.pointer(), fmt::format(format, std::forward<Args>(args)...)});
        return false;
    }

    /// True while judging should go on: no mistake yet, or more of them are wanted.
    bool go_on(bool valid) const { return valid || !full(); }

    bool judge_node(const Node& node, const Json& value, const Place& place) {
        if (node.never) return refuse(place, "is not allowed here");
        const auto type = type_of(value);
        if ((node.types & type) == 0 && !(type == type_number && (node.types & type_integer) && is_integer(value)))
            return refuse(place, "must be {}, not {}", type_list(node.types), article_of(value));

        bool valid = true;
        if (node.reference) valid = judge(*node.reference, value, place);
        if (go_on(valid) && node.constant && !equal(*node.constant, value))
            valid = full() ? false : refuse(place, "must be {}", shown(*node.constant));
        if (go_on(valid) && node.has_enum) valid &= judge_enum(node, value, place);
        if (go_on(valid)) {
            if (type == type_string && node.string_rules) valid &= judge_string(node, value.get_ref<const std::string&>(), place);
            else if (type == type_number && node.number_rules) valid &= judge_number(node, value, place);
            else if (type == type_object) valid &= judge_object(node, value, place);
            else if (type == type_array) valid &= judge_array(node, value, place);
        }
        if (go_on(valid)) valid &= judge_combinations(node, value, place);
        return valid;
    }

    bool judge_enum(const Node& node, const Json& value, const Place& place) {
        for (const auto& each : node.enumeration)
            if (equal(each, value)) return true;
        if (full()) return false;
        std::string list;
        for (std::size_t i = 0; i < node.enumeration.size() && i < 12; ++i) {
            if (i != 0) list += ", ";
            list += shown(node.enumeration[i]);
        }
        if (node.enumeration.size() > 12) list += fmt::format(" or {} more", node.enumeration.size() - 12);
        return node.enumeration.size() == 1 ? refuse(place, "must be {}", list) : refuse(place, "must be one of {}", list);
    }

    bool judge_string(const Node& node, const std::string& text, const Place& place) {
        bool valid = true;
        if (node.min_length || node.max_length) {
            const auto length = code_points(text);
            if (node.min_length && length < *node.min_length)
                valid = *node.min_length == 1 ? refuse(place, "must not be empty")
                                              : refuse(place, "must have at least {} characters, has {}", *node.min_length, length);
            if (node.max_length && length > *node.max_length)
                valid = refuse(place, "must have at most {} characters, has {}", *node.max_length, length);
        }
        if (node.pattern && !RE2::PartialMatch(text, *node.pattern)) valid = refuse(place, "must match the pattern {}", node.pattern_text);
        if (node.format != Format::annotation && !matches_format(node.format, text)) {
            switch (node.format) {
                case Format::date_time: return refuse(place, "must be a date and time such as 2026-11-21T10:00:00Z");
                case Format::date: return refuse(place, "must be a date such as 2026-11-21");
                case Format::email: return refuse(place, "must be an e-mail address");
                case Format::uri: return refuse(place, "must be a URI with a scheme, such as https://example.com/");
                case Format::uuid: return refuse(place, "must be a UUID");
                case Format::annotation: break;
            }
        }
        return valid;
    }

    bool judge_number(const Node& node, const Json& value, const Place& place) {
        const auto number = as_number(value);
        bool valid = true;
        if (node.minimum && number < node.minimum->number) valid = refuse(place, "must be at least {}", node.minimum->text);
        if (node.maximum && number > node.maximum->number) valid = refuse(place, "must be at most {}", node.maximum->text);
        if (node.exclusive_minimum && number <= node.exclusive_minimum->number)
            valid = refuse(place, "must be more than {}", node.exclusive_minimum->text);
        if (node.exclusive_maximum && number >= node.exclusive_maximum->number)
            valid = refuse(place, "must be less than {}", node.exclusive_maximum->text);
        if (node.multiple_of && !is_multiple(value, *node.multiple_of)) {
            if (full()) return false;
            valid = refuse(place, "must be a multiple of {}", dump_json(*node.multiple_of));
        }
        return valid;
    }

    bool judge_object(const Node& node, const Json& value, const Place& place) {
        const auto& members = value.get_ref<const Json::object_t&>();
        bool valid = true;
        if (node.min_properties && members.size() < *node.min_properties)
            valid = refuse(place, "must have at least {} fields, has {}", *node.min_properties, members.size());
        if (node.max_properties && members.size() > *node.max_properties)
            valid = refuse(place, "must have at most {} fields, has {}", *node.max_properties, members.size());
        valid &= judge_presence(node, members, value, place);

        if (node.properties.empty() && node.pattern_properties.empty() && !node.additional_properties && !node.property_names)
            return valid;
        for (const auto& [key, member] : members) {
            if (!go_on(valid)) return false;
            const Place inside{&place, &key, 0};
            bool known = false;
            if (const auto found = node.properties.find(std::string_view(key)); found != node.properties.end()) {
                known = true;
                valid &= judge(*found->second, member, inside);
            }
            for (const auto& each : node.pattern_properties) {
                if (!RE2::PartialMatch(key, *each.pattern)) continue;
                known = true;
                valid &= judge(*each.node, member, inside);
            }
            if (!known && node.additional_properties) {
                if (node.additional_properties->never) valid = refuse(inside, "unknown field '{}'", key);
                else valid &= judge(*node.additional_properties, member, inside);
            }
            if (node.property_names) {
                // The name is judged as a string; a mistake is told at the field.
                Judge names(nullptr, 0);
                names.steps_ = steps_;
                if (!names.judge(*node.property_names, Json(key), inside)) valid = refuse(inside, "the field name '{}' is not allowed", key);
                steps_ = names.steps_;
                exhausted_ |= names.exhausted_;
            }
        }
        return valid;
    }

    bool judge_presence(const Node& node, const Json::object_t& members, const Json& value, const Place& place) {
        if (node.required.empty() && node.dependencies.empty()) return true;
        std::unordered_set<std::string_view> keys;
        if (members.size() > scan_up_to)
            for (const auto& [key, member] : members) keys.insert(key);
        const auto present = [&](std::string_view name) {
            if (members.size() > scan_up_to) return keys.contains(name);
            for (const auto& [key, member] : members)
                if (key == name) return true;
            return false;
        };
        bool valid = true;
        for (const auto& name : node.required)
            if (!present(name)) valid = refuse(place, "missing field '{}'", name);
        for (const auto& dependency : node.dependencies) {
            if (!go_on(valid)) return false;
            if (!present(dependency.key)) continue;
            for (const auto& name : dependency.fields)
                if (!present(name)) valid = refuse(place, "missing field '{}', needed with '{}'", name, dependency.key);
            if (dependency.node) valid &= judge(*dependency.node, value, place);
        }
        return valid;
    }

    bool judge_array(const Node& node, const Json& value, const Place& place) {
        bool valid = true;
        if (node.min_items && value.size() < *node.min_items)
            valid = refuse(place, "must have at least {} items, has {}", *node.min_items, value.size());
        if (node.max_items && value.size() > *node.max_items)
            valid = refuse(place, "must have at most {} items, has {}", *node.max_items, value.size());
        if (node.unique_items && go_on(valid) && has_duplicates(value)) valid = refuse(place, "must not contain the same item twice");

        for (std::size_t i = 0; i < value.size() && (node.items || node.items_per_place); ++i) {
            if (!go_on(valid)) return false;
            const Node* rule = node.items;
            if (node.items_per_place) rule = i < node.item_places.size() ? node.item_places[i] : node.additional_items;
            if (!rule) break;
            const Place inside{&place, nullptr, i};
            if (rule->never && rule == node.additional_items) valid = refuse(inside, "must have at most {} items", node.item_places.size());
            else valid &= judge(*rule, value[i], inside);
        }
        if (node.contains && go_on(valid)) {
            bool found = false;
            for (std::size_t i = 0; i < value.size() && !found; ++i) found = silently(*node.contains, value[i], place);
            if (!found) valid = refuse(place, "must contain at least one item of the required form");
        }
        return valid;
    }

    bool silently(const Node& node, const Json& value, const Place& place) {
        auto* const details = std::exchange(details_, nullptr);
        const bool valid = judge(node, value, place);
        details_ = details;
        return valid;
    }

    bool judge_combinations(const Node& node, const Json& value, const Place& place) {
        bool valid = true;
        for (const Node* each : node.all_of) {
            if (!go_on(valid)) return false;
            valid &= judge(*each, value, place);
        }
        if (!node.any_of.empty()) {
            bool found = false;
            for (const Node* each : node.any_of)
                if ((found = silently(*each, value, place))) break;
            if (!found) valid = refuse_forms(node.any_of, value, place);
        }
        if (!node.one_of.empty()) {
            std::size_t first = 0, second = 0;
            for (std::size_t i = 0; i < node.one_of.size() && second == 0; ++i)
                if (silently(*node.one_of[i], value, place)) (first == 0 ? first : second) = i + 1;
            if (first == 0) valid = refuse_forms(node.one_of, value, place);
            if (second != 0) valid = refuse(place, "matches two of the allowed forms ({} and {}), must match exactly one", first, second);
        }
        if (node.negated && silently(*node.negated, value, place)) valid = refuse(place, "has a form that is not allowed here");
        if (node.condition && (node.then || node.otherwise)) {
            const Node* next = silently(*node.condition, value, place) ? node.then : node.otherwise;
            if (next && go_on(valid)) valid &= judge(*next, value, place);
        }
        return valid;
    }

    /// None of several forms fits: tells what is wrong as the nearest of them.
    bool refuse_forms(const std::vector<const Node*>& forms, const Json& value, const Place& place) {
        if (full()) return false;
        const auto pointer = place.pointer();
        Details nearest;
        bool nearest_has_type = false;
        std::uint8_t types = 0;
        for (const Node* form : forms) {
            Details mistakes;
            auto* const details = std::exchange(details_, &mistakes);
            judge(*form, value, place);
            details_ = details;
            // A form of another type altogether says least about what was meant.
            const auto form_types = types_of(*form);
            const bool has_type = (form_types & type_of(value)) != 0 || ((form_types & type_integer) && value.is_number());
            types |= form_types;
            if (nearest.empty() || (has_type && !nearest_has_type) || (has_type == nearest_has_type && mistakes.size() < nearest.size())) {
                nearest = std::move(mistakes);
                nearest_has_type = has_type;
            }
        }
        if (!nearest_has_type) return refuse(place, "must be {}, not {}", type_list(types), article_of(value));
        if (forms.size() > 1) details_->push_back({pointer, fmt::format("matches none of the {} allowed forms; as the nearest:", forms.size())});
        for (auto& mistake : nearest)
            if (!full()) details_->push_back(std::move(mistake));
        return false;
    }

    Details* details_;
    std::size_t limit_;
    std::size_t depth_ = 0;
    std::size_t steps_ = 0;
    bool exhausted_ = false;
};

bool matches_date(std::string_view text) {
    const auto digits = [&](std::size_t at, std::size_t count) {
        int number = 0;
        for (std::size_t i = at; i < at + count; ++i) {
            if (text[i] < '0' || text[i] > '9') return -1;
            number = number * 10 + (text[i] - '0');
        }
        return number;
    };
    if (text.size() != 10 || text[4] != '-' || text[7] != '-') return false;
    const int year = digits(0, 4), month = digits(5, 2), day = digits(8, 2);
    if (year < 0 || month < 0 || day < 0) return false;
    return std::chrono::year_month_day(std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                       std::chrono::day(static_cast<unsigned>(day)))
        .ok();
}

bool matches_email(std::string_view text) {
    const auto at = text.rfind('@');
    if (at == text.npos || at == 0 || at > 64 || text.size() > 254) return false;
    const auto local = text.substr(0, at), domain = text.substr(at + 1);
    if (local.front() == '.' || local.back() == '.' || local.find("..") != local.npos) return false;
    for (const char c : local)
        if (static_cast<unsigned char>(c) <= ' ' || c == '\x7f' || std::string_view("\"(),:;<>@[\\]").find(c) != std::string_view::npos)
            return false;
    if (domain.empty() || domain.front() == '.' || domain.back() == '.' || domain.find("..") != domain.npos) return false;
    for (const char c : domain)
        if (!(static_cast<unsigned char>(c) >= 0x80 || std::isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '.')) return false;
    return domain.front() != '-' && domain.back() != '-';
}

bool matches_uri(std::string_view text) {
    const auto colon = text.find(':');
    if (colon == text.npos || colon == 0 || colon + 1 == text.size()) return false;
    if (!std::isalpha(static_cast<unsigned char>(text.front()))) return false;
    for (const char c : text.substr(0, colon))
        if (!(std::isalnum(static_cast<unsigned char>(c)) || c == '+' || c == '-' || c == '.')) return false;
    for (std::size_t i = colon + 1; i < text.size(); ++i) {
        const auto c = static_cast<unsigned char>(text[i]);
        if (c <= ' ' || c >= 0x7f || std::string_view("\"<>\\^`{|}").find(text[i]) != std::string_view::npos) return false;
        if (c == '%' && (i + 2 >= text.size() || !std::isxdigit(static_cast<unsigned char>(text[i + 1])) ||
                         !std::isxdigit(static_cast<unsigned char>(text[i + 2]))))
            return false;
    }
    return true;
}

bool matches_uuid(std::string_view text) {
    if (text.size() != 36) return false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash ? text[i] != '-' : !std::isxdigit(static_cast<unsigned char>(text[i]))) return false;
    }
    return true;
}

}  // namespace

long double as_number(const Json& value) {
    if (value.is_number_unsigned()) return static_cast<long double>(value.get<std::uint64_t>());
    if (value.is_number_integer()) return static_cast<long double>(value.get<std::int64_t>());
    return static_cast<long double>(value.get<double>());
}

bool is_integer(const Json& value) {
    if (value.is_number_integer()) return true;
    if (!value.is_number_float()) return false;
    const auto number = value.get<double>();
    return std::isfinite(number) && number == std::trunc(number);
}

bool equal(const Json& a, const Json& b) {
    if (a.is_number() && b.is_number()) return as_number(a) == as_number(b);
    if (a.type() != b.type()) return false;
    if (a.is_array()) {
        if (a.size() != b.size()) return false;
        for (std::size_t i = 0; i < a.size(); ++i)
            if (!equal(a[i], b[i])) return false;
        return true;
    }
    if (a.is_object()) {
        if (a.size() != b.size()) return false;
        if (a.size() > scan_up_to) return dump_json_canonical(a) == dump_json_canonical(b);
        for (const auto& [key, value] : a.get_ref<const Json::object_t&>()) {
            const Json* other = find_member(b, key);
            if (!other || !equal(value, *other)) return false;
        }
        return true;
    }
    return a == b;
}

bool matches_format(Format format, std::string_view text) {
    switch (format) {
        case Format::annotation: return true;
        case Format::date_time: return parse_time(text).has_value();
        case Format::date: return matches_date(text);
        case Format::email: return matches_email(text);
        case Format::uri: return matches_uri(text);
        case Format::uuid: return matches_uuid(text);
    }
    return true;
}

std::vector<ErrorDetail> validate(const Node& start, const Json& value, std::size_t limit) {
    Details details;
    Judge judge(&details, limit);
    judge.judge(start, value, Place{});
    if (judge.exhausted()) return {{"", "the value or its schema is nested too deeply, or branches too much, to be checked"}};
    return details;
}

}  // namespace sluice::base::schema
