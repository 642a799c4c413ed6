#include "sluice/events/cursor.hpp"

#include "sluice/crypto/crypto.hpp"

namespace sluice::events {
namespace {

constexpr std::size_t tag_bytes = 16;

tl::unexpected<Error> not_ours() {
    return fail(ErrorCode::invalid_argument,
                "this cursor does not belong to this list; start again without `cursor` and with "
                "the same filter");
}

}  // namespace

std::string Cursors::tag(WorkspaceId workspace, std::string_view filter,
                         std::string_view position) const {
    std::string text(workspace.raw());
    text += static_cast<char>(
        position.size());  // so that filter and position cannot run into each other
    text += position;
    text += filter;
    const auto mac = crypto::hmac_sha256(key_, text);
    return std::string(crypto::raw(mac).substr(0, tag_bytes));
}

std::string Cursors::make(WorkspaceId workspace, std::string_view filter,
                          std::string_view position) const {
    return crypto::base64url(tag(workspace, filter, position) + std::string(position));
}

Result<std::string> Cursors::read(WorkspaceId workspace, std::string_view filter,
                                  std::string_view cursor) const {
    if (cursor.empty()) return std::string();
    const auto raw = crypto::from_base64url(cursor);
    if (!raw || raw->size() <= tag_bytes || raw->size() > tag_bytes + 255) return not_ours();
    auto position = raw->substr(tag_bytes);
    if (!crypto::constant_time_equal(raw->substr(0, tag_bytes), tag(workspace, filter, position)))
        return not_ours();
    return position;
}

}  // namespace sluice::events
