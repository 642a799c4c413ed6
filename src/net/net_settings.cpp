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
     .doc = "Longest time for one piece of a request's body to arrive; see server.slowest_rate for the whole.",
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
    {.name = "server.trusted_proxies",
     .type = SettingType::text_list,
     .default_value = "",
     .doc = "Addresses and networks of proxies whose X-Forwarded-For, -Proto, -Host and Forwarded are believed."},
    {.name = "server.cors_origins",
     .type = SettingType::text_list,
     .default_value = "",
     .doc = "Exact origins (https://app.example.com) whose pages may call the API with a key; empty: none."},
    {.name = "server.max_newcomers",
     .type = SettingType::integer,
     .default_value = "2048",
     .doc = "Most connections that have not shown a valid credential; 0: no limit.",
     .min = 0,
     .max = 1'000'000},
    {.name = "server.max_newcomers_per_address",
     .type = SettingType::integer,
     .default_value = "512",
     .doc = "The same of one remote address (an IPv6 address counts as its /64); 0: no limit.",
     .min = 0,
     .max = 1'000'000},
    {.name = "server.max_open_per_key",
     .type = SettingType::integer,
     .default_value = "0",
     .doc = "Most requests of one key or session in flight; 0: a quarter of server.max_connections.",
     .min = 0,
     .max = 1'000'000},
    {.name = "server.max_websockets",
     .type = SettingType::integer,
     .default_value = "32",
     .doc = "Most open WebSockets of one key or session; one carries up to 256 topics.",
     .min = 1,
     .max = 100'000},
    {.name = "server.slowest_rate",
     .type = SettingType::bytes,
     .default_value = "1KiB",
     .doc = "Bytes a second that a request's body, and after 30s an answer, must move after server.slow_grace.",
     .min = 1,
     .max = 1 << 30},
    {.name = "server.slow_grace",
     .type = SettingType::duration,
     .default_value = "10s",
     .doc = "Time before server.slowest_rate counts; three times as long for answers.",
     .min = second,
     .max = hour},
    {.name = "limits.key_rate",
     .type = SettingType::integer,
     .default_value = "0",
     .doc = "Requests a second of one API key, where the key has no limit of its own; 0: no limit.",
     .min = 0,
     .max = 1'000'000,
     .reload = true},
    {.name = "limits.key_burst",
     .type = SettingType::integer,
     .default_value = "0",
     .doc = "Requests of one API key at once; 0: twice limits.key_rate.",
     .min = 0,
     .max = 1'000'000,
     .reload = true},
    {.name = "limits.user_rate",
     .type = SettingType::integer,
     .default_value = "100",
     .doc = "Requests a second of one browser session; 0: no limit.",
     .min = 0,
     .max = 1'000'000,
     .reload = true},
    {.name = "limits.user_burst",
     .type = SettingType::integer,
     .default_value = "0",
     .doc = "Requests of one browser session at once; 0: twice limits.user_rate.",
     .min = 0,
     .max = 1'000'000,
     .reload = true},
    {.name = "limits.workspace_rate",
     .type = SettingType::integer,
     .default_value = "0",
     .doc = "Requests a second of all callers of one workspace; 0: no limit.",
     .min = 0,
     .max = 1'000'000,
     .reload = true},
    {.name = "limits.workspace_burst",
     .type = SettingType::integer,
     .default_value = "0",
     .doc = "Requests of one workspace at once; 0: twice limits.workspace_rate.",
     .min = 0,
     .max = 1'000'000,
     .reload = true},
    {.name = "limits.address_rate",
     .type = SettingType::integer,
     .default_value = "50",
     .doc = "Requests a second without a valid credential from one remote address; 0: no limit.",
     .min = 0,
     .max = 1'000'000,
     .reload = true},
    {.name = "limits.address_burst",
     .type = SettingType::integer,
     .default_value = "200",
     .doc = "The same at once; 0: twice limits.address_rate.",
     .min = 0,
     .max = 1'000'000,
     .reload = true},
    {.name = "limits.sign_in_rate",
     .type = SettingType::integer,
     .default_value = "60",
     .doc = "Requests a minute to the sign-in routes from one remote address; 0: no limit.",
     .min = 0,
     .max = 1'000'000,
     .reload = true},
    {.name = "limits.sign_in_burst",
     .type = SettingType::integer,
     .default_value = "30",
     .doc = "The same at once; 0: twice limits.sign_in_rate.",
     .min = 0,
     .max = 1'000'000,
     .reload = true},
    {.name = "server.websocket_queue",
     .type = SettingType::bytes,
     .default_value = "1MiB",
     .doc = "Most bytes that wait for one WebSocket; a slower client is closed with 1013.",
     .min = 64 << 10,
     .max = 1 << 28},
    {.name = "tls.max_handshakes",
     .type = SettingType::integer,
     .default_value = "256",
     .doc = "Most TLS handshakes under way; further connections wait.",
     .min = 1,
     .max = 100'000},
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
    const auto count = [&](std::string_view name) { return static_cast<std::size_t>(config.integer(name)); };
    options.trusted_proxies = config.text_list("server.trusted_proxies");
    options.cors_origins = config.text_list("server.cors_origins");
    options.max_newcomers = count("server.max_newcomers");
    options.max_newcomers_per_address = count("server.max_newcomers_per_address");
    options.max_open_per_key = count("server.max_open_per_key");
    options.max_websockets = count("server.max_websockets");
    options.max_handshakes = count("tls.max_handshakes");
    options.slowest_rate = size("server.slowest_rate");
    options.slow_grace = config.duration("server.slow_grace");
    options.rates = rate_limits(config);
    options.tls.certificate = config.text("tls.certificate");
    options.tls.key = config.text("tls.key");
    return options;
}

RateLimits rate_limits(const config::Config& config) {
    const auto limit = [&](std::string_view name, double unit_seconds) {
        const auto rate = static_cast<double>(config.integer(fmt::format("limits.{}_rate", name)));
        const auto burst = static_cast<double>(config.integer(fmt::format("limits.{}_burst", name)));
        return base::RateLimit{rate / unit_seconds, burst > 0 ? burst : 2 * rate};
    };
    return {limit("key", 1), limit("user", 1), limit("workspace", 1), limit("address", 1), limit("sign_in", 60)};
}

}  // namespace sluice::net
