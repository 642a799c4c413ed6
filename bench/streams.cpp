// Many streams of model answers at once: opens N connections, asks each for a stream, and reads all to their ends.
//
//   bench_streams PORT PATH --body TEXT --key KEY --streams N [--ramp-ms M]
//
// Prints one JSON object: streams that ended whole, chunks ("data:" lines) in all, the time to the first token (the first
// "data:" that holds text) at p50 and p99 in microseconds, failures, and the seconds it took.

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

namespace {

std::int64_t now_us() {
    return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

struct Stream {
    int fd = -1;
    std::int64_t asked = 0, first = 0;
    std::string tail;  ///< the last bytes, for marks that are cut in two
    std::uint64_t chunks = 0;
    bool ok = false, ended = false;
};

std::int64_t at(const std::vector<std::int64_t>& sorted, double share) {
    return sorted.empty() ? 0 : sorted[std::min(sorted.size() - 1, static_cast<std::size_t>(share * static_cast<double>(sorted.size())))];
}

}  // namespace

int main(int argc, char** argv) {
    rlimit files{};
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    if (argc < 3) return 2;
    const int port = std::atoi(argv[1]);
    std::string path = argv[2], body, key;
    std::size_t wanted = 100;
    std::int64_t ramp_us = 0;
    for (int i = 3; i + 1 < argc; i += 2) {
        const std::string_view name = argv[i];
        if (name == "--body") body = argv[i + 1];
        else if (name == "--key") key = argv[i + 1];
        else if (name == "--streams") wanted = static_cast<std::size_t>(std::atoi(argv[i + 1]));
        else if (name == "--ramp-ms") ramp_us = std::atoi(argv[i + 1]) * 1000LL;
    }
    std::string request = "POST " + path + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
    if (!key.empty()) request += "Authorization: Bearer " + key + "\r\n";
    request += "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;

    const int epoll = epoll_create1(0);
    std::vector<Stream> streams(wanted);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const auto began = now_us();
    std::size_t opened = 0, ended = 0, failed = 0;
    epoll_event events[512];
    char buffer[65536];
    while (ended < wanted && now_us() - began < 300'000'000) {
        while (opened < wanted && now_us() - began >= ramp_us * static_cast<std::int64_t>(opened) / static_cast<std::int64_t>(wanted)) {
            auto& s = streams[opened];
            s.fd = socket(AF_INET, SOCK_STREAM, 0);
            if (s.fd < 0 || connect(s.fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
                std::cerr << "bench_streams: cannot connect\n";
                return 1;
            }
            const int one = 1;
            setsockopt(s.fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
            fcntl(s.fd, F_SETFL, O_NONBLOCK);
            epoll_event event{};
            event.events = EPOLLIN;
            event.data.u64 = opened;
            epoll_ctl(epoll, EPOLL_CTL_ADD, s.fd, &event);
            s.asked = now_us();
            if (send(s.fd, request.data(), request.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(request.size())) ++failed;
            ++opened;
        }
        const int count = epoll_wait(epoll, events, 512, opened < wanted ? 0 : 1000);
        for (int i = 0; i < count; ++i) {
            auto& s = streams[events[i].data.u64];
            const ssize_t got = recv(s.fd, buffer, sizeof buffer, 0);
            if (got < 0 && errno == EAGAIN) continue;
            if (got <= 0) {
                if (!s.ended) ++failed, ++ended;
                s.ended = true;
                close(s.fd);
                continue;
            }
            if (!s.ok && s.tail.empty()) s.ok = got > 9 && buffer[9] == '2';
            std::string text = s.tail + std::string(buffer, static_cast<std::size_t>(got));
            const auto kept = s.tail.size();
            if (s.first == 0 && text.find("token ") != std::string::npos) s.first = now_us();
            for (auto p = text.find("data:"); p != std::string::npos; p = text.find("data:", p + 5))
                if (p + 5 > kept) ++s.chunks;
            if (text.find("\r\n0\r\n\r\n") != std::string::npos && !s.ended) {
                s.ended = true;
                ++ended;
                if (!s.ok) ++failed;
                close(s.fd);
            }
            s.tail = text.size() > 8 ? text.substr(text.size() - 8) : text;
            if (s.tail.find("data:") != std::string::npos && s.tail.size() >= 5) s.tail = s.tail.substr(s.tail.find("data:") + 5);
        }
    }
    std::vector<std::int64_t> firsts;
    std::uint64_t chunks = 0;
    for (const auto& s : streams) {
        if (s.first) firsts.push_back(s.first - s.asked);
        chunks += s.chunks;
    }
    std::sort(firsts.begin(), firsts.end());
    const double seconds = static_cast<double>(now_us() - began) / 1e6;
    std::cout << "{\"streams\": " << ended << ", \"failed\": " << failed + (wanted - ended) << ", \"chunks\": " << chunks << ", \"first_p50_us\": " << at(firsts, 0.5)
              << ", \"first_p99_us\": " << at(firsts, 0.99) << ", \"seconds\": " << seconds << "}" << std::endl;
}
