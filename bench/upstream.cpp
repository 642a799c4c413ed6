// A model vendor that costs nothing: answers chat calls at once, with usage, whole or streamed. One thread, epoll.
//
//   bench_upstream [--chunks N] [--delay-ms D] [--answer-bytes B]
//
// Prints {"port": N} on a free loopback port. A body with "stream":true gets N chunks, D milliseconds apart (0: at once);
// paths with /messages answer in Anthropic's format, all others in OpenAI's chat format.

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace {

struct Connection {
    std::string in, out;
    int left = 0;  ///< chunks still to be sent
    bool anthropic = false;
};

struct Options {
    int chunks = 50, delay_ms = 0, answer_bytes = 400;
};

std::string chunk(std::string_view text) {
    char size[16];
    const auto end = std::to_chars(size, size + 16, text.size(), 16).ptr;
    return std::string(size, end) + "\r\n" + std::string(text) + "\r\n";
}

class Upstream {
  public:
    explicit Upstream(Options options) : o_(options), epoll_(epoll_create1(0)) {
        const std::string text(static_cast<std::size_t>(o_.answer_bytes), 'x');
        whole_[0] = answer(R"({"id":"chatcmpl-1","object":"chat.completion","created":1790000000,"model":"bench","choices":[{"index":0,"message":{"role":"assistant","content":")" +
                           text + R"(","refusal":null},"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":20,"completion_tokens":10,"total_tokens":30}})");
        whole_[1] = answer(R"({"id":"msg_1","type":"message","role":"assistant","model":"bench","content":[{"type":"text","text":")" + text +
                           R"("}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":20,"output_tokens":10}})");
        first_[0] = head_ + chunk("data: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1790000000,\"model\":\"bench\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"},\"finish_reason\":null}]}\n\n");
        piece_[0] = chunk("data: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1790000000,\"model\":\"bench\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"token \"},\"finish_reason\":null}]}\n\n");
        last_[0] = chunk("data: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1790000000,\"model\":\"bench\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"
                         "data: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1790000000,\"model\":\"bench\",\"choices\":[],\"usage\":{\"prompt_tokens\":20,\"completion_tokens\":50,\"total_tokens\":70}}\n\n"
                         "data: [DONE]\n\n") +
                   "0\r\n\r\n";
        first_[1] = head_ + chunk("event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"bench\",\"content\":[],\"stop_reason\":null,\"stop_sequence\":null,\"usage\":{\"input_tokens\":20,\"output_tokens\":1}}}\n\n"
                                  "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n");
        piece_[1] = chunk("event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"token \"}}\n\n");
        last_[1] = chunk("event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n"
                         "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\",\"stop_sequence\":null},\"usage\":{\"output_tokens\":50}}\n\n"
                         "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n") +
                   "0\r\n\r\n";
    }

    void run() {
        listener_ = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        if (bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || listen(listener_, 8192) != 0) std::exit(1);
        getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
        watch(listener_);
        timer_ = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
        if (o_.delay_ms > 0) {
            itimerspec every{};
            every.it_value.tv_nsec = every.it_interval.tv_nsec = o_.delay_ms * 1'000'000L;
            timerfd_settime(timer_, 0, &every, nullptr);
            watch(timer_);
        }
        std::cout << "{\"port\": " << ntohs(address.sin_port) << "}" << std::endl;
        epoll_event events[512];
        while (true) {
            const int count = epoll_wait(epoll_, events, 512, -1);
            for (int i = 0; i < count; ++i) {
                const int fd = events[i].data.fd;
                if (fd == listener_) accept_all();
                else if (fd == timer_) tick();
                else receive(fd);
            }
        }
    }

  private:
    static std::string answer(const std::string& body) {
        return "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
    }

    void watch(int fd) {
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.fd = fd;
        epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event);
    }

    void accept_all() {
        while (true) {
            const int fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK);
            if (fd < 0) return;
            const int one = 1;
            setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
            connections_[fd] = {};
            watch(fd);
        }
    }

    void receive(int fd) {
        auto& c = connections_[fd];
        char buffer[65536];
        while (true) {
            const ssize_t got = recv(fd, buffer, sizeof buffer, 0);
            if (got == 0) return close_one(fd);
            if (got < 0) {
                if (errno == EAGAIN) break;
                return close_one(fd);
            }
            c.in.append(buffer, static_cast<std::size_t>(got));
            if (got < static_cast<ssize_t>(sizeof buffer)) break;
        }
        while (true) {
            const auto head = c.in.find("\r\n\r\n");
            if (head == std::string::npos) return;
            std::size_t length = 0;
            const auto at = c.in.find("Content-Length: ");
            if (at < head) std::from_chars(c.in.data() + at + 16, c.in.data() + head, length);
            if (c.in.size() < head + 4 + length) return;
            const std::string_view request(c.in.data(), head + 4 + length);
            c.anthropic = request.substr(0, head).find("/messages") != std::string_view::npos;
            if (request.find("\"stream\":true", head) == std::string_view::npos) {
                put(fd, whole_[c.anthropic]);
            } else {
                put(fd, first_[c.anthropic]);
                c.left = o_.chunks;
                if (o_.delay_ms == 0)
                    while (c.left > 0) step(fd, c);
                else {
                    step(fd, c);  // the first token comes at once
                    streaming_.push_back(fd);
                }
            }
            c.in.erase(0, head + 4 + length);
        }
    }

    void step(int fd, Connection& c) {
        put(fd, piece_[c.anthropic]);
        if (--c.left == 0) put(fd, last_[c.anthropic]);
    }

    void tick() {
        std::uint64_t times = 0;
        if (read(timer_, &times, sizeof times) < 0) return;
        std::size_t kept = 0;
        for (std::size_t i = 0; i < streaming_.size(); ++i) {
            const int fd = streaming_[i];
            const auto found = connections_.find(fd);
            if (found == connections_.end() || found->second.left == 0) continue;
            step(fd, found->second);
            if (found->second.left > 0) streaming_[kept++] = fd;
        }
        streaming_.resize(kept);
    }

    /// What does not fit is waited for: the other side reads.
    void put(int fd, std::string_view text) {
        while (!text.empty()) {
            const ssize_t sent = send(fd, text.data(), text.size(), MSG_NOSIGNAL);
            if (sent > 0) text.remove_prefix(static_cast<std::size_t>(sent));
            else if (errno != EAGAIN) return;
        }
    }

    void close_one(int fd) {
        close(fd);
        connections_.erase(fd);
    }

    Options o_;
    int epoll_, listener_ = -1, timer_ = -1;
    const std::string head_ = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
    std::string whole_[2], first_[2], piece_[2], last_[2];
    std::unordered_map<int, Connection> connections_;
    std::vector<int> streaming_;
};

}  // namespace

int main(int argc, char** argv) {
    rlimit files{};
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    Options o;
    for (int i = 1; i + 1 < argc; i += 2) {
        const std::string_view name = argv[i];
        if (name == "--chunks") o.chunks = std::atoi(argv[i + 1]);
        else if (name == "--delay-ms") o.delay_ms = std::atoi(argv[i + 1]);
        else if (name == "--answer-bytes") o.answer_bytes = std::atoi(argv[i + 1]);
    }
    Upstream(o).run();
}
