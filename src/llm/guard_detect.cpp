// What is found without being told what it looks like: addresses, numbers with a check digit, keys.

#include <algorithm>
#include <cctype>

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

void add_private_keys(std::string_view text, std::size_t from, std::vector<Place>& out) {
    static const re2::RE2 head("-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----");
    static const re2::RE2 tail("-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----");
    re2::StringPiece begin, end;
    while (from < text.size() && head.Match(re2::StringPiece(text.data(), text.size()), from, text.size(), re2::RE2::UNANCHORED, &begin, 1)) {
        const auto at = static_cast<std::size_t>(begin.data() - text.data());
        const auto most = std::min(text.size(), at + longest_key);
        const bool closed = tail.Match(re2::StringPiece(text.data(), text.size()), at + begin.size(), most, re2::RE2::UNANCHORED, &end, 1);
        const auto stop = closed ? static_cast<std::size_t>(end.data() - text.data()) + end.size() : most;
        out.emplace_back(at, stop);
        from = stop;
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
    if (detector == Detector::secret) {
        std::sort(out.begin(), out.end());
        std::vector<Place> blocks;
        add_private_keys(text, from, blocks);
        auto next = blocks.begin();
        std::erase_if(out, [&](const Place& place) {  // inside of a block
            while (next != blocks.end() && next->second <= place.first) ++next;
            return next != blocks.end() && next->first < place.second;
        });
        out.insert(out.end(), blocks.begin(), blocks.end());
        std::sort(out.begin(), out.end());
    }
    std::size_t end = 0;  // two looks may see the same
    std::erase_if(out, [&](const Place& place) {
        if (place.first < end) return true;
        end = place.second;
        return false;
    });
    return out;
}

std::string replacement_of(const GuardRule& rule, std::string_view kind) {
    if (!rule.replacement.empty()) return rule.replacement;
    return fmt::format("[{}]", rule.type == GuardRule::Type::detect ? kind : std::string_view(rule.row.name));
}

namespace {

/// Adds places (in order) where no earlier rule has found something.
void merge(std::vector<Found>& out, const std::vector<Place>& places, std::size_t rule, std::string_view kind) {
    if (places.empty()) return;
    std::vector<Found> all;
    all.reserve(out.size() + places.size());
    auto old = out.begin();
    for (const auto& [begin, end] : places) {
        while (old != out.end() && old->end <= begin) all.push_back(*old++);
        if (old == out.end() || end <= old->begin) all.push_back({begin, end, rule, kind});
    }
    all.insert(all.end(), old, out.end());
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

std::vector<Found> find_all(const GuardRules& rules, std::string_view text, std::size_t from) {
    std::vector<Found> out;
    for (std::size_t i = 0; i < rules.size(); ++i) {
        const auto& rule = *rules[i];
        if (rule.type == GuardRule::Type::pattern) merge(out, fitting(*rule.pattern, text, from), i, "pattern");
        for (const auto detector : rule.detectors) merge(out, detect(detector, text, from), i, to_string(detector));
    }
    return out;
}

}  // namespace sluice::llm
