// A load program for one HTTP route: keep-alive connections, closed loop or paced, one thread, little CPU of its own.
//
//   bench_load PORT PATH --body TEXT|@FILE --key KEY --connections N --seconds S [--rate R] [--warmup S]
//
// Prints one JSON object: requests a second, latencies in microseconds, and how many answers were not 2xx. Paced (open
// loop): request i is due at i/R; its latency counts from then, so that a stall is not hidden.

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

namespace {

using Nanos = std::int64_t;

Nanos now_ns() {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

struct Connection {
    int fd = -1;
    std::string in;
    Nanos due = 0;
    bool busy = false;
};

struct Options {
    int port = 0;
    std::string path, body, key;
    int connections = 1;
    double seconds = 5, warmup = 1, rate = 0;
};

[[noreturn]] void die(const std::string& what) {
    std::cerr << "bench_load: " << what << "\n";
    std::exit(1);
}

int connect_to(int port) {
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) die("cannot connect");
    const int one = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    return fd;
}

/// The length of the whole answer at the front of `in`, or 0 while it is not complete; sets `ok`.
std::size_t answer_length(std::string_view in, bool& ok) {
    const std::size_t head = in.find("\r\n\r\n");
    if (head == std::string_view::npos) return 0;
    ok = in.size() > 9 && in[9] == '2';
    std::size_t length = 0;
    const std::string_view name = "content-length:";
    for (std::size_t line = in.find("\r\n"); line < head; line = in.find("\r\n", line + 2)) {
        const std::string_view field = in.substr(line + 2, name.size());
        if (field.size() != name.size() || strncasecmp(field.data(), name.data(), name.size()) != 0) continue;
        const char* digits = in.data() + line + 2 + name.size();
        while (*digits == ' ') ++digits;
        std::from_chars(digits, in.data() + head, length);
    }
    const std::size_t total = head + 4 + length;
    return in.size() >= total ? total : 0;
}

double at(const std::vector<std::uint32_t>& sorted, double share) {
    if (sorted.empty()) return 0;
    return sorted[std::min(sorted.size() - 1, static_cast<std::size_t>(share * static_cast<double>(sorted.size())))];
}

std::string contents_of(const char* path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) die("cannot read " + std::string(path));
    return {std::istreambuf_iterator<char>(file), {}};
}

Options read_options(int argc, char** argv) {
    Options o;
    if (argc < 3) die("usage: bench_load PORT PATH [--body TEXT --key KEY --connections N --seconds S --rate R --warmup S]");
    o.port = std::atoi(argv[1]);
    o.path = argv[2];
    for (int i = 3; i + 1 < argc; i += 2) {
        const std::string_view name = argv[i];
        const char* value = argv[i + 1];
        if (name == "--body") o.body = *value == '@' ? contents_of(value + 1) : value;
        else if (name == "--key") o.key = value;
        else if (name == "--connections") o.connections = std::atoi(value);
        else if (name == "--seconds") o.seconds = std::atof(value);
        else if (name == "--warmup") o.warmup = std::atof(value);
        else if (name == "--rate") o.rate = std::atof(value);
        else die("unknown option " + std::string(name));
    }
    return o;
}

class Load {
  public:
    explicit Load(Options options) : o_(std::move(options)), epoll_(epoll_create1(0)) {
        request_ = (o_.body.empty() ? "GET " : "POST ") + o_.path + " HTTP/1.1\r\nHost: localhost\r\n";
        if (!o_.key.empty()) request_ += "Authorization: Bearer " + o_.key + "\r\n";
        if (!o_.body.empty())
            request_ += "Content-Type: application/json\r\nContent-Length: " + std::to_string(o_.body.size()) + "\r\n";
        request_ += "\r\n" + o_.body;
        connections_.resize(static_cast<std::size_t>(o_.connections));
        for (std::size_t i = 0; i < connections_.size(); ++i) {
            connections_[i].fd = connect_to(o_.port);
            epoll_event event{};
            event.events = EPOLLIN;
            event.data.u64 = i;
            epoll_ctl(epoll_, EPOLL_CTL_ADD, connections_[i].fd, &event);
            idle_.push_back(i);
        }
    }

    void run() {
        start_ = now_ns();
        measure_from_ = start_ + static_cast<Nanos>(o_.warmup * 1e9);
        end_ = measure_from_ + static_cast<Nanos>(o_.seconds * 1e9);
        latencies_.reserve(4'000'000);
        if (o_.rate == 0)
            while (!idle_.empty()) send_next(now_ns());
        epoll_event events[256];
        while (true) {
            Nanos now = now_ns();
            if (now >= end_) break;
            int timeout = 1;
            if (o_.rate > 0) {
                while (next_due() <= now) {
                    if (idle_.empty()) break;  // it is late already: its latency counts from when it was due
                    send_next(next_due());
                    ++issued_;
                }
                timeout = 0;  // a busy wait: a sleeping load program would measure its own waking
            }
            const int count = epoll_wait(epoll_, events, 256, timeout);
            for (int i = 0; i < count; ++i) receive(connections_[events[i].data.u64], events[i].data.u64);
        }
        report();
    }

  private:
    Nanos next_due() const { return start_ + static_cast<Nanos>(static_cast<double>(issued_) / o_.rate * 1e9); }

    void send_next(Nanos due) {
        Connection& c = connections_[idle_.front()];
        idle_.pop_front();
        c.due = due;
        c.busy = true;
        for (std::string_view rest = request_; !rest.empty();) {
            const ssize_t sent = send(c.fd, rest.data(), rest.size(), MSG_NOSIGNAL);
            if (sent > 0) rest.remove_prefix(static_cast<std::size_t>(sent));
            else if (errno != EAGAIN) die("a request could not be sent");
        }
    }

    void receive(Connection& c, std::uint64_t index) {
        char buffer[65536];
        const ssize_t got = recv(c.fd, buffer, sizeof buffer, 0);
        if (got <= 0) die("the server closed a connection");
        c.in.append(buffer, static_cast<std::size_t>(got));
        bool ok = false;
        const std::size_t length = answer_length(c.in, ok);
        if (length == 0 || !c.busy) return;
        const Nanos now = now_ns();
        c.in.erase(0, length);
        c.busy = false;
        if (c.due >= measure_from_ || (o_.rate == 0 && now >= measure_from_)) {
            if (latencies_.empty()) first_ = now;
            latencies_.push_back(static_cast<std::uint32_t>((now - c.due) / 1000));
            if (!ok) ++failed_;
        }
        idle_.push_back(index);
        if (o_.rate == 0) send_next(now);
    }

    void report() {
        const double seconds = static_cast<double>(now_ns() - measure_from_) / 1e9;
        std::sort(latencies_.begin(), latencies_.end());
        std::cout << "{\"requests\": " << latencies_.size() << ", \"rate\": " << static_cast<double>(latencies_.size()) / seconds
                  << ", \"p50_us\": " << at(latencies_, 0.5) << ", \"p90_us\": " << at(latencies_, 0.9)
                  << ", \"p99_us\": " << at(latencies_, 0.99) << ", \"p999_us\": " << at(latencies_, 0.999)
                  << ", \"failed\": " << failed_ << "}" << std::endl;
    }

    Options o_;
    int epoll_;
    std::string request_;
    std::vector<Connection> connections_;
    std::deque<std::size_t> idle_;
    std::vector<std::uint32_t> latencies_;
    Nanos start_ = 0, measure_from_ = 0, end_ = 0, first_ = 0;
    std::uint64_t issued_ = 0, failed_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
    Load load(read_options(argc, argv));
    load.run();
    return 0;
}
