#pragma once
/// Streams of wire formats as tests read and write them: bytes through the real splitter of server-sent events, events
/// as lines that are easy to compare.

#include <string>
#include <string_view>
#include <vector>

#include <catch2/catch.hpp>

#include "llm/formats/format.hpp"

namespace sluice::test {

inline std::string replaced(std::string text, std::string_view from, std::string_view to) {
    for (auto at = text.find(from); at != text.npos; at = text.find(from, at + to.size())) text.replace(at, from.size(), to);
    return text;
}

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

/// `bytes` give these lines however they are cut: at each byte, byte by byte, with CRLF and a comment, in other pieces.
inline void check_read_alike(const llm::Format& format, const std::string& bytes, const std::vector<std::string>& expected) {
    const auto whole = read_stream(format, bytes);
    CHECK(lines(whole.events) == expected);
    CHECK(whole.ended);
    CHECK(whole.error.empty());
    for (std::size_t at = 1; at < bytes.size(); ++at) {
        const auto cut = read_stream(format, bytes, at);
        if (lines(cut.events) != expected) FAIL("cut at byte " << at);
    }
    CHECK(lines(read_stream(format, bytes, 1, 1).events) == expected);
    const auto crlf = ": hello\r\n\r\n" + replaced(bytes, "\n", "\r\n");
    for (const std::size_t piece : {1, 2, 3, 7, 1000}) CHECK(lines(read_stream(format, crlf, piece, piece).events) == expected);
}

}  // namespace sluice::test
