// What the disk itself takes: 4 KiB appended and fdatasync'ed, again and again for a second. `bench_disk DIR` prints the
// median and the 99th percentile in microseconds as JSON.

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <iostream>
#include <string>
#include <vector>

int main(int argc, char** argv) {
    const std::string file = std::string(argc > 1 ? argv[1] : ".") + "/bench-disk";
    const int fd = open(file.c_str(), O_CREAT | O_WRONLY | O_TRUNC | O_APPEND, 0600);
    if (fd < 0) {
        std::cerr << "bench_disk: cannot write " << file << "\n";
        return 1;
    }
    const std::string page(4096, 'x');
    std::vector<long> took;
    using Clock = std::chrono::steady_clock;
    const auto end = Clock::now() + std::chrono::seconds(1);
    while (Clock::now() < end) {
        const auto start = Clock::now();
        if (write(fd, page.data(), page.size()) != static_cast<ssize_t>(page.size()) || fdatasync(fd) != 0) return 1;
        took.push_back(std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - start).count());
    }
    close(fd);
    unlink(file.c_str());
    std::sort(took.begin(), took.end());
    std::cout << "{\"p50_us\": " << took[took.size() / 2] << ", \"p99_us\": " << took[took.size() * 99 / 100] << "}" << std::endl;
    return 0;
}
