#pragma once
/// The server's side of TLS.

#include <memory>

#include "sluice/net/server.hpp"

namespace boost::asio::ssl {
class context;
}

namespace sluice::net {

using ServerTls = std::shared_ptr<boost::asio::ssl::context>;

/// TLS 1.3 and the AEAD suites of 1.2. Errors: invalid_argument naming the file and what is wrong
/// with it.
Result<ServerTls> load_server_tls(const TlsFiles& files);

}  // namespace sluice::net
