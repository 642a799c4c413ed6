#include "sign_in_limits.hpp"

#include <algorithm>

#include <arpa/inet.h>

namespace sluice::identity {

namespace {

std::string network_of(std::string_view address) {
    in6_addr parsed{};
    const std::string text(address.substr(0, address.find('%')));
    if (::inet_pton(AF_INET6, text.c_str(), &parsed) != 1) return std::string(address);
    if (IN6_IS_ADDR_V4MAPPED(&parsed)) return text;
    return std::string(reinterpret_cast<const char*>(parsed.s6_addr), 8);
}

}  // namespace

Time locked_until(const Failures& failures) {
    if (failures.count < free_failures) return {};
    const auto doublings = std::min<std::int64_t>(failures.count - free_failures, 20);
    const Duration wait = std::chrono::seconds(std::int64_t{1} << doublings);
    return failures.last + std::min(wait, longest_lock);
}

void add_failure(Failures& failures, Time now) {
    if (failures.last + failures_forgotten <= now) failures.count = 0;
    ++failures.count;
    failures.last = now;
}

Failures& UnknownAccounts::of(std::string_view email) {
    if (const auto known = found_.find(email); known != found_.end()) {
        order_.splice(order_.begin(), order_, known->second);
        return order_.front().failures;
    }
    if (order_.size() >= most_) {
        found_.erase(order_.back().email);
        order_.pop_back();
    }
    order_.push_front({std::string(email), {}});
    found_.emplace(order_.front().email, order_.begin());
    return order_.front().failures;
}

Duration AddressTries::take(std::string_view address, Time now) {
    if (per_minute_ <= 0) return {};
    const auto network = network_of(address);
    const auto known = found_.find(network);
    if (known == found_.end()) {
        if (order_.size() >= most_) {
            found_.erase(order_.back().network);
            order_.pop_back();
        }
        order_.push_front({network, static_cast<double>(per_minute_), now});
        found_.emplace(order_.front().network, order_.begin());
    } else {
        order_.splice(order_.begin(), order_, known->second);
    }
    auto& item = order_.front();
    const double minutes = std::max(0.0, std::chrono::duration<double>(now - item.at).count() / 60);
    item.left = std::min(static_cast<double>(per_minute_),
                         item.left + minutes * static_cast<double>(per_minute_));
    item.at = now;
    if (item.left >= 1) {
        item.left -= 1;
        return {};
    }
    const double wait_us = (1 - item.left) / static_cast<double>(per_minute_) * 60e6;
    return Duration(static_cast<std::int64_t>(wait_us) + 1);
}

void AddressTries::give_back(std::string_view address) {
    if (const auto known = found_.find(network_of(address)); known != found_.end())
        known->second->left = std::min(static_cast<double>(per_minute_), known->second->left + 1);
}

}  // namespace sluice::identity
