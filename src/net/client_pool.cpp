#include "net/client_pool.hpp"

namespace sluice::net {

namespace {
using namespace std::chrono_literals;
constexpr Duration max_idle = 60s;
constexpr std::size_t max_per_key = 128;
constexpr std::size_t max_in_all = 512;
}  // namespace

std::unique_ptr<Connection> IdlePool::take(const std::string& key) {
    const auto found = idle_.find(key);
    if (found == idle_.end()) return nullptr;
    auto& waiting = found->second;
    std::unique_ptr<Connection> taken;
    while (!waiting.empty() && !taken) {
        auto candidate = std::move(waiting.back());
        waiting.pop_back();
        --size_;
        if (loop_.now() - candidate->idle_since < max_idle && candidate->is_idle()) taken = std::move(candidate);
    }
    if (waiting.empty()) idle_.erase(found);
    if (taken) taken->reused = true;
    return taken;
}

void IdlePool::put(const std::string& key, std::unique_ptr<Connection> connection) {
    if (size_ >= max_in_all) return;
    auto& waiting = idle_[key];
    if (waiting.size() >= max_per_key) {
        waiting.pop_front();
        --size_;
    }
    connection->idle_since = loop_.now();
    waiting.push_back(std::move(connection));
    ++size_;
    if (!armed_) arm();
}

void IdlePool::clear() {
    idle_.clear();
    size_ = 0;
    loop_.cancel_timer(timer_);
    armed_ = false;
}

void IdlePool::arm() {
    Time earliest = Time::max();
    for (const auto& [key, waiting] : idle_) earliest = std::min(earliest, waiting.front()->idle_since + max_idle);
    if (earliest == Time::max()) return;
    armed_ = true;
    timer_ = loop_.at(earliest, [weak = weak_from_this()] {
        if (const auto pool = weak.lock()) pool->sweep();
    });
}

void IdlePool::sweep() {
    armed_ = false;
    const auto oldest = loop_.now() - max_idle;
    for (auto it = idle_.begin(); it != idle_.end();) {
        auto& waiting = it->second;
        while (!waiting.empty() && waiting.front()->idle_since <= oldest) {
            waiting.pop_front();
            --size_;
        }
        it = waiting.empty() ? idle_.erase(it) : std::next(it);
    }
    arm();
}

}  // namespace sluice::net
