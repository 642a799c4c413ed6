// What a server sends, into a file or to standard output.

#include <cerrno>
#include <cstdio>
#include <cstring>

#include <unistd.h>

#include "cli/command.hpp"

namespace sluice::cli {

Outcome<int> save(Context& context, Connection& server, const Call& call, const std::string& place) {
    if (place.empty() || place == "-") {
        auto done = server.download(call, [&](std::string_view piece) {
            return std::fwrite(piece.data(), 1, piece.size(), context.streams.out) == piece.size();
        });
        std::fflush(context.streams.out);
        if (!done) return stop(std::move(done.error()));
        return exit_ok;
    }
    // Under another name until it is whole: a broken download replaces nothing.
    const auto partial = place + ".partial";
    std::FILE* file = std::fopen(partial.c_str(), "wb");
    const auto cannot = [&] {
        return stop(exit_io,
                    Error{ErrorCode::unavailable,
                          fmt::format("{} cannot be written: {}", place, std::strerror(errno))});
    };
    if (!file) return cannot();
    bool whole = true;
    int reason = 0;
    auto done = server.download(call, [&](std::string_view piece) {
        whole = std::fwrite(piece.data(), 1, piece.size(), file) == piece.size();
        if (!whole) reason = errno;
        return whole;
    });
    if (std::fclose(file) != 0 && whole) {
        whole = false;
        reason = errno;
    }
    if (!done || !whole || std::rename(partial.c_str(), place.c_str()) != 0) {
        if (reason == 0) reason = errno;
        ::unlink(partial.c_str());
        errno = reason;
        if (!done) return stop(std::move(done.error()));
        return cannot();
    }
    context.note(fmt::format("saved {}\n", place));
    return exit_ok;
}

}  // namespace sluice::cli
