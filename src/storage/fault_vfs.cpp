#include "fault_vfs.hpp"

#include "sluice/storage/failpoint.hpp"

#ifndef SLUICE_FAILPOINTS

const char* sluice::storage::sqlite::fault_vfs_name() { return nullptr; }

#else

#include <sqlite3.h>

#include <mutex>
#include <string>

namespace sluice::storage::sqlite {
namespace {

constexpr const char* name = "sluice-faults";

enum class Kind { other, database, wal };

/// What SQLite sees as a file; the real one lies right behind it in the same allocation.
struct File {
    sqlite3_file base;
    Kind kind;
    sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};

sqlite3_vfs* real_vfs = nullptr;

File* self(sqlite3_file* file) { return reinterpret_cast<File*>(file); }
sqlite3_file* real(sqlite3_file* file) { return self(file)->real(); }

int close(sqlite3_file* f) { return real(f)->pMethods->xClose(real(f)); }
int read(sqlite3_file* f, void* to, int amount, sqlite3_int64 offset) {
    return real(f)->pMethods->xRead(real(f), to, amount, offset);
}
int write(sqlite3_file* f, const void* from, int amount, sqlite3_int64 offset) {
    using failpoint::Outcome;
    Outcome outcome = Outcome::none;
    if (self(f)->kind == Kind::database) {
        outcome = failpoint::hit("db.write");
        // With a write-ahead log, pages reach the database file in checkpoints only (offset 0 is
        // the header, which opening may write).
        if (outcome == Outcome::none && offset > 0) outcome = failpoint::hit("checkpoint.mid");
    }
    if (self(f)->kind == Kind::wal) outcome = failpoint::hit("wal.write");
    if (outcome == Outcome::half || outcome == Outcome::torn)
        (void)real(f)->pMethods->xWrite(real(f), from, amount / 2, offset);
    if (outcome == Outcome::error || outcome == Outcome::torn) return SQLITE_IOERR_WRITE;
    if (outcome == Outcome::full || outcome == Outcome::half) return SQLITE_FULL;
    return real(f)->pMethods->xWrite(real(f), from, amount, offset);
}
int truncate(sqlite3_file* f, sqlite3_int64 size) {
    return real(f)->pMethods->xTruncate(real(f), size);
}
int sync(sqlite3_file* f, int flags) {
    if (self(f)->kind != Kind::other) {
        const auto outcome = failpoint::hit(self(f)->kind == Kind::wal ? "wal.sync" : "db.sync");
        if (outcome != failpoint::Outcome::none) return SQLITE_IOERR_FSYNC;
    }
    return real(f)->pMethods->xSync(real(f), flags);
}
int file_size(sqlite3_file* f, sqlite3_int64* size) {
    return real(f)->pMethods->xFileSize(real(f), size);
}
int lock(sqlite3_file* f, int level) { return real(f)->pMethods->xLock(real(f), level); }
int unlock(sqlite3_file* f, int level) { return real(f)->pMethods->xUnlock(real(f), level); }
int check_reserved(sqlite3_file* f, int* out) {
    return real(f)->pMethods->xCheckReservedLock(real(f), out);
}
int file_control(sqlite3_file* f, int op, void* argument) {
    return real(f)->pMethods->xFileControl(real(f), op, argument);
}
int sector_size(sqlite3_file* f) { return real(f)->pMethods->xSectorSize(real(f)); }
int device(sqlite3_file* f) { return real(f)->pMethods->xDeviceCharacteristics(real(f)); }
int shm_map(sqlite3_file* f, int page, int size, int extend, void volatile** out) {
    return real(f)->pMethods->xShmMap(real(f), page, size, extend, out);
}
int shm_lock(sqlite3_file* f, int offset, int n, int flags) {
    return real(f)->pMethods->xShmLock(real(f), offset, n, flags);
}
void shm_barrier(sqlite3_file* f) { real(f)->pMethods->xShmBarrier(real(f)); }
int shm_unmap(sqlite3_file* f, int remove) { return real(f)->pMethods->xShmUnmap(real(f), remove); }
int fetch(sqlite3_file* f, sqlite3_int64 offset, int amount, void** out) {
    return real(f)->pMethods->xFetch(real(f), offset, amount, out);
}
int unfetch(sqlite3_file* f, sqlite3_int64 offset, void* page) {
    return real(f)->pMethods->xUnfetch(real(f), offset, page);
}

constexpr sqlite3_io_methods methods{
    3,        close,       read,           write,        truncate,    sync,   file_size,
    lock,     unlock,      check_reserved, file_control, sector_size, device, shm_map,
    shm_lock, shm_barrier, shm_unmap,      fetch,        unfetch};

int open(sqlite3_vfs*, sqlite3_filename path, sqlite3_file* file, int flags, int* out_flags) {
    File* f = self(file);
    f->base.pMethods = nullptr;
    f->kind = (flags & SQLITE_OPEN_MAIN_DB) != 0 ? Kind::database
              : (flags & SQLITE_OPEN_WAL) != 0   ? Kind::wal
                                                 : Kind::other;
    const int code = real_vfs->xOpen(real_vfs, path, f->real(), flags, out_flags);
    if (f->real()->pMethods != nullptr) f->base.pMethods = &methods;
    return code;
}

}  // namespace

const char* fault_vfs_name() {
    if (!failpoint::armed.load(std::memory_order_relaxed)) return nullptr;
    static std::once_flag once;
    std::call_once(once, [] {
        static sqlite3_vfs vfs;
        real_vfs = sqlite3_vfs_find(nullptr);
        vfs = *real_vfs;
        vfs.pNext = nullptr;
        vfs.zName = name;
        vfs.szOsFile = static_cast<int>(sizeof(File)) + real_vfs->szOsFile;
        vfs.xOpen = open;
        sqlite3_vfs_register(&vfs, 0);
    });
    return name;
}

}  // namespace sluice::storage::sqlite

#endif
