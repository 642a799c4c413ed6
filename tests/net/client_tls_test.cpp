#include <fstream>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include "net/client_world.hpp"

using namespace sluice;
using test::ok;
using test::World;
namespace ssl = boost::asio::ssl;

namespace {

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;

void add_extension(X509* certificate, X509* issuer, int what, const char* value) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, what, value);
    REQUIRE(extension);
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
}

/// A key and a certificate, made for one test run.
struct Identity {
    Key key{EVP_EC_gen("P-256"), EVP_PKEY_free};
    Certificate certificate{X509_new(), X509_free};

    Identity(const char* name, const Identity* issuer, const char* alternative_names, long valid_seconds = 3600) {
        static long serial = 1;
        X509_set_version(certificate.get(), 2);
        ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), serial++);
        X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -7200);
        X509_gmtime_adj(X509_getm_notAfter(certificate.get()), valid_seconds);
        X509_set_pubkey(certificate.get(), key.get());
        X509_NAME* subject = X509_get_subject_name(certificate.get());
        X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(name), -1, -1, 0);
        X509* signer = issuer ? issuer->certificate.get() : certificate.get();
        X509_set_issuer_name(certificate.get(), X509_get_subject_name(signer));
        add_extension(certificate.get(), signer, NID_basic_constraints, issuer ? "critical,CA:FALSE" : "critical,CA:TRUE");
        if (!issuer) add_extension(certificate.get(), signer, NID_key_usage, "critical,keyCertSign");
        if (alternative_names) add_extension(certificate.get(), signer, NID_subject_alt_name, alternative_names);
        REQUIRE(X509_sign(certificate.get(), issuer ? issuer->key.get() : key.get(), EVP_sha256()) > 0);
    }

    std::string pem() const {
        BIO* memory = BIO_new(BIO_s_mem());
        PEM_write_bio_X509(memory, certificate.get());
        char* data = nullptr;
        const auto size = BIO_get_mem_data(memory, &data);
        std::string out(data, static_cast<std::size_t>(size));
        BIO_free(memory);
        return out;
    }
};

struct CaFile {
    explicit CaFile(const Identity& ca) : path(std::filesystem::temp_directory_path() / fmt::format("sluice-test-ca-{}.pem", ::getpid())) {
        std::ofstream(path) << ca.pem();
    }
    ~CaFile() { std::filesystem::remove(path); }
    std::filesystem::path path;
};

std::string seen_name;

/// A TLS server's context that notes the name a client asks for.
std::unique_ptr<ssl::context> context_of(const Identity& identity) {
    auto context = std::make_unique<ssl::context>(ssl::context::tls_server);
    SSL_CTX_use_certificate(context->native_handle(), identity.certificate.get());
    SSL_CTX_use_PrivateKey(context->native_handle(), identity.key.get());
    seen_name.clear();
    const auto note = +[](SSL* connection, int*, void*) -> int {
        const char* name = SSL_get_servername(connection, TLSEXT_NAMETYPE_host_name);
        seen_name = name ? name : "";
        return SSL_TLSEXT_ERR_OK;
    };
    SSL_CTX_set_tlsext_servername_callback(context->native_handle(), note);
    return context;
}

}  // namespace

