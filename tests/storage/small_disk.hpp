#pragma once
/// A small file system for tests of full disks.

#include <sys/mount.h>

#include <fstream>

#include "storage/harness.hpp"

namespace sluice::storage::testing {

/// A file system in memory of a few MiB; `works` is false where this process may not mount.
class SmallDisk {
  public:
    explicit SmallDisk(const std::string& size) {
        works = ::mount("tmpfs", point_.path().c_str(), "tmpfs", 0,
                        ("mode=0700,size=" + size).c_str()) == 0;
        if (!works) WARN("SKIPPED: mounting a small disk needs root");
    }
    ~SmallDisk() {
        if (works) ::umount2(point_.path().c_str(), MNT_DETACH);
    }
    SmallDisk(const SmallDisk&) = delete;
    SmallDisk& operator=(const SmallDisk&) = delete;
    std::filesystem::path operator/(const std::string& name) const { return point_ / name; }
    bool works = false;

  private:
    TempDirectory point_;
};

inline void fill(const std::filesystem::path& file, std::size_t bytes) {
    std::ofstream out(file, std::ios::binary);
    out << std::string(bytes, 'b');
    REQUIRE(out.flush());
}

/// Asks until `done`, at most about ten seconds.
template <class Condition>
bool eventually(House& house, Condition done) {
    for (int i = 0; i < 1000; ++i) {
        if (done()) return true;
        run(house.loop, house.loop.sleep_for(std::chrono::milliseconds(10)));
    }
    return false;
}

}  // namespace sluice::storage::testing
