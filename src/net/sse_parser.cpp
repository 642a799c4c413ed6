#include "sluice/net/client.hpp"

namespace sluice::net {

namespace {
constexpr std::size_t max_event = 1 << 20;
}

Result<void> SseParser::finish_line(const std::function<Result<void>(const Event&)>& on_event) {
    std::string_view line = line_;
    if (!started_) {
        started_ = true;
        if (line.starts_with("\xef\xbb\xbf")) line.remove_prefix(3);
    }
    if (line.empty()) {
        Result<void> told;
        if (seen_data_) {
            current_.data.pop_back();  // the line feed of its last line
            if (current_.event.empty()) current_.event = "message";
            told = on_event(current_);
        }
        // The last id stays in force for later events; everything else starts anew.
        current_.event.clear();
        current_.data.clear();
        seen_data_ = false;
        line_.clear();
        return told;
    }
    const auto colon = line.find(':');
    const auto field = line.substr(0, colon);
    auto value = colon == line.npos ? std::string_view() : line.substr(colon + 1);
    if (value.starts_with(' ')) value.remove_prefix(1);
    if (field == "data") {
        current_.data.append(value).append("\n");
        seen_data_ = true;
    } else if (field == "event") {
        current_.event = value;
    } else if (field == "id" && value.find('\0') == value.npos) {
        current_.id = value;
    }
    line_.clear();
    return {};
}

Result<void> SseParser::feed(std::string_view bytes, const std::function<Result<void>(const Event&)>& on_event) {
    while (!bytes.empty()) {
        if (skip_lf_) {
            skip_lf_ = false;
            if (bytes.front() == '\n') {
                bytes.remove_prefix(1);
                continue;
            }
        }
        const auto end = bytes.find_first_of("\r\n");
        const auto piece = bytes.substr(0, end);
        if (line_.size() + current_.data.size() + piece.size() > max_event)
            return fail(ErrorCode::too_large, "a server-sent event is larger than {} bytes", max_event);
        line_.append(piece);
        if (end == bytes.npos) break;
        skip_lf_ = bytes[end] == '\r';
        bytes.remove_prefix(end + 1);
        if (auto told = finish_line(on_event); !told) return told;
    }
    return {};
}

}  // namespace sluice::net
