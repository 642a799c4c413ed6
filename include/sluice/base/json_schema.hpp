#pragma once
/// JSON Schema, draft 7. Patterns are judged by RE2 (linear time); a keyword that is not understood is refused when the
/// schema is compiled, so that nothing is silently unchecked. Annotations (title, description, default, examples,
/// `x-…`) are accepted. Keywords beside `$ref` count as well. `format` is checked for date-time, date, email, uri and
/// uuid, any other format is an annotation.

#include <memory>
#include <string>
#include <vector>

#include "sluice/base/json_fwd.hpp"
#include "sluice/base/result.hpp"

namespace sluice::base {

/// A compiled schema; cheap to copy, safe to use from any thread.
class JsonSchema {
  public:
    /// Errors: unprocessable with a pointer into the schema: not a schema, unknown keyword, bad pattern, remote $ref.
    /// Local references (`#/definitions/…`) and `#/components/schemas/…` found in `root` are resolved.
    static Result<JsonSchema> compile(const Json& schema);
    static Result<JsonSchema> compile(const Json& schema, const Json& root);

    /// The mistakes (empty: valid), each with a pointer into `value`; at most 20.
    std::vector<ErrorDetail> validate(const Json& value) const;

  private:
    struct State;
    std::shared_ptr<const State> state_;
};

}  // namespace sluice::base
