#include <cerrno>
#include <cstring>
#include <stdexcept>

#include <sys/random.h>

#include "sluice/base/clock.hpp"

namespace sluice::base {

namespace {

void kernel_random(std::uint8_t* out, std::size_t size) {
    while (size > 0) {
        const auto got = ::getrandom(out, size, 0);
        if (got < 0) {
            if (errno == EINTR) continue;
            throw std::runtime_error("the kernel gives no random bytes (getrandom failed)");
        }
        out += got;
        size -= static_cast<std::size_t>(got);
    }
}

}  // namespace

void Random::fill(std::span<std::uint8_t> bytes) {
    for (std::size_t i = 0; i < bytes.size(); i += 8) {
        const auto word = next();
        std::memcpy(bytes.data() + i, &word, std::min<std::size_t>(8, bytes.size() - i));
    }
}

std::uint64_t Random::below(std::uint64_t bound) {
    if (bound == 0) return 0;
    // Lemire: multiply and keep the high half; reject the few low halves that would favour small
    // results.
    const std::uint64_t threshold = -bound % bound;
    while (true) {
        const auto product = static_cast<unsigned __int128>(next()) * bound;
        if (static_cast<std::uint64_t>(product) >= threshold)
            return static_cast<std::uint64_t>(product >> 64);
    }
}

std::uint64_t SystemRandom::next() {
    if (used_ == buffer_.size()) {
        kernel_random(reinterpret_cast<std::uint8_t*>(buffer_.data()), sizeof buffer_);
        used_ = 0;
    }
    return std::exchange(buffer_[used_++], 0);  // a number once given is not kept
}

void SystemRandom::fill(std::span<std::uint8_t> bytes) {
    kernel_random(bytes.data(), bytes.size());
}

std::uint64_t SeededRandom::next() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

}  // namespace sluice::base
