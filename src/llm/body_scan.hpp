#pragma once
/// The outer members of a JSON object, found in its text without building it. The gateway reads a few members of a body
/// and passes the rest on byte by byte, so that vendors' prompt caches see what the client wrote; where one member must
/// change, only its bytes do.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/result.hpp"

namespace sluice::llm {

class BodyScan {
  public:
    struct Member {
        std::string key;        ///< decoded
        std::size_t begin = 0;  ///< of the key's opening quote
        std::size_t value_begin = 0, value_end = 0;
    };

    /// Checks the whole text: strict JSON, an object, UTF-8, at most `depth` containers inside each other, no outer
    /// member twice. One pass, no allocation but for the members. `text` must outlive the scan. Errors:
    /// invalid_argument (with the offset), too_large (depth).
    static Result<BodyScan> read(std::string_view text, std::size_t depth = 128);

    const std::vector<Member>& members() const { return members_; }
    bool has(std::string_view key) const { return find(key) != nullptr; }
    /// The value's text; empty when there is no such member.
    std::string_view raw(std::string_view key) const;
    /// The value when it is a string (decoded), a whole number, true or false; else `fallback`.
    std::string text(std::string_view key, std::string_view fallback = {}) const;
    std::int64_t integer(std::string_view key, std::int64_t fallback) const;
    bool flag(std::string_view key, bool fallback) const;

    /// Notes a change: the value's bytes become `raw_value`; a member that is not there is added at the end.
    void set(std::string_view key, std::string raw_value);
    void remove(std::string_view key);
    bool changed() const { return !edits_.empty(); }
    /// The text with the changes; untouched bytes stay as they are.
    std::string edited() const;

  private:
    const Member* find(std::string_view key) const;
    struct Edit {
        std::size_t member = 0;  ///< index; members_.size(): a new one
        std::string key, value;
        bool removed = false;
    };
    std::string_view text_;
    std::vector<Member> members_;
    std::vector<Edit> edits_;
    std::size_t close_ = 0;  ///< of the closing brace
};

/// A JSON string literal's text, decoded. Errors: invalid_argument.
Result<std::string> decode_json_string(std::string_view literal);
/// `text` as a JSON string literal.
std::string encode_json_string(std::string_view text);

}  // namespace sluice::llm
