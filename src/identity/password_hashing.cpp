#include "password_hashing.hpp"

#include "sluice/crypto/crypto.hpp"

namespace sluice::identity {

namespace {

/// Counts while it lives, also when its coroutine is cancelled.
class Counted {
  public:
    explicit Counted(std::size_t& count) : count_(count) { ++count_; }
    ~Counted() { --count_; }
    Counted(const Counted&) = delete;
    Counted& operator=(const Counted&) = delete;

  private:
    std::size_t& count_;
};

}  // namespace

Result<void> PasswordHashing::admit() const {
    if (under_way_ < slots + max_waiting) return {};
    Error error{ErrorCode::unavailable,
                "too many people are signing in at this moment; try again in a few seconds",
                {},
                true,
                5'000'000};
    return fail(std::move(error));
}

Awaitable<Result<std::string>> PasswordHashing::hash(std::string password) {
    if (auto room = admit(); !room) co_return fail(std::move(room.error()));
    const Counted counted(under_way_);
    std::string salt(crypto::password_salt_bytes, '\0');
    random_.fill({reinterpret_cast<std::uint8_t*>(salt.data()), salt.size()});
    auto job = [password = std::move(password), salt, cost = cost_]() mutable {
        auto made = crypto::hash_password(password, salt, cost);
        crypto::wipe(password);
        return made;
    };
    co_return co_await pool_.run(std::move(job));
}

Awaitable<Result<bool>> PasswordHashing::verify(std::string phc, std::string password) {
    if (phc.empty()) {
        auto made = co_await hash(std::move(password));
        if (!made) co_return fail(std::move(made.error()));
        co_return false;
    }
    if (auto room = admit(); !room) co_return fail(std::move(room.error()));
    const Counted counted(under_way_);
    auto job = [phc = std::move(phc), password = std::move(password)]() mutable {
        auto same = crypto::verify_password(phc, password);
        crypto::wipe(password);
        return same;
    };
    co_return co_await pool_.run(std::move(job));
}

}  // namespace sluice::identity
