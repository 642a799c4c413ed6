#pragma once
/// What several node types are made of: literals of JSON, errors, expressions over items.

#include <string>
#include <string_view>

#include "sluice/base/json.hpp"
#include "sluice/flows/node_type.hpp"
#include "sluice/nodes/nodes.hpp"

namespace sluice::nodes {

using flows::Effect;
using flows::NodeKind;
using flows::NodeType;
using flows::StepContext;
using flows::StepInput;
using flows::StepOutput;

/// A JSON literal of this source code. Throws on a mistake in it, when the table is filled.
Json json(std::string_view text);

/// The kind of a value in words: "a list", "text", …
std::string_view kind_of(const Json& value);

/// True for a string that holds a template, whose value is not known before it is rendered.
bool is_template(const Json& value);

/// The member of the config; null when absent.
const Json& field(const Json& config, std::string_view key);
bool flag(const Json& config, std::string_view key, bool fallback);
std::int64_t integer(const Json& config, std::string_view key, std::int64_t fallback);

/// The list under `key`. Errors: invalid_argument with the pointer, naming what came instead.
Result<const Json*> list(const Json& config, std::string_view key);

/// An error about one place in the rendered config.
Error mistake_at(std::string pointer, std::string message);

/// A value as the text of a cell or a file: text as it is, null as nothing, everything else as
/// JSON.
std::string text_of(const Json& value);

/// The expression written at `pointer` into the config, over the step's scope.
Result<Json> evaluate(const StepInput& input, const std::string& pointer);
/// The same with `item` and `index`. Errors name the index.
Result<Json> evaluate_item(const StepInput& input, const std::string& pointer, const Json& item,
                           std::size_t index);
/// The same for a condition. Errors: also when it gives no boolean.
Result<bool> holds(const StepInput& input, const std::string& pointer);
Result<bool> holds_for_item(const StepInput& input, const std::string& pointer, const Json& item,
                            std::size_t index);
bool has_expression(const StepInput& input, const std::string& pointer);

/// Runs `job` on the pool when the input is large enough to hold the loop up, else at once. `job`
/// owns what it uses.
template <class Job>
auto run_heavy(const Services& services, std::size_t size_bytes, Job job)
    -> Awaitable<std::invoke_result_t<Job&>>;

}  // namespace sluice::nodes

#include "sluice/runtime/pool.hpp"

namespace sluice::nodes {

/// Below it the work takes less than about 200 µs.
inline constexpr std::size_t heavy_bytes = 8 << 10;

template <class Job>
auto run_heavy(const Services& services, std::size_t size_bytes, Job job)
    -> Awaitable<std::invoke_result_t<Job&>> {
    if (!services.files || size_bytes < heavy_bytes) co_return job();
    auto result = co_await services.files->run(std::move(job));
    co_return result;
}

}  // namespace sluice::nodes
