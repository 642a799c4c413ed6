#include <algorithm>

#include "backup_files.hpp"
#include "directory.hpp"
#include "file_blobs.hpp"
#include "migrate.hpp"
#include "readers.hpp"
#include "sluice/runtime/sync.hpp"
#include "sluice/storage/backup.hpp"
#include "sluice/storage/failpoint.hpp"
#include "sluice/storage/storage.hpp"
#include "sluice/storage/unsynced.hpp"
#include "writer.hpp"

namespace sluice::storage {
namespace {

Error stopping_error() {
    return {ErrorCode::unavailable, "the server is shutting down; try again shortly", {}, true};
}

class SqliteStorage final : public Storage {
  public:
    SqliteStorage(runtime::Loop& loop, Options options, DirectoryLock lock,
                  std::unique_ptr<sqlite::Connection> connection)
        : loop_(loop),
          options_(std::move(options)),
          lock_(std::move(lock)),
          database_(connection->file()),
          readers_(loop, database_, options_.readers),
          blobs_(options_.directory / "blobs", readers_, loop.clock(), options_.max_bytes > 0),
          writer_(loop, options_, std::move(connection),
                  {[this](const std::string& hash) { return blobs_.has(hash); },
                   [this] { return blobs_.total_bytes(); }}) {}

    ~SqliteStorage() override {
        // In this order when `stop` was not awaited: the writer's connection is the last to close.
        readers_.request_stop({});
        readers_.join();
        writer_.request_stop({});
        writer_.join();
    }

    Awaitable<Result<void>> submit(WriteUnit unit) override {
        if (stopping_) co_return fail(stopping_error());
        auto push = [this](PendingUnitPtr pending) { writer_.push(std::move(pending)); };
        auto waiting = wait_for<WriteUnit>(std::move(unit), std::move(push));
        co_return co_await std::move(waiting);
    }

    void enqueue(WriteUnit unit, std::function<void(Result<void>)> done) override {
        auto pending =
            std::make_unique<CallbackPending<WriteUnit>>(std::move(unit), std::move(done));
        if (!stopping_) {
            writer_.push(std::move(pending));
            return;
        }
        pending->result = fail(stopping_error());
        std::vector<PendingUnitPtr> refused;
        refused.push_back(std::move(pending));
        complete_on(loop_, std::move(refused));
    }

    bool saturated() const override { return stopping_ || writer_.saturated(); }
    std::string saturation_reason() const override {
        return stopping_ ? stopping_error().message : writer_.saturation_reason();
    }

    Blobs& blobs() override { return blobs_; }

    Awaitable<Result<BackupReport>> backup(std::filesystem::path folder) override {
        auto report = std::make_shared<BackupReport>();
        ReaderJob job = [this, report, folder = std::move(folder)](ReaderThread& thread) {
            return back_up(thread, folder, *report);
        };
        auto running = readers_.run(std::move(job), JobLength::minutes);
        auto done = co_await std::move(running);
        if (!done) co_return fail(std::move(done.error()));
        co_return std::move(*report);
    }

    Awaitable<Result<std::vector<std::string>>> check() override {
        auto findings = std::make_shared<std::vector<std::string>>();
        ReaderJob job = [findings](ReaderThread& thread) -> Result<void> {
            auto connection = thread.connection();
            if (!connection) return fail(std::move(connection.error()));
            auto found = examine(**connection);
            if (!found) return fail(std::move(found.error()));
            *findings = std::move(*found);
            return {};
        };
        auto running = readers_.run(std::move(job), JobLength::minutes);
        auto done = co_await std::move(running);
        if (!done) co_return fail(std::move(done.error()));
        co_return std::move(*findings);
    }

    Awaitable<Result<bool>> housekeep() override {
        if (stopping_) co_return fail(stopping_error());
        auto more = std::make_shared<bool>(false);
        HousekeepStep step{more};
        auto push = [this](PendingPtr<HousekeepStep> p) { writer_.push_housekeep(std::move(p)); };
        auto waiting = wait_for<HousekeepStep>(std::move(step), std::move(push));
        auto done = co_await std::move(waiting);
        if (!done) co_return fail(std::move(done.error()));
        co_return *more;
    }

    Statistics statistics() const override { return writer_.statistics(); }
    const std::filesystem::path& directory() const override { return options_.directory; }

