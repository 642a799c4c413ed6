#pragma once
/// Ending one operation from elsewhere, for example when the one it is done for has gone.

#include <exception>
#include <memory>
#include <optional>
#include <utility>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "sluice/runtime/awaitable.hpp"
#include "sluice/runtime/loop.hpp"

namespace sluice::runtime {

/// Held by both sides. Thread: loop.
class Cancel {
  public:
    /// The operation sees operation_aborted at its next wait; nothing happens when it has ended.
    void operator()() { signal_.emit(boost::asio::cancellation_type::terminal); }
    boost::asio::cancellation_slot slot() { return signal_.slot(); }

  private:
    boost::asio::cancellation_signal signal_;
};

namespace cancel_impl {

template <class T>
Awaitable<void> keep(Awaitable<T> operation, std::optional<T>* result, std::exception_ptr* failure) {
    try {
        auto value = co_await std::move(operation);
        result->emplace(std::move(value));
    } catch (...) {
        *failure = std::current_exception();
    }
}

}  // namespace cancel_impl

/// Awaits `operation`, which `cancel` can end; a cancellation of the caller is passed on to it.
template <class T>
Awaitable<T> with_cancel(Loop& loop, std::shared_ptr<Cancel> cancel, Awaitable<T> operation) {
    namespace asio = boost::asio;
    std::optional<T> result;
    std::exception_ptr failure;
    auto outer = co_await asio::this_coro::cancellation_state;
    if (outer.slot().is_connected()) outer.slot().assign([cancel](asio::cancellation_type) { (*cancel)(); });
    auto kept = cancel_impl::keep<T>(std::move(operation), &result, &failure);
    auto token = asio::bind_cancellation_slot(cancel->slot(), asio::use_awaitable);
    co_await asio::co_spawn(loop.context(), std::move(kept), std::move(token));
    if (failure) std::rethrow_exception(failure);
    co_return std::move(*result);
}

}  // namespace sluice::runtime
