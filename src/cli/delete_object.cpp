// One object of a collection, gone.

#include "cli/command.hpp"

namespace sluice::cli {

Outcome<int> delete_object(Context& context, std::string path, std::string_view argument) {
    auto server = context.connect();
    if (!server) return stop(std::move(server.error()));
    Call call;
    call.verb = "DELETE";
    call.path = std::move(path);
    auto done = (*server)->json(call);
    if (!done) return stop(std::move(done.error()));
    context.print(fmt::format("deleted {}\n", context.arguments.text(argument)));
    return exit_ok;
}

}  // namespace sluice::cli
