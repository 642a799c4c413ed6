#pragma once
/// What storage's tests share: a loop on the system's clock, a directory that goes away, children
/// that may be killed.

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "sluice/base/clock.hpp"
#include "sluice/runtime/loop.hpp"
#include "sluice/storage/failpoint.hpp"
#include "sluice/storage/storage.hpp"
#include "sluice/storage/tx.hpp"

namespace sluice::storage::testing {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool sanitized = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
inline constexpr bool sanitized = true;
#else
inline constexpr bool sanitized = false;
#endif
#else
inline constexpr bool sanitized = false;
#endif

class TempDirectory {
  public:
    TempDirectory() {
        std::string name =
            (std::filesystem::temp_directory_path() / "sluice-storage-XXXXXX").string();
        path_ = ::mkdtemp(name.data());
    }
    ~TempDirectory() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    TempDirectory(const TempDirectory&) = delete;
    TempDirectory& operator=(const TempDirectory&) = delete;
    const std::filesystem::path& path() const { return path_; }
    std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

  private:
    std::filesystem::path path_;
};

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

/// A table as modules have them: the tenant first, an append-only list beside it.
inline constexpr Migration test_schema[] = {
    {1, "storage",
     "CREATE TABLE blob_ref (workspace_id BLOB NOT NULL, owner BLOB NOT NULL, hash TEXT NOT NULL, "
     "size_bytes INTEGER NOT NULL, PRIMARY KEY (workspace_id, owner, hash)) STRICT, WITHOUT "
     "ROWID;"},
    {2, "things",
     "CREATE TABLE thing (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, amount INTEGER NOT "
     "NULL DEFAULT 0) STRICT;"
     "CREATE TABLE part (thing_id INTEGER NOT NULL REFERENCES thing (id), body TEXT NOT NULL) "
     "STRICT;"},
};

inline const Query insert_thing{"test.insert_thing", "INSERT INTO thing (id, name) VALUES (?1, ?2)",
                                Query::Note::instance_wide};
inline const Query update_amounts{"test.update_amounts",
                                  "UPDATE thing SET amount = amount + 1 WHERE id <= ?1",
                                  Query::Note::instance_wide};
inline const Query insert_part{"test.insert_part",
                               "INSERT INTO part (thing_id, body) VALUES (?1, ?2)",
                               Query::Note::instance_wide};
inline const Query list_things{"test.list_things", "SELECT id, name, amount FROM thing ORDER BY id",
                               Query::Note::scan};
inline const Query count_things{"test.count_things", "SELECT count(*) FROM thing",
                                Query::Note::scan};

inline std::vector<std::int64_t> stored_ids(runtime::Loop& loop, Storage& storage) {
    auto read = storage.read([](ReadTx& tx) {
        return tx.list<std::int64_t>(list_things, {},
                                     [](const Row& row) { return row.integer(0); });
    });
    auto result = run(loop, std::move(read));
    REQUIRE(result);
    return *result;
}

/// An open storage with its loop; stopped in the destructor.
struct House {
    explicit House(const std::filesystem::path& directory,
                   std::span<const Migration> migrations = test_schema,
                   std::function<void(Options&)> adjust = {}) {
        Options options;
        options.directory = directory;
        if (adjust) adjust(options);
        auto opened = open(loop, std::move(options), migrations, &report);
        if (!opened) {
            error = opened.error();
            return;
        }
        storage = std::move(*opened);
    }
    ~House() {
        if (storage) run(loop, storage->stop());
    }
    Storage* operator->() { return storage.get(); }
    Storage& operator*() { return *storage; }
    Result<void> submit(WriteUnit unit) { return run(loop, storage->submit(std::move(unit))); }

    base::SystemClock clock;
    runtime::Loop loop{clock};
    OpenReport report;
    std::optional<Error> error;
    std::unique_ptr<Storage> storage;
};

inline WriteUnit thing(std::int64_t id, std::string name = {}) {
    WriteUnit unit;
    unit.add(insert_thing, id, name.empty() ? "thing " + std::to_string(id) : std::move(name));
    return unit;
}

/// Runs `body` in a child process and gives its exit code; 128 + n when signal n ended it.
inline int in_child(const std::function<int()>& body) {
    const pid_t pid = ::fork();
    if (pid == 0) {
        int code = 99;
        try {
            code = body();
        } catch (...) {
        }
        ::_exit(code);
    }
    int status = 0;
    ::waitpid(pid, &status, 0);
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/// Clears the fail-points when a test ends.
struct Armed {
    explicit Armed(std::string_view specification) { REQUIRE(failpoint::arm(specification)); }
    ~Armed() { failpoint::arm({}); }
};

}  // namespace sluice::storage::testing
