#pragma once
/// Deadlines: run an operation, cancel it when its time is up.

#include <optional>
#include <utility>

#include "sluice/base/result.hpp"
#include "sluice/runtime/awaitable.hpp"
#include "sluice/runtime/loop.hpp"

namespace sluice::runtime {

/// Awaits `operation` until `deadline`. When the time is up the operation is cancelled (it sees operation_aborted), its
/// end is awaited, and `Error{timeout, message}` is returned. Cancellation from outside is passed on as usual.
template <class T>
Awaitable<Result<T>> with_deadline(Loop& loop, Time deadline, Awaitable<Result<T>> operation, std::string message);

}  // namespace sluice::runtime

#include "sluice/runtime/deadline_impl.hpp"
