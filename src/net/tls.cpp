#include "net/tls.hpp"

#include <cstring>
#include <ctime>

#include <boost/asio/ssl/context.hpp>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "sluice/net/certificate.hpp"

namespace sluice::net {
namespace {

constexpr const char* tls12_suites =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";

/// Only HTTP/1.1 is spoken; a client that offers ALPN without it gets no protocol chosen.
int choose_protocol(SSL*, const unsigned char** out, unsigned char* out_size,
                    const unsigned char* in, unsigned int in_size, void*) {
    for (unsigned int at = 0; at < in_size; at += in[at] + 1U) {
        if (in[at] == 8 && at + 9 <= in_size && std::memcmp(in + at + 1, "http/1.1", 8) == 0) {
            *out = in + at + 1;
            *out_size = 8;
            return SSL_TLSEXT_ERR_OK;
        }
    }
    return SSL_TLSEXT_ERR_NOACK;
}

}  // namespace

Result<ServerTls> load_server_tls(const TlsFiles& files) {
    namespace ssl = boost::asio::ssl;
    if (files.key.empty() || files.certificate.empty())
        return fail(ErrorCode::invalid_argument,
                    "TLS needs a certificate and a key; set both tls.certificate and tls.key");
    auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
    auto* native = context->native_handle();
    SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
    SSL_CTX_set_cipher_list(native, tls12_suites);
    SSL_CTX_set1_groups_list(native, "X25519:P-256");
    SSL_CTX_set_options(
        native, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_mode(native, SSL_MODE_RELEASE_BUFFERS);  // 34 KiB less for each idle connection
    SSL_CTX_set_alpn_select_cb(native, choose_protocol, nullptr);
    boost::system::error_code failed;
    context->use_certificate_chain_file(files.certificate.string(), failed);
    if (failed)
        return fail(ErrorCode::invalid_argument,
                    "tls.certificate: {} is not a readable PEM certificate ({})",
                    files.certificate.string(), failed.message());
    context->use_private_key_file(files.key.string(), ssl::context::pem, failed);
    if (failed)
        return fail(ErrorCode::invalid_argument,
                    "tls.key: {} is not a readable PEM key of the certificate {} ({})",
                    files.key.string(), files.certificate.string(), failed.message());
    if (SSL_CTX_check_private_key(native) != 1)
        return fail(ErrorCode::invalid_argument,
                    "tls.key: {} does not belong to the certificate {}", files.key.string(),
                    files.certificate.string());
    return context;
}

Result<Time> certificate_end(const std::filesystem::path& file) {
    const auto refuse = [&](std::string_view why) {
        return fail(ErrorCode::invalid_argument, "tls.certificate: {} {}", file.string(), why);
    };
    const std::unique_ptr<BIO, decltype(&BIO_free)> bio(BIO_new_file(file.c_str(), "r"), BIO_free);
    if (!bio) return refuse("cannot be read");
    const std::unique_ptr<X509, decltype(&X509_free)> certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr),
                                                                   X509_free);
    if (!certificate) return refuse("holds no PEM certificate");
    std::tm parts{};
    if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate.get()), &parts) != 1) return refuse("has no readable end");
    return base::from_us(static_cast<std::int64_t>(::timegm(&parts)) * 1'000'000);
}

}  // namespace sluice::net
