// Admission and release of a call that four budgets of a thousand cover, without a wait for the disk.

#include <chrono>
#include <cstdlib>
#include <filesystem>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <fmt/format.h>

#include "sluice/budget/budget.hpp"
#include "sluice/events/events.hpp"
#include "sluice/identity/identity.hpp"
#include "sluice/runtime/loop.hpp"
#include "sluice/storage/storage.hpp"

using namespace sluice;

namespace {

struct House {
    base::SystemClock clock;
    base::SystemRandom random;
    runtime::Loop loop{clock};
    std::unique_ptr<storage::Storage> storage;
};

Awaitable<void> measure(House* house) {
    events::Bus bus(house->loop, *house->storage);
    identity::Identity identity(*house->storage, house->clock, house->random);
    (void)co_await identity.start();
    const auto workspace = (co_await identity.ensure_workspace("default"))->id;
    budget::Budgets budgets(house->loop, *house->storage, bus, house->clock, house->random);
    (void)co_await budgets.start();
    constexpr NanoUsd limit{1'000'000'000'000};
    for (int i = 0; i < 996; ++i) {
        budget::NewBudget other{budget::ScopeType::tag, fmt::format("t{}", i), budget::Window::month, limit};
        (void)co_await budgets.create(workspace, std::move(other), "bench");
    }
    for (const auto& [type, id] : {std::pair<budget::ScopeType, std::string>{budget::ScopeType::workspace, ""},
                                   {budget::ScopeType::project, "shop"},
                                   {budget::ScopeType::model, "gpt"},
                                   {budget::ScopeType::agent, "helper"}}) {
        budget::NewBudget covering{type, id, budget::Window::month, limit};
        (void)co_await budgets.create(workspace, std::move(covering), "bench");
    }
    budget::CallScope scope;
    scope.workspace = workspace;
    scope.project = "shop";
    scope.model = "gpt";
    scope.agent = "helper";
    scope.session = "a session of some length that is not in place";
    constexpr int calls = 200'000;
    const NanoUsd most{1'000'000};
    std::chrono::steady_clock::time_point began;
    for (int i = -1000; i < calls; ++i) {
        if (i == 0) began = std::chrono::steady_clock::now();
        auto admission = co_await budgets.admit(scope, most);
        if (!admission || !admission->hold) std::abort();
        budgets.release(std::move(admission->hold));
    }
    const auto took = std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - began).count();
    fmt::print("budget: admit and release under 4 of 1000 budgets: {:.2f} us a call\n", took / calls);
    co_await budgets.stop();
    co_await bus.stop();
    co_await identity.stop();
    co_await house->storage->stop();
    house->loop.stop();
}

}  // namespace

int main() {
    std::string name = (std::filesystem::temp_directory_path() / "sluice-bench-XXXXXX").string();
    storage::Options options;
    options.directory = ::mkdtemp(name.data());
    House house;
    auto opened = storage::open(house.loop, options, storage::built_in_migrations());
    if (!opened) {
        fmt::print("{}\n", opened.error().message);
        return 1;
    }
    house.storage = std::move(*opened);
    auto ended = [](std::exception_ptr thrown) {
        if (thrown) std::rethrow_exception(thrown);
    };
    boost::asio::co_spawn(house.loop.context(), measure(&house), std::move(ended));
    house.loop.run();
    house.storage.reset();
    std::error_code ignored;
    std::filesystem::remove_all(options.directory, ignored);
    return 0;
}
