#pragma once
/// Templates: JSON whose strings hold `{{ expr }}`. Alone in a string an expression keeps its value's type; inside text
/// it is rendered. Strings of nested objects and lists are rendered too, keys are not. `{{ '{{' }}` writes a literal.

#include <memory>
#include <string>
#include <vector>

#include "sluice/cel/cel.hpp"

namespace sluice::cel {

struct TemplatePart;

/// A reference of a template's expression; `pointer` is the JSON pointer of its string, `reference.offset` counts in it.
struct TemplateReference {
    Reference reference;
    std::string pointer;
};

/// A compiled template. Immutable and cheap to copy. Thread: any, also several at once.
class Template {
  public:
    /// A template's default limits: a rendered document may have 16 MiB.
    static constexpr Limits default_limits{.output_bytes = 16 << 20};

    Template() = default;  ///< the constant null

    /// Strings below the JSON pointers of `verbatim` (exact places and what is under them) are kept as written.
    /// Errors: invalid_argument; one detail for every string that does not compile, with its pointer and
    /// "line:column: …" counted in that string.
    static Result<Template> compile(const Json& value, const std::vector<std::string>& verbatim,
                                    const Limits& limits = default_limits);
    static Result<Template> compile(const Json& value, const Limits& limits = default_limits);

    /// The value with every expression replaced. Errors: as `Program::evaluate`, with the string's pointer as detail.
    Result<Json> render(const Scope& scope) const;
    /// Whether there is nothing to evaluate: `render` gives what was compiled.
    bool constant() const;
    const std::vector<TemplateReference>& references() const;

  private:
    struct Body;
    std::shared_ptr<const Body> body_;
};

}  // namespace sluice::cel
