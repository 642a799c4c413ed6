#include "engine/letter_groups.hpp"

#include <algorithm>

namespace sluice::engine {

namespace {

constexpr std::size_t longest_message = 300;
constexpr std::size_t shortest_number = 4;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_word(char c) { return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c & 0x80) != 0; }

}  // namespace

std::string alike(std::string_view message) {
    message = message.substr(0, longest_message);
    std::string out;
    for (std::size_t at = 0; at < message.size();) {
        std::size_t end = at;
        bool digit = false;
        while (end < message.size() && is_word(message[end])) digit = is_digit(message[end++]) || digit;
        if (end == at) {
            out += message[at++];
            continue;
        }
        if (digit && end - at >= shortest_number) out += '#';
        else out += message.substr(at, end - at);
        at = end;
    }
    return out;
}

std::string alike_path(std::string_view path) {
    std::string out;
    for (std::size_t at = 0; at < path.size(); ++at) {
        out += path[at];
        if (path[at] != '[') continue;
        const std::size_t close = path.find(']', at);
        if (close == std::string_view::npos) continue;
        out += '*';
        at = close - 1;
    }
    return out;
}

void LetterGrouping::take(const DeadLetter& letter) {
    const bool reads = data_.all() || data_.covers(letter.project, letter.flow_name);
    std::tuple key{letter.flow, alike_path(letter.step), letter.code, reads ? alike(letter.message) : std::string()};
    auto [found, fresh] = groups_.try_emplace(std::move(key));
    LetterGroup& group = found->second;
    ++group.count;
    group.first_at = letter.created_at;
    if (!fresh) return;
    group.flow = letter.flow;
    group.flow_name = letter.flow_name;
    group.project = letter.project;
    group.step = std::get<1>(found->first);
    group.cause = letter.cause;
    group.code = letter.code;
    group.message = reads ? letter.message : std::string();
    group.masked = !reads;
    group.newest = letter.id;
    group.last_at = letter.created_at;
}

std::vector<LetterGroup> LetterGrouping::finish(std::size_t most) {
    std::vector<LetterGroup> out;
    for (auto& [key, group] : groups_) out.push_back(std::move(group));
    std::sort(out.begin(), out.end(), [](const LetterGroup& a, const LetterGroup& b) {
        return a.count != b.count ? a.count > b.count : a.newest > b.newest;
    });
    if (out.size() > most) out.resize(most);
    return out;
}

}  // namespace sluice::engine
