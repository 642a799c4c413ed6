#pragma once
/// Streams of wire formats as tests read and write them: bytes through the real splitter of server-sent events, events
/// as lines that are easy to compare.

#include <string>
#include <string_view>
#include <vector>

#include "llm/formats/format.hpp"

namespace sluice::test {

struct ReadStream {
    std::vector<llm::StreamEvent> events;
    std::string error;   ///< of feed or finish; empty: none
    bool ended = false;  ///< before finish
};

/// Reads `bytes` in pieces of `piece` bytes, after a first one of `first` bytes.
inline ReadStream read_stream(const llm::Format& format, std::string_view bytes, std::size_t first = 0, std::size_t piece = std::string_view::npos) {
    ReadStream out;
    const auto reader = format.stream_reader();
    net::SseParser parser;
    const llm::EventSink sink = [&](llm::StreamEvent event) -> Result<void> {
        out.events.push_back(std::move(event));
        return {};
    };
    const auto on_event = [&](const net::SseParser::Event& event) { return reader->feed(event, sink); };
    auto length = first == 0 ? piece : first;
    while (!bytes.empty()) {
        const auto now = bytes.substr(0, length);
        bytes.remove_prefix(now.size());
        length = piece;
        if (auto fed = parser.feed(now, on_event); !fed) {
            out.error = fed.error().message;
            return out;
        }
    }
    out.ended = reader->ended();
    if (auto finished = reader->finish(sink); !finished) out.error = finished.error().message;
    return out;
}

/// One line an event: "begin 0 text", "delta 0 text=Hi", "usage 12/5", "stop end".
inline std::vector<std::string> lines(const std::vector<llm::StreamEvent>& events) {
    static constexpr const char* kinds[] = {"text", "image", "file", "audio", "tool_use", "tool_result", "thinking", "redacted", "refusal", "native"};
    static constexpr const char* stops[] = {"end", "length", "tool_use", "stop_sequence", "content_filter", "refusal", "paused", "context_full"};
    std::vector<std::string> out;
    const auto told = [](const std::optional<llm::UsageRecord>& usage) {
        return usage ? fmt::format(" {}/{}", usage->input(), usage->output()) : std::string();
    };
    for (const auto& event : events) {
        using Kind = llm::StreamEvent::Kind;
        switch (event.kind) {
            case Kind::start: out.push_back(fmt::format("start {} {}{}", event.id, event.model, told(event.usage))); break;
            case Kind::block_begin: {
                auto line = fmt::format("begin {} {}", event.index, kinds[static_cast<int>(event.block.kind)]);
                if (!event.block.id.empty()) line += " " + event.block.id;
                if (!event.block.name.empty()) line += " " + event.block.name;
                out.push_back(std::move(line));
                break;
            }
            case Kind::block_delta: {
                auto line = fmt::format("delta {}", event.index);
                const std::pair<const char*, const std::string*> members[] = {{"text", &event.block.text},
                                                                              {"arguments", &event.block.arguments},
                                                                              {"data", &event.block.data},
                                                                              {"signature", &event.block.signature},
                                                                              {"by", &event.block.signed_by}};
                for (const auto& [name, value] : members)
                    if (!value->empty()) line += fmt::format(" {}={}", name, *value);
                out.push_back(std::move(line));
                break;
            }
            case Kind::block_end: out.push_back(fmt::format("end {}", event.index)); break;
            case Kind::usage: out.push_back("usage" + told(event.usage)); break;
            case Kind::stop: {
                auto line = fmt::format("stop {}", stops[static_cast<int>(event.stop)]);
                if (!event.stop_sequence.empty()) line += " at " + event.stop_sequence;
                out.push_back(line + told(event.usage));
                break;
            }
            case Kind::error: out.push_back(fmt::format("error {}: {}", event.error_type, event.error_message)); break;
            case Kind::ping: out.push_back("ping"); break;
        }
    }
    return out;
}

inline std::string write_stream(const llm::Format& format, const std::vector<llm::StreamEvent>& events, llm::AnswerContext context) {
    const auto writer = format.stream_writer(std::move(context));
    std::string out;
    for (const auto& event : events) out += writer->write(event);
    return out + writer->finish();
}

/// The data of each event, with the event's name in "@event" unless it is the default one.
inline std::vector<Json> frames(std::string_view bytes) {
    std::vector<Json> out;
    net::SseParser parser;
    const auto on_event = [&](const net::SseParser::Event& event) -> Result<void> {
        auto json = Json::parse(event.data);
        if (event.event != "message") json["@event"] = event.event;
        out.push_back(std::move(json));
        return {};
    };
    if (!parser.feed(bytes, on_event)) out.clear();
    return out;
}

}  // namespace sluice::test
