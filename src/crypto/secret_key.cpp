#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include <cstring>
#include <new>
#include <stdexcept>
#include <utility>

#include <openssl/crypto.h>

#include "sluice/base/clock.hpp"
#include "sluice/crypto/key_ring.hpp"

namespace sluice::crypto {

namespace {

constexpr std::size_t page_size = 4096;

void* take_page() {
    void* page = mmap(nullptr, page_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED) throw std::bad_alloc();
    // Beyond RLIMIT_MEMLOCK a key is still usable; only swap could then hold it.
    [[maybe_unused]] const int locked = mlock(page, page_size);
    madvise(page, page_size, MADV_DONTDUMP);
    madvise(page, page_size, MADV_WIPEONFORK);
    return page;
}

void give_back(void* page) {
    if (page == nullptr) return;
    OPENSSL_cleanse(page, SecretKey::size);
    munmap(page, page_size);
}

}  // namespace

SecretKey::SecretKey(std::string_view bytes) {
    if (bytes.size() != size) throw std::invalid_argument("a secret key has 32 bytes");
    page_ = take_page();
    std::memcpy(page_, bytes.data(), size);
}

SecretKey SecretKey::make(base::Random& random) {
    SecretKey key;
    key.page_ = take_page();
    random.fill({static_cast<std::uint8_t*>(key.page_), size});
    return key;
}

SecretKey::~SecretKey() { give_back(page_); }

SecretKey::SecretKey(SecretKey&& other) noexcept : page_(std::exchange(other.page_, nullptr)) {}

SecretKey& SecretKey::operator=(SecretKey&& other) noexcept {
    if (this != &other) {
        give_back(page_);
        page_ = std::exchange(other.page_, nullptr);
    }
    return *this;
}

SecretKey SecretKey::clone() const { return page_ == nullptr ? SecretKey() : SecretKey(bytes()); }

std::string_view SecretKey::bytes() const {
    return page_ == nullptr ? std::string_view() : std::string_view(static_cast<const char*>(page_), size);
}

void harden_process() {
    prctl(PR_SET_DUMPABLE, 0);
    const rlimit none{0, 0};
    setrlimit(RLIMIT_CORE, &none);
}

}  // namespace sluice::crypto
