#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <boost/asio/read.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>

#include "net/server_world.hpp"
#include "sluice/net/certificate.hpp"

using namespace sluice;
using namespace sluice::test;
using net::Verb;
namespace ssl = boost::asio::ssl;

namespace {

/// A self-signed certificate and its key, in files of their own.
struct CertificateFiles {
    explicit CertificateFiles(const std::string& name) { renew(name); }
    ~CertificateFiles() { std::filesystem::remove_all(folder); }

    void renew(const std::string& name) {
        std::filesystem::create_directories(folder);
        EVP_PKEY* key = EVP_EC_gen("P-256");
        X509* certificate = X509_new();
        X509_set_version(certificate, 2);
        X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
        X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
        X509_set_pubkey(certificate, key);
        X509_NAME* subject = X509_get_subject_name(certificate);
        X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                                   reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
        X509_set_issuer_name(certificate, subject);
        REQUIRE(X509_sign(certificate, key, EVP_sha256()) > 0);
        BIO* out = BIO_new_file((folder / "cert.pem").c_str(), "w");
        PEM_write_bio_X509(out, certificate);
        BIO_free(out);
        out = BIO_new_file((folder / "key.pem").c_str(), "w");
        PEM_write_bio_PrivateKey(out, key, nullptr, nullptr, 0, nullptr, nullptr);
        BIO_free(out);
        X509_free(certificate);
        EVP_PKEY_free(key);
    }
    net::TlsFiles files() const { return {folder / "cert.pem", folder / "key.pem"}; }

    std::filesystem::path folder =
        std::filesystem::temp_directory_path() / fmt::format("sluice-tls-{}", ::getpid());
};

struct TlsAnswer {
    bool connected = false;
    std::string text, certificate_name, protocol;
};

/// One request over TLS; the certificate is taken as it comes.
TlsAnswer ask(std::uint16_t port, std::string_view request,
              const std::function<void(SSL_CTX*)>& restrict_to = {}) {
    asio::io_context context;
    ssl::context tls(ssl::context::tls_client);
    if (restrict_to) restrict_to(tls.native_handle());
    ssl::stream<asio::ip::tcp::socket> stream(context, tls);
    stream.next_layer().connect({asio::ip::address_v4::loopback(), port});
    boost::system::error_code failed;
    TlsAnswer answer;
    stream.handshake(ssl::stream_base::client, failed);
    if (failed) return answer;
    answer.connected = true;
    answer.protocol = SSL_get_version(stream.native_handle());
    X509* peer = SSL_get1_peer_certificate(stream.native_handle());
    char name[100] = {};
    X509_NAME_get_text_by_NID(X509_get_subject_name(peer), NID_commonName, name, sizeof name);
    X509_free(peer);
    answer.certificate_name = name;
    asio::write(stream, asio::buffer(request), failed);
    asio::read(stream, asio::dynamic_buffer(answer.text), failed);
    CHECK(failed == asio::error::eof);  // an orderly end, so that a cut answer would be noticed
    return answer;
}

constexpr std::string_view request = "GET /a HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n";

}  // namespace

TEST_CASE("the server speaks TLS 1.2 with AEAD suites and 1.3, nothing older",
          "[net][server][tls]") {
    const CertificateFiles certificate("first");
    ServerWorld world;
    world.options.tls = certificate.files();
    const std::string large(300'000, 'L');
    world.route(Verb::get, "/a", ServerWorld::says(large));
    world.start();
    CHECK(has(world.server->url(), "https://"));
    const auto port = world.server->port();
    const auto modern = ask(port, request);
    CHECK(modern.protocol == "TLSv1.3");
    CHECK(status_of(modern.text) == 200);
    CHECK(has(modern.text, "Strict-Transport-Security: max-age=31536000\r\n"));
    CHECK(modern.text.ends_with(large));
    const auto older = ask(
        port, request, [](SSL_CTX* tls) { SSL_CTX_set_max_proto_version(tls, TLS1_2_VERSION); });
    CHECK(older.protocol == "TLSv1.2");
    CHECK(status_of(older.text) == 200);
    CHECK_FALSE(ask(port, request, [](SSL_CTX* tls) {
                    SSL_CTX_set_security_level(tls, 0);
                    SSL_CTX_set_max_proto_version(tls, TLS1_1_VERSION);
                }).connected);
    CHECK_FALSE(ask(port, request, [](SSL_CTX* tls) {
                    SSL_CTX_set_max_proto_version(tls, TLS1_2_VERSION);
                    SSL_CTX_set_cipher_list(tls, "ECDHE-ECDSA-AES128-SHA256");  // CBC
                }).connected);
    for (const auto* group : {"X25519", "P-256"})
        CHECK(ask(port, request, [&](SSL_CTX* tls) { SSL_CTX_set1_groups_list(tls, group); }).connected);
    CHECK_FALSE(ask(port, request, [](SSL_CTX* tls) { SSL_CTX_set1_groups_list(tls, "P-521"); }).connected);
    auto plain = world.connect();
    plain.send(request);
    CHECK_FALSE(has(plain.rest(), "HTTP/1.1"));
}

TEST_CASE("handshakes that do not go on give way to those that wait", "[net][server][tls]") {
    const CertificateFiles certificate("first");
    ServerWorld world;
    world.options.tls = certificate.files();
    world.options.max_handshakes = 2;
    world.route(Verb::get, "/a", ServerWorld::says("a"));
    world.start();
    auto first = world.connect(), second = world.connect();
    REQUIRE(world.eventually([&] { return world.server->connections() == 2; }));
    auto waiting = std::async(std::launch::async, [&] { return ask(world.server->port(), request).connected; });
    // Neither has had its time yet: the third stays in the kernel's queue.
    for (int i = 0; i < 5; ++i) world.advance(std::chrono::milliseconds(20));
    world.on_loop([&] { CHECK(world.server->connections() == 2); });
    CHECK(world.eventually([&] {
        world.clock.advance(std::chrono::milliseconds(50));
        return waiting.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
    }));
    CHECK(waiting.get());
    CHECK(first.closed());
}

TEST_CASE("a certificate's end is read from its file", "[net][tls]") {
    const CertificateFiles certificate("first");
    const auto now = base::SystemClock().now();
    const auto end = net::certificate_end(certificate.files().certificate);
    REQUIRE(end);
    CHECK(*end > now + std::chrono::minutes(50));
    CHECK(*end < now + std::chrono::minutes(70));
    const auto missing = net::certificate_end(certificate.folder / "none.pem");
    REQUIRE_FALSE(missing);
    CHECK(has(missing.error().message, "none.pem"));
    CHECK_FALSE(net::certificate_end(certificate.files().key));
}

TEST_CASE("a renewed certificate is used after a reload, a broken one is refused",
          "[net][server][tls]") {
    CertificateFiles certificate("first");
    ServerWorld world;
    world.options.tls = certificate.files();
    world.route(Verb::get, "/a", ServerWorld::says("a"));
    world.start();
    const auto port = world.server->port();
    CHECK(ask(port, request).certificate_name == "first");
    certificate.renew("second");
    CHECK(ask(port, request).certificate_name == "first");
    world.on_loop([&] { CHECK(world.server->reload_tls()); });
    CHECK(ask(port, request).certificate_name == "second");
    std::filesystem::resize_file(certificate.folder / "key.pem", 10);
    world.on_loop([&] {
        const auto reloaded = world.server->reload_tls();
        REQUIRE_FALSE(reloaded);
        CHECK(has(reloaded.error().message, "key.pem"));
    });
    CHECK(ask(port, request).certificate_name == "second");
}
