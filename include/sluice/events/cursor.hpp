#pragma once
/// Cursors of lists: opaque, signed, and bound to the workspace and filter they were made for, so
/// that a cursor can be neither forged nor carried over to another list.

#include <cstdint>
#include <string>
#include <string_view>

#include "sluice/base/id.hpp"
#include "sluice/base/result.hpp"

namespace sluice::events {

/// Makes and reads cursors. Thread: any (it has no state but the key).
class Cursors {
  public:
    /// `key`: 32 secret bytes that stay the same over restarts
    /// (`Identity::signing_key("cursors")`).
    explicit Cursors(std::string key) : key_(std::move(key)) {}

    /// A cursor that carries `position` (raw bytes or text, at most 255 bytes) for the list
    /// `filter`.
    std::string make(WorkspaceId workspace, std::string_view filter,
                     std::string_view position) const;
    /// The position; empty for an empty cursor. Errors: invalid_argument (not ours, of another list
    /// or workspace).
    Result<std::string> read(WorkspaceId workspace, std::string_view filter,
                             std::string_view cursor) const;

  private:
    std::string tag(WorkspaceId workspace, std::string_view filter,
                    std::string_view position) const;
    std::string key_;
};

}  // namespace sluice::events
