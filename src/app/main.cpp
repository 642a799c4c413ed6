// The program: the command line, with the server and the in-process instance that it may start.

#include <cstdlib>

#include "app/local.hpp"
#include "sluice/cli/cli.hpp"

int main(int argc, char** argv) {
    // A look-up holds a thread: a name server that is dead is given up after 2 s, twice, not 5 s. The user's own wins.
    ::setenv("RES_OPTIONS", "timeout:2 attempts:2", 0);
    const sluice::cli::Host host = sluice::app::make_host();
    return sluice::cli::main(argc, argv, host);
}
