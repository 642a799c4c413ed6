#include <catch2/catch.hpp>

#include "sluice/net/client.hpp"

using namespace sluice;
using net::SseParser;

namespace {

std::string written(const SseParser::Event& event) { return fmt::format("[{}|{}|{}]", event.event, event.data, event.id); }

/// Feeds `stream` in pieces of `size` bytes.
std::string parsed(std::string_view stream, std::size_t size) {
    SseParser parser;
    std::string out;
    const auto note = [&](const SseParser::Event& event) -> Result<void> {
        out += written(event);
        return {};
    };
    for (std::size_t at = 0; at < stream.size(); at += size) REQUIRE(parser.feed(stream.substr(at, size), note));
    return out;
}

}  // namespace

TEST_CASE("events are the same however the stream is cut", "[net][sse]") {
    struct Row {
        const char *stream, *events;
    };
    const auto row = GENERATE(values<Row>({
        {"data: a\n\n", "[message|a|]"},
        {"data:a\ndata: b\ndata\n\n", "[message|a\nb\n|]"},
        {"event: x\nid: 7\ndata: {}\n\ndata: y\n\n", "[x|{}|7][message|y|7]"},
        {": comment\n\ndata: a\r\n\r\ndata: b\r\rdata: c\n\n", "[message|a|][message|b|][message|c|]"},
        {"\xef\xbb\xbf" "data: a\n\n", "[message|a|]"},
        {"event: only\n\ndata: next\n\n", "[message|next|]"},
        {"data:  two spaces\n\n", "[message| two spaces|]"},
        {"id\ndata: a\nretry: 5\nunknown: 1\n\n", "[message|a|]"},
        {"data: never finished\n", ""},
        {"data\n\n", "[message||]"},
        {"data: [DONE]\n\n", "[message|[DONE]|]"},
    }));
    const std::size_t size = GENERATE(1, 2, 3, 1000);
    CAPTURE(row.stream, size);
    CHECK(parsed(row.stream, size) == row.events);
}

TEST_CASE("an event that never ends is refused", "[net][sse]") {
    SseParser parser;
    const std::string piece = "data: " + std::string(100'000, 'x') + "\n";
    const auto ignore = [](const SseParser::Event&) { return Result<void>(); };
    Result<void> fed;
    for (int i = 0; i < 20 && fed; ++i) fed = parser.feed(piece, ignore);
    REQUIRE_FALSE(fed);
    CHECK(fed.error().code == ErrorCode::too_large);
}

TEST_CASE("what the receiver of events refuses ends the stream", "[net][sse]") {
    SseParser parser;
    int seen = 0;
    const auto refuse = [&](const SseParser::Event&) -> Result<void> {
        ++seen;
        return fail(ErrorCode::conflict, "no");
    };
    const auto fed = parser.feed("data: a\n\ndata: b\n\n", refuse);
    REQUIRE_FALSE(fed);
    CHECK(fed.error().code == ErrorCode::conflict);
    CHECK(seen == 1);
}
