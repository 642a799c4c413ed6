#pragma once
/// One SQLite connection with its prepared statements. Thread: one at a time (the connection has no
/// mutex of its own).

#include <sqlite3.h>

#include <array>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/result.hpp"
#include "sluice/storage/query.hpp"
#include "sluice/storage/tx.hpp"
#include "sluice/storage/value.hpp"
#include "sluice/storage/write_unit.hpp"

namespace sluice::storage::sqlite {

enum class Role { writer, unsynced_writer, reader };

/// The statements that frame transactions; prepared once per connection.
enum class Frame {
    begin_immediate,
    begin_deferred,
    commit,
    rollback,
    savepoint,
    release,
    rollback_to,
    count
};

struct Statement {
    sqlite3_stmt* handle = nullptr;
    int parameters = 0;
    bool inserts_one_row = false;  ///< an INSERT of one VALUES row: it changes at most one row
};

/// Resets a statement when a scope ends, so that it holds no snapshot and is not stepped with freed
/// parameters.
class Reset {
  public:
    explicit Reset(sqlite3_stmt* statement) : statement_(statement) {}
    ~Reset() { sqlite3_reset(statement_); }
    Reset(const Reset&) = delete;
    Reset& operator=(const Reset&) = delete;

  private:
    sqlite3_stmt* statement_;
};

class Connection {
  public:
    /// Opens the file (it must exist) and sets every pragma. Errors: unavailable,
    /// precondition_failed (no database).
    static Result<std::unique_ptr<Connection>> open(const std::filesystem::path& file, Role role);
    /// Opens a copy that nobody writes, without a log or shared memory beside it. Errors: as above.
    static Result<std::unique_ptr<Connection>> open_unchanging(const std::filesystem::path& file);
    /// An empty database in memory, for the audit of queries.
    static Result<std::unique_ptr<Connection>> open_in_memory();
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    sqlite3* handle() const { return handle_; }
    bool in_transaction() const { return sqlite3_get_autocommit(handle_) == 0; }

    /// Runs SQL text without parameters or rows.
    Result<void> execute(const char* sql);
    /// Runs a framing statement; an SQLite code.
    int frame(Frame which);
    /// The first column of the first row, as text; empty when there is none.
    Result<std::string> scalar(const char* sql);

    /// The cached statement of a query. The pointer is valid until the next call.
    Result<Statement*> prepare(const Query& query);
    /// Runs one plain op of a unit; its error is the op's.
    Result<void> run(Op& op, Statement& statement);
    /// One step. On the writer an I/O error or a damaged file ends the process (see
    /// `exit_unknown`).
    int step(sqlite3_stmt* statement);
    /// Binds without copies: the values must outlive the execution.
    Result<void> bind(const Query& query, sqlite3_stmt* statement, int expected,
                      std::span<const Value> values);
    /// An SQLite code as an error for people; details go to the log.
    Error error_of(int code, std::string_view doing);

    /// From now on I/O errors of this connection end the process with 74: what it wrote is unknown,
    /// not failed.
    void exit_on_io_error() { exits_ = true; }
    /// Ends the process when `code` says that the file's state is unknown; otherwise returns.
    void judge(int code, std::string_view doing);

    /// Cuts statements at `deadline` (a reader's limit) or as soon as `stopping` is set.
    void limit(std::chrono::steady_clock::time_point deadline) { deadline_ = deadline; }
    void watch(const std::atomic<bool>* stopping);
    /// True once after a statement or commit found the disk full.
    bool take_disk_full() { return std::exchange(disk_full_, false); }
    /// Frames in the WAL after the last commit of this connection (writer).
    int wal_frames() const { return wal_frames_; }
    const std::filesystem::path& file() const { return file_; }

  private:
    Connection() = default;
    Result<void> configure(Role role);
    static int on_progress(void* self);

    sqlite3* handle_ = nullptr;
    std::filesystem::path file_;
    std::vector<Statement> statements_;  // by Query::index()
    std::array<sqlite3_stmt*, static_cast<std::size_t>(Frame::count)> frames_{};
    std::chrono::steady_clock::time_point deadline_ = std::chrono::steady_clock::time_point::max();
    const std::atomic<bool>* stopping_ = nullptr;
    int wal_frames_ = 0;
    bool exits_ = false;
    bool disk_full_ = false;
};

/// `Tx` and `ReadTx` over a connection.
class SqliteTx final : public Tx {
  public:
    explicit SqliteTx(Connection& connection) : connection_(connection) {}
    Result<void> each(const Query& query, const std::vector<Value>& parameters,
                      const std::function<bool(const Row&)>& row) override;
    Result<std::int64_t> run(const Query& query, const std::vector<Value>& parameters) override;

  private:
    Connection& connection_;
};

/// Library-wide settings; before the first connection. Thread: any.
void initialise_library();

/// Logs and ends the process with 74: a commit or a file of the database failed, so what was
/// written is unknown.
[[noreturn]] void exit_unknown(const std::filesystem::path& file, std::string_view doing,
                               std::string_view cause);

}  // namespace sluice::storage::sqlite
