#include "llm/formats/wire_json.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <chrono>
#include <cmath>

namespace sluice::llm::wire {

namespace {

constexpr std::size_t most_mistakes = 20;
constexpr std::size_t most_members = 200;  // no object of these formats has a tenth; looking for twins is quadratic
constexpr std::int64_t most_tokens = std::int64_t{1} << 40;
constexpr std::int64_t longest_wait_ms = 24 * 3'600'000;
constexpr std::size_t told_bytes = 600;
constexpr double exact_whole = 9007199254740992.0;  // 2^53
constexpr base::JsonLimits upstream_limits{
    .size_bytes = 64 << 20, .depth = 128, .keys = 100'000, .string_bytes = 64 << 20, .number_digits = 64};

template <class T>
std::optional<T> parsed(std::string_view text) {
    T value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

/// A number of seconds or milliseconds that can be waited.
std::optional<double> waitable(std::string_view text) {
    const auto value = parsed<double>(text);
    return value && std::isfinite(*value) && *value >= 0 ? value : std::nullopt;
}

/// A vendor that refuses a key may repeat it: words that look like one are taken out.
std::string without_keys(std::string_view text) {
    static constexpr std::string_view starts[] = {"sk-", "sk_", "gsk_", "xai-", "AIza", "AQ.", "ya29.", "eyJ"};
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
        const bool word_begins = at == 0 || !std::isalnum(static_cast<unsigned char>(text[at - 1]));
        const auto rest = text.substr(at);
        if (word_begins && std::any_of(std::begin(starts), std::end(starts), [&](auto start) { return rest.starts_with(start); })) {
            const auto length = std::min(rest.find_first_of(" \t\r\n\"'<>,;:()=&"), rest.size());
            if (length >= 12) {
                out += "[key]";
                at += length;
                continue;
            }
        }
        out += text[at++];
    }
    return out;
}

/// "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110 5.6.7) in seconds since the epoch.
std::optional<std::int64_t> http_date(std::string_view text) {
    static constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                             "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    if (text.size() != 29 || !text.ends_with(" GMT") || text[19] != ':' || text[22] != ':') return std::nullopt;
    const auto month = std::find(months.begin(), months.end(), text.substr(8, 3));
    const auto day = parsed<unsigned>(text.substr(5, 2));
    const auto year = parsed<int>(text.substr(12, 4));
    const auto hour = parsed<int>(text.substr(17, 2)), minute = parsed<int>(text.substr(20, 2)),
               second = parsed<int>(text.substr(23, 2));
    if (month == months.end() || !day || !year || !hour || !minute || !second) return std::nullopt;
    const std::chrono::year_month_day date{std::chrono::year{*year},
                                           std::chrono::month{static_cast<unsigned>(month - months.begin()) + 1},
                                           std::chrono::day{*day}};
    if (!date.ok()) return std::nullopt;
    return std::chrono::sys_days{date}.time_since_epoch().count() * std::int64_t{86'400} + *hour * 3600 + *minute * 60 + *second;
}

}  // namespace

std::optional<std::int64_t> whole(const Json& value) {
    if (value.is_number_unsigned()) {
        const auto number = value.get<std::uint64_t>();
        if (number > static_cast<std::uint64_t>(INT64_MAX)) return std::nullopt;
        return static_cast<std::int64_t>(number);
    }
    if (value.is_number_integer()) return value.get<std::int64_t>();
    if (!value.is_number_float()) return std::nullopt;
    const auto number = value.get<double>();
    if (!std::isfinite(number) || number != std::trunc(number) || std::abs(number) > exact_whole) return std::nullopt;
    return static_cast<std::int64_t>(number);
}

void Mistakes::add(std::string pointer, std::string message) {
    const bool known = std::any_of(found_.begin(), found_.end(), [&](const auto& each) { return each.pointer == pointer; });
    if (!known && found_.size() < most_mistakes) found_.push_back({std::move(pointer), std::move(message)});
}

Error Mistakes::error(std::string_view what) && {
    return Error{ErrorCode::invalid_argument, fmt::format("{}; correct the members named here", what), std::move(found_), false};
}

Object::Object(const Json& value, std::string pointer, Mistakes& mistakes, Names names)
    : pointer_(std::move(pointer)), mistakes_(mistakes) {
    if (!value.is_object()) {
        mistakes_.add(pointer_, "must be an object");
        return;
    }
    if (value.size() > most_members) {
        mistakes_.add(pointer_, fmt::format("has {} members; at most {}", value.size(), most_members));
        return;
    }
    members_.reserve(value.size());
    for (const auto& [name, member] : value.get_ref<const Json::object_t&>()) {
        auto canonical = names == Names::camel ? camel_case(name) : name;
        const auto twin = std::find_if(members_.begin(), members_.end(),
                                       [&](const Member& other) { return other.name == canonical; });
        if (twin != members_.end()) {
            // Two spellings of one member: whoever checks the one must not be passed by the other.
            mistakes_.add(pointer_ + '/' + base::escape_pointer(name),
                          fmt::format("is given twice, also as {}; leave one out", twin->written));
            continue;
        }
        members_.push_back({std::move(canonical), name, &member});
    }
}

const Json* Object::find(std::string_view name) {
    for (auto& member : members_) {
        if (member.name != name) continue;
        member.read = true;
        return member.value->is_null() ? nullptr : member.value;
    }
    return nullptr;
}

bool Object::has(std::string_view name) const {
    return std::any_of(members_.begin(), members_.end(),
                       [&](const Member& member) { return member.name == name && !member.value->is_null(); });
}

std::string Object::pointer(std::string_view name) const {
    for (const auto& member : members_)
        if (member.name == name) return pointer_ + '/' + base::escape_pointer(member.written);
    return pointer_ + '/' + base::escape_pointer(name);
}

const Json* Object::find_typed(std::string_view name, Json::value_t type, std::string_view expected) {
    const auto* value = find(name);
    if (!value || value->type() == type) return value;
    wrong(name, fmt::format("must be {}", expected));
    return nullptr;
}

const Json* Object::find_object(std::string_view name) { return find_typed(name, Json::value_t::object, "an object"); }
const Json* Object::find_array(std::string_view name) { return find_typed(name, Json::value_t::array, "an array"); }

std::string Object::text(std::string_view name, std::string_view fallback) {
    const auto* value = find_typed(name, Json::value_t::string, "a string");
    return value ? value->get_ref<const Json::string_t&>() : std::string(fallback);
}

std::string Object::required_text(std::string_view name) {
    if (!has(name)) wrong(name, "is missing");
    return text(name);
}

std::optional<std::int64_t> Object::integer(std::string_view name, std::int64_t least, std::int64_t most) {
    const auto* value = find(name);
    if (!value) return std::nullopt;
    const auto number = whole(*value);
    if (number && *number >= least && *number <= most) return number;
    wrong(name, fmt::format("must be a whole number from {} to {}", least, most));
    return std::nullopt;
}

std::optional<double> Object::number(std::string_view name) {
    const auto* value = find(name);
    if (!value) return std::nullopt;
    if (value->is_number()) return value->get<double>();
    wrong(name, "must be a number");
    return std::nullopt;
}

std::optional<bool> Object::boolean(std::string_view name) {
    const auto* value = find_typed(name, Json::value_t::boolean, "true or false");
    return value ? std::optional(value->get<bool>()) : std::nullopt;
}

std::vector<std::string> Object::texts(std::string_view name) {
    std::vector<std::string> out;
    const auto* items = find_array(name);
    if (!items) return out;
    for (const auto& item : *items) {
        if (!item.is_string()) {
            wrong(name, "must be an array of strings");
            return {};
        }
        out.push_back(item.get<std::string>());
    }
    return out;
}

Json Object::rest() const {
    Json out = Json::object();
    for (const auto& member : members_)
        if (!member.read) out[member.name] = *member.value;
    return out;
}

std::string camel_case(std::string_view name) {
    std::string out;
    out.reserve(name.size());
    for (std::size_t i = 0; i < name.size(); ++i) {
        const bool joint = name[i] == '_' && i > 0 && i + 1 < name.size() && name[i + 1] >= 'a' && name[i + 1] <= 'z';
        out += joint ? static_cast<char>(name[++i] - 'a' + 'A') : name[i];
    }
    return out;
}

void merge_missing(Json& into, const Json& extra) {
    if (!extra.is_object()) return;
    for (const auto& [name, value] : extra.get_ref<const Json::object_t&>()) {
        const auto found = into.find(name);
        if (found == into.end()) into[name] = value;
        else if (found->is_object() && value.is_object()) merge_missing(*found, value);
    }
}

std::int64_t Counts::get(std::string_view name) {
    const auto* value = usage_ ? base::find_member(*usage_, name) : nullptr;
    if (!value || value->is_null()) return 0;
    const auto number = whole(*value);
    if (number && *number >= 0 && *number <= most_tokens) return *number;
    absurd_ = true;
    return 0;
}

Counts Counts::inside(std::string_view name) { return Counts(usage_ ? base::find_member(*usage_, name) : nullptr); }

Result<Json> parse_upstream(std::string_view text, std::string_view format) {
    auto value = base::parse_json(text, upstream_limits);
    if (!value) return fail(not_of_format(format, value.error().message));
    return value;
}

Error not_of_format(std::string_view format, std::string_view why) {
    return {ErrorCode::upstream_failed, fmt::format("the model provider sent something that is not of the format {}: {}", format, why), {}, true};
}

Error broken_off() {
    return {ErrorCode::upstream_failed, "the model provider broke off in the middle of its answer; the request can be sent again", {}, true};
}

std::string told(std::string_view message) {
    auto out = without_keys(message.substr(0, 4 * told_bytes));
    std::replace_if(out.begin(), out.end(), [](unsigned char c) { return c < 0x20; }, ' ');
    if (out.size() <= told_bytes) return out;
    auto end = told_bytes;
    while (end > 0 && (static_cast<unsigned char>(out[end]) & 0xc0) == 0x80) --end;  // between characters
    return out.substr(0, end) + "…";
}

std::optional<Json> parse_arguments(std::string_view text) {
    if (text.find_first_not_of(" \t\r\n") == text.npos) return Json::object();
    auto value = base::parse_json(text, upstream_limits);
    if (!value || !value->is_object()) return std::nullopt;
    return std::move(*value);
}

void read_retry_headers(const net::Headers& headers, CallError& error) {
    auto wait_ms = waitable(headers.get("retry-after-ms"));
    const auto after = headers.get("retry-after");
    if (const auto seconds = waitable(after); seconds && !wait_ms) wait_ms = *seconds * 1000;
    if (const auto until = http_date(after); until && !wait_ms)
        if (const auto now = http_date(headers.get("date")))
            wait_ms = static_cast<double>(std::max<std::int64_t>(0, *until - *now)) * 1000;
    if (wait_ms)
        error.retry_after_ms = static_cast<std::int64_t>(std::ceil(std::min(*wait_ms, static_cast<double>(longest_wait_ms))));
    const auto retry = headers.get("x-should-retry");
    if (retry == "true") error.should_retry = true;
    if (retry == "false") error.should_retry = false;
}

std::string event(std::string_view name, const Json& data) { return net::format_sse(name, {}, base::dump_json(data)); }

}  // namespace sluice::llm::wire
