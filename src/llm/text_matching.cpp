/// A generator for the regular expressions that people write into schemas: literals, classes,
/// groups, alternatives and counts. What it makes is checked by the caller against the schema
/// itself, so a construct it misreads cannot slip through.

#include <algorithm>

#include "llm/simulated_value.hpp"

namespace sluice::llm {

namespace {

constexpr std::size_t longest = 256;
constexpr int deepest = 32;

class Generator {
  public:
    Generator(std::string_view pattern, std::uint64_t seed) : pattern_(pattern), state_(seed) {}
    std::string run() { return alternatives(0); }

  private:
    std::uint64_t below(std::uint64_t bound) {
        state_ += 0x9e3779b97f4a7c15ULL;
        std::uint64_t z = state_;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
        return bound == 0 ? 0 : (z ^ (z >> 31)) % bound;
    }
    bool at_end() const { return at_ >= pattern_.size(); }
    char peek() const { return pattern_[at_]; }

    std::string alternatives(int depth) {
        std::vector<std::string> options{sequence(depth)};
        while (!at_end() && peek() == '|') {
            ++at_;
            options.push_back(sequence(depth));
        }
        return options[below(options.size())];
    }

    std::string sequence(int depth) {
        std::string out;
        while (!at_end() && peek() != '|' && peek() != ')') {
            const std::size_t start = at_;
            std::string piece = atom(depth);
            const std::size_t end = at_;
            const std::size_t times = count();
            const std::size_t after = at_;
            if (times == 0) continue;
            out += piece;
            // Each repetition is generated anew, so that [a-z]{3} is not three times the same
            // letter.
            for (std::size_t i = 1; i < times && out.size() < longest; ++i) {
                at_ = start;
                out += atom(depth);
                at_ = end;
            }
            at_ = after;
        }
        return out;
    }

    std::size_t number() {
        std::size_t value = 0;
        while (!at_end() && peek() >= '0' && peek() <= '9')
            value = std::min<std::size_t>(
                value * 10 + static_cast<std::size_t>(pattern_[at_++] - '0'), longest);
        return value;
    }

    std::size_t count() {
        std::size_t low = 1, high = 1;
        if (at_end()) return 1;
        if (peek() == '*') {
            low = 0, high = 3, ++at_;
        } else if (peek() == '+') {
            low = 1, high = 4, ++at_;
        } else if (peek() == '?') {
            low = 0, high = 1, ++at_;
        } else if (peek() == '{') {
            ++at_;
            low = high = number();
            if (!at_end() && peek() == ',') {
                ++at_;
                high = !at_end() && peek() == '}' ? low + 3 : number();
            }
            if (!at_end()) ++at_;
        } else {
            return 1;
        }
        if (!at_end() && (peek() == '?' || peek() == '+'))
            ++at_;  // lazy and possessive make the same texts
        return low + below(high >= low ? high - low + 1 : 1);
    }

    std::string atom(int depth) {
        const char c = pattern_[at_++];
        if (c == '^' || c == '$') return {};
        if (c == '.') return std::string(1, static_cast<char>('a' + below(26)));
        if (c == '[') return bracket();
        if (c == '\\') return escape();
        if (c == '(') {
            if (depth > deepest) return {};
            if (!at_end() && peek() == '?') {
                while (!at_end() && peek() != ':' && peek() != '>' && peek() != ')') ++at_;
                if (!at_end() && peek() != ')') ++at_;
            }
            std::string inner = alternatives(depth + 1);
            if (!at_end()) ++at_;
            return inner;
        }
        return std::string(1, c);
    }

    static void add_range(std::string& set, char low, char high) {
        for (int c = low; c <= high && c >= low; ++c) set += static_cast<char>(c);
    }
    static std::string class_of(char name) {
        std::string set;
        if (name == 'd') add_range(set, '0', '9');
        if (name == 'w') add_range(set, 'a', 'z'), add_range(set, '0', '9');
        if (name == 's') set = " ";
        if (name == 'D' || name == 'S') add_range(set, 'a', 'z');
        if (name == 'W') set = "-";
        return set;
    }

    std::string escape() {
        if (at_end()) return {};
        const char c = pattern_[at_++];
        if (c == 'b' || c == 'B' || c == 'A' || c == 'z' || c == 'Z') return {};
        if (c == 'n') return "\n";
        if (c == 't') return "\t";
        const std::string set = class_of(c);
        return set.empty() ? std::string(1, c) : std::string(1, set[below(set.size())]);
    }

    std::string bracket() {
        bool negated = false;
        if (!at_end() && peek() == '^') negated = true, ++at_;
        std::string set;
        bool first = true;
        while (!at_end() && (peek() != ']' || first)) {
            first = false;
            char low = pattern_[at_++];
            if (low == '\\' && !at_end()) {
                low = pattern_[at_++];
                if (const auto named = class_of(low); !named.empty()) {
                    set += named;
                    continue;
                }
            }
            if (at_ + 1 < pattern_.size() && peek() == '-' && pattern_[at_ + 1] != ']') {
                ++at_;
                char high = pattern_[at_++];
                if (high == '\\' && !at_end()) high = pattern_[at_++];
                add_range(set, low, high);
            } else {
                set += low;
            }
        }
        if (!at_end()) ++at_;
        if (negated) {
            std::string rest;
            for (const char c : std::string_view("abcdefghijklmnopqrstuvwxyz0123456789 -_"))
                if (set.find(c) == std::string::npos) rest += c;
            set = rest;
        }
        return set.empty() ? std::string() : std::string(1, set[below(set.size())]);
    }

    std::string_view pattern_;
    std::uint64_t state_;
    std::size_t at_ = 0;
};

}  // namespace

std::string text_matching(std::string_view pattern, std::uint64_t seed) {
    if (pattern.size() > 4096) return {};
    return Generator(pattern, seed).run();
}

}  // namespace sluice::llm
