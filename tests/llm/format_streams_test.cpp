#include <catch2/catch.hpp>

#include <map>

#include "llm/format_samples.hpp"
#include "llm/wire_streams.hpp"

/// What the readers and writers of streams promise, in every wire format.

using namespace sluice;
using namespace sluice::test;
using llm::StreamEvent;
using Kind = StreamEvent::Kind;

namespace {

StreamEvent event(Kind kind, std::size_t index = 0, Block block = {}) {
    StreamEvent out{.kind = kind, .index = index};
    out.block = std::move(block);
    return out;
}

/// Text, two calls at once, text again, a thought: each switch between kinds of blocks that there is.
std::vector<StreamEvent> rich_stream() {
    const auto text = [](std::size_t index, std::string piece) {
        return event(Kind::block_delta, index, {.text = std::move(piece)});
    };
    const auto call = [](std::size_t index, std::string piece) {
        return event(Kind::block_delta, index, {.kind = Block::Kind::tool_use, .arguments = std::move(piece)});
    };
    StreamEvent start = event(Kind::start);
    start.id = "id-1";
    start.model = "a-model";
    StreamEvent usage = event(Kind::usage), stop = event(Kind::stop);
    usage.usage = rich_answer().usage;
    stop.stop = StopReason::tool_use;
    return {start,
            event(Kind::ping),
            event(Kind::block_begin, 0, {}), text(0, "Grü"), text(0, "ße 😀"), event(Kind::block_end, 0),
            event(Kind::block_begin, 1, {.kind = Block::Kind::tool_use, .id = "call_1", .name = "look"}),
            event(Kind::block_begin, 2, {.kind = Block::Kind::tool_use, .id = "call_2", .name = "count"}),
            call(1, R"({"q":)"), call(2, R"({"n)"), call(1, R"("a"})"), call(2, R"(":1})"),
            event(Kind::block_end, 1), event(Kind::block_end, 2),
            event(Kind::block_begin, 3, {}), text(3, "then"), event(Kind::block_end, 3),
            event(Kind::block_begin, 4, {.kind = Block::Kind::thinking}),
            event(Kind::block_delta, 4, {.kind = Block::Kind::thinking, .text = "hm"}), event(Kind::block_end, 4),
            event(Kind::block_begin, 5, {}), text(5, "end"), event(Kind::block_end, 5),
            usage, stop};
}

const std::vector<std::string> rich_blocks = {"text Grüße 😀", R"(call call_1 look {"q":"a"})", R"(call call_2 count {"n":1})",
                                              "text then",      "thinking hm",                 "text end"};

/// What the events say as a whole, keeping the contract on the way: begun before told, ended once, stop at the end.
struct Whole {
    std::vector<std::string> blocks, errors;
    std::optional<llm::UsageRecord> usage;
    std::optional<StopReason> stop;
};

Whole put_together(const std::vector<StreamEvent>& events) {
    Whole out;
    std::map<std::size_t, Block> open, done;
    for (const auto& event : events) {
        CHECK_FALSE(out.stop);
        if (event.usage) out.usage = event.usage;
        if (event.kind == Kind::block_begin) {
            CHECK_FALSE((open.contains(event.index) || done.contains(event.index)));
            open[event.index] = event.block;
        } else if (event.kind == Kind::block_delta) {
            REQUIRE(open.contains(event.index));
            open[event.index].text += event.block.text;
            open[event.index].arguments += event.block.arguments;
        } else if (event.kind == Kind::block_end) {
            REQUIRE(open.contains(event.index));
            done[event.index] = open[event.index];
            open.erase(event.index);
        } else if (event.kind == Kind::stop) {
            CHECK(open.empty());
            out.stop = event.stop;
        } else if (event.kind == Kind::error) {
            out.errors.push_back(event.error_type + ": " + event.error_message);
        }
    }
    for (auto& [index, block] : done) {
        if (block.kind == Block::Kind::tool_use && block.arguments.empty()) block.arguments = "{}";
        out.blocks.push_back(told(block));
    }
    return out;
}

void check_rich(const test::ReadStream& stream) {
    CHECK(stream.error == "");
    const auto whole = put_together(stream.events);
    CHECK(whole.blocks == rich_blocks);
    CHECK(whole.errors.empty());
    CHECK(whole.stop == StopReason::tool_use);
    REQUIRE(whole.usage);
    CHECK(whole.usage->input() == 100);
    CHECK(whole.usage->cache_read == 60);
    CHECK(whole.usage->output() == 50);
}

}  // namespace

TEST_CASE("a stream is the same after it was written and read, wherever its bytes are cut", "[llm][formats][conformance]") {
    const auto& format = *every_format();
    CAPTURE(format.name());
    const auto bytes = write_stream(format, rich_stream(), context());
    check_rich(read_stream(format, bytes));
    SECTION("at every place") {
        for (std::size_t cut = 1; cut < bytes.size(); ++cut) {
            const auto stream = read_stream(format, bytes, cut);
            if (!stream.error.empty() || put_together(stream.events).blocks != rich_blocks) FAIL("cut at " << cut);
        }
    }
    SECTION("after every byte") { check_rich(read_stream(format, bytes, 0, 1)); }
    SECTION("with lines that end in CRLF") { check_rich(read_stream(format, replaced(bytes, "\n", "\r\n"), 0, 1)); }
    SECTION("with comments between events") { check_rich(read_stream(format, replaced(bytes, "\n\n", "\n\n: alive\n\n"), 0, 7)); }
}

