#include <catch2/catch.hpp>

#include "sluice/net/client.hpp"

using namespace sluice;
using net::make_egress_policy;

namespace {

struct Judged {
    bool allowed;
    std::string why;
};

Judged judge(const std::vector<std::string>& allow, std::string_view host, std::string_view address, std::uint16_t port = 443,
             bool trusted = false) {
    const auto policy = make_egress_policy(allow);
    REQUIRE(policy);
    const auto verdict = (*policy)->judge(host, address, port, trusted);
    if (!verdict) CHECK(verdict.error().code == ErrorCode::forbidden);
    return {verdict.has_value(), verdict ? "" : verdict.error().message};
}

}  // namespace

TEST_CASE("no address of an internal or special kind is reached", "[net][egress]") {
    struct Row {
        const char *address, *what;
    };
    const auto row = GENERATE(values<Row>({
        {"0.0.0.0", "unspecified"},
        {"0.1.2.3", "unspecified"},
        {"127.0.0.1", "loopback"},
        {"127.255.255.254", "loopback"},
        {"10.0.0.1", "private"},
        {"10.255.255.255", "private"},
        {"172.16.0.1", "private"},
        {"172.31.255.255", "private"},
        {"192.168.1.1", "private"},
        {"100.64.0.1", "carrier-grade"},
        {"100.127.255.255", "carrier-grade"},
        {"169.254.1.1", "link-local"},
        {"169.254.169.254", "metadata"},
        {"169.254.170.2", "metadata"},
        {"100.100.100.200", "metadata"},
        {"168.63.129.16", "metadata"},
        {"192.0.0.1", "reserved"},
        {"192.0.0.192", "metadata"},
        {"192.0.2.1", "documentation"},
        {"198.51.100.7", "documentation"},
        {"203.0.113.7", "documentation"},
        {"192.88.99.1", "reserved"},
        {"198.18.0.1", "benchmark"},
        {"198.19.255.255", "benchmark"},
        {"224.0.0.1", "multicast"},
        {"239.255.255.255", "multicast"},
        {"240.0.0.1", "reserved"},
        {"255.255.255.255", "broadcast"},
        {"::", "unspecified"},
        {"::1", "loopback"},
        {"fc00::1", "unique local"},
        {"fdff::1", "unique local"},
        {"fd00:ec2::254", "metadata"},
        {"fd20:ce::254", "metadata"},
        {"fe80::1", "link-local"},
        {"febf::1", "link-local"},
        {"fec0::1", "site-local"},
        {"ff02::1", "multicast"},
        {"2001:db8::1", "documentation"},
        {"3fff::1", "documentation"},
        {"2001:2::1", "benchmark"},
        {"2001:10::1", "reserved"},
        {"100::1", "reserved"},
        {"5f00::1", "reserved"},
        {"4000::1", "reserved"},
        {"64:ff9b:1::1", "reserved"},
        {"::ffff:127.0.0.1", "loopback"},
        {"::ffff:169.254.169.254", "metadata"},
        {"::ffff:0:10.0.0.1", "private"},
        {"::7f00:1", "loopback"},
        {"::10.1.2.3", "private"},
        {"64:ff9b::10.0.0.1", "private"},
        {"64:ff9b::a9fe:a9fe", "metadata"},
        {"2002:7f00:1::", "loopback"},
        {"2002:c0a8:101::1", "private"},
        {"2002:a9fe:a9fe::1", "metadata"},
        {"2001:0:7f00:1::", "loopback"},
        {"2001:0:808:808::f5ff:fffe", "private"},   // the client, inverted, is 10.0.0.1
        {"2a00:1450::5efe:10.0.0.1", "private"},    // ISATAP
        {"2a00:1450::200:5efe:127.0.0.1", "loopback"},
        {"not-an-address", "numeric"},
        {"", "numeric"},
        {"127.1", "numeric"},
    }));
    CAPTURE(row.address);
    const auto verdict = judge({}, "name.example", row.address);
    CHECK_FALSE(verdict.allowed);
    CHECK_THAT(verdict.why, Catch::Contains(row.what));
    CHECK_THAT(verdict.why, Catch::Contains("name.example"));
}

