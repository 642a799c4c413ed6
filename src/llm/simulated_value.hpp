#pragma once
/// Values that look like a model's answer: made from a JSON Schema and the words of a prompt, the
/// same on every machine.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/json.hpp"
#include "sluice/base/result.hpp"

namespace sluice::llm {

/// The words of a prompt, lower case, for looking things up.
class PromptWords {
  public:
    explicit PromptWords(std::string_view text);
    const std::string& text() const { return text_; }
    const std::vector<std::string>& words() const { return words_; }
    /// True when the words of `phrase` occur side by side ("would_be-nice" counts as three words).
    bool has(std::string_view phrase) const;
    /// Words of four letters or more that carry meaning, each once, in order of appearance.
    std::vector<std::string> keywords(std::size_t most) const;
    /// "en", "de", …: by the commonest small words; "en" when nothing tells.
    std::string language() const;

  private:
    std::string text_, padded_;
    std::vector<std::string> words_;
};

/// A value that keeps `schema`. Errors: invalid_argument when the schema is unusable or none could
/// be found.
Result<Json> simulate_value(const Json& schema, const PromptWords& prompt, std::uint64_t seed);

/// A short text made of the prompt's own words.
std::string simulate_text(const PromptWords& prompt);

/// A text that a regular expression (the subset of ECMA and RE2 without look-around) accepts,
/// decided by `seed`.
std::string text_matching(std::string_view pattern, std::uint64_t seed);

/// 64-bit FNV-1a, then mixed: equal on every machine.
std::uint64_t stable_hash(std::string_view text, std::uint64_t seed = 0);

}  // namespace sluice::llm
