#pragma once
/// The pages at `/`, from files embedded in the binary: a list of runs and one run's steps, live.

#include "sluice/net/http.hpp"

namespace sluice::net {
class Router;
}

namespace sluice::dashboard {

/// `/`, `/runs/{id}` and `/assets/{file}`, open to everyone: they hold no data, the API behind them asks for a session.
void add_routes(net::Router& router);
/// The headers of pages: a Content-Security-Policy without inline code.
net::Headers page_headers();

}  // namespace sluice::dashboard
