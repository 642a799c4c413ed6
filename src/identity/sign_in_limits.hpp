#pragma once
// How often somebody may try to sign in. Pure; time comes in. Thread: loop.

#include <cstdint>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

#include "sluice/base/time.hpp"

namespace sluice::identity {

/// The failures of one account in a row.
struct Failures {
    std::int64_t count = 0;
    Time last{};
};

inline constexpr std::int64_t free_failures = 5;  ///< after so many the account waits
inline constexpr Duration longest_lock = std::chrono::minutes(15);
inline constexpr Duration failures_forgotten = std::chrono::hours(24);

/// Until when no further try is taken: a second after the fifth failure, twice as long after each
/// further one, at most 15 minutes.
Time locked_until(const Failures& failures);
/// Counts a failure; those of yesterday are forgotten.
void add_failure(Failures& failures, Time now);

/// The failures of addresses that belong to no account, so that they cannot be told from accounts by
/// the lock. The least recently tried give way to new ones.
class UnknownAccounts {
  public:
    explicit UnknownAccounts(std::size_t most = 10'000) : most_(most) {}
    /// Those of `email`, made if missing; valid until the next call.
    Failures& of(std::string_view email);
    std::size_t size() const { return order_.size(); }

  private:
    struct Item {
        std::string email;
        Failures failures;
    };
    std::size_t most_;
    std::list<Item> order_;  // most recently tried first
    std::unordered_map<std::string_view, std::list<Item>::iterator> found_;
};

/// So many tries in a minute from one network address (of IPv6 the first 64 bits), filled up steadily.
class AddressTries {
  public:
    explicit AddressTries(std::int64_t per_minute, std::size_t most = 10'000)
        : per_minute_(per_minute), most_(most) {}
    /// Takes one; zero, or how long until there is one. 0 a minute: no limit.
    Duration take(std::string_view address, Time now);
    /// Gives back what a good sign-in took.
    void give_back(std::string_view address);
    std::size_t size() const { return order_.size(); }

  private:
    struct Item {
        std::string network;
        double left = 0;
        Time at{};
    };
    std::int64_t per_minute_;
    std::size_t most_;
    std::list<Item> order_;
    std::unordered_map<std::string_view, std::list<Item>::iterator> found_;
};

}  // namespace sluice::identity
