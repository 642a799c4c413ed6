#pragma once
/// The pages: the dashboard that the build of web/ left, embedded in the binary, or read from a directory while it is developed.

#include <filesystem>

#include "sluice/base/clock.hpp"
#include "sluice/base/setting.hpp"
#include "sluice/net/http.hpp"
#include "sluice/runtime/pool.hpp"

namespace sluice::net {
class Router;
}

namespace sluice::dashboard {

/// `dashboard.dir`.
base::SettingRows settings();

/// What serving needs; all of it must outlive the router.
struct Parts {
    base::Random& random;       ///< for the nonce of each page
    runtime::Pool& blocking;    ///< unpacks for clients without compression, reads the directory
    std::filesystem::path directory = {};  ///< instead of the embedded files; empty: those
};

/// The page routes, each answered with index.html, `/assets/…` and the files beside them; open to everyone: they hold no data,
/// the API behind them asks for a session.
void add_routes(net::Router& router, Parts parts);
/// The headers of pages: a Content-Security-Policy without inline code.
net::Headers page_headers();

}  // namespace sluice::dashboard
