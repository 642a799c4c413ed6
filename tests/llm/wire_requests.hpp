#pragma once
/// Requests as tests of one wire format read and write them.

#include <string>
#include <string_view>

#include <catch2/catch.hpp>

#include "llm/formats/format.hpp"

namespace sluice::test {

inline llm::ModelRequest asked(const llm::Format& format, std::string_view text) {
    auto request = format.read_request(Json::parse(text));
    if (!request) FAIL(request.error().message << ": " << (request.error().details.empty() ? "" : request.error().details[0].pointer));
    return std::move(*request);
}

inline Json written(const llm::Format& format, const llm::ModelRequest& request) {
    auto body = format.write_request(request);
    if (!body) FAIL(body.error().message);
    return std::move(*body);
}

/// A request that came in another format.
inline llm::ModelRequest foreign_request(std::string model) {
    llm::ModelRequest request;
    request.format = "openai.chat";
    request.model = std::move(model);
    request.turns.push_back({.blocks = {{.text = "Hi"}}});
    return request;
}

}  // namespace sluice::test
