// The one-time link by which the first person makes an account.

#include <cerrno>
#include <cstring>
#include <filesystem>

#include <fcntl.h>
#include <unistd.h>

#include "app/app_state.hpp"
#include "sluice/base/log.hpp"

namespace sluice::app {

namespace {

Result<void> write_private(const std::filesystem::path& file, const std::string& text) {
    std::error_code ignored;
    std::filesystem::remove(file, ignored);  // an old one may have another mode or be a link
    const int descriptor = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (descriptor < 0) return fail(ErrorCode::unavailable, "{} cannot be written: {}", file.string(), std::strerror(errno));
    const auto written = ::write(descriptor, text.data(), text.size());
    const int problem = written == static_cast<ssize_t>(text.size()) ? 0 : errno;
    ::close(descriptor);
    if (problem != 0) return fail(ErrorCode::unavailable, "{} cannot be written: {}", file.string(), std::strerror(problem));
    return {};
}

}  // namespace

Awaitable<Result<void>> announce_setup(App::State& state) {
    const auto file = state.options.data / "setup-link";
    if (!state.people->setup_needed()) {
        auto remove = [file] {
            std::error_code ignored;
            std::filesystem::remove(file, ignored);
        };
        co_await state.blocking->run(std::move(remove));
        co_return Result<void>();
    }
    const auto link = fmt::format("{}/setup#token={}", state.server->url(), state.people->make_setup_token());
    auto write = [file, text = link + "\n"] { return write_private(file, text); };
    auto written = co_await state.blocking->run(std::move(write));
    if (!written) co_return fail(std::move(written.error()));
    log::info(fmt::format("nobody has an account yet; within 30 minutes this link makes the owner's: {}", link));
    co_return Result<void>();
}

}  // namespace sluice::app
