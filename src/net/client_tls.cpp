#include "net/client_tls.hpp"

#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "net/url.hpp"

namespace sluice::net {

namespace ssl = boost::asio::ssl;

Result<TlsContext> make_client_tls(const std::string& ca_file) {
    auto context = std::make_shared<ssl::context>(ssl::context::tls_client);
    SSL_CTX* native = context->native_handle();
    SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
    // Debian's default is a folder with one file per authority, read when one is needed: no bundle is held in memory.
    SSL_CTX_set_default_verify_paths(native);
    SSL_CTX_set_verify(native, SSL_VERIFY_PEER, nullptr);
    static constexpr unsigned char protocols[] = "\x08http/1.1";
    SSL_CTX_set_alpn_protos(native, protocols, sizeof protocols - 1);
    SSL_CTX_set_mode(native, SSL_MODE_RELEASE_BUFFERS);  // idle connections keep no 32 KiB each
    if (!ca_file.empty()) {
        boost::system::error_code failed;
        context->load_verify_file(ca_file, failed);
        if (failed)
            return fail(ErrorCode::invalid_argument, "the certificate file '{}' could not be read as PEM: {}", ca_file, failed.message());
    }
    return context;
}

Result<void> expect_host(SSL* ssl, const std::string& host) {
    X509_VERIFY_PARAM* expected = SSL_get0_param(ssl);
    X509_VERIFY_PARAM_set_hostflags(expected, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    const bool numeric = is_numeric_host(host);
    // SNI carries names only (RFC 6066).
    const bool set = numeric ? X509_VERIFY_PARAM_set1_ip_asc(expected, host.c_str()) == 1
                             : X509_VERIFY_PARAM_set1_host(expected, host.c_str(), host.size()) == 1 &&
                                   SSL_set_tlsext_host_name(ssl, host.c_str()) == 1;
    if (!set) return fail(ErrorCode::invalid_argument, "the host '{}' cannot be checked against a certificate", host);
    return {};
}

std::string handshake_failure(SSL* ssl, const std::string& reason) {
    const auto verdict = SSL_get_verify_result(ssl);
    if (verdict == X509_V_OK) return fmt::format("the TLS handshake failed ({})", reason);
    return fmt::format("its certificate is not trusted ({})", X509_verify_cert_error_string(verdict));
}

}  // namespace sluice::net
