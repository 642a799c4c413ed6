#pragma once
// SQL of dead letters.

#include <optional>
#include <string>
#include <vector>

#include "sluice/engine/dead_letters.hpp"
#include "sluice/storage/storage.hpp"

namespace sluice::engine::store {

void append_letter(storage::WriteUnit& unit, WorkspaceId workspace, const DeadLetter& letter);
/// How open letters are closed.
struct Closing {
    std::string_view state;            ///< redriven | discarded
    std::string reason, by;
    Time at{};
    std::optional<RunId> run;
};
/// All open letters of the run, or those of one step.
void append_close_run(storage::WriteUnit& unit, WorkspaceId workspace, RunId run, const Closing& closing);
void append_close_step(storage::WriteUnit& unit, WorkspaceId workspace, RunId run, const std::string& step, const Closing& closing);
/// The unit fails with conflict when the letter is not open.
void append_close(storage::WriteUnit& unit, WorkspaceId workspace, DeadLetterId id, const Closing& closing);

Awaitable<Result<std::optional<DeadLetter>>> find_letter(storage::Storage& storage, WorkspaceId workspace, DeadLetterId id);
/// The open ones of one run, at most 20.
Awaitable<Result<std::vector<DeadLetter>>> open_letters_of(storage::Storage& storage, WorkspaceId workspace, RunId run);
/// Newest first below `before` (nil: from the newest).
Awaitable<Result<LetterGroups>> group_letters(storage::Storage& storage, WorkspaceId workspace, LetterFilter filter, base::SeenNames data);
Awaitable<Result<std::vector<DeadLetter>>> list_letters(storage::Storage& storage, WorkspaceId workspace, LetterFilter filter,
                                                        DeadLetterId before, int limit);
/// Open ones, the oldest first, after `after` up to `until`.
Awaitable<Result<std::vector<DeadLetter>>> open_letters(storage::Storage& storage, WorkspaceId workspace, LetterFilter filter,
                                                        DeadLetterId after, DeadLetterId until, int limit);
struct OpenLetters {
    std::int64_t count = 0;
    DeadLetterId newest;
};
Awaitable<Result<OpenLetters>> count_open_letters(storage::Storage& storage, WorkspaceId workspace, LetterFilter filter);
/// The entries of one step's attempts, oldest first, at most 200: {"kind", "at", "attempt", "error"?, "data"?}.
Awaitable<Result<std::vector<Json>>> attempts_of(storage::Storage& storage, WorkspaceId workspace, RunId run, std::string step);

}  // namespace sluice::engine::store
