#pragma once
/// The body of `with_deadline`; include deadline.hpp.

#include <exception>
#include <memory>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>

namespace sluice::runtime {

namespace deadline_impl {

/// Runs the operation and keeps how it ended: co_spawn's own way back needs a default-constructible
/// value.
template <class T>
Awaitable<void> keep_result(Awaitable<Result<T>> operation, std::optional<Result<T>>* result,
                            std::exception_ptr* failure) {
    try {
        auto value = co_await std::move(operation);
        result->emplace(std::move(value));
    } catch (...) {
        *failure = std::current_exception();
    }
}

inline bool is_cancellation(const std::exception_ptr& failure) {
    try {
        std::rethrow_exception(failure);
    } catch (const boost::system::system_error& e) {
        return e.code() == boost::asio::error::operation_aborted;
    } catch (...) {
        return false;
    }
}

/// What ends an operation: the deadline's timer or the caller's cancellation, both handed on to the
/// operation.
class Watch {
  public:
    Watch(Loop& loop, Time deadline) : loop_(loop) {
        timer_ = loop.at(deadline, [this] {
            expired_ = true;
            cancel_.emit(boost::asio::cancellation_type::terminal);
        });
    }
    ~Watch() { loop_.cancel_timer(timer_); }
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;

    /// Until the operation's end: Asio clears the slot of a coroutine whenever it resumes.
    void follow(boost::asio::cancellation_slot outer) {
        if (outer.is_connected())
            outer.assign([this](boost::asio::cancellation_type type) { cancel_.emit(type); });
    }
    boost::asio::cancellation_slot slot() { return cancel_.slot(); }
    bool expired() const { return expired_; }

  private:
    Loop& loop_;
    Loop::TimerId timer_;
    bool expired_ = false;
    boost::asio::cancellation_signal cancel_;
};

}  // namespace deadline_impl

template <class T>
Awaitable<Result<T>> with_deadline(Loop& loop, Time deadline, Awaitable<Result<T>> operation,
                                   std::string message) {
    namespace asio = boost::asio;
    if (loop.now() >= deadline)
        co_return fail(Error{ErrorCode::timeout, std::move(message), {}, true});

    std::optional<Result<T>> result;
    std::exception_ptr failure;
    deadline_impl::Watch watch(loop, deadline);
    auto outer = co_await asio::this_coro::cancellation_state;
    watch.follow(outer.slot());
    auto token = asio::bind_cancellation_slot(watch.slot(), asio::use_awaitable);
    auto kept = deadline_impl::keep_result<T>(std::move(operation), &result, &failure);
    co_await asio::co_spawn(loop.context(), std::move(kept), std::move(token));

    const bool stopped =
        (failure && deadline_impl::is_cancellation(failure)) || (result && !*result);
    if (watch.expired() && stopped && outer.cancelled() == asio::cancellation_type::none)
        co_return fail(Error{ErrorCode::timeout, std::move(message), {}, true});
    if (failure) std::rethrow_exception(failure);
    co_return std::move(*result);
}

}  // namespace sluice::runtime
