#pragma once
/// What was asked and answered in one call, collected while it goes on, where it is to be kept.

#include <map>
#include <string>
#include <string_view>

#include "sluice/llm/conversation.hpp"

namespace sluice::llm {

class CallContent {
  public:
    CallContent(std::string_view door, std::string_view request);
    /// A whole answer's body.
    void set_answer(std::string_view body);
    /// Of a stream, as the caller sees it.
    void add(const StreamEvent& event);
    std::string json() const;

  private:
    bool takes(std::size_t bytes);
    std::string door_, request_, answer_;
    std::map<std::size_t, Block> blocks_;
    std::size_t bytes_ = 0;
    bool cut_ = false;
};

}  // namespace sluice::llm
