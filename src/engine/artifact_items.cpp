// Items of a map that come from an artifact of JSON lines: read in pieces, as the map needs them.

#include "engine/engine_state.hpp"
#include "sluice/artifacts/artifacts.hpp"

namespace sluice::engine {

namespace {

constexpr std::size_t piece_bytes = 32u << 10;      ///< parsed on the loop: well under its 200 µs a piece for usual lines
constexpr std::size_t longest_line = 1u << 20;

bool holds_lines(const artifacts::Artifact& artifact) {
    return artifact.name.ends_with(".jsonl") || artifact.name.ends_with(".ndjson") || artifact.media_type == "application/x-ndjson" ||
           artifact.media_type == "application/jsonl";
}

/// The items of the whole lines in `text`, which begins at `offset`.
Result<ItemBlock> parse_lines(std::string_view text, std::uint64_t offset, bool last, const artifacts::Artifact& artifact) {
    ItemBlock block;
    block.next = offset;
    while (!text.empty()) {
        const std::size_t line_end = text.find('\n');
        if (line_end == std::string_view::npos && !last) break;
        const std::string_view line = text.substr(0, line_end);
        if (line.find_first_not_of(" \t\r") != std::string_view::npos) {
            auto item = base::parse_json(line);
            if (!item)
                return fail(ErrorCode::unprocessable, "the artifact {} is not made of JSON lines: at byte {}: {}", artifact.name, block.next,
                            item.error().message);
            block.items.push_back(std::move(*item));
        }
        const std::size_t taken = line_end == std::string_view::npos ? text.size() : line_end + 1;
        block.next += taken;
        text.remove_prefix(taken);
    }
    block.end = last;
    return block;
}

}  // namespace

Awaitable<Result<ItemBlock>> Engine::State::read_block(WorkspaceId workspace, ArtifactId id, std::uint64_t offset) {
    if (artifacts == nullptr) co_return fail(ErrorCode::unavailable, "this process has no artifacts");
    auto artifact = co_await artifacts->get(workspace, id);
    if (!artifact) {
        if (artifact.error().code == ErrorCode::not_found)
            co_return fail(ErrorCode::not_found, "the artifact {} that the map reads its items from is not there (any more); rerun the run "
                                                 "with another one", id);
        co_return fail(std::move(artifact.error()));
    }
    if (!holds_lines(*artifact))
        co_return fail(ErrorCode::unprocessable, "the artifact {} is no file of JSON lines (.jsonl); csv.parse and file.read give lists "
                                                 "that a map takes", artifact->name);
    for (std::size_t length = piece_bytes;; length *= 2) {
        auto text = co_await artifacts->read_part(*artifact, offset, length);
        if (!text) co_return fail(std::move(text.error()));
        const bool last = offset + text->size() >= artifact->size_bytes || text->empty();
        if (last || text->find('\n') != std::string::npos) co_return parse_lines(*text, offset, last, *artifact);
        if (length >= longest_line)
            co_return fail(ErrorCode::too_large, "a line of the artifact {} at byte {} is longer than {} KiB", artifact->name, offset,
                           longest_line >> 10);
    }
}

Awaitable<void> Engine::State::read_items(std::shared_ptr<State> self, RunPtr run, command::ReadItems command) {
    auto block = co_await self->read_block(run->row.workspace, command.artifact, command.offset);
    self->feed(run, event::ItemsRead{command.step, std::move(block)});
}

}  // namespace sluice::engine
