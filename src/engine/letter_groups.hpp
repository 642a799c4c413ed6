#pragma once
// Dead letters that fail alike, put together.

#include <map>
#include <string>
#include <string_view>
#include <tuple>

#include "sluice/engine/dead_letters.hpp"

namespace sluice::engine {

/// What of a message is the same for all that fail alike: words of four or more characters with a digit in them (ids, amounts,
/// times) become '#'; short numbers (a status, a count) stay.
std::string alike(std::string_view message);
/// The path of a step without the numbers of items and turns: each[*]/classify.
std::string alike_path(std::string_view path);

/// Takes letters newest first. Thread: a reader's.
class LetterGrouping {
  public:
    /// `data`: whose messages the caller may read; others are put together without them.
    explicit LetterGrouping(base::SeenNames data) : data_(std::move(data)) {}
    void take(const DeadLetter& letter);
    /// The largest groups first, at most `most`.
    std::vector<LetterGroup> finish(std::size_t most);

  private:
    base::SeenNames data_;
    std::map<std::tuple<FlowId, std::string, std::string, std::string>, LetterGroup> groups_;
};

}  // namespace sluice::engine
