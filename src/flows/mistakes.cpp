#include "flows/mistakes.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace sluice::flows {

namespace {

/// A hundred years: far beyond any use, and added to a time it cannot overflow.
constexpr Duration longest_duration = std::chrono::hours(24 * 36'500);

/// Insertions, deletions, replacements and swaps of neighbours that turn one into the other.
std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> before(b.size() + 1), row(b.size() + 1), next(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        next[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            next[j] = std::min({row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) next[j] = std::min(next[j], before[j - 2] + 1);
        }
        before.swap(row);
        row.swap(next);
    }
    return row[b.size()];
}

std::string lower(std::string_view text) {
    std::string out(text);
    for (auto& c : out)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return out;
}

}  // namespace

std::optional<std::string_view> nearest_name(std::string_view text, Names known) {
    if (text.empty() || text.size() > 100) return std::nullopt;
    const auto wanted = lower(text);
    std::optional<std::string_view> best;
    // A third of the letters may be wrong; with a single letter nothing can be guessed.
    std::size_t best_distance = text.size() < 2 ? 1 : std::max<std::size_t>(1, text.size() / 3) + 1;
    for (const auto name : known) {
        if (name.size() > text.size() + best_distance || text.size() > name.size() + best_distance) continue;
        const auto distance = edit_distance(wanted, lower(name));
        if (distance < best_distance) {
            best_distance = distance;
            best = name;
        }
    }
    if (best) return best;
    // "chat" for "llm.chat": the last part alone is a usual slip.
    for (const auto name : known)
        if (name.size() > wanted.size() + 1 && wanted.size() >= 3 && name.ends_with(wanted) &&
            name[name.size() - wanted.size() - 1] == '.')
            return name;
    return std::nullopt;
}

std::string suggestion(std::string_view text, Names known) {
    const auto nearest = nearest_name(text, known);
    return nearest ? fmt::format("; did you mean \"{}\"?", *nearest) : std::string();
}

std::string enumeration(Names names) {
    std::string out;
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (i > 0) out += i + 1 == names.size() ? " and " : ", ";
        out += names[i];
    }
    return out;
}

std::string at(const std::string& pointer, std::string_view member) { return pointer + "/" + base::escape_pointer(member); }
std::string at(const std::string& pointer, std::size_t index) { return pointer + "/" + std::to_string(index); }

std::string_view kind_of(const Json& value) {
    switch (value.type()) {
        case Json::value_t::null: return "null";
        case Json::value_t::boolean: return "a boolean";
        case Json::value_t::string: return "a string";
        case Json::value_t::array: return "an array";
        case Json::value_t::object: return "an object";
        default: return "a number";
    }
}

void Mistakes::unknown_members(const Json& object, const std::string& pointer, std::string_view what, Names known) {
    for (const auto& [name, value] : object.get_ref<const Json::object_t&>()) {
        if (std::find(known.begin(), known.end(), name) != known.end()) continue;
        const auto nearest = nearest_name(name, known);
        if (nearest) error(at(pointer, name), "unknown field \"{}\" in {}; did you mean \"{}\"?", name, what, *nearest);
        else error(at(pointer, name), "unknown field \"{}\" in {}; known are {}", name, what, enumeration(known));
    }
}

const std::string* Mistakes::text(const Json& object, const std::string& pointer, std::string_view name) {
    const auto* value = base::find_member(object, name);
    if (!value || value->is_null()) return nullptr;
    if (value->is_string()) return &value->get_ref<const std::string&>();
    error(at(pointer, name), "\"{}\" must be a string, not {}", name, kind_of(*value));
    return nullptr;
}

std::optional<Duration> Mistakes::duration(const Json& object, const std::string& pointer, std::string_view name,
                                           bool zero_allowed) {
    const auto* value = base::find_member(object, name);
    if (!value || value->is_null()) return std::nullopt;
    if (!value->is_string()) {
        error(at(pointer, name), "\"{}\" must be a duration such as \"30s\", \"5m\" or \"1h\", not {}", name, kind_of(*value));
        return std::nullopt;
    }
    auto parsed = base::parse_duration(value->get_ref<const std::string&>());
    if (!parsed) {
        error(at(pointer, name), "{}", parsed.error().message);
        return std::nullopt;
    }
    if (parsed->count() == 0 && !zero_allowed) {
        error(at(pointer, name), "\"{}\" must be longer than 0s; leave it out for no limit", name);
        return std::nullopt;
    }
    if (*parsed > longest_duration) {
        error(at(pointer, name), "\"{}\" is at most {}; write a shorter one, or leave it out", name,
              base::format_duration(longest_duration));
        return std::nullopt;
    }
    return *parsed;
}

std::optional<double> Mistakes::number(const Json& object, const std::string& pointer, std::string_view name, double min,
                                       double max) {
    const auto* value = base::find_member(object, name);
    if (!value || value->is_null()) return std::nullopt;
    if (!value->is_number() || !(value->get<double>() >= min && value->get<double>() <= max)) {
        error(at(pointer, name), "\"{}\" must be a number from {} to {}", name, min, max);
        return std::nullopt;
    }
    return value->get<double>();
}

std::optional<bool> Mistakes::flag(const Json& object, const std::string& pointer, std::string_view name) {
    const auto* member = base::find_member(object, name);
    if (!member || member->is_null()) return std::nullopt;
    if (member->is_boolean()) return member->get<bool>();
    error(at(pointer, name), "\"{}\" is true or false, not {}", name, kind_of(*member));
    return std::nullopt;
}

std::optional<int> Mistakes::integer(const Json& object, const std::string& pointer, std::string_view name, int min, int max) {
    const auto* value = base::find_member(object, name);
    if (!value || value->is_null()) return std::nullopt;
    const bool whole = value->is_number() && std::trunc(value->get<double>()) == value->get<double>();
    if (!whole || value->get<double>() < min || value->get<double>() > max) {
        error(at(pointer, name), "\"{}\" must be a whole number from {} to {}", name, min, max);
        return std::nullopt;
    }
    return static_cast<int>(value->get<double>());
}

std::optional<std::size_t> Mistakes::choice(const Json& object, const std::string& pointer, std::string_view name,
                                            Names values) {
    const auto* value = base::find_member(object, name);
    if (!value || value->is_null()) return std::nullopt;
    if (value->is_string()) {
        const auto& text = value->get_ref<const std::string&>();
        const auto found = std::find(values.begin(), values.end(), text);
        if (found != values.end()) return static_cast<std::size_t>(found - values.begin());
        error(at(pointer, name), "\"{}\" is not known for \"{}\"; it can be {}", text, name, enumeration(values));
    } else {
        error(at(pointer, name), "\"{}\" must be one of {}, not {}", name, enumeration(values), kind_of(*value));
    }
    return std::nullopt;
}

const Json* Mistakes::object(const Json& object, const std::string& pointer, std::string_view name) {
    const auto* value = base::find_member(object, name);
    if (!value || value->is_null()) return nullptr;
    if (value->is_object()) return value;
    error(at(pointer, name), "\"{}\" must be an object, not {}", name, kind_of(*value));
    return nullptr;
}

const Json* Mistakes::array(const Json& object, const std::string& pointer, std::string_view name) {
    const auto* value = base::find_member(object, name);
    if (!value || value->is_null()) return nullptr;
    if (value->is_array()) return value;
    error(at(pointer, name), "\"{}\" must be an array, not {}", name, kind_of(*value));
    return nullptr;
}

}  // namespace sluice::flows
