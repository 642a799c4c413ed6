#pragma once
/// TLS settings of outgoing connections: certificates are always verified, by the system's authorities and those added.

#include <memory>
#include <string>

#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>

#include "sluice/base/result.hpp"

namespace sluice::net {

using TlsContext = std::shared_ptr<boost::asio::ssl::context>;

/// Reads files, so it runs on a pool. `ca_file` (PEM, may be empty) adds authorities to the system's.
/// Errors: invalid_argument, naming the file.
Result<TlsContext> make_client_tls(const std::string& ca_file);
/// Sets the name that is sent (SNI) and the name or address that the certificate must be for.
Result<void> expect_host(SSL* ssl, const std::string& host);
/// What a failed handshake means, for a person.
std::string handshake_failure(SSL* ssl, const std::string& reason);

}  // namespace sluice::net
