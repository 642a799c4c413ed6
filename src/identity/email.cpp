#include "email.hpp"

#include <algorithm>

namespace sluice::identity {

namespace {

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

bool is_letter_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

bool is_dotted(std::string_view text) {
    return !text.empty() && text.front() != '.' && text.back() != '.' &&
           text.find("..") == text.npos;
}

}  // namespace

Result<std::string> normal_email(std::string_view text) {
    std::string out(trimmed(text));
    for (char& c : out)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    const auto at = out.find('@');
    const auto local = std::string_view(out).substr(0, at);
    const auto domain = at == out.npos ? std::string_view() : std::string_view(out).substr(at + 1);
    constexpr std::string_view marks = "!#$%&'*+-/=?^_`{|}~.";  // of an RFC 5321 dot-string
    const auto in_local = [&](char c) { return is_letter_or_digit(c) || marks.find(c) != marks.npos; };
    const auto in_domain = [](char c) { return is_letter_or_digit(c) || c == '-' || c == '.'; };
    const bool good = out.size() <= 254 && local.size() <= 64 && is_dotted(local) &&
                      is_dotted(domain) && std::ranges::all_of(local, in_local) &&
                      std::ranges::all_of(domain, in_domain);
    if (good) return out;
    Error error{ErrorCode::invalid_argument,
                "this is no e-mail address; write for example ada@example.com",
                {{"/email", "is no e-mail address"}}};
    return fail(std::move(error));
}

std::size_t count_characters(std::string_view text) {
    return static_cast<std::size_t>(std::ranges::count_if(
        text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

Result<std::string> checked_person_name(std::string_view text) {
    const auto name = trimmed(text);
    const bool printable = std::ranges::all_of(
        name, [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != 0x7F; });
    if (!name.empty() && printable && count_characters(name) <= 100) return std::string(name);
    Error error{ErrorCode::invalid_argument,
                "a person's name has 1 to 100 characters on one line",
                {{"/name", "has 1 to 100 characters on one line"}}};
    return fail(std::move(error));
}

}  // namespace sluice::identity
