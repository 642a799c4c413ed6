#pragma once
/// The bytes of an outgoing request, and what becomes of it at a redirect.

#include <optional>
#include <string>

#include "sluice/net/client.hpp"

namespace sluice::net {

/// Refuses what could split or reframe the request. Errors: invalid_argument naming the header.
Result<void> check_headers(const Headers& headers);
/// Request line and header section.
std::string request_head(const ClientRequest& request, const Url& url);
/// May be sent again when a kept connection turned out to be closed.
bool is_safe(Verb verb);
bool is_redirect(int status);

/// Turns `request` into the one that follows a redirect from `from`: verb, body and the headers that may go along.
/// Gives the next URL. Errors: upstream_failed (bad Location), forbidden (https to http).
Result<Url> follow_redirect(ClientRequest& request, const Url& from, int status, std::string_view location);

}  // namespace sluice::net
