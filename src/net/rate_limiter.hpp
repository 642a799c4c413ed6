#pragma once
/// Token buckets in bounded memory. A bucket is one number, the time at which it will be full again (the generic cell
/// rate algorithm), so that an idle one needs no sweep: once that time has passed, its place is free.

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>

#include "sluice/net/server.hpp"

namespace sluice::net {

/// How a bucket stands after a request was judged.
struct Standing {
    std::string_view policy;  ///< "key", "user", "workspace", "address", "sign-in"; empty: none applied
    base::RateLimit limit;
    double left = 0;        ///< requests that would be taken at once
    Duration full_in{};     ///< until it is full
    Duration retry_in{};    ///< until the next request is taken
};

/// Buckets of one kind. Thread: loop.
class Buckets {
  public:
    struct Entry {
        std::uint64_t tag = 0;         ///< hash of the name; 0: unused
        std::int64_t full_at_ns = 0;   ///< steady
    };

    /// The bucket of `name`, to be passed to `judge` and `take` before the next call. Where all places that it could have
    /// are taken by others, the one that is nearest to full gives way: memory stays bounded, to the guest's advantage.
    Entry& find(std::string_view name, std::int64_t now_ns);
    void clear() { entries_.reset(); }

    static bool judge(const Entry& entry, const base::RateLimit& limit, std::int64_t now_ns, Standing& standing);
    static void take(Entry& entry, const base::RateLimit& limit, std::int64_t now_ns, Standing& standing);

    static constexpr std::size_t places = 1 << 14, ways = 8;

  private:
    std::unique_ptr<Entry[]> entries_;  ///< 256 KiB, made with the first use
};

/// Judges requests by the buckets that their caller has.
class RateLimiter {
  public:
    explicit RateLimiter(const RateLimits& limits) : limits_(limits) {}
    void set(const RateLimits& limits);

    struct Verdict {
        bool allowed = true;
        std::array<Standing, 2> standings{};  ///< of the buckets that applied; where refused, the first one refused
    };
    /// Counts one request. `address` is that of the client (see `address_bucket`), empty where it is no network's.
    Verdict admit(const Principal& principal, std::string_view address, RateClass rate, Duration now);

  private:
    RateLimits limits_;
    Buckets keys_, users_, workspaces_, addresses_, sign_ins_;
};

/// What an address is counted as: itself, an IPv6 address as its /64, one that carries an IPv4 address as that.
std::string address_bucket(std::string_view address);

/// "RateLimit-Policy" and "RateLimit" (draft-ietf-httpapi-ratelimit-headers-10), with line ends; empty when none applied.
void append_rate_headers(std::string& out, const RateLimiter::Verdict& verdict);

}  // namespace sluice::net
