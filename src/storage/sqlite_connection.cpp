#include "sqlite_connection.hpp"

#include <unistd.h>

#include <cctype>
#include <cstdlib>
#include <mutex>

#include "fault_vfs.hpp"
#include "sluice/base/log.hpp"
#include "sluice/base/teeth.hpp"

namespace sluice::storage::sqlite {
namespace {

constexpr const char* frame_sql[] = {"BEGIN IMMEDIATE", "BEGIN DEFERRED", "COMMIT",
                                     "ROLLBACK",        "SAVEPOINT unit", "RELEASE unit",
                                     "ROLLBACK TO unit"};

/// A foreign process that holds the write lock is waited for this long; then the units fail with
/// `unavailable`.
constexpr int busy_timeout_ms = 2000;

/// True for `INSERT INTO … VALUES (…)` with a single row, judged by the text: no SELECT, one VALUES
/// list.
bool is_one_row_insert(std::string_view sql) {
    std::string upper;
    upper.reserve(sql.size());
    for (const char c : sql)
        upper.push_back(static_cast<char>(std::toupper(static_cast<unsigned char>(c))));
    const auto start = upper.find_first_not_of(" \t\r\n");
    if (start == std::string::npos || upper.compare(start, 6, "INSERT") != 0) return false;
    if (upper.find("SELECT") != std::string::npos) return false;
    auto at = upper.find("VALUES");
    if (at == std::string::npos) return false;
    int depth = 0;
    for (at += 6; at < upper.size(); ++at) {
        if (upper[at] == '(') ++depth;
        if (upper[at] == ')' && --depth == 0) break;
    }
    const auto next = upper.find_first_not_of(" \t\r\n", at + 1);
    return next == std::string::npos || upper[next] != ',';
}

class SqliteRow final : public Row {
  public:
    explicit SqliteRow(sqlite3_stmt* statement) : statement_(statement) {}
    bool is_null(int column) const override {
        return sqlite3_column_type(statement_, column) == SQLITE_NULL;
    }
    std::int64_t integer(int column) const override {
        want(column, SQLITE_INTEGER);
        return sqlite3_column_int64(statement_, column);
    }
    double real(int column) const override {
        const int type = sqlite3_column_type(statement_, column);
        if (type != SQLITE_INTEGER) want(column, SQLITE_FLOAT);
        return sqlite3_column_double(statement_, column);
    }
    std::string_view text(int column) const override {
        want(column, SQLITE_TEXT);
        const auto* data = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
        return {data, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
    }
    std::string_view bytes(int column) const override {
        want(column, SQLITE_BLOB);
        const auto* data = static_cast<const char*>(sqlite3_column_blob(statement_, column));
        const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_, column));
        return data == nullptr ? std::string_view() : std::string_view(data, size);
    }

  private:
    void want(int column, int type) const {
        if (sqlite3_column_type(statement_, column) != type)
            throw std::logic_error(
                fmt::format("column {} ({}) of a row has another type than was asked for", column,
                            sqlite3_column_name(statement_, column)));
    }
    sqlite3_stmt* statement_;
};

bool is_fatal(int code) {
    const int primary = code & 0xff;
    return primary == SQLITE_IOERR || primary == SQLITE_CORRUPT || primary == SQLITE_NOTADB;
}

void log_if_slow(const Query& query, std::chrono::steady_clock::time_point began) {
    const auto took = std::chrono::steady_clock::now() - began;
    if (took < std::chrono::milliseconds(250)) return;
    log::warn("slow query",
              {{"query", query.name()},
               {"ms", std::chrono::duration_cast<std::chrono::milliseconds>(took).count()}});
}

}  // namespace

