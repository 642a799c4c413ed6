#pragma once
/// A thing that was handed to another thread and completes on the loop.

#include <boost/asio/async_result.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "sluice/base/log.hpp"
#include "sluice/base/result.hpp"
#include "sluice/runtime/awaitable.hpp"
#include "sluice/runtime/loop.hpp"
#include "sluice/runtime/stepping.hpp"

namespace sluice::storage {

/// `Payload` with a result and somebody who waits for it. Made and completed on the loop.
template <class Payload>
struct Pending {
    explicit Pending(Payload&& p) : payload(std::move(p)) {}
    virtual ~Pending() = default;
    virtual void complete() = 0;

    Payload payload;
    Result<void> result;
    runtime::Elsewhere elsewhere;
};

template <class Payload>
using PendingPtr = std::unique_ptr<Pending<Payload>>;

/// Completes into a callback.
template <class Payload>
struct CallbackPending final : Pending<Payload> {
    CallbackPending(Payload&& p, std::function<void(Result<void>)> d)
        : Pending<Payload>(std::move(p)), done(std::move(d)) {}
    void complete() override {
        if (done) done(std::move(this->result));
    }
    std::function<void(Result<void>)> done;
};

/// Completes an awaiting coroutine.
template <class Payload, class Handler>
struct HandlerPending final : Pending<Payload> {
    HandlerPending(Payload&& p, Handler&& h)
        : Pending<Payload>(std::move(p)), handler(std::move(h)) {}
    void complete() override {
        Handler resume = std::move(handler);
        resume(std::move(this->result));
    }
    Handler handler;
};

/// Hands `payload` to `push(PendingPtr)` and waits until it is completed. Not cancellable: what was
/// handed over happens, and whoever waits learns how it ended.
template <class Payload, class Push>
Awaitable<Result<void>> wait_for(Payload payload, Push push) {
    auto start = [](auto handler, Payload p, Push to) {
        using Handler = std::decay_t<decltype(handler)>;
        to(PendingPtr<Payload>(
            std::make_unique<HandlerPending<Payload, Handler>>(std::move(p), std::move(handler))));
    };
    return boost::asio::async_initiate<const boost::asio::use_awaitable_t<>, void(Result<void>)>(
        std::move(start), boost::asio::use_awaitable, std::move(payload), std::move(push));
}

/// Completes all of a batch with one post to the loop.
template <class Payload>
void complete_on(runtime::Loop& loop, std::vector<PendingPtr<Payload>> batch) {
    auto shared = std::make_shared<std::vector<PendingPtr<Payload>>>(std::move(batch));
    loop.post([shared] {
        for (auto& pending : *shared) {
            try {
                pending->complete();
            } catch (const std::exception& error) {
                log::error("a completion of storage failed", {{"error", error.what()}});
            }
            pending.reset();
        }
    });
}

}  // namespace sluice::storage
