#pragma once
// Password hashes on threads of their own: two at once, at low priority, with a bounded queue, so that
// a flood of sign-ins neither stops the loop nor takes more memory than two hashes do. Thread: loop.

#include <string>

#include "sluice/base/clock.hpp"
#include "sluice/crypto/password.hpp"
#include "sluice/runtime/awaitable.hpp"
#include "sluice/runtime/pool.hpp"

namespace sluice::identity {

class PasswordHashing {
  public:
    static constexpr unsigned slots = 2;
    static constexpr std::size_t max_waiting = 32;

    PasswordHashing(runtime::Loop& loop, base::Random& random, crypto::PasswordCost cost)
        : random_(random), cost_(cost), pool_(loop, "passwords", slots, 10) {}

    /// A new PHC string. Errors: unavailable (the queue is full, or memory is short).
    Awaitable<Result<std::string>> hash(std::string password);
    /// Whether the password is that of `phc`. An empty `phc` (nobody's) takes as long and is never it.
    /// Errors: unavailable.
    Awaitable<Result<bool>> verify(std::string phc, std::string password);
    bool is_outdated(const std::string& phc) const { return crypto::password_cost_differs(phc, cost_); }

  private:
    Result<void> admit() const;

    base::Random& random_;
    crypto::PasswordCost cost_;
    std::size_t under_way_ = 0;
    runtime::Pool pool_;
};

}  // namespace sluice::identity
