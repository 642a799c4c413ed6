#include "net/request_parser.hpp"

#include <catch2/catch.hpp>

using namespace sluice;

namespace {

/// What a connection sees of a request that arrives in these pieces.
struct Arrival {
    net::Request request;
    std::string target, rest;
    net::ForwardedFields forwarded;
    net::RequestParser parser{request, target, forwarded, false, 1 << 10, 16};
    boost::beast::error_code failed;

    explicit Arrival(const std::vector<std::string>& pieces) {
        for (const auto& piece : pieces) {
            failed = {};
            rest += piece;
            rest.erase(0, parser.put_head(rest, failed));
            if (failed && failed != boost::beast::http::error::need_more) break;
        }
    }
};

}  // namespace

TEST_CASE("a header that is folded over lines is refused in whatever pieces it arrives", "[net][parser]") {
    const std::string head = "GET /a HTTP/1.1\r\nHost: a\r\nX-A: b\r\n c\r\nX-B: d\r\n\r\n";
    for (std::size_t at = 0; at < head.size(); ++at) {
        CAPTURE(at);
        const Arrival arrival({head.substr(0, at), head.substr(at)});
        REQUIRE(arrival.parser.is_header_done());
        CHECK(arrival.parser.judge().status == 400);
        CHECK(std::string(arrival.parser.judge().message).find("folded") != std::string::npos);
    }
}

TEST_CASE("a head is the same in whatever pieces it arrives, and what follows it stays", "[net][parser]") {
    const auto [head, hosts] = GENERATE(table<std::string, int>({
        {"GET /a HTTP/1.1\r\nHost: a\r\nX-A: b\r\n\r\n", 1},
        {"GET /a HTTP/1.0\r\n\r\n", 0},          // its empty line is the end of the head, not one before a request
        {"\r\n\r\nGET /a HTTP/1.0\r\n\r\n", 0},  // these are
    }));
    const std::string next = "\r\nx\n y";
    for (std::size_t at = 0; at <= head.size(); ++at) {
        CAPTURE(head, at);
        const Arrival arrival({head.substr(0, at), head.substr(at) + next});
        REQUIRE(arrival.parser.is_header_done());
        CHECK(arrival.parser.judge().status == 0);
        CHECK(arrival.target == "/a");
        CHECK(arrival.request.headers.get("Host") == (hosts ? "a" : ""));
        CHECK(arrival.rest == next);
    }
}

TEST_CASE("line feeds alone end no line of a head", "[net][parser]") {
    const Arrival arrival({"GET /a HTTP/1.1\nHost: a\n\n"});
    CHECK_FALSE(arrival.parser.is_header_done());
    CHECK(arrival.failed == boost::beast::http::error::bad_line_ending);
}

TEST_CASE("the limit of a head is one of all its pieces together", "[net][parser]") {
    // Each line is far below the limit of 1 KiB, and is taken before the next one arrives.
    std::vector<std::string> pieces{"GET /a HTTP/1.1\r\nHost: a\r\n"};
    for (int i = 0; i < 10; ++i) pieces.push_back(fmt::format("X-{}: {}\r\n", i, std::string(100, 'x')));
    pieces.push_back("\r\n");
    const Arrival arrival(pieces);
    CHECK(arrival.failed == boost::beast::http::error::header_limit);

    pieces.resize(8);
    pieces.push_back("\r\n");
    const Arrival below(pieces);
    CHECK(below.parser.is_header_done());
    CHECK(below.request.headers.all().size() == 8);
}
