#include "cli/read_secret.hpp"

#include <termios.h>
#include <unistd.h>

#include <cstdlib>

#include "cli/follow.hpp"
#include "sluice/crypto/crypto.hpp"

namespace sluice::cli {
namespace {

/// The terminal does not show what is typed while this lives.
class NoEcho {
  public:
    explicit NoEcho(int terminal) : terminal_(terminal) {
        if (::tcgetattr(terminal_, &before_) != 0) return;
        termios quiet = before_;
        quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
        changed_ = ::tcsetattr(terminal_, TCSAFLUSH, &quiet) == 0;
    }
    ~NoEcho() {
        if (changed_) ::tcsetattr(terminal_, TCSAFLUSH, &before_);
    }
    NoEcho(const NoEcho&) = delete;
    NoEcho& operator=(const NoEcho&) = delete;

  private:
    int terminal_;
    termios before_{};
    bool changed_ = false;
};

std::string read_line(std::FILE* in) {
    std::string line;
    for (int c = std::fgetc(in); c != EOF && c != '\n'; c = std::fgetc(in)) line += static_cast<char>(c);
    return line;
}

}  // namespace

Outcome<std::string> read_secret(Context& context, const std::string& file, std::string_view what) {
    const int terminal = ::fileno(context.streams.in);
    if (file.empty() && ::isatty(terminal) == 1) {
        const NoEcho quiet(terminal);
        context.note(fmt::format("{}: ", what));
        std::string first = read_line(context.streams.in);
        context.note(fmt::format("\n{} again: ", what));
        std::string again = read_line(context.streams.in);
        context.note("\n");
        const bool same = first == again;
        crypto::wipe(again);
        if (same) return first;
        crypto::wipe(first);
        return wrong_use("the two were not the same; nothing was changed");
    }
    auto text = read_whole(context, file.empty() ? "-" : file);
    if (!text) return text;
    if (text->ends_with("\r\n")) text->resize(text->size() - 2);
    else if (text->ends_with('\n')) text->pop_back();
    if (text->empty()) return wrong_use("the {} is empty; give it on standard input or by a file", what);
    return text;
}

}  // namespace sluice::cli
