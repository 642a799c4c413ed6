#include <array>

#include "sluice/budget/budget.hpp"

namespace sluice::budget {
namespace {

constexpr std::array<std::string_view, 11> scopes{"instance", "workspace", "project", "agent", "flow", "run",
                                                  "session",  "api_key",   "user",    "model", "tag"};
constexpr std::array<std::string_view, 5> windows{"hour", "day", "week", "month", "total"};
constexpr std::array<std::string_view, 4> actions{"block", "require_approval", "downgrade", "warn"};

template <class Enum, std::size_t n>
std::optional<Enum> among(const std::array<std::string_view, n>& names, std::string_view text) {
    for (std::size_t i = 0; i < n; ++i)
        if (names[i] == text) return static_cast<Enum>(i);
    return std::nullopt;
}

}  // namespace

std::string_view to_string(ScopeType type) { return scopes[static_cast<std::size_t>(type)]; }
std::string_view to_string(Window window) { return windows[static_cast<std::size_t>(window)]; }
std::string_view to_string(Action action) { return actions[static_cast<std::size_t>(action)]; }

std::optional<ScopeType> scope_type_from(std::string_view text) { return among<ScopeType>(scopes, text); }
std::optional<Window> window_from(std::string_view text) { return among<Window>(windows, text); }
std::optional<Action> action_from(std::string_view text) { return among<Action>(actions, text); }

std::string etag_of(const Budget& budget) { return fmt::format("\"{}\"", budget.revision); }

}  // namespace sluice::budget
