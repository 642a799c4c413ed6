#include "storage/bare_loop.hpp"

#include <sqlite3.h>

#include <chrono>
#include <random>
#include <stdexcept>
#include <string>

namespace sluice::storage::testing {
namespace {

void check(int code, sqlite3* database) {
    if (code != SQLITE_OK && code != SQLITE_DONE && code != SQLITE_ROW)
        throw std::runtime_error(sqlite3_errmsg(database));
}

sqlite3_stmt* prepare(sqlite3* database, const char* sql) {
    sqlite3_stmt* statement = nullptr;
    check(sqlite3_prepare_v3(database, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr),
          database);
    return statement;
}

void step(sqlite3* database, sqlite3_stmt* statement) {
    check(sqlite3_step(statement), database);
    sqlite3_reset(statement);
}

}  // namespace

double bare_loop(const std::filesystem::path& directory, std::size_t rows, std::size_t bytes,
                 bool update, double seconds) {
    sqlite3* database = nullptr;
    check(sqlite3_open((directory / "bare.db").c_str(), &database), database);
    check(sqlite3_exec(
              database,
              "PRAGMA auto_vacuum=INCREMENTAL; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; "
              "PRAGMA foreign_keys=ON; PRAGMA cell_size_check=ON; PRAGMA temp_store=MEMORY; PRAGMA "
              "cache_size=-8192;"
              "PRAGMA wal_autocheckpoint=16000;"
              "CREATE TABLE event (seq INTEGER PRIMARY KEY, run BLOB NOT NULL, payload TEXT NOT "
              "NULL) STRICT;"
              "CREATE TABLE run (id INTEGER PRIMARY KEY, status TEXT NOT NULL, at_us INTEGER NOT "
              "NULL) STRICT;"
              "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000) "
              "INSERT INTO run SELECT i, 'queued', 0 FROM n;",
              nullptr, nullptr, nullptr),
          database);
    auto* begin = prepare(database, "BEGIN IMMEDIATE");
    auto* commit = prepare(database, "COMMIT");
    auto* insert = prepare(database, "INSERT INTO event (run, payload) VALUES (?1, ?2)");
    auto* change = prepare(database, "UPDATE run SET status = ?2, at_us = ?3 WHERE id = ?1");
    const std::string payload(bytes, 'x');
    const std::string run(16, 'r');
    std::mt19937_64 random(1);
    std::size_t done = 0;
    const auto start = std::chrono::steady_clock::now();
    const auto elapsed = [&] {
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    };
    while (elapsed() < seconds) {
        step(database, begin);
        for (std::size_t i = 0; i < rows; ++i) {
            sqlite3_bind_blob(insert, 1, run.data(), 16, SQLITE_STATIC);
            sqlite3_bind_text(insert, 2, payload.data(), static_cast<int>(payload.size()),
                              SQLITE_STATIC);
            step(database, insert);
            if (update) {
                sqlite3_bind_int64(change, 1, static_cast<sqlite3_int64>(random() % 10000 + 1));
                sqlite3_bind_text(change, 2, "running", 7, SQLITE_STATIC);
                sqlite3_bind_int64(change, 3, static_cast<sqlite3_int64>(i));
                step(database, change);
            }
        }
        step(database, commit);
        done += rows;
    }
    const double rate = static_cast<double>(done) / elapsed();
    for (auto* statement : {begin, commit, insert, change}) sqlite3_finalize(statement);
    sqlite3_close(database);
    return rate;
}

}  // namespace sluice::storage::testing
