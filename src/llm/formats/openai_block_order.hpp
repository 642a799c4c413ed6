#pragma once
/// Puts the blocks of a stream behind each other: what begins while a tool's call is open waits until that has ended.

#include <map>
#include <optional>
#include <vector>

#include "sluice/llm/conversation.hpp"

namespace sluice::llm::openai {

/// Takes block events in whatever order and gives them back with at most one open block, numbered from 0 without gaps.
/// Text, thoughts and refusals end where another block begins; their later pieces become a block of their own. Tool calls
/// are never cut: others wait for their end. Thread: the owner's.
class BlockOrder {
  public:
    /// The events that may go out now, behind those already in `out`. Other events than those of blocks are not its own.
    void add(const StreamEvent& event, std::vector<StreamEvent>& out);
    /// Ends what is open and gives out all that waits.
    void end_all(std::vector<StreamEvent>& out);
    /// Blocks given out so far.
    std::size_t count() const { return next_; }

  private:
    struct Waiting {
        std::size_t source = 0;
        Block block;
        std::vector<Block> pieces;
        bool ended = false;
    };
    void begin(std::size_t source, const Block& block, std::vector<StreamEvent>& out);
    void end_open(std::vector<StreamEvent>& out);
    void drain(std::vector<StreamEvent>& out);
    Waiting* find_waiting(std::size_t source);

    std::map<std::size_t, Block::Kind> kinds_;  ///< of every block seen, by its number in the source
    std::optional<std::size_t> open_;           ///< by its number in the source
    std::vector<Waiting> waiting_;              ///< in the order they began
    std::size_t next_ = 0;
};

}  // namespace sluice::llm::openai
