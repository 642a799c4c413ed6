#pragma once
/// Where the values of secrets come from. The vault keeps names and bindings, judges who may use what, and asks a source
/// only for the value; an outside vault is another implementation of this interface.

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sluice/base/id.hpp"
#include "sluice/base/result.hpp"
#include "sluice/runtime/awaitable.hpp"

namespace sluice::vault {

struct SecretTag {
    static constexpr std::string_view prefix = "sec";
};
using SecretId = Id<SecretTag>;

/// A value in clear; wiped when the last holder lets go.
class SecretText {
  public:
    explicit SecretText(std::string text) : text_(std::move(text)) {}
    ~SecretText();
    SecretText(const SecretText&) = delete;
    SecretText& operator=(const SecretText&) = delete;
    std::string_view view() const { return text_; }

  private:
    std::string text_;
};

struct SecretValue {
    int version = 0;
    std::shared_ptr<const SecretText> text;
};

/// Thread: loop.
class SecretSource {
  public:
    virtual ~SecretSource() = default;
    /// The versions that are usable now, the newest first; at least one.
    /// Errors: sealed (retryable), unavailable (retryable), not_found, internal.
    virtual Awaitable<Result<std::vector<SecretValue>>> reveal(WorkspaceId workspace, SecretId secret) = 0;
};

}  // namespace sluice::vault
