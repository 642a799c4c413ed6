// What is found without being told what it looks like: addresses, numbers with a check digit, keys.

#include <algorithm>
#include <cctype>
#include <optional>
#include <tuple>

#include <re2/re2.h>

#include "llm/guard.hpp"

namespace sluice::llm {
namespace {

using Place = std::pair<std::size_t, std::size_t>;
using Judged = std::size_t (*)(std::string_view found);  ///< how much of it is one; 0: nothing

constexpr std::size_t longest_key = 16 << 10;  ///< of a private key in text form

std::size_t whole(std::string_view found) { return found.size(); }

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::size_t phone(std::string_view found) {
    static const re2::RE2 date(R"(\d{2}([./\-])\d{2}[./\-]\d{4}.*)");
    if (re2::RE2::FullMatch(re2::StringPiece(found.data(), found.size()), date)) return 0;
    const auto digits = std::count_if(found.begin(), found.end(), is_digit);
    return digits >= 8 && digits <= 15 ? found.size() : 0;
}

/// ISO/IEC 7812: 13 to 19 digits with a check digit after Luhn, of a network (3 to 6, 2 for Mastercard's newer ones).
std::size_t card(std::string_view found) {
    std::string digits;
    std::vector<std::size_t> ends;  // of each digit
    for (std::size_t i = 0; i < found.size(); ++i)
        if (is_digit(found[i])) {
            digits += found[i];
            ends.push_back(i + 1);
        }
    for (std::size_t length = std::min<std::size_t>(digits.size(), 19); length >= 13; --length) {
        int sum = 0;
        for (std::size_t i = 0; i < length; ++i) {
            int digit = digits[length - 1 - i] - '0';
            if (i % 2 == 1) digit = digit > 4 ? digit * 2 - 9 : digit * 2;
            sum += digit;
        }
        if (sum % 10 == 0 && digits.find_first_not_of('0') < length && digits[0] >= '2' && digits[0] <= '6')
            return ends[length - 1];
    }
    return 0;
}

/// Lengths by country: the IBAN registry of SWIFT, release 99.
constexpr std::string_view iban_lengths =
    "AD24AE23AL28AT20AZ28BA20BE16BG22BH22BI27BR29BY28CH21CR22CY28CZ24DE22DJ27DK18DO28EE20EG29ES24FI18FK18FO18FR27GB22GE22GI23GL18GR27"
    "GT28HR21HU28IE22IL23IQ23IS26IT27JO30KW30KZ20LB28LC32LI21LT20LU20LV21LY25MC27MD24ME22MK19MN20MR27MT31MU30NI28NL18NO15OM23PK24PL28"
    "PS29PT25QA29RO24RS22RU33SA24SC31SD18SE24SI19SK24SM27SO23ST25SV28TL23TN24TR26UA29VA22VG24XK20YE30";

std::size_t iban(std::string_view found) {
    std::size_t wanted = 0;
    for (std::size_t i = 0; i < iban_lengths.size(); i += 4)
        if (iban_lengths.substr(i, 2) == found.substr(0, 2))
            wanted = static_cast<std::size_t>(iban_lengths[i + 2] - '0') * 10 + static_cast<std::size_t>(iban_lengths[i + 3] - '0');
    if (wanted == 0) return 0;
    std::string plain;
    std::size_t end = 0;
    for (std::size_t i = 0; i < found.size() && plain.size() < wanted; ++i) {
        if (found[i] == ' ') continue;
        plain += found[i];
        end = i + 1;
    }
    if (plain.size() < wanted) return 0;
    // What goes on without a space is another word.
    if (end < found.size() && found[end] != ' ') return 0;
    std::rotate(plain.begin(), plain.begin() + 4, plain.end());
    int rest = 0;
    for (const char c : plain) {
        const int value = is_digit(c) ? c - '0' : c - 'A' + 10;
        rest = (rest * (value > 9 ? 100 : 10) + value) % 97;
    }
    return rest == 1 ? end : 0;
}

struct Look {
    Detector detector;
    const char* pattern;
    Judged judged;
};
constexpr Look looks[] = {
    {Detector::email, R"([A-Za-z0-9._%+\-]+@[A-Za-z0-9](?:[A-Za-z0-9.\-]*[A-Za-z0-9])?\.[A-Za-z]{2,24})", whole},
    // International, or with separators: a bare row of digits may be anything.
    {Detector::phone, R"(\+\d(?:[ ./\-]?\(?\d\)?){7,14}\b|\(?\b0\d{1,5}\)?[ ./\-]\d(?:[ ./\-]?\d){4,11}\b|\(\d{3}\) ?\d{3}[ .\-]\d{4}\b|\b\d{3}[.\-]\d{3}[.\-]\d{4}\b)", phone},
    {Detector::card, R"(\b\d(?:[ \-]?\d){12,18})", card},
    {Detector::iban, R"(\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]){11,30})", iban},
    // Keys by the shape that their makers give them.
    {Detector::secret,
     R"(\bsk-[A-Za-z0-9_\-]{20,}|\bAIza[0-9A-Za-z_\-]{35}|\b(?:AKIA|ASIA)[0-9A-Z]{16}\b|\bgh[opsru]_[A-Za-z0-9]{30,}|\bgithub_pat_[A-Za-z0-9_]{20,}|\bglpat-[A-Za-z0-9_\-]{20,})",
     whole},
    {Detector::secret,
     R"(\bxox[abeoprs]-[A-Za-z0-9\-]{10,}|\bslk_[A-Za-z0-9_\-]{20,}|\b[rs]k_(?:live|test)_[A-Za-z0-9]{16,}|\bnpm_[A-Za-z0-9]{30,}|\bhf_[A-Za-z0-9]{30,}|\beyJ[A-Za-z0-9_\-]{10,}\.eyJ[A-Za-z0-9_\-]{10,}\.[A-Za-z0-9_\-]{10,})",
     whole},
};

const re2::RE2& compiled(const Look& look) {
    static const auto all = [] {
        std::vector<std::unique_ptr<re2::RE2>> out;
        re2::RE2::Options options;
        options.set_log_errors(false);  // where the fast way has no room the slow one finds the same
        for (const auto& each : looks) out.push_back(std::make_unique<re2::RE2>(each.pattern, options));
        return out;
    }();
    return *all[static_cast<std::size_t>(&look - looks)];
}

/// What stands between the lines of a private key: its letters, and those of headers within.
bool is_of_key(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || std::string_view("+/=-:,.\\ \t\r\n").find(c) != std::string_view::npos;
}
bool is_base64(char c) { return is_of_key(c) && std::string_view("-:,. \t").find(c) == std::string_view::npos; }

struct PrivateKey {
    std::size_t begin = 0, end = 0;
    bool open = false;  ///< the text ends before its last line, which may still come
};
/// The next one from there on. One that never ends is its first line and the letters that follow.
std::optional<PrivateKey> private_key(std::string_view text, std::size_t from) {
    static const re2::RE2 head("-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----");
    static const re2::RE2 tail("-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----");
    const re2::StringPiece piece(text.data(), text.size());
    re2::StringPiece found;
    if (from >= text.size() || !head.Match(piece, from, text.size(), re2::RE2::UNANCHORED, &found, 1)) return std::nullopt;
    PrivateKey out;
    out.begin = static_cast<std::size_t>(found.data() - text.data());
    const auto body = out.begin + found.size();
    const auto most = std::min(text.size(), out.begin + longest_key);
    auto at = body;
    while (at < most && is_of_key(text[at])) {
        if (text[at] == '-' && tail.Match(piece, at, text.size(), re2::RE2::ANCHOR_START, &found, 1)) {
            out.end = at + found.size();
            return out;
        }
        ++at;
    }
    out.open = at == text.size() && at < out.begin + longest_key;
    for (out.end = body; out.end < most && is_base64(text[out.end]);) ++out.end;
    return out;
}

void add_private_keys(std::string_view text, std::size_t from, std::vector<Place>& out) {
    while (const auto key = private_key(text, from)) {
        out.emplace_back(key->begin, key->end);
        from = key->end;
    }
}

}  // namespace

std::vector<Place> detect(Detector detector, std::string_view text, std::size_t from) {
    std::vector<Place> out;
    for (const auto& look : looks) {
        if (look.detector != detector) continue;
        const re2::StringPiece piece(text.data(), text.size());
        re2::StringPiece found;
        for (auto at = from; at < text.size() && compiled(look).Match(piece, at, text.size(), re2::RE2::UNANCHORED, &found, 1);) {
            const auto begin = static_cast<std::size_t>(found.data() - text.data());
            const auto length = look.judged({found.data(), found.size()});
            if (length > 0) out.emplace_back(begin, begin + length);
            // What begins later inside of it may be one all the same.
            at = length > 0 ? begin + length : begin + 1;
        }
    }
    if (detector == Detector::secret) add_private_keys(text, from, out);
    std::sort(out.begin(), out.end());
    std::vector<Place> apart;  // two looks may see the same
    for (const auto& place : out) {
        if (apart.empty() || place.first >= apart.back().second) apart.push_back(place);
        else apart.back().second = std::max(apart.back().second, place.second);
    }
    return apart;
}

std::string replacement_of(const GuardRule& rule, std::string_view kind) {
    if (!rule.replacement.empty()) return rule.replacement;
    return fmt::format("[{}]", rule.type == GuardRule::Type::detect ? kind : std::string_view(rule.row.name));
}

namespace {

/// Adds places (in order). What overlaps with an earlier rule's is one with it, so that nothing that was found stays: as the
/// earlier rule says, unless a later one refuses what goes beyond it.
void merge(const GuardRules& rules, std::vector<Found>& out, const std::vector<Place>& places, std::size_t rule, std::string_view kind) {
    if (places.empty()) return;
    std::vector<Found> all;
    all.reserve(out.size() + places.size());
    const auto add = [&](const Found& each) {
        if (all.empty() || each.begin >= all.back().end) {
            all.push_back(each);
            return;
        }
        auto& last = all.back();
        const auto& [earlier, later] = each.rule < last.rule ? std::pair(each, last) : std::pair(last, each);
        const bool beyond = later.begin < earlier.begin || later.end > earlier.end;
        const auto& whose = beyond && !rules[later.rule]->redacts ? later : earlier;
        last = {last.begin, std::max(last.end, each.end), whose.rule, whose.kind};
    };
    auto old = out.begin();
    for (const auto& [begin, end] : places) {
        while (old != out.end() && old->begin <= begin) add(*old++);
        add({begin, end, rule, kind});
    }
    while (old != out.end()) add(*old++);
    out = std::move(all);
}

std::vector<Place> fitting(const re2::RE2& pattern, std::string_view text, std::size_t from) {
    std::vector<Place> out;
    const re2::StringPiece piece(text.data(), text.size());
    re2::StringPiece found;
    while (from <= text.size() && pattern.Match(piece, from, text.size(), re2::RE2::UNANCHORED, &found, 1)) {
        const auto begin = static_cast<std::size_t>(found.data() - text.data());
        if (!found.empty()) out.emplace_back(begin, begin + found.size());
        from = begin + std::max<std::size_t>(found.size(), 1);
    }
    return out;
}

}  // namespace

std::size_t may_go_on(const GuardRules& rules, std::string_view text, std::size_t from) {
    for (const auto& rule : rules) {
        if (std::find(rule->detectors.begin(), rule->detectors.end(), Detector::secret) == rule->detectors.end()) continue;
        for (auto key = private_key(text, from); key; key = private_key(text, key->end))
            if (key->open) return key->begin;
        return text.size();
    }
    return text.size();
}

std::vector<Found> find_all(const GuardRules& rules, std::string_view text, std::size_t from) {
    std::vector<Found> out;
    const auto seen = SeenText::of(text);
    const auto seen_from = seen ? seen->seen_from(from) : 0;
    const auto look = [&](std::size_t rule, std::string_view kind, const auto& places_in) {
        merge(rules, out, places_in(text, from), rule, kind);
        if (!seen) return;
        auto places = places_in(seen->text(), seen_from);
        for (auto& [begin, end] : places) std::tie(begin, end) = seen->own(begin, end);
        merge(rules, out, places, rule, kind);
    };
    for (std::size_t i = 0; i < rules.size(); ++i) {
        const auto& rule = *rules[i];
        if (rule.type == GuardRule::Type::pattern)
            look(i, "pattern", [&](std::string_view in, std::size_t at) { return fitting(*rule.pattern, in, at); });
        for (const auto detector : rule.detectors)
            look(i, to_string(detector), [&](std::string_view in, std::size_t at) { return detect(detector, in, at); });
    }
    return out;
}

}  // namespace sluice::llm
