#include <algorithm>
#include <array>
#include <limits>

#include "sluice/budget/spend.hpp"

namespace sluice::budget {
namespace {

constexpr std::array<std::string_view, 11> scopes{"instance", "workspace", "project", "agent", "flow", "run",
                                                  "session",  "api_key",   "user",    "model", "tag"};
constexpr std::array<std::string_view, 5> windows{"hour", "day", "week", "month", "total"};
constexpr std::array<std::string_view, 4> actions{"block", "require_approval", "downgrade", "warn"};

constexpr std::array<std::string_view, 10> dimensions{"model", "provider", "project", "flow", "agent", "api_key", "user", "tag", "day", "hour"};

template <class Enum, std::size_t n>
std::optional<Enum> among(const std::array<std::string_view, n>& names, std::string_view text) {
    for (std::size_t i = 0; i < n; ++i)
        if (names[i] == text) return static_cast<Enum>(i);
    return std::nullopt;
}

}  // namespace

NanoUsd Standing::left() const {
    const auto left = static_cast<__int128>(limit.value) - spent.value - held.value;
    return {static_cast<std::int64_t>(std::max<__int128>(left, std::numeric_limits<std::int64_t>::min()))};
}

bool has_controls(std::string_view name) {
    for (std::size_t i = 0; i < name.size(); ++i) {
        const auto byte = [&](std::size_t at) { return i + at < name.size() ? static_cast<unsigned char>(name[i + at]) : 0; };
        if (byte(0) < 0x20 || byte(0) == 0x7F) return true;
        if (byte(0) == 0xC2 && byte(1) >= 0x80 && byte(1) < 0xA0) return true;                          // U+0080 to U+009F
        if (byte(0) == 0xE2 && byte(1) == 0x80 && (byte(2) == 0xA8 || byte(2) == 0xA9)) return true;  // line and paragraph separators
    }
    return false;
}

std::string_view to_string(ScopeType type) { return scopes[static_cast<std::size_t>(type)]; }
std::string_view to_string(Window window) { return windows[static_cast<std::size_t>(window)]; }
std::string_view to_string(Action action) { return actions[static_cast<std::size_t>(action)]; }

std::optional<ScopeType> scope_type_from(std::string_view text) { return among<ScopeType>(scopes, text); }
std::optional<Window> window_from(std::string_view text) { return among<Window>(windows, text); }
std::optional<Action> action_from(std::string_view text) { return among<Action>(actions, text); }

std::string_view to_string(SpendBy by) { return dimensions[static_cast<std::size_t>(by)]; }
std::optional<SpendBy> spend_by_from(std::string_view text) { return among<SpendBy>(dimensions, text); }

std::string etag_of(const Budget& budget) { return fmt::format("\"{}\"", budget.revision); }

}  // namespace sluice::budget
