#pragma once
/// Reads one HTTP/1.1 answer from bytes; Beast judges the framing.

#include <cstdint>
#include <string>

#include <boost/beast/http/basic_parser.hpp>

#include "sluice/net/http.hpp"

namespace sluice::net {

/// Feed with `put`; the body's pieces are appended to `body`, which the caller empties.
class AnswerParser final : public boost::beast::http::basic_parser<false> {
  public:
    AnswerParser() {
        header_limit(64 << 10);
        body_limit(boost::none);  // counted by the client, decompressed
        eager(true);
    }

    int status = 0;
    Headers headers;
    std::string body;

  private:
    using Text = boost::beast::string_view;
    using Failed = boost::beast::error_code;
    using Field = boost::beast::http::field;

    void on_request_impl(boost::beast::http::verb, Text, Text, int, Failed&) override {}
    void on_response_impl(int code, Text, int, Failed&) override { status = code; }
    void on_field_impl(Field, Text name, Text value, Failed&) override { headers.add({name.data(), name.size()}, {value.data(), value.size()}); }
    void on_header_impl(Failed&) override {}
    void on_body_init_impl(const boost::optional<std::uint64_t>&, Failed&) override {}
    std::size_t on_body_impl(Text piece, Failed&) override {
        body.append(piece.data(), piece.size());
        return piece.size();
    }
    void on_chunk_header_impl(std::uint64_t, Text, Failed&) override {}
    std::size_t on_chunk_body_impl(std::uint64_t, Text piece, Failed&) override {
        body.append(piece.data(), piece.size());
        return piece.size();
    }
    void on_finish_impl(Failed&) override {}
};

}  // namespace sluice::net
