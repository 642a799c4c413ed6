#include "sluice/storage/query.hpp"

#include <mutex>
#include <vector>

namespace sluice::storage {
namespace {

std::mutex mutex;

std::vector<const Query*>& registry() {
    static std::vector<const Query*>
        list;  // filled while statics are initialised, in any order of files
    return list;
}

}  // namespace

Query::Query(const char* name, const char* sql, Note note) : name_(name), sql_(sql), note_(note) {
    std::lock_guard lock(mutex);
    index_ = static_cast<unsigned>(registry().size());
    registry().push_back(this);
}

std::span<const Query* const> Query::all() { return registry(); }

}  // namespace sluice::storage
