#pragma once
/// Guardrails: rules of a workspace that the requests and answers of model calls are judged by, whichever door they come
/// through, those of flows included. A rule looks for something (a pattern, an email address, a key, a size, a tool, an answer
/// that does not keep a schema) and takes it out or refuses the call. Where no rule covers a call nothing is looked at, and
/// bytes pass as they came. docs/gateway.md, docs/decisions/0030.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/clock.hpp"
#include "sluice/base/id.hpp"
#include "sluice/base/json.hpp"
#include "sluice/base/result.hpp"
#include "sluice/runtime/awaitable.hpp"

namespace sluice::storage {
class Storage;
class WriteUnit;
}  // namespace sluice::storage
namespace sluice::net {
class Router;
}
namespace sluice::budget {
struct CallScope;
}

namespace sluice::llm {

struct GuardrailTag { static constexpr std::string_view prefix = "grd"; };
using GuardrailId = Id<GuardrailTag>;

enum class GuardDirection : std::uint8_t { input, output, both };
std::string_view to_string(GuardDirection direction);
std::optional<GuardDirection> guard_direction_from(std::string_view text);

struct Guardrail {
    GuardrailId id;
    WorkspaceId workspace;
    std::string name;                       ///< unique in the workspace
    bool enabled = true;
    std::int64_t position = 100;            ///< the least is asked first; of the same, by name
    GuardDirection direction = GuardDirection::both;
    /// Whose calls: names with `*` for anything. Empty: all. Models are those that the caller names and those that may answer.
    std::vector<std::string> models, api_keys, flows, projects;
    /// {"type": "pattern" | "detect" | "size" | "tools" | "schema", …}; see docs/gateway.md.
    Json rule = Json::object();
    std::int64_t revision = 1;
    std::string created_by;
    Time created_at{}, updated_at{};
};
std::string etag_of(const Guardrail& guardrail);

struct GuardRule;
/// What one call is judged by; in order.
struct Guard {
    std::vector<std::shared_ptr<const GuardRule>> input, output;
    std::string stamp;  ///< which rules in which revision
    bool has_schema = false;
};

/// Thread: loop.
class Guardrails {
  public:
    Guardrails(storage::Storage& storage, base::Clock& clock, base::Random& random);
    ~Guardrails();
    Guardrails(const Guardrails&) = delete;
    Guardrails& operator=(const Guardrails&) = delete;
    Awaitable<Result<void>> start();

    /// In order of asking.
    std::vector<std::shared_ptr<const Guardrail>> list(WorkspaceId workspace) const;
    std::shared_ptr<const Guardrail> find(WorkspaceId workspace, std::string_view id_or_name) const;
    using Also = std::function<void(storage::WriteUnit&, const Guardrail&)>;
    /// `wanted` without id, revision and times. Errors: invalid_argument (with pointers), conflict (the name, 100 in a workspace).
    Awaitable<Result<Guardrail>> create(Guardrail wanted, Also also = {});
    /// Errors: not_found, precondition_failed, and those of `create`.
    Awaitable<Result<Guardrail>> edit(WorkspaceId workspace, std::string id_or_name, Guardrail wanted,
                                      std::optional<std::string> if_match, Also also = {});
    /// Errors: not_found, precondition_failed.
    Awaitable<Result<void>> remove(WorkspaceId workspace, std::string id_or_name, std::optional<std::string> if_match, Also also = {});

    /// One look-up: whether there is anything to judge.
    bool any(WorkspaceId workspace) const;
    /// The rules that cover a call; null: none. `models`: every name that it may be known by.
    std::shared_ptr<const Guard> covering(const budget::CallScope& scope, const std::vector<std::string>& models) const;

    struct State;

  private:
    std::unique_ptr<State> state_;
};

/// `/api/v1/guardrails`.
void add_routes(net::Router& router, Guardrails& guardrails);

}  // namespace sluice::llm