TEST_CASE("a trusted certificate for the right name is accepted, and the name is sent", "[net][client][tls]") {
    const Identity ca("Test CA", nullptr, nullptr);
    const Identity leaf("localhost", &ca, "DNS:localhost,IP:127.0.0.1");
    const CaFile file(ca);
    const auto context = context_of(leaf);
    World world;
    const auto server = world.server([](const std::string&) { return ok(std::string(100'000, 's')); }, context.get());
    net::ClientRequest sent;
    sent.ca_file = file.path;
    sent.url = fmt::format("https://localhost:{}/", server->port());
    for (int i = 0; i < 3; ++i) {
        const auto answer = world.send(sent);
        REQUIRE(answer);
        CHECK(answer->body.size() == 100'000);
    }
    CHECK(seen_name == "localhost");
    CHECK(server->connections == 1);

    sent.url = fmt::format("https://127.0.0.1:{}/", server->port());
    sent.body = std::string(300'000, 'b');
    sent.verb = net::Verb::post;
    REQUIRE(world.send(sent));
    CHECK(seen_name.empty());

    // What one caller trusts does not serve a caller that does not.
    sent.ca_file.clear();
    const auto stranger = world.send(sent);
    REQUIRE_FALSE(stranger);
    CHECK(stranger.error().code == ErrorCode::upstream_failed);
}

TEST_CASE("certificates that prove nothing are refused with the reason", "[net][client][tls]") {
    const Identity ca("Test CA", nullptr, nullptr), other_ca("Other CA", nullptr, nullptr);
    const CaFile file(ca);
    struct Row {
        std::unique_ptr<Identity> identity;
        const char* part;
    };
    std::vector<Row> rows;
    rows.push_back({std::make_unique<Identity>("127.0.0.1", &other_ca, "IP:127.0.0.1"), "unable to get local issuer"});
    rows.push_back({std::make_unique<Identity>("127.0.0.1", nullptr, "IP:127.0.0.1"), "self-signed"});
    rows.push_back({std::make_unique<Identity>("127.0.0.1", &ca, "IP:127.0.0.2"), "IP address mismatch"});
    rows.push_back({std::make_unique<Identity>("127.0.0.1", &ca, "DNS:example.com"), "mismatch"});
    rows.push_back({std::make_unique<Identity>("127.0.0.1", &ca, "IP:127.0.0.1", -3600), "expired"});
    for (const auto& row : rows) {
        CAPTURE(row.part);
        const auto context = context_of(*row.identity);
        World world;
        const auto server = world.server([](const std::string&) { return ok("x"); }, context.get());
        net::ClientRequest sent;
        sent.ca_file = file.path;
        sent.url = fmt::format("https://127.0.0.1:{}/", server->port());
        const auto answer = world.send(sent);
        REQUIRE_FALSE(answer);
        CHECK(answer.error().code == ErrorCode::upstream_failed);
        CHECK_THAT(answer.error().message, Catch::Contains("certificate is not trusted") && Catch::Contains(row.part));
        CHECK(server->requests.empty());
    }
}

TEST_CASE("a server that speaks no TLS, and a missing file of authorities, are told apart", "[net][client][tls]") {
    World world;
    const auto server = world.server([](const std::string&) { return ok("x"); });
    net::ClientRequest sent;
    sent.url = fmt::format("https://127.0.0.1:{}/", server->port());
    // The plain server waits for a request line it never understands, so it is the deadline or its answer that ends this.
    const auto plain = world.begin(sent);
    for (int i = 0; i < 50; ++i) world.loop.run_ready();
    world.clock.advance(std::chrono::seconds(6));
    const auto late = world.finish(plain);
    REQUIRE_FALSE(late);
    CHECK(late.error().code == ErrorCode::timeout);

    sent.ca_file = "/nonexistent/ca.pem";
    const auto missing = world.send(sent);
    REQUIRE_FALSE(missing);
    CHECK(missing.error().code == ErrorCode::invalid_argument);
    CHECK_THAT(missing.error().message, Catch::Contains("/nonexistent/ca.pem"));
}

TEST_CASE("a redirect from https to http is refused", "[net][client][tls]") {
    const Identity ca("Test CA", nullptr, nullptr);
    const Identity leaf("127.0.0.1", &ca, "IP:127.0.0.1");
    const CaFile file(ca);
    const auto context = context_of(leaf);
    World world;
    const auto plain = world.server([](const std::string&) { return ok("x"); });
    const auto server = world.server([&](const std::string&) { return test::redirect(302, plain->url()); }, context.get());
    net::ClientRequest sent;
    sent.ca_file = file.path;
    sent.url = fmt::format("https://127.0.0.1:{}/", server->port());
    const auto answer = world.send(sent);
    REQUIRE_FALSE(answer);
    CHECK(answer.error().code == ErrorCode::forbidden);
    CHECK_THAT(answer.error().message, Catch::Contains("https to http"));
    CHECK(plain->connections == 0);
}
