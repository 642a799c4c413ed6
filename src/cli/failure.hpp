#pragma once
// Why a command ends early: an error for people and the exit code for machines.

#include <string>
#include <string_view>
#include <utility>

#include "sluice/base/result.hpp"
#include "sluice/cli/cli.hpp"

namespace sluice::cli {

struct Failure {
    int exit = exit_internal;
    Error error;
};

template <class T = void>
using Outcome = tl::expected<T, Failure>;

inline tl::unexpected<Failure> stop(Failure failure) {
    return tl::unexpected<Failure>(std::move(failure));
}
inline tl::unexpected<Failure> stop(int exit, Error error) {
    return stop(Failure{exit, std::move(error)});
}

/// `return wrong_use("{} is no number", text);`
template <class... Args>
tl::unexpected<Failure> wrong_use(fmt::format_string<Args...> format, Args&&... args) {
    return stop(exit_usage, Error{ErrorCode::invalid_argument,
                                  fmt::format(format, std::forward<Args>(args)...)});
}
/// The answer is no.
template <class... Args>
tl::unexpected<Failure> answer_no(fmt::format_string<Args...> format, Args&&... args) {
    return stop(exit_no,
                Error{ErrorCode::not_found, fmt::format(format, std::forward<Args>(args)...)});
}

/// The exit code of an error that the REST API answered: a refusal is "no", a server that cannot
/// serve is "unreachable".
int exit_code_of_answer(const Error& error);
/// The text with spaces in place of control characters other than newline and tab: what a server,
/// a model or a flow's author wrote must not move the cursor or retitle the terminal.
std::string tame(std::string_view text);
/// "error: …" and one line for each detail.
std::string describe(const Error& error);

}  // namespace sluice::cli
