#include "storage/recording_vfs.hpp"

#include <sqlite3.h>

#include <atomic>
#include <fstream>
#include <mutex>
#include <set>
#include <sstream>

namespace sluice::storage::testing {
namespace {

/// What SQLite sees as a file; the real one lies right behind it in the same allocation.
struct File {
    sqlite3_file base;
    int index;
    unsigned opener;
    bool is_log;
    sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};

sqlite3_vfs* real_vfs = nullptr;
std::atomic<bool> recording{false};
std::mutex mutex;
std::string directory;
Recording current;
unsigned openers = 0;
std::function<void()> sync_call;

File* self(sqlite3_file* file) { return reinterpret_cast<File*>(file); }
sqlite3_file* real(sqlite3_file* file) { return self(file)->real(); }

void add(Event event) {
    std::lock_guard lock(mutex);
    current.events.push_back(std::move(event));
}

Event event_of(Event::Kind kind, File* file, std::int64_t number = 0) {
    Event event;
    event.kind = kind;
    event.file = file->index;
    event.opener = file->opener;
    event.number = number;
    return event;
}

bool records(File* file) { return recording.load() && file->index >= 0; }

/// The file's index, made when it is new; -1 outside of the directory. Under the mutex.
int index_of_path(const char* path) {
    const std::string_view text = path == nullptr ? "" : path;
    if (directory.empty() || !text.starts_with(directory)) return -1;
    const std::string name(text.substr(directory.size()));
    if (name.ends_with("-shm")) return -1;
    const int known = current.index_of(name);
    if (known >= 0) return known;
    current.files.push_back(name);
    return static_cast<int>(current.files.size()) - 1;
}

int close(sqlite3_file* f) { return real(f)->pMethods->xClose(real(f)); }
int read(sqlite3_file* f, void* to, int amount, sqlite3_int64 offset) {
    return real(f)->pMethods->xRead(real(f), to, amount, offset);
}
int write(sqlite3_file* f, const void* from, int amount, sqlite3_int64 offset) {
    if (records(self(f))) {
        auto event = event_of(Event::Kind::write, self(f), offset);
        event.data.assign(static_cast<const char*>(from), static_cast<std::size_t>(amount));
        add(std::move(event));
    }
    return real(f)->pMethods->xWrite(real(f), from, amount, offset);
}
int truncate(sqlite3_file* f, sqlite3_int64 size) {
    if (records(self(f))) add(event_of(Event::Kind::truncate, self(f), size));
    return real(f)->pMethods->xTruncate(real(f), size);
}
int sync(sqlite3_file* f, int flags) {
    if (!records(self(f))) return real(f)->pMethods->xSync(real(f), flags);
    if (self(f)->is_log && sync_call) sync_call();
    add(event_of(Event::Kind::sync, self(f)));
    return SQLITE_OK;  // nobody cuts the power of this machine
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

// Version 2: without memory mapping, so that every write is seen.
constexpr sqlite3_io_methods methods{
    2,        close,       read,           write,        truncate,    sync,   file_size,
    lock,     unlock,      check_reserved, file_control, sector_size, device, shm_map,
    shm_lock, shm_barrier, shm_unmap,      nullptr,      nullptr};

std::string content_of(const char* path) {
    std::ifstream in(path, std::ios::binary);
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
}

int open(sqlite3_vfs*, sqlite3_filename path, sqlite3_file* file, int flags, int* out_flags) {
    File* f = self(file);
    f->base.pMethods = nullptr;
    f->index = -1;
    f->is_log = (flags & SQLITE_OPEN_WAL) != 0;
    if (recording.load() && path != nullptr) {
        std::error_code error;
        const bool there = std::filesystem::exists(path, error);
        std::lock_guard lock(mutex);
        const auto known = current.files.size();
        f->index = index_of_path(path);
        f->opener = ++openers;
        const bool is_new = f->index >= 0 && current.files.size() > known;
        if (f->index >= 0 && (is_new || !there)) {
            auto event = event_of(there ? Event::Kind::found : Event::Kind::create, f);
            if (there) event.data = content_of(path);
            current.events.push_back(std::move(event));
        }
    }
    const int code = real_vfs->xOpen(real_vfs, path, f->real(), flags, out_flags);
    if (f->real()->pMethods != nullptr) f->base.pMethods = &methods;
    return code;
}

int remove(sqlite3_vfs*, const char* path, int sync_directory) {
    if (recording.load()) {
        std::lock_guard lock(mutex);
        Event event;
        event.kind = Event::Kind::remove;
        event.number = sync_directory;
        event.file = index_of_path(path);
        if (event.file >= 0) current.events.push_back(std::move(event));
    }
    return real_vfs->xDelete(real_vfs, path, sync_directory);
}

void install() {
    static std::once_flag once;
    std::call_once(once, [] {
        static sqlite3_vfs vfs;
        real_vfs = sqlite3_vfs_find(nullptr);
        vfs = *real_vfs;
        vfs.pNext = nullptr;
        vfs.zName = "sluice-recorder";
        vfs.szOsFile = static_cast<int>(sizeof(File)) + real_vfs->szOsFile;
        vfs.xOpen = open;
        vfs.xDelete = remove;
        sqlite3_vfs_register(&vfs, 1);
    });
}

}  // namespace

int Recording::index_of(const std::string& name) const {
    for (std::size_t i = 0; i < files.size(); ++i)
        if (files[i] == name) return static_cast<int>(i);
    return -1;
}

std::size_t Recording::writers_of(const std::string& name) const {
    std::set<unsigned> writers;
    const int file = index_of(name);
    for (const auto& event : events)
        if (event.file == file && event.kind == Event::Kind::write) writers.insert(event.opener);
    return writers.size();
}

namespace recorder {

void start(const std::filesystem::path& where) {
    install();
    std::lock_guard lock(mutex);
    current = {};
    directory = where.string() + "/";
    recording = true;
}

Recording stop() {
    recording = false;
    std::lock_guard lock(mutex);
    sync_call = nullptr;
    return std::move(current);
}

void note(int what, std::int64_t number) {
    if (!recording.load()) return;
    Event event;
    event.what = what;
    event.number = number;
    add(std::move(event));
}

void before_sync(std::function<void()> call) { sync_call = std::move(call); }

}  // namespace recorder

}  // namespace sluice::storage::testing
