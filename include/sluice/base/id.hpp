#pragma once
/// Strong identifiers: UUIDv7 in 16 bytes, shown as a type prefix and 26 characters of lower-case Crockford base32
/// (`run_01j9…`). Sorting by bytes sorts by creation time.

#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "sluice/base/time.hpp"

namespace sluice::base {

class Random;

using IdBytes = std::array<std::uint8_t, 16>;

/// UUIDv7 bytes from a time (to a quarter of a microsecond) and 62 random bits.
IdBytes make_uuid7(Time now, Random& random);
/// 26 characters of lower-case Crockford base32.
std::string encode_id(const IdBytes& bytes);
/// The inverse; nothing for a wrong length or character (upper case and i, l, o are accepted as Crockford says).
std::optional<IdBytes> decode_id(std::string_view text);

/// An identifier of one kind of object. `Tag` has `static constexpr std::string_view prefix`.
template <class Tag>
class Id {
  public:
    constexpr Id() = default;  ///< the nil id; `operator bool` is false
    constexpr explicit Id(const IdBytes& bytes) : bytes_(bytes) {}

    static Id make(Time now, Random& random) { return Id(make_uuid7(now, random)); }
    /// Reads `prefix_base32`; nothing when the prefix or the text is not of this kind.
    static std::optional<Id> parse(std::string_view text) {
        if (text.size() != Tag::prefix.size() + 27 || !text.starts_with(Tag::prefix) || text[Tag::prefix.size()] != '_')
            return std::nullopt;
        auto bytes = decode_id(text.substr(Tag::prefix.size() + 1));
        if (!bytes) return std::nullopt;
        return Id(*bytes);
    }
    /// Greater than every id that is made: where a list that goes backwards begins.
    static Id last() {
        IdBytes bytes;
        bytes.fill(0xff);
        return Id(bytes);
    }
    /// Reads the 16 raw bytes that storage keeps.
    static Id from_raw(std::string_view raw) {
        Id id;
        if (raw.size() == id.bytes_.size()) std::memcpy(id.bytes_.data(), raw.data(), raw.size());
        return id;
    }

    std::string str() const { return std::string(Tag::prefix) + "_" + encode_id(bytes_); }
    const IdBytes& bytes() const { return bytes_; }
    std::string_view raw() const { return {reinterpret_cast<const char*>(bytes_.data()), bytes_.size()}; }
    explicit operator bool() const { return bytes_ != IdBytes{}; }
    auto operator<=>(const Id&) const = default;

  private:
    IdBytes bytes_{};
};

/// The kinds of object and their prefixes.
namespace ids {
struct Workspace { static constexpr std::string_view prefix = "wsp"; };
struct Project { static constexpr std::string_view prefix = "prj"; };
struct ApiKey { static constexpr std::string_view prefix = "key"; };
struct User { static constexpr std::string_view prefix = "usr"; };
struct Invitation { static constexpr std::string_view prefix = "inv"; };
struct Role { static constexpr std::string_view prefix = "role"; };
struct Session { static constexpr std::string_view prefix = "ses"; };
struct Flow { static constexpr std::string_view prefix = "flw"; };
struct FlowVersion { static constexpr std::string_view prefix = "fv"; };
struct Run { static constexpr std::string_view prefix = "run"; };
struct Job { static constexpr std::string_view prefix = "job"; };
struct Artifact { static constexpr std::string_view prefix = "art"; };
struct Event { static constexpr std::string_view prefix = "evt"; };
struct Provider { static constexpr std::string_view prefix = "prv"; };
struct Boot { static constexpr std::string_view prefix = "boot"; };
struct Request { static constexpr std::string_view prefix = "req"; };
}  // namespace ids

}  // namespace sluice::base

namespace sluice {
using base::Id;
namespace ids = base::ids;
using WorkspaceId = Id<ids::Workspace>;
using ProjectId = Id<ids::Project>;
using ApiKeyId = Id<ids::ApiKey>;
using UserId = Id<ids::User>;
using InvitationId = Id<ids::Invitation>;
using RoleId = Id<ids::Role>;
using SessionId = Id<ids::Session>;
using FlowId = Id<ids::Flow>;
using RunId = Id<ids::Run>;
using ArtifactId = Id<ids::Artifact>;
using ProviderId = Id<ids::Provider>;
}  // namespace sluice

template <class Tag>
struct std::hash<sluice::base::Id<Tag>> {
    std::size_t operator()(const sluice::base::Id<Tag>& id) const noexcept {
        std::size_t low = 0;  // the last eight bytes are random
        std::memcpy(&low, id.bytes().data() + 8, sizeof low);
        return low;
    }
};

template <class Tag>
struct fmt::formatter<sluice::base::Id<Tag>> : fmt::formatter<std::string> {
    template <class Context>
    auto format(const sluice::base::Id<Tag>& id, Context& context) const {
        return fmt::formatter<std::string>::format(id.str(), context);
    }
};
