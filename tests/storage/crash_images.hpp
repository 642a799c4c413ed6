#pragma once
/// What a disk may hold after the power was cut, and whether the store keeps its word on it.
///
/// A recorded workload is cut at an event. What was synced before is on the disk; of the rest each
/// operation, per file, is kept, dropped, torn at sectors of 512 bytes or replaced by noise; a file
/// whose making was not synced may be missing, and one whose removal was not may be there. The
/// image is opened as the product does, and judged.

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sluice/base/clock.hpp"
#include "storage/harness.hpp"
#include "storage/recording_vfs.hpp"

namespace sluice::storage::testing {

/// What the workload notes among the events.
enum Noted : int {
    stored = 1,  ///< thing `number` was acknowledged
    deleting,    ///< the deletion of all things up to `number` was submitted
    deleted,     ///< and acknowledged
    ready,       ///< the directory was opened, its schema is there
    backing_up,  ///< a backup was asked for
    backed_up,   ///< and acknowledged
};

/// Makes images of one recording, in ascending order of their cuts.
class Images {
  public:
    explicit Images(const Recording& recording);
    /// Goes on to the cut before event `cut`; never back.
    void advance(std::size_t cut);
    /// One image: contents by name.
    std::map<std::string, std::string> make(base::Random& random) const;
    /// Operations on the file that a power cut may undo now.
    std::size_t unsynced(const std::string& name) const;

    // What the acknowledgements up to the cut promise.
    std::map<std::int64_t, bool> acknowledged;  ///< things
    std::int64_t deleting_to = 0, deleted_to = 0;
    bool is_ready = false, is_backing_up = false, is_backed_up = false;

  private:
    struct State {
        bool exists = false;
        bool may_be_missing = false;  ///< made, and not synced since
        bool may_be_back = false;     ///< removed, and the directory not synced since
        std::string durable;
        std::vector<const Event*> pending;
    };
    void take(const Event& event);
    void flush_directory(int of);

    const Recording& recording_;
    std::size_t at_ = 0;
    std::vector<State> states_;
};

struct Verdict {
    std::size_t images = 0, opened_by_product = 0;
    std::size_t lost = 0;       ///< an acknowledged thing is missing
    std::size_t came_back = 0;  ///< a thing whose deletion was acknowledged is there
    std::size_t half = 0;       ///< a unit is there in part
    std::size_t unsound = 0;    ///< structure, references, or no opening at all
    std::string first;          ///< the first finding, with what repeats it
    std::size_t bad() const { return lost + came_back + half + unsound; }
    Verdict& operator+=(const Verdict& other);
};

/// Lanes of writers on the product's storage in `directory`, with deletions, housekeeping, reads
/// and checkpoints; recorded from before its opening to after its stop.
struct Load {
    int units = 1500;
    int lanes = 12;
    bool backup = false;
    std::uint64_t seed = 1;
};
Recording record_load(const std::filesystem::path& directory, const Load& load);

/// Judges `count` images, their cuts spread over the whole recording.
Verdict judge_images(const Recording& recording, std::size_t count, std::uint64_t seed);

/// A directory in memory where there is one.
std::filesystem::path make_fast_directory();
/// Writes the image's files named `sluice.db…` into `directory` and nothing else.
void write_image(const std::filesystem::path& directory,
                 const std::map<std::string, std::string>& image);

}  // namespace sluice::storage::testing
