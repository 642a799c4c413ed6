#include <algorithm>
#include <array>
#include <set>

#include "llm/simulated_value.hpp"

namespace sluice::llm {

namespace {

/// The small words that betray a language; English last, because its words are borrowed most.
struct Language {
    std::string_view code;
    std::array<std::string_view, 18> words;
};
constexpr std::array<Language, 6> languages{{
    {"de",
     {"der", "die", "das", "und", "ist", "nicht", "ich", "bitte", "wir", "mit", "ein", "eine",
      "kann", "mein", "meine", "auf", "hallo", "seit"}},
    {"fr",
     {"le", "la", "les", "est", "je", "bonjour", "vous", "pas", "une", "mon", "merci", "des",
      "nous", "que", "pour", "votre", "avec", "depuis"}},
    {"es",
     {"el", "los", "por", "hola", "gracias", "mi", "una", "que", "para", "favor", "pero", "puedo",
      "está", "con", "las", "tengo", "desde", "cuenta"}},
    {"it",
     {"il", "che", "per", "ciao", "grazie", "sono", "non", "mio", "una", "della", "ho",
      "buongiorno", "con", "mia", "posso", "gli", "vostro", "dal"}},
    {"pt",
     {"não", "olá", "obrigado", "obrigada", "uma", "meu", "minha", "para", "está", "com", "você",
      "os", "favor", "por", "posso", "tenho", "conta", "desde"}},
    {"en",
     {"the", "is", "and", "to", "of", "my", "you", "we", "please", "not", "in", "it", "our",
      "hello", "have", "for", "with", "this"}},
}};

const std::set<std::string_view>& small_words() {
    static const std::set<std::string_view> words = [] {
        std::set<std::string_view> all{
            "about",  "after",  "also",  "because", "been",  "before",    "below", "cannot",
            "could",  "does",   "each",  "from",    "give",  "given",     "have",  "here",
            "into",   "just",   "make",  "more",    "most",  "only",      "other", "over",
            "please", "should", "some",  "such",    "than",  "that",      "their", "them",
            "then",   "there",  "these", "they",    "this",  "those",     "very",  "want",
            "were",   "what",   "when",  "where",   "which", "while",     "will",  "with",
            "would",  "write",  "your",  "answer",  "reply", "following", "text",  "json"};
        for (const auto& language : languages)
            all.insert(language.words.begin(), language.words.end());
        return all;
    }();
    return words;
}

/// Lower case for ASCII and the Latin letters of UTF-8's two-byte range U+00C0 to U+00DE.
std::string fold(std::string_view text) {
    std::string out(text);
    for (std::size_t i = 0; i < out.size(); ++i) {
        const auto byte = static_cast<unsigned char>(out[i]);
        if (byte >= 'A' && byte <= 'Z') out[i] = static_cast<char>(byte + 32);
        if (byte == 0xc3 && i + 1 < out.size()) {
            const auto next = static_cast<unsigned char>(out[i + 1]);
            if (next >= 0x80 && next <= 0x9e && next != 0x97)
                out[i + 1] = static_cast<char>(next + 0x20);
        }
    }
    return out;
}

std::vector<std::string> split(std::string_view folded) {
    std::vector<std::string> words;
    std::string word;
    for (const char c : folded) {
        const auto byte = static_cast<unsigned char>(c);
        if ((byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') || byte >= 0x80) {
            word += c;
        } else if (!word.empty() && c != '\'') {
            words.push_back(std::move(word));
            word.clear();
        }
    }
    if (!word.empty()) words.push_back(std::move(word));
    return words;
}

}  // namespace

PromptWords::PromptWords(std::string_view text) : text_(text), words_(split(fold(text))) {
    padded_ = " ";
    for (const auto& word : words_) padded_ += word + " ";
}

bool PromptWords::has(std::string_view phrase) const {
    std::string needle = " ";
    for (const auto& word : split(fold(phrase))) needle += word + " ";
    return needle.size() > 1 && padded_.find(needle) != std::string::npos;
}

std::vector<std::string> PromptWords::keywords(std::size_t most) const {
    std::vector<std::string> found;
    for (const auto& word : words_) {
        if (found.size() == most) break;
        if (word.size() < 4 || small_words().contains(word)) continue;
        if (std::find(found.begin(), found.end(), word) == found.end()) found.push_back(word);
    }
    return found;
}

std::string PromptWords::language() const {
    std::string_view best = "en";
    std::size_t most = 0;
    for (const auto& language : languages) {
        const auto hits = static_cast<std::size_t>(
            std::count_if(words_.begin(), words_.end(), [&](const std::string& word) {
                return std::find(language.words.begin(), language.words.end(), word) !=
                       language.words.end();
            }));
        if (hits > most) {
            most = hits;
            best = language.code;
        }
    }
    return std::string(best);
}

std::string simulate_text(const PromptWords& prompt) {
    const auto keywords = prompt.keywords(12);
    if (keywords.empty()) return "Simulated reply: there was nothing to answer.";
    std::string text = "Simulated reply about " + keywords.front();
    const std::size_t named = std::min<std::size_t>(keywords.size(), 3);
    for (std::size_t i = 1; i < named; ++i) text += (i + 1 == named ? " and " : ", ") + keywords[i];
    text += ".";
    if (keywords.size() > named) {
        text += " It also mentions";
        for (std::size_t i = named; i < keywords.size(); ++i)
            text += (i == named ? " " : i + 1 == keywords.size() ? " and " : ", ") + keywords[i];
        text += ".";
    }
    return text;
}

}  // namespace sluice::llm
