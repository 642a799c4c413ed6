#pragma once
/// A layer over SQLite's file system that writes down what happens to files, in one order with the
/// acknowledgements that a test notes.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace sluice::storage::testing {

/// One thing that happened.
struct Event {
    enum class Kind : unsigned char {
        found,     ///< a file was opened that was there; `data` is its content
        create,    ///< a file was made
        write,     ///< `data` at `number`
        truncate,  ///< to `number` bytes
        sync,
        remove,  ///< `number` is not 0: the directory was flushed
        note     ///< of the test: `what` and `number`
    };
    Kind kind = Kind::note;
    int file = -1;        ///< an index into `Recording::files`
    unsigned opener = 0;  ///< which opening of the file wrote; each has its own number
    std::int64_t number = 0;
    std::string data;
    int what = 0;
};

struct Recording {
    std::vector<std::string> files;  ///< names below the recorded directory
    std::vector<Event> events;

    int index_of(const std::string& name) const;
    /// How many openings wrote to the file.
    std::size_t writers_of(const std::string& name) const;
};

/// From the first call on, every database of this process is opened through the layer.
/// Thread: `start` and `stop` while no database is open below the directory; `note` any.
namespace recorder {
void start(const std::filesystem::path& directory);
Recording stop();
void note(int what, std::int64_t number);
/// Called on the writing thread before each sync of a write-ahead log is carried out, while
/// recording.
void before_sync(std::function<void()> call);
}  // namespace recorder

}  // namespace sluice::storage::testing
