#pragma once
/// Collects what is wrong with a document, and reads members of its objects while doing so.

#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "sluice/base/error.hpp"
#include "sluice/base/json.hpp"
#include "sluice/base/time.hpp"

namespace sluice::flows {

using Names = std::span<const std::string_view>;

/// The name among `known` that `text` most likely meant, or nothing when none is near.
std::optional<std::string_view> nearest_name(std::string_view text, Names known);
/// "; did you mean \"x\"?", or "" when nothing is near.
std::string suggestion(std::string_view text, Names known);
/// "a, b and c"
std::string enumeration(Names names);

/// Errors and warnings with their pointers. Lists are cut at `most` entries each, so that a huge broken document does
/// not give a huge answer.
class Mistakes {
  public:
    static constexpr std::size_t most = 200;

    template <class... Args>
    void error(std::string pointer, fmt::format_string<Args...> format, Args&&... args) {
        add(errors, std::move(pointer), fmt::format(format, std::forward<Args>(args)...));
    }
    template <class... Args>
    void warning(std::string pointer, fmt::format_string<Args...> format, Args&&... args) {
        add(warnings, std::move(pointer), fmt::format(format, std::forward<Args>(args)...));
    }

    /// Refuses members that are not in `known`, naming the nearest known one.
    void unknown_members(const Json& object, const std::string& pointer, std::string_view what, Names known);
    /// The member as text; notes an error when it is something else. Null and absent members give null.
    const std::string* text(const Json& object, const std::string& pointer, std::string_view name);
    /// A duration of at least one microsecond (or zero where allowed).
    std::optional<Duration> duration(const Json& object, const std::string& pointer, std::string_view name,
                                     bool zero_allowed = false);
    /// A number within bounds.
    std::optional<double> number(const Json& object, const std::string& pointer, std::string_view name, double min, double max);
    std::optional<bool> flag(const Json& object, const std::string& pointer, std::string_view name);
    std::optional<int> integer(const Json& object, const std::string& pointer, std::string_view name, int min, int max);
    /// One of `values`, as its position.
    std::optional<std::size_t> choice(const Json& object, const std::string& pointer, std::string_view name, Names values);
    /// The member as an object or array, or null (with an error when it is something else).
    const Json* object(const Json& object, const std::string& pointer, std::string_view name);
    const Json* array(const Json& object, const std::string& pointer, std::string_view name);

    /// True when no more errors are kept, so that looking for better words is a waste.
    bool full() const { return errors.size() >= most; }

    std::vector<base::ErrorDetail> errors, warnings;

  private:
    static void add(std::vector<base::ErrorDetail>& list, std::string pointer, std::string message) {
        if (list.size() < most) list.push_back({std::move(pointer), std::move(message)});
    }
};

/// The pointer of a member: `at("/nodes/3", "config")` is "/nodes/3/config".
std::string at(const std::string& pointer, std::string_view member);
std::string at(const std::string& pointer, std::size_t index);

/// What a JSON value is, for messages: "a string", "an object".
std::string_view kind_of(const Json& value);

}  // namespace sluice::flows
