#pragma once
/// A node type is a value: name, title, category, JSON Schema of its config, effect class, and what it does. The schema
/// alone drives validation, the dashboard's form and the reference documentation.
///
/// In a config schema, `"x-expression": true` on a string marks a CEL expression: it is compiled with the flow, never
/// rendered as a template, and found by the step under its JSON pointer. Every other string may hold `{{ … }}`, and is
/// validated against the schema again after rendering. Fields whose schema has `"x-body": true` hold an inner graph.
/// Beside an `x-expression`, `"x-scope": ["item", "index"]` lists the names that the node itself puts into the scope of
/// that expression (beside input, nodes, run and vars); without it `item` and `index` are allowed.
/// `"x-secret": true` lets templates in that field (and below it) name secrets of the vault: `{{ secrets.NAME }}`, alone in
/// its braces. A type that has such fields asks `StepContext::may_send_to` before it sends them anywhere.

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/id.hpp"
#include "sluice/base/json.hpp"
#include "sluice/base/json_schema.hpp"
#include "sluice/base/log.hpp"
#include "sluice/base/result.hpp"
#include "sluice/cel/cel.hpp"
#include "sluice/runtime/awaitable.hpp"

namespace sluice::flows {

/// What running a node twice means (DESIGN §6).
enum class Effect : unsigned char {
    pure,    ///< nothing outside; computed again after a crash
    safe,    ///< reads outside; run again at will
    keyed,   ///< sends the step's idempotency key
    unsafe,  ///< each execution may have its effect again
};
std::string_view to_string(Effect effect);

/// How the executor treats a node.
enum class NodeKind : unsigned char {
    compute,  ///< `compute`: synchronous, pure, fast (under 200 µs on its usual input)
    task,     ///< `run`: a coroutine
    map,      ///< container: the inner graph once per item
    loop,     ///< container: the inner graph again and again while the expression at /while holds
    timer,    ///< a durable wait; `compute` gives {"until": RFC 3339} or {"for": duration}
    signal,   ///< waits for a signal; `compute` gives {"name", "key"?}
};

/// The result of one execution. `port` names the outgoing port taken; empty: edges without `from_port`.
struct StepOutput {
    Json output;
    std::vector<std::string> ports;
    bool response = false;  ///< the output becomes the run's answer (`respond`)
};

/// What a pure step sees. References live for the call.
struct StepInput {
    const Json& config;         ///< rendered
    const cel::Scope& scope;    ///< input, nodes, run, vars, item, index
    const std::map<std::string, cel::Program>& expressions;  ///< by JSON pointer into the config
    std::span<const Json* const> upstream;     ///< of a type that reads_upstream: outputs of the taken incoming edges' sources, in edge order
    const Json& run_input;
    Time now;                   ///< of the step's start; the same after a crash
};

/// What a task sees while it runs. Thread: loop. References live until the task ends.
class StepContext {
  public:
    virtual ~StepContext() = default;
    virtual const StepInput& input() const = 0;
    virtual WorkspaceId workspace() const = 0;
    virtual RunId run() const = 0;
    virtual const std::string& path() const = 0;       ///< "each[17]/classify"
    /// Whose run it is, for what is counted by it; empty where it is not known.
    struct Origin {
        std::string project, flow;
        std::string starter_kind, starter;  ///< "api_key", "user", … and its id
    };
    virtual Origin origin() const { return {}; }
    virtual int attempt() const = 0;                   ///< from 1
    /// Stable over attempts and crashes: sent to the other side as Idempotency-Key.
    virtual const std::string& idempotency_key() const = 0;
    virtual Time deadline() const = 0;                 ///< of this attempt
    virtual const log::Logger& logger() const = 0;
    /// Live progress for watchers (not journaled): for example a piece of streamed text.
    virtual void progress(Json detail) = 0;
    /// Whether anybody would see it now.
    virtual bool watched() const { return false; }
    /// Numbers of this step for its page and the totals: added up over attempts.
    struct Usage {
        std::int64_t input_tokens = 0, output_tokens = 0;
        std::int64_t cost_nano_usd = 0;
        std::string model;
        bool simulated = false;
    };
    virtual void add_usage(const Usage& usage) = 0;
    /// Whether the secrets in this step's config may be sent there (`host` lower case). Errors: forbidden, saying what to do.
    virtual Result<void> may_send_to(std::string_view host, std::uint16_t port) const {
        (void)host, (void)port;
        return {};
    }
    /// `text` without the values of secrets; before it is cut, so that no half of one stays.
    virtual std::string redact(std::string_view text) const { return std::string(text); }
    /// Notes an artifact this step made, for the step's and the run's pages.
    virtual void add_artifact(ArtifactId artifact) = 0;
};

/// Errors of a step carry a code; `retryable` decides whether attempts are repeated.
using Compute = std::function<Result<StepOutput>(const StepInput&)>;
using Task = std::function<Awaitable<Result<StepOutput>>(StepContext&)>;

struct NodeType {
    std::string name;          ///< "http.request"
    std::string title;         ///< "HTTP request"
    std::string category;      ///< "Flow", "Data", "Files", "Models", "Network"
    std::string doc;           ///< Markdown: what it does, its output's shape, its errors
    Json config_schema;        ///< JSON Schema draft 7, "additionalProperties": false
    Json example;              ///< {"config": …, "input": …, "output": …}; the conformance suite runs it when pure
    NodeKind kind = NodeKind::compute;
    Effect effect = Effect::pure;
    std::function<Effect(const Json& config)> effect_of;  ///< set when the config decides (unrendered config)
    std::function<bool(const Json& config)> reads_upstream;  ///< whether it asks for `upstream` (unrendered config); null: never
    std::optional<Duration> default_timeout;
    /// Ports an edge may name, from the config (`switch`); null: none.
    std::function<std::vector<std::string>(const Json& config)> ports;
    /// More mistakes than the schema can say, with pointers into the (unrendered) config; may be null.
    std::function<std::vector<base::ErrorDetail>(const Json& config)> check;
    Compute compute;
    Task run;
};

/// All node types by name. Filled once by `nodes` before the server starts. Thread: any after that.
class NodeTypes {
  public:
    /// Throws std::logic_error on a duplicate name or a schema that does not compile.
    void add(NodeType type);
    const NodeType* find(std::string_view name) const;
    const base::JsonSchema& config_schema(const NodeType& type) const;
    /// In the order of names.
    std::vector<const NodeType*> all() const;

  private:
    struct Entry {
        NodeType type;
        base::JsonSchema schema;
    };
    std::map<std::string, Entry, std::less<>> entries_;
};

}  // namespace sluice::flows