void exit_unknown(const std::filesystem::path& file, std::string_view doing,
                  std::string_view cause) {
    const std::string message = fmt::format(
        "{} failed while {}: {}. Whether the last writes are stored is unknown, so the process "
        "ends now (exit 74). "
        "Check the disk, then start again: what is stored is found at start, and clients settle "
        "open requests by "
        "repeating them with the same Idempotency-Key.",
        file.string(), doing, cause);
    log::error("the database's files failed; the process ends with 74",
               {{"doing", doing}, {"cause", cause}});
    // The log is asynchronous and this process has no later moment, so the whole sentence goes
    // straight out.
    const std::string line = "sluice: " + message + "\n";
    [[maybe_unused]] const auto written = ::write(STDERR_FILENO, line.data(), line.size());
    std::_Exit(74);
}

void initialise_library() {
    static std::once_flag once;
    std::call_once(once, [] {
        // Memory statistics cost a global mutex on every allocation; connections are used by one
        // thread each.
        sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
        sqlite3_config(SQLITE_CONFIG_MULTITHREAD);
        sqlite3_initialize();
    });
}

Result<std::unique_ptr<Connection>> Connection::open(const std::filesystem::path& file, Role role) {
    initialise_library();
    std::unique_ptr<Connection> connection(new Connection);
    connection->file_ = file;
    const bool writes = role != Role::reader || base::teeth("reader_checkpoint");
    const int flags =
        (writes ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY) | SQLITE_OPEN_NOMUTEX;
    const int code = sqlite3_open_v2(file.c_str(), &connection->handle_, flags, fault_vfs_name());
    if (code != SQLITE_OK) return fail(connection->error_of(code, "opening the database"));
    if (auto done = connection->configure(role); !done) return fail(std::move(done.error()));
    return connection;
}

Result<std::unique_ptr<Connection>> Connection::open_unchanging(const std::filesystem::path& file) {
    initialise_library();
    std::unique_ptr<Connection> connection(new Connection);
    connection->file_ = file;
    std::string uri = "file:";
    for (const char c : file.string()) {
        if (c == '%' || c == '?' || c == '#')
            uri += fmt::format("%{:02x}", c);
        else
            uri += c;
    }
    uri += "?immutable=1";
    const int code =
        sqlite3_open_v2(uri.c_str(), &connection->handle_,
                        SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_URI, nullptr);
    if (code != SQLITE_OK) return fail(connection->error_of(code, "opening a copy"));
    if (auto done = connection->configure(Role::reader); !done)
        return fail(std::move(done.error()));
    return connection;
}

