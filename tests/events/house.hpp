#pragma once
/// A loop, a clock that is moved by hand, and the real storage over a directory that goes away.

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "sluice/base/clock.hpp"
#include "sluice/runtime/loop.hpp"
#include "sluice/storage/storage.hpp"

namespace sluice::testing {

/// Runs `task` on the loop to its end, on this thread.
template <class T>
T run(runtime::Loop& loop, Awaitable<T> task) {
    std::exception_ptr thrown;
    std::optional<T> value;
    boost::asio::co_spawn(loop.context(), std::move(task), [&](std::exception_ptr e, T v) {
        thrown = e;
        if (!e) value.emplace(std::move(v));
        loop.stop();
    });
    loop.run();
    if (thrown) std::rethrow_exception(thrown);
    return std::move(*value);
}
inline void run(runtime::Loop& loop, Awaitable<void> task) {
    std::exception_ptr thrown;
    boost::asio::co_spawn(loop.context(), std::move(task), [&](std::exception_ptr e) {
        thrown = e;
        loop.stop();
    });
    loop.run();
    if (thrown) std::rethrow_exception(thrown);
}

struct House {
    House() {
        std::string name = (std::filesystem::temp_directory_path() / "sluice-test-XXXXXX").string();
        directory = ::mkdtemp(name.data());
        open();
    }
    ~House() {
        close();
        std::error_code ignored;
        std::filesystem::remove_all(directory, ignored);
    }
    House(const House&) = delete;
    House& operator=(const House&) = delete;

    void open() {
        storage::Options options;
        options.directory = directory;
        auto opened = storage::open(loop, std::move(options), storage::built_in_migrations());
        INFO((opened ? std::string() : opened.error().message));
        REQUIRE(opened);
        storage = std::move(*opened);
    }
    void close() {
        if (storage) run(storage->stop());
        storage.reset();
    }
    template <class T>
    T run(Awaitable<T> task) {
        return testing::run(loop, std::move(task));
    }
    /// The value, which must be there.
    template <class T>
    T get(Awaitable<Result<T>> task) {
        auto result = testing::run(loop, std::move(task));
        INFO((result ? std::string() : result.error().message));
        REQUIRE(result);
        return std::move(*result);
    }
    template <class T>
    void done(Awaitable<Result<T>> task) {
        auto result = testing::run(loop, std::move(task));
        INFO((result ? std::string() : result.error().message));
        REQUIRE(result);
    }
    template <class T>
    ErrorCode error(Awaitable<Result<T>> task) {
        auto result = testing::run(loop, std::move(task));
        REQUIRE(!result);
        return result.error().code;
    }

    std::filesystem::path directory;
    base::ManualClock clock;
    base::SeededRandom random{7};
    runtime::Loop loop{clock};
    std::unique_ptr<storage::Storage> storage;
};

}  // namespace sluice::testing
