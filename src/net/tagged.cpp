#include "sluice/net/tagged.hpp"

namespace sluice::net {

std::optional<std::string> if_match(const Request& request) {
    const auto header = request.headers.find("If-Match");
    return header ? std::optional<std::string>(*header) : std::nullopt;
}

Response tagged(int status, const Json& body, const std::string& etag) {
    auto response = json_response(status, body);
    response.headers.set("ETag", etag);
    return response;
}

}  // namespace sluice::net
