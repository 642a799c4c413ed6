#pragma once
/// Idle connections that wait for their next request.

#include <deque>
#include <memory>
#include <string>
#include <unordered_map>

#include "net/connection.hpp"
#include "sluice/net/client.hpp"

namespace sluice::net {

/// Thread: loop. While it is empty it sets no timer.
class IdlePool : public std::enable_shared_from_this<IdlePool> {
  public:
    explicit IdlePool(runtime::Loop& loop) : loop_(loop) {}
    ~IdlePool() { loop_.cancel_timer(timer_); }
    IdlePool(const IdlePool&) = delete;
    IdlePool& operator=(const IdlePool&) = delete;

    /// The most recently used live connection for `key`, or null. Dead ones met on the way are dropped.
    std::unique_ptr<Connection> take(const std::string& key);
    void put(const std::string& key, std::unique_ptr<Connection> connection);
    void clear();
    std::size_t size() const { return size_; }

  private:
    void sweep();
    void arm();

    runtime::Loop& loop_;
    std::unordered_map<std::string, std::deque<std::unique_ptr<Connection>>> idle_;  // oldest first
    std::size_t size_ = 0;
    runtime::Loop::TimerId timer_ = 0;
    bool armed_ = false;
};

}  // namespace sluice::net
