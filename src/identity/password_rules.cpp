#include "password_rules.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <unordered_set>
#include <vector>

#include "email.hpp"

namespace sluice::identity {

namespace {

constexpr std::size_t needed_characters = 6;
constexpr std::size_t max_bytes = 4 * max_password;

/// What a disguised letter stands for, in lower case.
char plain(char c) {
    if (c >= 'A' && c <= 'Z') return static_cast<char>(c + 32);
    switch (c) {
        case '0': return 'o';
        case '1': case '!': case '|': return 'i';
        case '3': return 'e';
        case '4': case '@': return 'a';
        case '5': case '$': return 's';
        case '7': case '+': return 't';
        default: return c;
    }
}

std::string disguise_undone(std::string_view text) {
    std::string out(text);
    for (char& c : out) c = plain(c);
    return out;
}

std::string lowered(std::string_view text) {
    std::string out(text);
    for (char& c : out)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    return out;
}

struct Words {
    Words() {
        constexpr std::string_view lists[] = {
#define SLUICE_WORDS(words) words,
#include "guessed_words.def"
#undef SLUICE_WORDS
        };
        for (auto list : lists)
            while (!list.empty()) {
                const auto end = std::min(list.find(' '), list.size());
                add(list.substr(0, end));
                list.remove_prefix(std::min(end + 1, list.size()));
            }
    }
    void add(std::string_view word) {
        if (word.size() < 3) return;
        longest = std::max(longest, word.size());
        set.insert(disguise_undone(word));
    }
    std::unordered_set<std::string> set;
    std::size_t longest = 0;
};

/// Rows of keyboards and alphabets; walked in either direction.
constexpr std::string_view rows[] = {"abcdefghijklmnopqrstuvwxyz", "01234567890", "qwertyuiop[]", "asdfghjkl;'",
                                     "zxcvbnm,./", "qwertzuiop", "yxcvbnm", "azertyuiop", "qsdfghjklm",
                                     "1qaz2wsx3edc4rfv5tgb6yhn7ujm", "!@#$%^&*()"};

/// How many characters at the start of `text` walk along one row; 0 for fewer than three.
std::size_t walk(std::string_view text) {
    std::size_t best = 0;
    for (const auto row : rows) {
        const auto at = row.find(text[0]);
        if (at == row.npos) continue;
        for (const int step : {1, -1}) {
            std::size_t length = 1;
            auto place = static_cast<std::ptrdiff_t>(at);
            while (length < text.size()) {
                place += step;
                if (place < 0 || place >= static_cast<std::ptrdiff_t>(row.size()) ||
                    row[static_cast<std::size_t>(place)] != text[length])
                    break;
                ++length;
            }
            best = std::max(best, length);
        }
    }
    return best >= 3 ? best : 0;
}

std::size_t repeats(std::string_view text) {
    const auto end = text.find_first_not_of(text[0]);
    return end == text.npos ? text.size() : end;
}

/// 1900 to 2099.
std::size_t year(std::string_view text) {
    const auto digit = [&](std::size_t i) { return text[i] >= '0' && text[i] <= '9'; };
    return text.size() >= 4 && (text.starts_with("19") || text.starts_with("20")) && digit(2) && digit(3) ? 4 : 0;
}

std::size_t word(std::string_view bare, const Words& words) {
    for (auto length = std::min(words.longest, bare.size()); length >= 3; --length)
        if (words.set.contains(std::string(bare.substr(0, length)))) return length;
    return 0;
}

/// What is left when each part that everybody would try counts as one character: the fewest over all
/// ways to part it.
std::size_t own_characters(std::string_view password, const Words& words) {
    const auto text = lowered(password), bare = disguise_undone(password);
    std::vector<std::size_t> least(text.size() + 1, text.size());
    least[0] = 0;
    for (std::size_t at = 0; at < text.size(); ++at) {
        const auto rest = std::string_view(text).substr(at);
        for (const auto length : {std::size_t{1}, walk(rest), repeats(rest), year(rest),
                                  word(std::string_view(bare).substr(at), words)})
            if (length > 0) least[at + length] = std::min(least[at + length], least[at] + 1);
    }
    return least[text.size()];
}

/// "abcabcabc": the shortest piece that it repeats, or the whole.
std::size_t period(std::string_view text) {
    for (std::size_t length = 1; length * 2 <= text.size(); ++length)
        if (text.substr(length) == text.substr(0, text.size() - length)) return length;
    return text.size();
}

}  // namespace

Result<void> check_new_password(std::string_view password, std::string_view email, std::string_view name,
                                std::string_view pointer) {
    const auto wrong = [&](std::string message) {
        return fail(Error{ErrorCode::invalid_argument, message, {{std::string(pointer), message}}});
    };
    const auto length = count_characters(password);
    if (length < min_password || length > max_password || password.size() > max_bytes)
        return wrong(fmt::format("a password has {} to {} characters; a few unrelated words make a good one", min_password, max_password));
    if (password.find('\0') != password.npos) return wrong("a password cannot hold a NUL character");
    static const Words common;
    Words words = common;
    words.add(lowered(email.substr(0, email.find('@'))));
    words.add(lowered(email));
    for (auto rest = std::string_view(name); !rest.empty();) {
        const auto end = std::min(rest.find(' '), rest.size());
        words.add(lowered(rest.substr(0, end)));
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    const auto unit = password.substr(0, period(lowered(password)));
    if (own_characters(unit, words) < needed_characters)
        return wrong("this password is among the first that somebody would try (common words, years, rows of the keyboard, "
                     "your own name); take a few unrelated words instead");
    return {};
}

}  // namespace sluice::identity
