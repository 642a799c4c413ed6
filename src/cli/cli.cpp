#include "sluice/cli/cli.hpp"

#include <csignal>
#include <exception>

#include <unistd.h>

#include "cli/command.hpp"

namespace sluice::cli {

int exit_code_of(const Error& error) {
    switch (error.code) {
        case ErrorCode::conflict:
            return exit_locked;
        case ErrorCode::precondition_failed:
            return exit_newer;
        case ErrorCode::invalid_argument:
        case ErrorCode::unprocessable:
            return exit_config;
        case ErrorCode::unavailable:
            return exit_io;
        case ErrorCode::sealed:
            return exit_unreachable;
        case ErrorCode::upstream_failed:
        case ErrorCode::timeout:
            return exit_unreachable;
        case ErrorCode::internal:
            return exit_internal;
        case ErrorCode::unauthenticated:
        case ErrorCode::budget_exceeded:
        case ErrorCode::forbidden:
        case ErrorCode::step_up_required:
        case ErrorCode::not_found:
        case ErrorCode::method_not_allowed:
        case ErrorCode::gone:
        case ErrorCode::too_large:
        case ErrorCode::unsupported_media:
        case ErrorCode::precondition_required:
        case ErrorCode::rate_limited:
        case ErrorCode::headers_too_large:
        case ErrorCode::cancelled:
            return exit_no;
    }
    return exit_internal;
}

int exit_code_of_answer(const Error& error) {
    switch (error.code) {
        case ErrorCode::internal:
            return exit_internal;
        case ErrorCode::unavailable:
        case ErrorCode::sealed:
        case ErrorCode::upstream_failed:
        case ErrorCode::timeout:
            return exit_unreachable;
        default:
            return exit_no;
    }
}

std::string tame(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        const bool c0 = (byte < 0x20 && byte != '\n' && byte != '\t') || byte == 0x7f;
        // U+0080 to U+009F: some terminals take U+009B for ESC [.
        const bool c1 = byte == 0xc2 && i + 1 < text.size() &&
                        (static_cast<unsigned char>(text[i + 1]) & 0xe0U) == 0x80;
        if (c1) ++i;
        out += c0 || c1 ? ' ' : text[i];
    }
    return out;
}

std::string describe(const Error& error) {
    std::string text = fmt::format("error: {}\n", error.message);
    for (const auto& detail : error.details)
        text += fmt::format("  {}: {}\n", detail.pointer.empty() ? "(whole)" : detail.pointer,
                            detail.message);
    return tame(text);
}

int run_command_line(int argc, const char* const* argv, const Host& host, Streams streams) {
    auto parsed = parse_arguments(argc, argv, host);
    if (!parsed.command) {
        auto* file = parsed.exit == exit_ok ? streams.out : streams.err;
        [[maybe_unused]] const auto written =
            std::fwrite(parsed.text.data(), 1, parsed.text.size(), file);
        std::fflush(file);
        return parsed.exit;
    }
    Context context(host, std::move(parsed.arguments), streams);
    auto outcome = parsed.command->act(context);
    if (outcome) return *outcome;
    context.note(describe(outcome.error().error));
    return outcome.error().exit;
}

int main(int argc, const char* const* argv, const Host& host) {
    std::signal(SIGPIPE, SIG_IGN);
    const Streams streams{stdin, stdout, stderr, isatty(STDOUT_FILENO) != 0};
    try {
        return run_command_line(argc, argv, host, streams);
    } catch (const std::exception& broken) {
        const auto text = fmt::format("error: this is a mistake of Sluice: {}\n", broken.what());
        [[maybe_unused]] const auto written = std::fwrite(text.data(), 1, text.size(), stderr);
        return exit_internal;
    }
}

}  // namespace sluice::cli
