#include "storage/crash_images.hpp"

#include <algorithm>
#include <fstream>

namespace sluice::storage::testing {
namespace {

constexpr std::size_t sector = 512;

void put(std::string& content, std::int64_t offset, std::string_view data) {
    const auto end = static_cast<std::size_t>(offset) + data.size();
    if (content.size() < end) content.resize(end);
    content.replace(static_cast<std::size_t>(offset), data.size(), data);
}

void apply(std::string& content, const Event& event) {
    if (event.kind == Event::Kind::write)
        put(content, event.number, event.data);
    else
        content.resize(static_cast<std::size_t>(event.number));
}

/// Some of the write's sectors.
void apply_torn(std::string& content, const Event& event, base::Random& random) {
    for (std::size_t at = 0; at < event.data.size();) {
        const auto from = static_cast<std::size_t>(event.number) + at;
        const auto length = std::min(event.data.size() - at, sector - from % sector);
        if (random.below(2) == 0)
            put(content, static_cast<std::int64_t>(from),
                std::string_view(event.data).substr(at, length));
        at += length;
    }
}

void apply_noise(std::string& content, const Event& event, base::Random& random) {
    std::string noise = event.data;
    for (std::size_t at = 0; at + 8 <= noise.size(); at += 8) {
        const auto word = random.next();
        noise.replace(at, 8, reinterpret_cast<const char*>(&word), 8);
    }
    put(content, event.number, noise);
}

/// How an image treats what was not synced: as a whole, or each by chance.
enum class Fate : unsigned char { keep, drop, either, torn, noise, any };

void apply_by(Fate fate, std::string& content, const Event& event, base::Random& random) {
    if (fate == Fate::any) fate = static_cast<Fate>(random.below(5));
    if (fate == Fate::either) fate = random.below(2) == 0 ? Fate::keep : Fate::drop;
    if (fate == Fate::drop) return;
    if (event.kind != Event::Kind::write || fate == Fate::keep)
        apply(content, event);
    else if (fate == Fate::torn)
        apply_torn(content, event, random);
    else
        apply_noise(content, event, random);
}

}  // namespace

Images::Images(const Recording& recording)
    : recording_(recording), states_(recording.files.size()) {}

void Images::advance(std::size_t cut) {
    for (; at_ < cut && at_ < recording_.events.size(); ++at_) take(recording_.events[at_]);
}

void Images::take(const Event& event) {
    if (event.kind == Event::Kind::note) {
        switch (event.what) {
            case stored:
                acknowledged[event.number] = true;
                break;
            case deleting:
                deleting_to = std::max(deleting_to, event.number);
                break;
            case deleted:
                deleted_to = std::max(deleted_to, event.number);
                break;
            case ready:
                is_ready = true;
                break;
            case backing_up:
                is_backing_up = true;
                break;
            case backed_up:
                is_backed_up = true;
                break;
            default:
                break;
        }
        return;
    }
    State& state = states_[static_cast<std::size_t>(event.file)];
    switch (event.kind) {
        case Event::Kind::found:
            state = {};
            state.exists = true;
            state.durable = event.data;
            break;
        case Event::Kind::create:
            state = {};
            state.exists = state.may_be_missing = true;
            break;
        case Event::Kind::remove:
            state.may_be_back = state.exists && event.number == 0;
            state.exists = false;
            break;
        case Event::Kind::sync:
            for (const auto* pending : state.pending) apply(state.durable, *pending);
            state.pending.clear();
            // With a new file's first sync SQLite flushes its directory, and removals in it with
            // it.
            if (std::exchange(state.may_be_missing, false)) flush_directory(event.file);
            break;
        default:
            state.pending.push_back(&event);
    }
}

void Images::flush_directory(int of) {
    const auto folder = [&](std::size_t file) {
        return std::filesystem::path(recording_.files[file]).parent_path();
    };
    for (std::size_t i = 0; i < states_.size(); ++i)
        if (folder(i) == folder(static_cast<std::size_t>(of))) states_[i].may_be_back = false;
}

std::map<std::string, std::string> Images::make(base::Random& random) const {
    std::map<std::string, std::string> image;
    const auto whole = static_cast<Fate>(random.below(6));
    // Half of the images end inside the unsynced operations: a disk that works in their order.
    const bool in_order = random.below(2) == 0;
    for (std::size_t i = 0; i < states_.size(); ++i) {
        const State& state = states_[i];
        if (!state.exists && !(state.may_be_back && random.below(2) == 0)) continue;
        if (state.may_be_missing && random.below(2) == 0) continue;
        std::string content = state.durable;
        const auto end = in_order ? random.below(state.pending.size() + 1) : state.pending.size();
        for (std::size_t n = 0; n < end; ++n)
            apply_by(in_order && n + 1 < end ? Fate::keep : whole, content, *state.pending[n],
                     random);
        image[recording_.files[i]] = std::move(content);
    }
    return image;
}

std::size_t Images::unsynced(const std::string& name) const {
    const int file = recording_.index_of(name);
    return file < 0 ? 0 : states_[static_cast<std::size_t>(file)].pending.size();
}

Verdict& Verdict::operator+=(const Verdict& other) {
    images += other.images;
    opened_by_product += other.opened_by_product;
    lost += other.lost;
    came_back += other.came_back;
    half += other.half;
    unsound += other.unsound;
    if (first.empty()) first = other.first;
    return *this;
}

std::filesystem::path make_fast_directory() {
    const bool in_memory = ::access("/dev/shm", W_OK) == 0;
    std::string name =
        (in_memory ? std::filesystem::path("/dev/shm") : std::filesystem::temp_directory_path()) /
        "sluice-images-XXXXXX";
    return ::mkdtemp(name.data());
}

void write_image(const std::filesystem::path& directory,
                 const std::map<std::string, std::string>& image) {
    for (const auto* name : {"sluice.db", "sluice.db-wal", "sluice.db-shm", "sluice.db-journal"}) {
        const auto file = directory / name;
        const auto found = image.find(name);
        if (found == image.end()) {
            ::unlink(file.c_str());
            continue;
        }
        std::ofstream out(file, std::ios::binary | std::ios::trunc);
        out << found->second;
    }
}

}  // namespace sluice::storage::testing