TEST_CASE("a stream that breaks off never looks complete", "[llm][formats][conformance]") {
    const auto& format = *every_format();
    CAPTURE(format.name());
    const auto bytes = write_stream(format, rich_stream(), context());
    std::size_t broken = 0;
    for (auto end = bytes.find("\n\n"); end != bytes.npos && end + 2 < bytes.size(); end = bytes.find("\n\n", end + 2)) {
        const auto stream = read_stream(format, std::string_view(bytes).substr(0, end + 2));
        const auto whole = put_together(stream.events);
        if (stream.error.empty()) CHECK(whole.blocks == rich_blocks);  // only what says goodbye is missing
        else CHECK_FALSE(whole.stop);
        broken += stream.error.empty() ? 0 : 1;
    }
    CHECK(broken > 2);
    CHECK_FALSE(read_stream(format, "").error.empty());
}

TEST_CASE("no value in a stream breaks the reader", "[llm][formats][conformance]") {
    const auto& format = *every_format();
    CAPTURE(format.name());
    std::vector<net::SseParser::Event> events;
    net::SseParser parser;
    REQUIRE(parser.feed(write_stream(format, rich_stream(), context()), [&](const net::SseParser::Event& event) -> Result<void> {
        events.push_back(event);
        return {};
    }));
    const llm::EventSink ignore = [](StreamEvent) -> Result<void> { return {}; };
    for (std::size_t i = 0; i < events.size(); ++i) {
        if (events[i].data == "[DONE]") continue;
        with_each_value_broken(Json::parse(events[i].data), [&](const Json& broken) {
            const auto reader = format.stream_reader();
            for (std::size_t j = 0; j < events.size(); ++j) {
                auto event = events[j];
                if (j == i) event.data = broken.dump();
                if (const auto fed = reader->feed(event, ignore); !fed) {
                    if (fed.error().code != ErrorCode::upstream_failed) FAIL(fed.error().message);
                    return;
                }
            }
            (void)reader->finish(ignore);
        });
    }
    const auto reader = format.stream_reader();
    const auto fed = reader->feed({.event = "", .data = "{broken", .id = ""}, ignore);
    REQUIRE(!fed);
    CHECK(fed.error().code == ErrorCode::upstream_failed);
}

TEST_CASE("the sink's refusal ends the reading", "[llm][formats][conformance]") {
    const auto& format = *every_format();
    CAPTURE(format.name());
    const auto reader = format.stream_reader();
    net::SseParser parser;
    const llm::EventSink refuse = [](StreamEvent) -> Result<void> { return fail(ErrorCode::cancelled, "the client has gone"); };
    const auto fed = parser.feed(write_stream(format, rich_stream(), context()),
                                 [&](const net::SseParser::Event& event) { return reader->feed(event, refuse); });
    REQUIRE(!fed);
    CHECK(fed.error().code == ErrorCode::cancelled);
}

TEST_CASE("a writer that is fed nothing but a stop makes a stream that its own reader takes", "[llm][formats][conformance]") {
    const auto& format = *every_format();
    CAPTURE(format.name());
    const auto stream = read_stream(format, write_stream(format, {event(Kind::stop)}, context()));
    CHECK(stream.error == "");
    CHECK(put_together(stream.events).stop == StopReason::end);
}

TEST_CASE("a stream's last word is said once", "[llm][formats][conformance]") {
    const auto& format = *every_format();
    CAPTURE(format.name());
    const auto writer = format.stream_writer(context());
    for (const auto& event : rich_stream()) (void)writer->write(event);
    (void)writer->finish();
    CHECK(writer->finish().empty());
}

TEST_CASE("a failure after the status 200 reaches the client of every format", "[llm][formats][conformance]") {
    const auto& format = *every_format();
    CAPTURE(format.name());
    auto failed = event(Kind::error);
    failed.error_type = "overloaded";
    failed.error_message = "the model is busy; try again";
    const auto told_in = [&](const std::string& bytes) {
        const auto stream = read_stream(format, bytes);
        const auto whole = put_together(stream.events);
        REQUIRE(whole.errors.size() == 1);
        CHECK_THAT(whole.errors[0], Catch::Contains("the model is busy; try again"));
        CHECK_FALSE(whole.stop);
    };
    SECTION("in the middle of an answer") {
        auto events = rich_stream();
        events.resize(4);
        events.push_back(failed);
        told_in(write_stream(format, events, context()));
    }
    SECTION("before anything") { told_in(write_stream(format, {failed}, context())); }
    SECTION("as bytes between those of the vendor") {
        llm::CallError error{.status = 503, .type = "overloaded", .message = failed.error_message};
        told_in(format.write_stream_error(error));
    }
}
