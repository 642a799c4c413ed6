#include "sluice/config/config.hpp"
#include "sluice/net/server.hpp"

namespace sluice::net {
namespace {

using base::Setting;
using base::SettingType;

constexpr std::int64_t second = 1'000'000;
constexpr std::int64_t hour = 3600 * second;

constexpr Setting rows[] = {
    {.name = "server.listen",
     .type = SettingType::text,
     .default_value = "127.0.0.1:8080",
     .doc = "Address and port the server listens on; port 0 takes any free one.",
     .env = "SLUICE_LISTEN",
     .flag = "listen"},
    {.name = "server.max_body",
     .type = SettingType::bytes,
     .default_value = "1MiB",
     .doc = "Largest request body where a route does not set its own limit.",
     .min = 1024,
     .max = 1LL << 30},
    {.name = "server.max_header_bytes",
     .type = SettingType::bytes,
     .default_value = "16KiB",
     .doc = "Largest request line and headers together.",
     .min = 1024,
     .max = 1 << 20},
    {.name = "server.max_header_count",
     .type = SettingType::integer,
     .default_value = "64",
     .doc = "Most headers of a request.",
     .min = 8,
     .max = 1000},
    {.name = "server.max_connections",
     .type = SettingType::integer,
     .default_value = "4096",
     .doc = "Most open connections; further ones are answered 503.",
     .min = 1,
     .max = 1'000'000},
    {.name = "server.header_timeout",
     .type = SettingType::duration,
     .default_value = "10s",
     .doc = "Longest time for a request's headers to arrive.",
     .min = second,
     .max = hour},
    {.name = "server.body_timeout",
     .type = SettingType::duration,
     .default_value = "60s",
     .doc = "Longest time for a request's body to arrive (for one piece of a streamed body).",
     .min = second,
     .max = hour},
    {.name = "server.idle_timeout",
     .type = SettingType::duration,
     .default_value = "60s",
     .doc = "Longest time a connection stays open between two requests.",
     .min = second,
     .max = 24 * hour},
    {.name = "server.drain_timeout",
     .type = SettingType::duration,
     .default_value = "20s",
     .doc = "Longest time that requests in flight get at a stop.",
     .min = 0,
     .max = hour},
    {.name = "server.allowed_hosts",
     .type = SettingType::text_list,
     .default_value = "",
     .doc = "Names accepted in the header Host beside the listen address; empty accepts any."},
    {.name = "server.websocket_queue",
     .type = SettingType::bytes,
     .default_value = "1MiB",
     .doc = "Most bytes that wait for one WebSocket; a slower client is closed with 1013.",
     .min = 64 << 10,
     .max = 1 << 28},
    {.name = "tls.certificate",
     .type = SettingType::text,
     .default_value = "",
     .doc = "PEM file with the certificate chain; with tls.key the server speaks HTTPS."},
    {.name = "tls.key",
     .type = SettingType::text,
     .default_value = "",
     .doc = "PEM file with the private key of tls.certificate."},
};

}  // namespace

base::SettingRows settings() { return rows; }

ServerOptions server_options(const config::Config& config) {
    ServerOptions options;
    const std::string_view listen = config.text("server.listen");
    const auto colon = listen.rfind(':');
    std::uint16_t port = 0;
    if (colon != std::string_view::npos &&
        std::from_chars(listen.data() + colon + 1, listen.data() + listen.size(), port).ptr ==
            listen.data() + listen.size()) {
        options.address = listen.substr(0, colon);
        options.port = port;
    }
    const auto size = [&](std::string_view name) {
        return static_cast<std::size_t>(config.bytes(name));
    };
    options.max_body = size("server.max_body");
    options.max_header_bytes = size("server.max_header_bytes");
    options.max_header_count = static_cast<std::size_t>(config.integer("server.max_header_count"));
    options.max_connections = static_cast<std::size_t>(config.integer("server.max_connections"));
    options.header_timeout = config.duration("server.header_timeout");
    options.body_timeout = config.duration("server.body_timeout");
    options.idle_timeout = config.duration("server.idle_timeout");
    options.drain_timeout = config.duration("server.drain_timeout");
    options.allowed_hosts = config.text_list("server.allowed_hosts");
    options.websocket_queue = size("server.websocket_queue");
    options.tls.certificate = config.text("tls.certificate");
    options.tls.key = config.text("tls.key");
    return options;
}

}  // namespace sluice::net
