#pragma once
/// `Result<T>`: a value or an `Error`. The one file that changes when std::expected arrives.

#include <utility>

#include <fmt/format.h>
#include <tl/expected.hpp>

#include "sluice/base/error.hpp"

namespace sluice::base {

template <class T = void>
using Result = tl::expected<T, Error>;

/// `return fail(ErrorCode::not_found, "no flow named {}", name);`
template <class... Args>
tl::unexpected<Error> fail(ErrorCode code, fmt::format_string<Args...> format, Args&&... args) {
    return tl::unexpected<Error>(Error{code, fmt::format(format, std::forward<Args>(args)...), {}, false});
}
/// Passes an error on: `return fail(std::move(other.error()));`
inline tl::unexpected<Error> fail(Error error) { return tl::unexpected<Error>(std::move(error)); }

}  // namespace sluice::base

namespace sluice {
using base::Error;
using base::ErrorCode;
using base::fail;
using base::Result;
}  // namespace sluice
