#include "cli/event_lines.hpp"

namespace sluice::cli {

void EventLines::take_line(std::string_view line) {
    if (line.starts_with(':')) return;  // a comment keeps the connection alive
    const auto colon = line.find(':');
    const auto field = line.substr(0, colon);
    auto value = colon == std::string_view::npos ? std::string_view() : line.substr(colon + 1);
    if (value.starts_with(' ')) value.remove_prefix(1);
    if (field == "id") event_.id = value;
    if (field == "event") event_.name = value;
    if (field != "data") return;
    if (has_data_) event_.data += '\n';
    event_.data += value;
    has_data_ = true;
}

bool EventLines::feed(std::string_view bytes,
                      const std::function<bool(const StreamedEvent&)>& sink) {
    rest_ += bytes;
    std::size_t start = 0;
    for (std::size_t end; (end = rest_.find('\n', start)) != std::string::npos; start = end + 1) {
        std::string_view line(rest_.data() + start, end - start);
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (!line.empty()) {
            take_line(line);
            continue;
        }
        const bool complete = has_data_;
        const StreamedEvent event = std::move(event_);
        event_ = {};
        has_data_ = false;
        if (complete && !sink(event)) return false;
    }
    rest_.erase(0, start);
    return true;
}

}  // namespace sluice::cli
