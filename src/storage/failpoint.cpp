#include "sluice/storage/failpoint.hpp"

#ifdef SLUICE_FAILPOINTS

#include <poll.h>
#include <unistd.h>

#include <charconv>
#include <csignal>
#include <cstdlib>
#include <mutex>
#include <string>
#include <vector>

namespace sluice::storage::failpoint {
namespace {

enum class Action { kill, error, full, half, torn, sleep };

struct Point {
    std::string name;
    Action action = Action::kill;
    unsigned nth = 1;
    bool and_later = false;
    int ms = 500;
    unsigned hits = 0;
};

std::mutex mutex;
std::vector<Point>& points() {
    static std::vector<Point> list;
    return list;
}

std::vector<std::string_view> split(std::string_view text, char by) {
    std::vector<std::string_view> parts;
    while (true) {
        const auto at = text.find(by);
        parts.push_back(text.substr(0, at));
        if (at == std::string_view::npos) return parts;
        text.remove_prefix(at + 1);
    }
}

template <class Number>
bool read_number(std::string_view text, Number& out) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    return error == std::errc() && end == text.data() + text.size();
}

bool read_point(std::string_view text, Point& point) {
    const auto parts = split(text, ':');
    if (parts.size() < 2 || parts.size() > 4 || parts[0].empty()) return false;
    point.name = parts[0];
    if (parts[1] == "kill") point.action = Action::kill;
    else if (parts[1] == "error") point.action = Action::error;
    else if (parts[1] == "full") point.action = Action::full;
    else if (parts[1] == "half") point.action = Action::half;
    else if (parts[1] == "torn") point.action = Action::torn;
    else if (parts[1] == "sleep") point.action = Action::sleep;
    else return false;
    if (parts.size() > 2) {
        std::string_view nth = parts[2];
        if (nth.ends_with('+')) {
            point.and_later = true;
            nth.remove_suffix(1);
        }
        if (!read_number(nth, point.nth) || point.nth == 0) return false;
    }
    return parts.size() < 4 || (read_number(parts[3], point.ms) && point.ms >= 0);
}

}  // namespace

Outcome hit_armed(std::string_view name) {
    Action action{};
    int ms = 0;
    {
        std::lock_guard lock(mutex);
        bool fires = false;
        for (auto& point : points()) {
            if (point.name != name) continue;
            ++point.hits;
            if (point.hits != point.nth && !(point.and_later && point.hits > point.nth)) continue;
            fires = true;
            action = point.action;
            ms = point.ms;
            break;
        }
        if (!fires) return Outcome::none;
    }
    switch (action) {
        case Action::kill:
            ::kill(::getpid(), SIGKILL);
            ::pause();
            return Outcome::none;
        case Action::sleep: ::poll(nullptr, 0, ms); return Outcome::none;
        case Action::error: return Outcome::error;
        case Action::full: return Outcome::full;
        case Action::half: return Outcome::half;
        case Action::torn: return Outcome::torn;
    }
    return Outcome::none;
}

bool arm(std::string_view specification) {
    std::vector<Point> list;
    if (!specification.empty())
        for (const auto part : split(specification, ',')) {
            Point point;
            if (!read_point(part, point)) return false;
            list.push_back(std::move(point));
        }
    std::lock_guard lock(mutex);
    points() = std::move(list);
    armed.store(!points().empty(), std::memory_order_relaxed);
    return true;
}

bool arm_from_environment() {
    const char* text = std::getenv("SLUICE_FAILPOINT");
    return text == nullptr || arm(text);
}

}  // namespace sluice::storage::failpoint

#endif
