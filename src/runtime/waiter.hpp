#pragma once
/// How a coroutine is suspended by hand: an object that is finished once, by whoever comes first (a
/// notification, a timer, a cancellation), and resumes its coroutine by a post, never inline.

#include <list>
#include <memory>
#include <utility>

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>

#include "sluice/runtime/loop.hpp"

namespace sluice::runtime {

enum class Outcome { done, expired, cancelled };

/// One suspended coroutine. Thread: loop.
class Waiter : public std::enable_shared_from_this<Waiter> {
  public:
    using List = std::list<std::shared_ptr<Waiter>>;

    explicit Waiter(Loop& loop) : loop_(loop) {}
    virtual ~Waiter() = default;
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;

    /// Stands in `list` until it is finished.
    void stand_in(List& list) {
        home_ = &list;
        place_ = list.insert(list.end(), shared_from_this());
    }
    /// Is finished with `outcome` at `when`; the timer owns it until then.
    void until(Time when, Outcome outcome) {
        timer_ = loop_.at(when, [self = shared_from_this(), outcome] { self->finish(outcome); });
    }

    void finish(Outcome outcome) {
        auto self = shared_from_this();  // list and timer may have owned it alone
        if (!conclude()) return;
        boost::asio::post(loop_.context(),
                          [self = std::move(self), outcome] { self->resume(outcome); });
    }
    /// The same without the post, for a caller that is a handler of the loop already and does
    /// nothing afterwards.
    void finish_inline(Outcome outcome) {
        const auto self = shared_from_this();
        if (!conclude()) return;
        self->resume(outcome);
    }

  private:
    virtual void resume(Outcome outcome) = 0;

    bool conclude() {
        if (std::exchange(finished_, true)) return false;
        if (auto* list = std::exchange(home_, nullptr)) list->erase(place_);
        if (const auto timer = std::exchange(timer_, 0); timer != 0) loop_.cancel_timer(timer);
        return true;
    }

    Loop& loop_;
    bool finished_ = false;
    List* home_ = nullptr;
    List::iterator place_;
    Loop::TimerId timer_ = 0;
};

template <class Handler>
class WaiterOf final : public Waiter {
  public:
    WaiterOf(Loop& loop, Handler handler) : Waiter(loop), handler_(std::move(handler)) {}

  private:
    void resume(Outcome outcome) override {
        auto handler = std::move(handler_);
        std::move(handler)(outcome);
    }
    Handler handler_;
};

/// Suspends the calling coroutine. `attach(waiter)` says who will finish it; it is called once, at
/// the wait's begin.
template <class Attach>
Awaitable<Outcome> suspend(Loop& loop, Attach attach) {
    auto initiate = [](auto handler, Loop* on, Attach to) {
        auto slot = boost::asio::get_associated_cancellation_slot(handler);
        const std::shared_ptr<Waiter> waiter =
            std::make_shared<WaiterOf<decltype(handler)>>(*on, std::move(handler));
        if (slot.is_connected())
            slot.assign([weak = std::weak_ptr(waiter)](boost::asio::cancellation_type) {
                if (const auto waiting = weak.lock()) waiting->finish(Outcome::cancelled);
            });
        to(waiter);
    };
    return boost::asio::async_initiate<const boost::asio::use_awaitable_t<>&, void(Outcome)>(
        std::move(initiate), boost::asio::use_awaitable, &loop, std::move(attach));
}

[[noreturn]] inline void throw_cancelled() {
    throw boost::system::system_error(boost::asio::error::operation_aborted);
}

}  // namespace sluice::runtime