    Awaitable<void> stop() override {
        if (!stopping_) {
            stopping_ = true;
            auto readers_done = std::make_shared<runtime::OneShot<bool>>(loop_);
            readers_.request_stop([readers_done] { readers_done->set(true); });
            co_await readers_done->wait();
            readers_.join();
            auto writer_done = std::make_shared<runtime::OneShot<bool>>(loop_);
            writer_.request_stop([writer_done] { writer_done->set(true); });
            co_await writer_done->wait();
            writer_.join();
            lock_.release();
            stopped_.set(true);
        }
        co_await stopped_.wait();
    }

  protected:
    Awaitable<Result<void>> run_read(std::function<void(ReadTx&)> work) override {
        auto reading = readers_.read(std::move(work), options_.read_limit);
        co_return co_await std::move(reading);
    }

  private:
    Result<void> back_up(ReaderThread& thread, const std::filesystem::path& folder,
                         BackupReport& report) {
        auto connection = thread.connection();
        if (!connection) return fail(std::move(connection.error()));
        // One snapshot for the whole copy; without it every commit of the writer would start the
        // copy anew. No blob goes meanwhile: the collection is a long job as well.
        sqlite::Connection& source = **connection;
        if (const int code = source.frame(sqlite::Frame::begin_deferred); code != SQLITE_OK)
            return fail(source.error_of(code, "beginning a backup"));
        auto begun = source.scalar("SELECT count(*) FROM sqlite_schema");
        Result<BackupReport> taken;
        if (begun)
            taken = take_backup(source, options_.directory, folder, loop_.clock().now(),
                                [&] { return !thread.stopping(); });
        else
            taken = fail(std::move(begun.error()));
        source.frame(sqlite::Frame::rollback);
        if (!taken) return fail(std::move(taken.error()));
        report = std::move(*taken);
        return {};
    }

    runtime::Loop& loop_;
    const Options options_;
    DirectoryLock lock_;
    const std::filesystem::path database_;
    bool stopping_ = false;
    runtime::OneShot<bool> stopped_{loop_};
    Readers readers_;
    FileBlobs blobs_;
    mutable Writer writer_;
};

Result<std::unique_ptr<Storage>> open_as(sqlite::Role role, runtime::Loop& loop, Options options,
                                         std::span<const Migration> migrations,
                                         OpenReport* report) {
    std::error_code ignored;
    if (auto absolute = std::filesystem::absolute(options.directory, ignored); !ignored)
        options.directory = absolute.lexically_normal();
    if (auto ready = prepare_directory(options.directory, options.create); !ready)
        return fail(std::move(ready.error()));
    auto lock = DirectoryLock::take(options.directory);
    if (!lock) return fail(std::move(lock.error()));
    if (auto finished = finish_restore(options.directory); !finished)
        return fail(std::move(finished.error()));

    const auto file = options.directory / "sluice.db";
    std::error_code missing;
    const auto size = std::filesystem::file_size(file, missing);
    const bool fresh = missing || size == 0;
    if (missing) {
        if (!options.create)
            return fail(ErrorCode::not_found,
                        "there is no database in {}; start `sluice serve` once to make it",
                        options.directory.string());
        if (auto made = create_private_file(file); !made) return fail(std::move(made.error()));
        if (auto synced = sync_directory(options.directory); !synced)
            return fail(std::move(synced.error()));
    }
    auto connection = sqlite::Connection::open(file, role);
    if (!connection) return fail(std::move(connection.error()));

    OpenReport found;
    found.created = fresh;
    auto migrated = migrate(**connection, options.directory, fresh, loop.now(), migrations, found);
    if (!migrated) return fail(std::move(migrated.error()));
    if (report != nullptr) *report = found;
    return std::make_unique<SqliteStorage>(loop, std::move(options), std::move(*lock),
                                           std::move(*connection));
}

}  // namespace

Result<std::unique_ptr<Storage>> open(runtime::Loop& loop, Options options,
                                      std::span<const Migration> migrations, OpenReport* report) {
    return open_as(sqlite::Role::writer, loop, std::move(options), migrations, report);
}

Result<std::unique_ptr<Storage>> open_unsynced(runtime::Loop& loop, Options options,
                                               std::span<const Migration> migrations,
                                               OpenReport* report) {
    return open_as(sqlite::Role::unsynced_writer, loop, std::move(options), migrations, report);
}

}  // namespace sluice::storage
