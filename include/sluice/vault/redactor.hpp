#pragma once
/// Takes the values of secrets out of texts: as they are, and as base64 (both alphabets, at any place in a longer text),
/// URL-encoded and JSON-escaped (also twice). Values under 8 bytes are not looked for: they would match by chance.
/// Best effort against mistakes, no wall against somebody who transforms a value on purpose.

#include <bitset>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "sluice/base/error.hpp"
#include "sluice/base/json.hpp"

namespace sluice::vault {

/// The shortest value that is looked for, in bytes.
inline constexpr std::size_t shortest_redacted = 8;

/// Immutable. Thread: any.
class Redactor {
  public:
    Redactor() = default;
    /// Names with their values.
    explicit Redactor(const std::vector<std::pair<std::string, std::string_view>>& secrets);
    ~Redactor();
    Redactor(const Redactor&) = delete;
    Redactor& operator=(const Redactor&) = delete;

    bool empty() const { return forms_.empty(); }
    /// `text` with `[secret:NAME]` for every value, the leftmost and longest first.
    std::string redact(std::string_view text) const;
    /// Whether `redact` would change it.
    bool touches(std::string_view text) const;
    /// All strings, numbers and member names in it; true when something changed.
    bool redact(Json& value) const;
    /// Message and details.
    void redact(Error& error) const;

  private:
    struct Form {
        std::string bytes;
        std::uint32_t secret = 0;
    };
    void add(std::string bytes, std::uint32_t secret);
    const Form* match(std::string_view rest) const;

    std::vector<std::string> marks_;  ///< "[secret:NAME]"
    std::vector<Form> forms_;
    std::bitset<65536> starts_;       ///< by the first two bytes
    std::unordered_map<std::uint64_t, std::vector<std::uint32_t>> heads_;  ///< by the first eight bytes; longest first
};

}  // namespace sluice::vault
