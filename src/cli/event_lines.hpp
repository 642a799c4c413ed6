#pragma once
// Server-sent events from a stream of bytes.

#include <functional>
#include <string>
#include <string_view>

namespace sluice::cli {

struct StreamedEvent {
    std::string id, name, data;
};

/// Cuts bytes into events as the HTML standard describes ("server-sent events"), whatever the
/// pieces they arrive in.
class EventLines {
  public:
    /// Calls `sink` for every event that is complete; false when it wants no more.
    bool feed(std::string_view bytes, const std::function<bool(const StreamedEvent&)>& sink);

  private:
    void take_line(std::string_view line);
    std::string rest_;
    StreamedEvent event_;
    bool has_data_ = false;
};

}  // namespace sluice::cli
