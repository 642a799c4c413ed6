#pragma once
/// A flow document compiled once per version: templates, conditions and the graph's shape, ready for the executor.
/// `compile` is also the validator: it names every mistake by JSON pointer.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/json.hpp"
#include "sluice/base/json_schema.hpp"
#include "sluice/base/result.hpp"
#include "sluice/cel/cel.hpp"
#include "sluice/cel/template.hpp"
#include "sluice/flows/node_type.hpp"
#include "sluice/vault/vault.hpp"

namespace sluice::flows {

enum class Join : unsigned char { all, any, first, count };
enum class OnError : unsigned char { fail, proceed, route };   ///< JSON: "fail", "continue", "route"
enum class OnUnknown : unsigned char { retry, stop };
enum class EdgeOn : unsigned char { success, error, rollback };
enum class Durability : unsigned char { strict, relaxed, none };

struct RetryPolicy {
    int max_attempts = 1;                         ///< 1 to 100
    Duration backoff = std::chrono::seconds(1);   ///< before the second attempt
    double factor = 2.0;                          ///< 1: constant
    Duration max_backoff = std::chrono::minutes(5);
    double jitter = 0.1;                          ///< share of the delay, 0 to 1
    std::optional<Duration> max_elapsed;          ///< no attempt begins later than this after the first one began
    std::optional<cel::Program> retry_if;         ///< over `error` and `attempt`; without it the error says whether it may be tried again
};

struct CompiledEdge {
    std::uint32_t from = 0, to = 0;  ///< indexes into the graph's nodes
    EdgeOn on = EdgeOn::success;
    std::string from_port;           ///< empty: the default port
    std::optional<cel::Program> condition;
    std::string condition_text;
};

struct CompiledGraph;

struct CompiledNode {
    std::string id;
    const NodeType* type = nullptr;       ///< null: the type was removed from this binary; the step fails and says so
    std::string type_name;
    Json config_source;                   ///< as written
    cel::Template config;                 ///< without expression and body fields' rendering (they are kept as written)
    base::JsonSchema config_schema;       ///< of the type; judges the rendered config
    std::map<std::string, cel::Program> expressions;
    std::vector<std::string> secret_fields;         ///< pointers of the config's strings that name secrets
    std::vector<std::string> secrets;               ///< their names, each once
    Effect effect = Effect::pure;
    OnUnknown on_unknown = OnUnknown::retry;
    RetryPolicy retry;
    std::optional<Duration> timeout;      ///< of one attempt
    OnError on_error = OnError::fail;
    std::optional<std::uint32_t> compensation;    ///< the node that a rollback edge leads to
    bool compensates = false;                     ///< a rollback edge leads here: runs only to undo
    Join join = Join::all;
    std::uint32_t join_count = 0;         ///< for Join::count
    std::vector<std::uint32_t> incoming, outgoing;  ///< edge indexes, document order
    std::shared_ptr<const CompiledGraph> body;      ///< of a container
};

/// The top level of a flow, or the body of a container.
struct CompiledGraph {
    std::vector<CompiledNode> nodes;      ///< document order
    std::vector<CompiledEdge> edges;
    std::vector<std::uint32_t> order;     ///< a topological order of node indexes
    std::vector<std::uint32_t> roots;     ///< nodes without incoming edges
    std::vector<std::uint32_t> leaves;    ///< nodes without outgoing success edges
    std::size_t compensations = 0;        ///< nodes that only undo; they are in neither roots nor leaves
    std::optional<cel::Template> output;
    std::map<std::string, std::uint32_t, std::less<>> index;  ///< node id → index
};

struct FlowSettings {
    Durability durability = Durability::strict;
    std::optional<Duration> timeout;      ///< of the whole run
    std::optional<int> max_attempts;      ///< attempts of all tasks of a run together
    int priority = 3;                     ///< 1: first, 5: last
    std::optional<std::size_t> concurrency_limit;
    std::optional<cel::Template> concurrency_key;  ///< over input and vars; without it all runs of the flow share the limit
    std::string error_flow;               ///< the name of the flow that is started when a run fails; empty: the workspace's
    std::optional<Duration> retention_succeeded, retention_failed;  ///< zero: kept for ever
    bool record = true;                   ///< keep what effects gave, so that a run can be replayed
};

struct CompiledFlow {
    std::string name, project, description;
    Json document;                        ///< canonical, as stored
    Json vars = Json::object();
    std::optional<base::JsonSchema> input_schema;
    FlowSettings settings;
    CompiledGraph graph;
    bool pure = true;                     ///< no node anywhere has an effect
    std::vector<vault::PlannedUse> secret_uses;
    Json secret_marks = Json::object();   ///< {name: secret_mark(name)}: what templates see in place of values
};

/// Stands for a secret's value in a rendered config until the attempt. Its first and last byte are in no UTF-8, so no data
/// from outside can hold one.
std::string secret_mark(std::string_view name);
/// `text` with the values (an object by name) in the places of the marks.
std::string fill_secret_marks(std::string_view text, const Json& values);

using FlowPtr = std::shared_ptr<const CompiledFlow>;

/// How strictly a document is judged: `publish` refuses what `run` of a stored version must tolerate (a removed node
/// type becomes a step that fails and says so).
enum class Strictness : unsigned char { publish, stored };

struct ValidationResult {
    FlowPtr flow;                              ///< set when there are no errors
    std::vector<base::ErrorDetail> errors;     ///< each with a pointer into the document
    std::vector<base::ErrorDetail> warnings;
};

/// Judges and compiles a document: unknown fields, unknown type (with the nearest known one), config against the node's
/// schema (values that are templates are judged after rendering), duplicate ids, missing endpoints, cycles with their
/// path, unreachable nodes, ports, expressions that do not parse or name unknown nodes, vars or nodes that are not
/// upstream. Limits: 10,000 nodes, nesting of containers 8.
ValidationResult compile_flow(const Json& document, const NodeTypes& types, Strictness strictness = Strictness::publish);

/// The JSON Schema of a flow document (draft 7), for editors and the API's documentation.
const Json& flow_document_schema();

}  // namespace sluice::flows
