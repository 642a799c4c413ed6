#pragma once
// What a run has done so far, folded from its journal; and its steps folded by node. Pure: no I/O.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "sluice/base/json.hpp"
#include "sluice/base/money.hpp"
#include "sluice/base/time.hpp"

namespace sluice::cli {

/// "each[17]/classify" → "each/classify", "answer/turn[2]/search#0" → "answer/turn/search".
std::string node_path(std::string_view step_path);
/// Whether a run of this status goes no further.
bool is_final(std::string_view run_status);

/// The state of a run under way.
class Progress {
  public:
    struct Node {
        std::string path;
        std::int64_t total = 0, running = 0, waiting = 0, succeeded = 0, failed = 0, skipped = 0,
                     other = 0;
        std::int64_t done() const { return succeeded + failed + skipped + other; }
    };

    /// Takes one journal entry {seq, kind, path, data, …}; entries that came before are ignored.
    void apply(const Json& entry);

    std::int64_t last_seq() const { return last_seq_; }
    /// "running" until the end is known, then "succeeded", "failed", "cancelled" or "timed_out".
    const std::string& status() const { return status_; }
    bool ended() const { return is_final(status_); }
    /// In the order they were first seen, inner nodes behind their container.
    std::vector<Node> nodes() const;
    /// Of all steps that are known to come, in hundredths.
    int percent() const;

    /// One line: "classify 120/200, draft 14/200 (3 running, 1 failed)".
    std::string line() const;
    /// One line a node, for a view that is drawn again and again.
    std::vector<std::string> view() const;

  private:
    enum class State { running, waiting, succeeded, failed, skipped, other };
    static std::int64_t& count_of(Node& node, State state);
    Node& node(const std::string& path);
    std::int64_t last_seq_ = 0;
    std::string status_ = "running";
    std::vector<Node> nodes_;
    std::unordered_map<std::string, std::size_t> index_;
    std::unordered_map<std::string, State> steps_;
    std::unordered_map<std::string, std::int64_t> map_items_;  // by node path of a map
};

/// The steps of one node of a run that has ended (or not yet).
struct NodeSummary {
    std::string path, type;
    std::int64_t steps = 0, succeeded = 0, failed = 0, skipped = 0, other = 0;
    std::int64_t attempts = 0, items = -1, input_tokens = 0, output_tokens = 0;
    NanoUsd cost;
    std::int64_t first_us = 0,
                 last_us = 0;  ///< start of the first and end of the last step; 0: unknown
    std::string first_error;
};

/// Folds the API's steps by node, page after page.
class StepFold {
  public:
    void add(const Json& step);
    /// In the order they were first seen, inner nodes behind their container.
    std::vector<NodeSummary> nodes() const;

  private:
    std::vector<NodeSummary> nodes_;
    std::unordered_map<std::string, std::size_t> index_;
};

std::string render_nodes(const std::vector<NodeSummary>& nodes);
Json nodes_json(const std::vector<NodeSummary>& nodes);

}  // namespace sluice::cli
