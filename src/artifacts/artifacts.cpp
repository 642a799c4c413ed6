#include "sluice/artifacts/artifacts.hpp"

#include <algorithm>

#include "artifacts_store.hpp"
#include "sluice/events/cursor.hpp"
#include "sluice/storage/blobs.hpp"

namespace sluice::artifacts {
namespace {

constexpr std::size_t max_name = 255, max_media_type = 127;

std::string process_key() {
    base::SystemRandom random;
    std::string key(32, '\0');
    random.fill({reinterpret_cast<std::uint8_t*>(key.data()), key.size()});
    return key;
}

Result<void> check_name(std::string_view name) {
    const auto bad = [](unsigned char c) { return c < 0x20 || c == 0x7F || c == '/' || c == '\\'; };
    // A string that does not survive as JSON is not UTF-8.
    const auto text = Json(std::string(name)).dump(-1, ' ', false, Json::error_handler_t::replace);
    const bool utf8 =
        text.find("\xEF\xBF\xBD") == std::string::npos || name.find("\xEF\xBF\xBD") != name.npos;
    if (!name.empty() && name.size() <= max_name && name != "." && name != ".." && utf8 &&
        std::ranges::none_of(name, bad))
        return {};
    Error error{ErrorCode::invalid_argument,
                "an artifact's name is a file name: 1 to 255 bytes of UTF-8 without slashes and "
                "control characters",
                {{"/name", "is no file name"}}};
    return fail(std::move(error));
}

/// type "/" subtype, with parameters of printable characters (RFC 9110, 8.3.1).
Result<void> check_media_type(std::string_view type) {
    const auto token = [](unsigned char c) {
        return std::isalnum(c) ||
               std::string_view("!#$&-^_.+").find(static_cast<char>(c)) != std::string_view::npos;
    };
    const auto head = type.substr(0, type.find(';'));
    const auto slash = head.find('/');
    const auto printable = [](unsigned char c) { return c >= 0x20 && c < 0x7F; };
    if (type.size() <= max_media_type && slash != head.npos && slash > 0 &&
        slash + 1 < head.size() && std::ranges::all_of(head.substr(0, slash), token) &&
        std::ranges::all_of(head.substr(slash + 1), token) && std::ranges::all_of(type, printable))
        return {};
    Error error{ErrorCode::invalid_argument,
                "the media type is none; it reads like text/csv",
                {{"/media_type", "is no media type"}}};
    return fail(std::move(error));
}

std::string guess_media_type(std::string_view name) {
    struct Row {
        std::string_view extension, type;
    };
    static constexpr Row rows[] = {
#define SLUICE_MEDIA_TYPE(extension, type) {extension, type},
#include "media_types.def"
#undef SLUICE_MEDIA_TYPE
    };
    const auto dot = name.rfind('.');
    if (dot != name.npos) {
        std::string extension(name.substr(dot + 1));
        std::ranges::transform(extension, extension.begin(),
                               [](unsigned char c) { return std::tolower(c); });
        for (const auto& row : rows)
            if (row.extension == extension) return std::string(row.type);
    }
    return "application/octet-stream";
}

std::string filter_of(const ArtifactFilter& filter) {
    return "artifacts" + (filter.run ? " " + filter.run->str() : std::string()) + filter.seen.text();
}

}  // namespace

struct Artifacts::State {
    storage::Storage& storage;
    base::Clock& clock;
    base::Random& random;
    events::Cursors cursors;
};

Artifacts::Artifacts(storage::Storage& storage, base::Clock& clock, base::Random& random)
    : state_(new State{storage, clock, random, events::Cursors(process_key())}) {}
Artifacts::~Artifacts() = default;

void Artifacts::set_cursor_key(std::string key) {
    state_->cursors = events::Cursors(std::move(key));
}

Awaitable<Result<Artifact>> Artifacts::prepare(WorkspaceId workspace, NewArtifact wanted) {
    if (auto good = check_name(wanted.name); !good) co_return fail(std::move(good.error()));
    if (wanted.media_type.empty()) wanted.media_type = guess_media_type(wanted.name);
    if (auto good = check_media_type(wanted.media_type); !good)
        co_return fail(std::move(good.error()));
    if (wanted.content.size() > max_size_bytes)
        co_return fail(ErrorCode::too_large,
                       "an artifact has at most {} MiB; split it or compress it",
                       max_size_bytes >> 20);

    Artifact artifact;
    artifact.workspace = workspace;
    artifact.name = std::move(wanted.name);
    artifact.media_type = std::move(wanted.media_type);
    artifact.size_bytes = wanted.content.size();
    artifact.run = wanted.run;
    artifact.step_path = std::move(wanted.step_path);
    artifact.created_by = std::move(wanted.created_by);
    auto hash = co_await state_->storage.blobs().put(workspace, std::move(wanted.content));
    if (!hash) co_return fail(std::move(hash.error()));
    artifact.hash = std::move(*hash);
    artifact.created_at = state_->clock.now();
    artifact.id = wanted.id ? *wanted.id : ArtifactId::make(artifact.created_at, state_->random);
    co_return artifact;
}

void Artifacts::append_create(storage::WriteUnit& unit, const Artifact& artifact) {
    unit.require_blob(artifact.hash);
    state_->storage.blobs().append_reference(unit, artifact.workspace, artifact.hash,
                                             artifact.size_bytes, artifact.id.raw());
    store::insert(unit, artifact);
}

Awaitable<Result<Artifact>> Artifacts::create(WorkspaceId workspace, NewArtifact wanted,
                                              AlsoCommit also) {
    if (wanted.id) {
        auto known = co_await get(workspace, *wanted.id);
        if (known || known.error().code != ErrorCode::not_found) co_return known;
    }
    auto artifact = co_await prepare(workspace, std::move(wanted));
    if (!artifact) co_return artifact;
    storage::WriteUnit unit;
    append_create(unit, *artifact);
    if (also) also(unit, *artifact);
    auto done = co_await state_->storage.submit(std::move(unit));
    if (!done) co_return fail(std::move(done.error()));
    co_return artifact;
}

Awaitable<Result<Artifact>> Artifacts::get(WorkspaceId workspace, ArtifactId id) {
    auto found = co_await store::find(state_->storage, workspace, id);
    if (!found) co_return fail(std::move(found.error()));
    if (!*found)
        co_return fail(ErrorCode::not_found, "there is no artifact {}; check the id", id.str());
    co_return std::move(**found);
}

Awaitable<Result<std::string>> Artifacts::read(WorkspaceId workspace, ArtifactId id,
                                               std::size_t max_bytes) {
    auto artifact = co_await get(workspace, id);
    if (!artifact) co_return fail(std::move(artifact.error()));
    if (artifact->size_bytes > max_bytes)
        co_return fail(ErrorCode::too_large,
                       "artifact {} ({}) has {} bytes, over the limit of {} here", id.str(),
                       artifact->name, artifact->size_bytes, max_bytes);
    co_return co_await state_->storage.blobs().get(workspace, artifact->hash, max_bytes);
}

Awaitable<Result<std::string>> Artifacts::read_part(const Artifact& artifact, std::uint64_t offset,
                                                    std::size_t length) {
    co_return co_await state_->storage.blobs().read_part(artifact.workspace, artifact.hash, offset,
                                                         length);
}

Awaitable<Result<ArtifactList>> Artifacts::list(WorkspaceId workspace, ArtifactFilter filter,
                                                int limit, std::string cursor) {
    const auto name = filter_of(filter);
    auto position = state_->cursors.read(workspace, name, cursor);
    if (!position) co_return fail(std::move(position.error()));
    std::optional<ArtifactId> before;
    if (!position->empty()) before = ArtifactId::from_raw(*position);
    auto found = co_await store::list(state_->storage, workspace, std::move(filter), before, limit + 1);
    if (!found) co_return fail(std::move(found.error()));
    ArtifactList list{std::move(*found), {}};
    if (list.items.size() > static_cast<std::size_t>(limit)) {
        list.items.resize(static_cast<std::size_t>(limit));
        list.next_cursor = state_->cursors.make(workspace, name, list.items.back().id.raw());
    }
    co_return list;
}

Awaitable<Result<void>> Artifacts::remove(WorkspaceId workspace, ArtifactId id, AlsoCommit also) {
    auto artifact = co_await get(workspace, id);
    if (!artifact) co_return fail(std::move(artifact.error()));
    storage::WriteUnit unit;
    store::remove(unit, workspace, id);
    state_->storage.blobs().append_release(unit, workspace, id.raw());
    if (also) also(unit, *artifact);
    co_return co_await state_->storage.submit(std::move(unit));
}

Json reference(const Artifact& artifact) {
    return {{"$artifact", artifact.id.str()},
            {"name", artifact.name},
            {"size", artifact.size_bytes},
            {"media_type", artifact.media_type}};
}

std::optional<ArtifactId> referenced(const Json& value) {
    const auto* id = base::find_member(value, "$artifact");
    if (!id || !id->is_string()) return std::nullopt;
    return ArtifactId::parse(id->get_ref<const std::string&>());
}

}  // namespace sluice::artifacts