Result<std::unique_ptr<Connection>> Connection::open_in_memory() {
    initialise_library();
    std::unique_ptr<Connection> connection(new Connection);
    connection->file_ = ":memory:";
    const int code = sqlite3_open_v2(":memory:", &connection->handle_,
                                     SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
    if (code != SQLITE_OK) return fail(connection->error_of(code, "opening a database in memory"));
    return connection;
}

Connection::~Connection() {
    for (auto& statement : statements_) sqlite3_finalize(statement.handle);
    for (auto* statement : frames_) sqlite3_finalize(statement);
    sqlite3_close(handle_);
}

Result<void> Connection::configure(Role role) {
    sqlite3_extended_result_codes(handle_, 1);
    sqlite3_busy_timeout(handle_, busy_timeout_ms);
    // What a hostile or damaged file could abuse is off; string literals need single quotes.
    sqlite3_db_config(handle_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    sqlite3_db_config(handle_, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, nullptr);
    sqlite3_db_config(handle_, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
    sqlite3_db_config(handle_, SQLITE_DBCONFIG_DQS_DML, 0, nullptr);
    sqlite3_db_config(handle_, SQLITE_DBCONFIG_DQS_DDL, 0, nullptr);
    sqlite3_wal_autocheckpoint(
        handle_, 0);  // checkpoints are the writer's own decision, and only the writer's

    if (role == Role::reader && !base::teeth("reader_checkpoint")) {
        sqlite3_db_config(handle_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
        return execute(
            "PRAGMA query_only=ON; PRAGMA cell_size_check=ON; PRAGMA temp_store=MEMORY; PRAGMA "
            "cache_size=-2048;");
    }
    // auto_vacuum works only before the first table; journal_mode reads the file: a wrong one shows.
    if (auto done = execute("PRAGMA auto_vacuum=INCREMENTAL;"); !done) return done;
    auto mode = scalar("PRAGMA journal_mode=WAL");
    if (!mode) return fail(std::move(mode.error()));
    if (*mode != "wal")
        return fail(ErrorCode::unavailable,
                    "the file system of {} cannot hold a write-ahead log; use a local disk",
                    file_.string());
    auto done = execute(
        "PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA cell_size_check=ON; PRAGMA "
        "temp_store=MEMORY;"
        "PRAGMA cache_size=-8192; PRAGMA recursive_triggers=ON;");
    if (done && base::teeth("sync_normal")) done = execute("PRAGMA synchronous=NORMAL;");
    if (done && role == Role::unsynced_writer) done = execute("PRAGMA synchronous=OFF;");
    if (!done) return done;
    sqlite3_wal_hook(
        handle_,
        [](void* self, sqlite3*, const char*, int frames) {
            static_cast<Connection*>(self)->wal_frames_ = frames;
            return SQLITE_OK;
        },
        this);
    return {};
}

Result<void> Connection::execute(const char* sql) {
    const int code = sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr);
    if (code == SQLITE_OK) return {};
    judge(code, "running a statement");
    return fail(error_of(code, sql));
}

int Connection::frame(Frame which) {
    const auto index = static_cast<std::size_t>(which);
    if (frames_[index] == nullptr) {
        const int code = sqlite3_prepare_v3(handle_, frame_sql[index], -1,
                                            SQLITE_PREPARE_PERSISTENT, &frames_[index], nullptr);
        if (code != SQLITE_OK) return code;
    }
    int code = sqlite3_step(frames_[index]);
    sqlite3_reset(frames_[index]);
    if (code == SQLITE_DONE) return SQLITE_OK;
    judge(code, which == Frame::commit ? "committing" : "framing a transaction");
    return code;
}

Result<std::string> Connection::scalar(const char* sql) {
    sqlite3_stmt* statement = nullptr;
    int code = sqlite3_prepare_v2(handle_, sql, -1, &statement, nullptr);
    if (code != SQLITE_OK) return fail(error_of(code, sql));
    code = sqlite3_step(statement);
    std::string value;
    if (code == SQLITE_ROW) {
        const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement, 0));
        if (text != nullptr) value = text;
    }
    sqlite3_finalize(statement);
    if (code != SQLITE_ROW && code != SQLITE_DONE) return fail(error_of(code, sql));
    return value;
}

Result<Statement*> Connection::prepare(const Query& query) {
    if (query.index() >= statements_.size()) statements_.resize(query.index() + 16);
    Statement& statement = statements_[query.index()];
    if (statement.handle != nullptr) [[likely]]
        return &statement;
    const char* rest = nullptr;
    const int code = sqlite3_prepare_v3(handle_, query.sql(), -1, SQLITE_PREPARE_PERSISTENT,
                                        &statement.handle, &rest);
    if (code != SQLITE_OK) {
        judge(code, query.name());
        return fail(error_of(code, query.name()));
    }
    while (*rest != '\0' && std::isspace(static_cast<unsigned char>(*rest)) != 0) ++rest;
    if (statement.handle == nullptr || (*rest != '\0' && *rest != '-')) {
        sqlite3_finalize(std::exchange(statement.handle, nullptr));
        log::error("a query must be exactly one statement", {{"query", query.name()}});
        return fail(ErrorCode::internal, "the statement {} cannot be run", query.name());
    }
    statement.parameters = sqlite3_bind_parameter_count(statement.handle);
    statement.inserts_one_row = is_one_row_insert(query.sql());
    return &statement;
}

Result<void> Connection::bind(const Query& query, sqlite3_stmt* statement, int expected,
                              std::span<const Value> values) {
    if (static_cast<int>(values.size()) != expected) {
        log::error("a statement got the wrong number of parameters",
                   {{"query", query.name()}, {"wants", expected}, {"got", values.size()}});
        return fail(ErrorCode::internal, "the statement {} wants {} parameters and got {}",
                    query.name(), expected, values.size());
    }
    int code = SQLITE_OK;
    int at = 0;
    for (const Value& value : values) {
        ++at;
        switch (value.index()) {
            case 0:
                code = sqlite3_bind_null(statement, at);
                break;
            case 1:
                code = sqlite3_bind_int64(statement, at, *std::get_if<1>(&value));
                break;
            case 2:
                code = sqlite3_bind_double(statement, at, *std::get_if<2>(&value));
                break;
            case 3: {
                const auto& text = *std::get_if<3>(&value);
                code = sqlite3_bind_text64(statement, at, text.data(), text.size(), SQLITE_STATIC,
                                           SQLITE_UTF8);
                break;
            }
            case 4: {
                const auto& bytes = std::get_if<4>(&value)->data;
                code =
                    sqlite3_bind_blob64(statement, at, bytes.data(), bytes.size(), SQLITE_STATIC);
                break;
            }
            default: {
                const auto& id = *std::get_if<5>(&value);
                code = sqlite3_bind_blob(statement, at, id.data(), static_cast<int>(id.size()),
                                         SQLITE_STATIC);
            }
        }
        if (code != SQLITE_OK) [[unlikely]]
            return fail(error_of(code, query.name()));
    }
    return {};
}

int Connection::step(sqlite3_stmt* statement) {
    const int code = sqlite3_step(statement);
    if (code != SQLITE_ROW && code != SQLITE_DONE) [[unlikely]]
        judge(code, "writing");
    return code;
}

Result<void> Connection::run(Op& op, Statement& statement) {
    const Reset reset(statement.handle);
    if (auto bound = bind(*op.query, statement.handle, statement.parameters, op.parameters); !bound)
        return bound;
    int code = SQLITE_ROW;
    while (code == SQLITE_ROW) code = step(statement.handle);
    if (code != SQLITE_DONE) [[unlikely]] {
        if ((code & 0xff) == SQLITE_CONSTRAINT && op.expect == Expect::one)
            return fail(Error{op.mismatch, op.mismatch_message, {}, false});
        return fail(error_of(code, op.query->name()));
    }
    if (op.expect == Expect::one && sqlite3_changes64(handle_) != 1) [[unlikely]]
        return fail(Error{op.mismatch, op.mismatch_message, {}, false});
    return {};
}

void Connection::judge(int code, std::string_view doing) {
    if ((code & 0xff) == SQLITE_FULL) disk_full_ = true;
    if (exits_ && is_fatal(code)) [[unlikely]]
        exit_unknown(file_, doing, fmt::format("{} ({})", sqlite3_errstr(code), code));
}

Error Connection::error_of(int code, std::string_view doing) {
    const auto make = [](ErrorCode kind, std::string message, bool retryable) {
        return Error{kind, std::move(message), {}, retryable};
    };
    const char* detail = handle_ != nullptr ? sqlite3_errmsg(handle_) : sqlite3_errstr(code);
    const std::string place = file_.parent_path().string();
    switch (code & 0xff) {
        case SQLITE_CONSTRAINT:
            log::debug("a constraint refused a write", {{"statement", doing}, {"detail", detail}});
            return make(ErrorCode::conflict, "the write conflicts with what is stored already",
                        false);
        case SQLITE_FULL:
            return make(ErrorCode::unavailable,
                        fmt::format("the disk of {} is full, so this write was not stored; nothing "
                                    "earlier is lost. "
                                    "Free space there: writing resumes by itself",
                                    place),
                        true);
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
            return make(
                ErrorCode::unavailable,
                fmt::format(
                    "another program holds {} locked; close it (only Sluice may open that file), "
                    "then try again",
                    file_.string()),
                true);
        case SQLITE_INTERRUPT:
            return make(ErrorCode::unavailable,
                        "the read took too long and was cut; ask for less (a smaller limit or a "
                        "narrower filter)",
                        true);
        case SQLITE_TOOBIG:
            return make(ErrorCode::too_large, "the value is too large to store", false);
        case SQLITE_NOMEM:
            return make(ErrorCode::unavailable, "the process is out of memory; try again", true);
        case SQLITE_NOTADB:
        case SQLITE_CORRUPT:
            log::error("the database is damaged", {{"file", file_.string()}, {"detail", detail}});
            return make(ErrorCode::precondition_failed,
                        fmt::format("{} is damaged or no Sluice database; restore a backup into {}", file_.string(), place),
                        false);
        case SQLITE_CANTOPEN:
        case SQLITE_PERM:
        case SQLITE_READONLY:
        case SQLITE_AUTH:
            return make(
                ErrorCode::unavailable,
                fmt::format(
                    "{} cannot be opened for writing ({}); check owner and permissions of {}",
                    file_.string(), detail, place),
                false);
        case SQLITE_IOERR:
            log::error("the disk failed",
                       {{"file", file_.string()}, {"doing", doing}, {"detail", detail}});
            return make(ErrorCode::unavailable,
                        fmt::format("the disk of {} failed; check it", place), true);
        default:
            log::error("a statement failed",
                       {{"statement", doing}, {"code", code}, {"detail", detail}});
            return make(ErrorCode::internal,
                        "the database refused a statement; the log has the cause", false);
    }
}

int Connection::on_progress(void* self) {
    const auto& connection = *static_cast<Connection*>(self);
    if (connection.stopping_ != nullptr && connection.stopping_->load(std::memory_order_relaxed))
        return 1;
    return std::chrono::steady_clock::now() > connection.deadline_ ? 1 : 0;
}

void Connection::watch(const std::atomic<bool>* stopping) {
    stopping_ = stopping;
    sqlite3_progress_handler(handle_, 4000, &Connection::on_progress, this);
}

namespace {

/// The cached statement, or one of its own when a callback runs a query that is being read already.
class Use {
  public:
    Use(Connection& connection, const Query& query) {
        auto cached = connection.prepare(query);
        if (!cached) {
            error_ = std::move(cached.error());
            return;
        }
        handle = (*cached)->handle;
        parameters = (*cached)->parameters;
        if (sqlite3_stmt_busy(handle) == 0) return;
        owned_ = true;
        handle = nullptr;
        const int code = sqlite3_prepare_v2(connection.handle(), query.sql(), -1, &handle, nullptr);
        if (code != SQLITE_OK) error_ = connection.error_of(code, query.name());
    }
    ~Use() {
        if (owned_)
            sqlite3_finalize(handle);
        else
            sqlite3_reset(handle);
    }
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;
    std::optional<Error>& error() { return error_; }

    sqlite3_stmt* handle = nullptr;
    int parameters = 0;

  private:
    bool owned_ = false;
    std::optional<Error> error_;
};

}  // namespace

Result<void> SqliteTx::each(const Query& query, const std::vector<Value>& parameters,
                            const std::function<bool(const Row&)>& row) {
    Use use(connection_, query);
    if (use.error()) return fail(std::move(*use.error()));
    if (auto bound = connection_.bind(query, use.handle, use.parameters, parameters); !bound)
        return bound;
    const auto began = std::chrono::steady_clock::now();
    const SqliteRow view(use.handle);
    while (true) {
        const int code = connection_.step(use.handle);
        if (code == SQLITE_DONE) break;
        if (code != SQLITE_ROW) return fail(connection_.error_of(code, query.name()));
        if (!row(view)) break;
    }
    log_if_slow(query, began);
    return {};
}

Result<std::int64_t> SqliteTx::run(const Query& query, const std::vector<Value>& parameters) {
    Use use(connection_, query);
    if (use.error()) return fail(std::move(*use.error()));
    if (auto bound = connection_.bind(query, use.handle, use.parameters, parameters); !bound)
        return fail(std::move(bound.error()));
    const auto began = std::chrono::steady_clock::now();
    int code = SQLITE_ROW;
    while (code == SQLITE_ROW) code = connection_.step(use.handle);
    if (code != SQLITE_DONE) return fail(connection_.error_of(code, query.name()));
    log_if_slow(query, began);
    return sqlite3_changes64(connection_.handle());
}

}  // namespace sluice::storage::sqlite
