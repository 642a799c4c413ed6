#include "net/resolver.hpp"

#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>
#include <map>

#include "sluice/runtime/pool.hpp"
#include "sluice/runtime/sync.hpp"
#include "sluice/runtime/task_group.hpp"

namespace sluice::net {
namespace {

using Asker = std::optional<WorkspaceId>;
using Outcome = Result<Addresses>;

struct Pending {
    explicit Pending(runtime::Loop& loop) : done(loop) {}
    runtime::OneShot<Outcome> done;
};

Error retryable(ErrorCode code, std::string message) { return Error{code, std::move(message), {}, true}; }

}  // namespace

Result<Addresses> look_up_with_system(const std::string& host) {
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_ADDRCONFIG;
    addrinfo* found = nullptr;
    const int failed = ::getaddrinfo(host.c_str(), nullptr, &hints, &found);
    if (failed != 0)
        return fail(retryable(ErrorCode::upstream_failed,
                              fmt::format("the name {} could not be resolved: {}", host, ::gai_strerror(failed))));
    Addresses addresses;
    for (const addrinfo* each = found; each; each = each->ai_next) {
        char text[NI_MAXHOST];
        if (::getnameinfo(each->ai_addr, each->ai_addrlen, text, sizeof text, nullptr, 0, NI_NUMERICHOST) != 0) continue;
        if (std::find(addresses.begin(), addresses.end(), text) == addresses.end()) addresses.emplace_back(text);
    }
    ::freeaddrinfo(found);
    if (addresses.empty())
        return fail(retryable(ErrorCode::upstream_failed, fmt::format("the name {} has no address", host)));
    return addresses;
}

struct Resolver::State : std::enable_shared_from_this<State> {
    State(runtime::Loop& the_loop, runtime::Pool& the_pool, LookUp function)
        : loop(the_loop), pool(the_pool), look_up(std::move(function)), freed(the_loop), tasks(the_loop) {}

    runtime::Loop& loop;
    runtime::Pool& pool;
    LookUp look_up;
    std::map<std::string, std::shared_ptr<Pending>, std::less<>> pending;  ///< by name
    std::map<Asker, std::size_t> running;                                 ///< threads that a workspace holds
    runtime::Signal freed;
    bool stopped = false;
    runtime::TaskGroup tasks;

    bool has_share(const Asker& asker) const {
        const auto found = running.find(asker);
        return found == running.end() || found->second < (asker ? most_of_workspace : most_of_instance);
    }
    void end(const std::string& host, const Asker& asker) {
        if (--running[asker] == 0) running.erase(asker);
        pending.erase(host);
        freed.notify();
    }

    /// Its thread counts until the look-up itself has ended, whoever still waits for it.
    static Awaitable<void> run(std::shared_ptr<State> self, std::string host, Asker asker, std::shared_ptr<Pending> entry) {
        struct Ended {
            State& state;
            const std::string& host;
            const Asker& asker;
            Pending& entry;
            ~Ended() {
                state.end(host, asker);
                entry.done.set(fail(ErrorCode::cancelled, "the program is stopping; no name is looked up"));
            }
        };
        const Ended ended{*self, host, asker, *entry};
        auto job = [look_up = self->look_up, host] { return look_up(host); };
        auto outcome = co_await self->pool.run(std::move(job));
        entry->done.set(std::move(outcome));
    }
};

Resolver::Resolver(runtime::Loop& loop, runtime::Pool& pool, LookUp look_up)
    : state_(std::make_shared<State>(loop, pool, std::move(look_up))) {}

Awaitable<Result<Addresses>> Resolver::resolve(std::string host, std::optional<WorkspaceId> workspace, Time deadline) {
    const auto state = state_;
    std::shared_ptr<Pending> entry;
    while (!entry) {
        if (state->stopped) co_return fail(ErrorCode::cancelled, "the program is stopping; no name is looked up");
        if (const auto found = state->pending.find(host); found != state->pending.end()) {
            entry = found->second;
        } else if (state->has_share(workspace)) {
            entry = std::make_shared<Pending>(state->loop);
            state->pending.emplace(host, entry);
            ++state->running[workspace];
            state->tasks.spawn("name-look-up", State::run(state, host, workspace, entry));
        } else if (!co_await state->freed.wait_until(deadline)) {
            co_return fail(retryable(ErrorCode::timeout,
                                     fmt::format("the name {} was not resolved in time: other look-ups of this workspace "
                                                 "still wait for a name server", host)));
        }
    }
    const bool in_time = co_await entry->done.wait_until(deadline);
    if (!in_time) co_return fail(retryable(ErrorCode::timeout, fmt::format("the name {} was not resolved in time", host)));
    co_return entry->done.get();
}

Awaitable<void> Resolver::stop() {
    const auto state = state_;
    state->stopped = true;
    state->freed.notify();
    co_await state->tasks.cancel_and_join();
}

}  // namespace sluice::net
