// The server and the client of this program with nothing between them: a body comes in, goes to another server, and its
// answer goes back. What the model gateway adds is measured against it.
//
//   bench_relay UPSTREAM_PORT PATH    prints {"port": N}

#include <iostream>

#include "sluice/base/clock.hpp"
#include "sluice/net/client.hpp"
#include "sluice/net/server.hpp"
#include "sluice/runtime/loop.hpp"
#include "sluice/runtime/pool.hpp"

using namespace sluice;

namespace {

struct Relay {
    net::Client& client;
    std::string url;
};

Awaitable<net::Response> relay(net::Request& request, Relay& to) {
    net::ClientRequest out;
    out.verb = net::Verb::post;
    out.url = to.url;
    out.headers.set("Content-Type", "application/json");
    out.body = request.body;
    out.operator_trusted = true;
    auto answer = co_await to.client.send(std::move(out));
    if (!answer) co_return net::problem(answer.error());
    net::Response back;
    back.status = answer->status;
    back.headers.set("Content-Type", "application/json");
    back.text = std::move(answer->body);
    co_return back;
}

const net::Route<Relay> routes[] = {
    {net::Verb::post,
     "/relay",
     net::Access::open(),
     relay,
     {.summary = "Relay",
      .max_body = 32 << 20,
      .check_body = false,
      .audited = net::Audited::never,
      .rate = net::RateClass::free}},
};

}  // namespace

int main(int argc, char** argv) {
    if (argc < 3) return 2;
    base::SystemClock clock;
    runtime::Loop loop(clock);
    runtime::Pool pool(loop, "names", 2);
    auto egress = net::make_egress_policy({"127.0.0.1/32"});
    net::Client client(loop, pool, *egress);
    Relay to{client, std::string("http://127.0.0.1:") + argv[1] + argv[2]};
    net::Router router;
    router.add(std::span<const net::Route<Relay>>(routes), to);
    router.seal("bench");
    net::ServerOptions options;
    options.port = 0;
    net::Server server(loop, router, options);
    if (auto started = server.start(); !started) {
        std::cerr << started.error().message << "\n";
        return 1;
    }
    std::cout << "{\"port\": " << server.port() << "}" << std::endl;
    loop.run();
}
