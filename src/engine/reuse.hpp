#pragma once
// What a run takes from a journal instead of doing it again: the base of retry (the same run), rerun (a new one) and
// sample data. Built from records and the flow's graph, without I/O. Thread: any.

#include <memory>
#include <string>
#include <string_view>

#include "sluice/engine/machine.hpp"

namespace sluice::engine {

class ReuseBuilder {
  public:
    /// `flow`: the version that the new or retried run uses.
    explicit ReuseBuilder(const flows::CompiledFlow& flow) : flow_(flow) {}

    /// A record of the journal, in its order, with its whole value; an output in a blob may be without it. Errors: internal (not JSON).
    Result<void> add(const Record& record);

    /// From here on things are done again: the step and all that comes after it, in its own graph and in those around it.
    /// Errors: not_found (no such step in the flow; names it).
    Result<void> drop_from(std::string_view path);
    /// Other outputs for finished steps: an object by path. What comes after them is done again, unless it has an output
    /// here as well. Errors: unprocessable with a pointer `/outputs/<path>` (no such step in the flow).
    Result<void> replace_outputs(const Json& outputs);
    /// A given output for a node, whether or not it ran (sample data). Errors: not_found.
    Result<void> set_output(std::string_view path, Json output);
    /// Steps that the flow does not have (any more) are left out.
    void drop_unknown();

    bool has(const std::string& path) const { return reuse_->steps.contains(path); }
    std::size_t size() const { return reuse_->steps.size(); }
    /// The result. `copied`: for another run, whose journal gets the steps, marked as reused.
    std::shared_ptr<const Reuse> take(bool copied, const Totals& totals);

  private:
    struct Place { const flows::CompiledGraph* graph; std::uint32_t node; std::string prefix; int index; };
    Result<std::vector<Place>> places_of(std::string_view path) const;
    void drop_after(const flows::CompiledGraph& graph, std::uint32_t node, const std::string& prefix, bool itself);
    void forget(const std::string& path, bool with_inner);
    void undone(std::string_view compensation);

    const flows::CompiledFlow& flow_;
    std::shared_ptr<Reuse> reuse_ = std::make_shared<Reuse>();
};

}  // namespace sluice::engine
