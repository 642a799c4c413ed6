#include "net/url.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using net::parse_url;

TEST_CASE("a URL is taken apart into one form", "[net][url]") {
    struct Row {
        const char *text, *whole, *host;
        int port;
        const char* target;
    };
    const auto row = GENERATE(values<Row>({
        {"http://Example.COM", "http://example.com/", "example.com", 80, "/"},
        {"HTTPS://example.com:443/a?b=c#d", "https://example.com/a?b=c", "example.com", 443, "/a?b=c"},
        {"https://example.com:8443?x", "https://example.com:8443/?x", "example.com", 8443, "/?x"},
        {"http://127.0.0.1:8080/", "http://127.0.0.1:8080/", "127.0.0.1", 8080, "/"},
        {"http://[2001:DB8:0:0::1]:81/x", "http://[2001:db8::1]:81/x", "2001:db8::1", 81, "/x"},
        {"http://example.com./", "http://example.com/", "example.com", 80, "/"},
        {"http://a_b.example/%20/\xc3\xa9 x", "http://a_b.example/%20/%C3%A9%20x", "a_b.example", 80, "/%20/%C3%A9%20x"},
        {"http://xn--bcher-kva.example/a@b", "http://xn--bcher-kva.example/a@b", "xn--bcher-kva.example", 80, "/a@b"},
        {"http://1.2.3.4.example/", "http://1.2.3.4.example/", "1.2.3.4.example", 80, "/"},
    }));
    CAPTURE(row.text);
    const auto url = parse_url(row.text);
    REQUIRE(url);
    CHECK(url->str() == row.whole);
    CHECK(url->host == row.host);
    CHECK(url->port == row.port);
    CHECK(url->target == row.target);
}

TEST_CASE("a URL with more than one reading is refused with the reason", "[net][url]") {
    struct Row {
        const char *text, *part;
    };
    const auto row = GENERATE(values<Row>({
        {"example.com/a", "absolute URL"},
        {"", "absolute URL"},
        {"/a", "absolute URL"},
        {"ftp://example.com/", "http or https"},
        {"file:///etc/passwd", "http or https"},
        {" http://example.com/", "http or https"},
        {"http://", "no host"},
        {"http:///a", "no host"},
        {"http://user@example.com/", "user name"},
        {"http://user:secret@example.com/", "user name"},
        {"http://example.com:0/", "port"},
        {"http://example.com:65536/", "port"},
        {"http://example.com:/", "port"},
        {"http://example.com:8o/", "port"},
        {"http://example.com:80:80/", "port"},
        {"http://exa mple.com/", "not allowed"},
        {"http://ex%61mple.com/", "not allowed"},
        {"http://b\xc3\xbc" "cher.example/", "xn--"},
        {"http://example.com\\@evil.example/", "user name"},
        {"http://example.com\\evil/", "backslash"},
        {"http://a..b/", "empty"},
        {"http://.a/", "empty"},
        {"http://example.com/\r\nHost: evil", "control"},
        {"http://127.1/", "IPv4"},
        {"http://2130706433/", "IPv4"},
        {"http://0x7f000001/", "IPv4"},
        {"http://0x7f.0.0.1/", "IPv4"},
        {"http://0177.0.0.1/", "IPv4"},
        {"http://127.0.0.01/", "IPv4"},
        {"http://127.0.0.0x1/", "IPv4"},
        {"http://1.2.3.4.5/", "IPv4"},
        {"http://256.0.0.1/", "IPv4"},
        {"http://127.0.0.1../", "empty"},
        {"http://[::1/", "not a port"},
        {"http://[fe80::1%25eth0]/", "IPv6"},
        {"http://[127.0.0.1]/", "IPv6"},
        {"http://[::1]a/", "bracket"},
    }));
    CAPTURE(row.text);
    const auto url = parse_url(row.text);
    REQUIRE_FALSE(url);
    CHECK(url.error().code == ErrorCode::invalid_argument);
    CHECK_THAT(url.error().message, Catch::Contains(row.part));
}

TEST_CASE("a redirect's reference is resolved against the URL it came from", "[net][url]") {
    struct Row {
        const char *reference, *whole;
    };
    // RFC 3986 section 5.4, as far as it concerns http.
    const auto row = GENERATE(values<Row>({
        {"g", "http://a/b/c/g"},         {"./g", "http://a/b/c/g"},       {"g/", "http://a/b/c/g/"},   {"/g", "http://a/g"},
        {"//g", "http://g/"},            {"?y", "http://a/b/c/d;p?y"},    {"g?y", "http://a/b/c/g?y"}, {"#s", "http://a/b/c/d;p?q"},
        {"", "http://a/b/c/d;p?q"},      {".", "http://a/b/c/"},          {"..", "http://a/b/"},       {"../g", "http://a/b/g"},
        {"../..", "http://a/"},          {"../../../g", "http://a/g"},    {"/./g", "http://a/g"},      {"/../g", "http://a/g"},
        {"./../g", "http://a/b/g"},      {"./g/.", "http://a/b/c/g/"},    {"g/../h", "http://a/b/c/h"}, {"g?y/../x", "http://a/b/c/g?y/../x"},
        {"https://B:444/x", "https://b:444/x"},
    }));
    CAPTURE(row.reference);
    const auto url = net::resolve_reference(*parse_url("http://a/b/c/d;p?q"), row.reference);
    REQUIRE(url);
    CHECK(url->str() == row.whole);
    CHECK_FALSE(net::resolve_reference(*parse_url("http://a/"), "javascript:alert(1)"));
}
