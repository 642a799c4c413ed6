// `openapi`: the document that a server of this version gives, for tools that build against it. No server is asked and no
// data directory touched: a scratch directory of its own lives as long as the command.

#include <cstdlib>

#include "cli/command.hpp"
#include "sluice/base/log.hpp"

namespace sluice::cli {

namespace {

/// A directory below the system's temporary one; gone with the object.
class Scratch {
  public:
    Scratch() {
        std::error_code no_place;
        std::string name = (std::filesystem::temp_directory_path(no_place) / "sluice-openapi-XXXXXX").string();
        if (!no_place && ::mkdtemp(name.data())) path_ = name;
    }
    ~Scratch() {
        std::error_code ignored;  // what is left of it is the system's to remove
        if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
    }
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;
    /// Empty when it could not be made.
    const std::filesystem::path& path() const { return path_; }

  private:
    std::filesystem::path path_;
};

}  // namespace

Outcome<int> print_openapi(Context& context) {
    const Scratch scratch;
    if (scratch.path().empty())
        return stop(exit_io, Error{ErrorCode::unavailable,
                                   "no scratch directory can be made; point TMPDIR at a directory that can be written"});
    auto defaults = config::Config::load(context.host.settings, {});
    if (!defaults) return stop(exit_internal, std::move(defaults.error()));
    log::init(log::Level::error, log::Format::text, "");
    std::string document;
    {
        auto local = context.host.open_local(*defaults, (scratch.path() / "data").string(), true);
        if (!local) return stop(exit_code_of(local.error()), std::move(local.error()));
        const auto server = Connection::over_socket((*local)->socket(), Connection::Way::in_process);
        auto text = server->text({.path = "/api/v1/openapi.json"});
        if (!text) return stop(std::move(text.error()));
        document = std::move(*text);
    }
    log::shutdown();
    if (!document.ends_with('\n')) document += '\n';
    context.print_exactly(document);
    return exit_ok;
}

}  // namespace sluice::cli
