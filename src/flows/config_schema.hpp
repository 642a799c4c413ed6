#pragma once
/// What a node type's schema says about one config: which of its values are expressions, which are inner graphs, and
/// what is wrong with the rest while templates are still unknown.

#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/error.hpp"
#include "sluice/base/json.hpp"
#include "sluice/base/json_schema.hpp"

namespace sluice::flows {

/// A value of the config that the schema marks `x-expression`. Pointers are into the config.
struct ExpressionField {
    std::string pointer;
    const std::string* text = nullptr;
    /// Names the node gives the expression beside the usual ones (`x-scope`; without it: item, index).
    std::vector<std::string> extra_names;
};

struct ConfigFields {
    std::vector<ExpressionField> expressions;
    std::vector<std::string> bodies;  ///< pointers of values marked `x-body`
    std::vector<std::string> secrets; ///< pointers of values marked `x-secret`
};

/// Follows properties, additionalProperties, items, combinations and local references.
ConfigFields find_fields(const Json& schema, const Json& config);

/// True when any string in `value` holds a template, outside the given pointers' values.
bool has_template(const Json& value);
inline bool is_template(const Json& value) {
    return value.is_string() && value.get_ref<const std::string&>().find("{{") != std::string::npos;
}

/// The mistakes in an unrendered config. A string that holds a template can become any value, so what depends on its
/// type or text is left to the check after rendering.
std::vector<base::ErrorDetail> check_config(const base::JsonSchema& compiled, const Json& schema, const Json& config);

}  // namespace sluice::flows