TEST_CASE("public addresses are reached on the usual ports", "[net][egress]") {
    const auto* address = GENERATE("8.8.8.8", "1.1.1.1", "172.15.255.255", "172.32.0.1", "100.63.255.255", "100.128.0.1", "192.0.1.1",
                                   "169.253.1.1", "223.255.255.255", "2606:4700::1111", "2a00:1450::1", "::ffff:8.8.8.8", "64:ff9b::808:808",
                                   "2002:808:808::1");
    CAPTURE(address);
    for (const std::uint16_t port : {80, 443, 8080, 8443}) CHECK(judge({}, "name.example", address, port).allowed);
    for (const std::uint16_t port : {1, 22, 25, 81, 6379, 65535}) {
        const auto verdict = judge({}, "name.example", address, port);
        CHECK_FALSE(verdict.allowed);
        CHECK_THAT(verdict.why, Catch::Contains("egress.allow"));
    }
}

TEST_CASE("egress.allow opens what it names and nothing beside it", "[net][egress]") {
    CHECK(judge({"10.1.0.0/16"}, "a", "10.1.2.3", 22).allowed);
    CHECK(judge({"10.1.0.0/16"}, "a", "::ffff:10.1.2.3", 22).allowed);
    CHECK_FALSE(judge({"10.1.0.0/16"}, "a", "10.2.0.1", 22).allowed);
    CHECK(judge({"127.0.0.1"}, "a", "127.0.0.1", 9000).allowed);
    CHECK_FALSE(judge({"127.0.0.1"}, "a", "127.0.0.2", 9000).allowed);
    CHECK(judge({"127.0.0.1:9000"}, "a", "127.0.0.1", 9000).allowed);
    CHECK_FALSE(judge({"127.0.0.1:9000"}, "a", "127.0.0.1", 9001).allowed);
    CHECK(judge({"[::1]:9000"}, "a", "::1", 9000).allowed);
    CHECK_FALSE(judge({"[::1]:9000"}, "a", "::1", 9001).allowed);
    CHECK(judge({"::1"}, "a", "::1", 1).allowed);
    CHECK(judge({"fd00::/8"}, "a", "fd12::1", 5432).allowed);
    CHECK(judge({"0.0.0.0/0"}, "a", "10.0.0.1", 22).allowed);
    CHECK_FALSE(judge({"0.0.0.0/0"}, "a", "fd12::1", 22).allowed);
    CHECK(judge({"DB.internal:5432"}, "db.internal", "10.0.0.9", 5432).allowed);
    CHECK_FALSE(judge({"db.internal:5432"}, "db.internal", "10.0.0.9", 5433).allowed);
    CHECK_FALSE(judge({"db.internal:5432"}, "other.internal", "10.0.0.9", 5432).allowed);
}

TEST_CASE("metadata services stay closed whatever is allowed or trusted", "[net][egress]") {
    const auto* address = GENERATE("169.254.169.254", "fd00:ec2::254", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "100.100.100.200");
    CAPTURE(address);
    CHECK_FALSE(judge({"0.0.0.0/0", "::/0", "metadata:80"}, "metadata", address, 80).allowed);
    CHECK_FALSE(judge({}, "metadata", address, 80, true).allowed);
}

TEST_CASE("an operator's base URL may be internal, on any port", "[net][egress]") {
    CHECK(judge({}, "ollama", "127.0.0.1", 11434, true).allowed);
    CHECK(judge({}, "vllm.internal", "10.0.0.3", 8000, true).allowed);
    CHECK(judge({}, "vllm.internal", "fd12::3", 8000, true).allowed);
}

TEST_CASE("a bad entry of egress.allow is named", "[net][egress]") {
    const auto* entry = GENERATE("", "10.0.0.0/33", "10.0.0/8", "::/129", "10.0.0.0/", "10.0.0.0/-1", "host", "host:0", "host:65536", "host:",
                                 ":80", "a b:80", "127.1:80", "[::1]", "http://host:80", "host/x:80", "*.example.com:443");
    CAPTURE(entry);
    const auto policy = make_egress_policy({"127.0.0.1", entry});
    REQUIRE_FALSE(policy);
    CHECK(policy.error().code == ErrorCode::invalid_argument);
    CHECK_THAT(policy.error().message, Catch::Contains(fmt::format("'{}'", entry)));
}
