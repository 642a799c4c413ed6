// The program: the command line, with the server and the in-process instance that it may start.

#include "app/local.hpp"
#include "sluice/cli/cli.hpp"

int main(int argc, char** argv) {
    const sluice::cli::Host host = sluice::app::make_host();
    return sluice::cli::main(argc, argv, host);
}
