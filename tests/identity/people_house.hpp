#pragma once
/// People over a real server: cheap password hashes, a clock that is moved, the answers of REST.

#include "events/live.hpp"
#include "sluice/identity/people.hpp"
#include "sluice/identity/second_factor.hpp"
#include "sluice/identity/wrapped_keys.hpp"

namespace sluice::testing {

inline constexpr const char* good_password = "correct horse battery staple";

inline identity::PeopleOptions cheap_people() {
    identity::PeopleOptions options;
    options.password_cost = {64, 1, 1};
    return options;
}

struct PeopleHouse : Live {
    explicit PeopleHouse(identity::PeopleOptions with = cheap_people(), std::uint64_t seed = 7) : options(std::move(with)) {
        random = base::SeededRandom(seed);
        begin();
    }
    ~PeopleHouse() {
        if (server) run(server->stop());
        server.reset();
        run(identity->stop());
        std::error_code ignored;
        std::filesystem::remove(key_file(), ignored);
    }
    std::filesystem::path key_file() const { return crypto::key_file_beside(directory); }
    /// With REST, until the end.
    void listen() {
        add_routes(router, *identity);
        add_routes(router, *people);
        add_routes(router, *factors);
        serve(identity->authenticator(), &identity->idempotency());
    }
    void begin() {
        identity = std::make_unique<identity::Identity>(*storage, clock, random);
        done(identity->start());
        crypto::RootSources sources;
        sources.data = directory;
        keys = std::make_unique<identity::WrappedKeys>(loop, *storage, pool, random, sources);
        people = std::make_unique<identity::People>(*identity, loop, *keys, options);
        factors = std::make_unique<identity::SecondFactors>(*people, *keys);
        done(keys->start());
        done(people->start());
        done(factors->start());
    }
    /// Without `listen`.
    void restart() {
        run(identity->stop());
        factors.reset();
        people.reset();
        keys.reset();
        identity.reset();
        close();
        open();
        begin();
    }

    identity::Client from(const std::string& name = "cli", const std::string& address = "192.0.2.1") {
        return {name, address, "", true};
    }
    WorkspaceId workspace(const std::string& name = "default") { return get(identity->ensure_workspace(name)).id; }
    Principal local(const std::string& name = "default") {
        auto principal = identity->local_principal(name);
        REQUIRE(principal);
        return *principal;
    }
    /// The first owner, signed in.
    identity::SignedIn owner() {
        return get(people->set_up(people->make_setup_token(), "ada@example.com", good_password, "Ada", from()));
    }
    /// A further person with a role in a workspace, signed in.
    identity::SignedIn person(const std::string& email, const std::string& role, const std::string& in = "default") {
        get(people->create_user(email, "Somebody", good_password, workspace(in), role));
        return sign_in(email);
    }
    identity::SignedIn sign_in(const std::string& email, const std::string& password = good_password) {
        auto outcome = get(people->sign_in(email, password, "", from()));
        REQUIRE(outcome.signed_in);
        return *outcome.signed_in;
    }
    Result<Principal> ask(const std::string& token, const std::string& named = "") {
        net::Request request;
        request.path = "/api/v1/flows";
        request.headers.set("Authorization", "Bearer " + token);
        if (!named.empty()) request.headers.set("Sluice-Workspace", named);
        return identity->authenticator().authenticate(request);
    }
    Result<Principal> ask_cookie(const std::string& secret) {
        net::Request request;
        request.path = "/api/v1/flows";
        request.headers.set("Host", "127.0.0.1:8080");
        request.headers.set("Cookie", "__Host-sluice=" + secret);
        return identity->authenticator().authenticate(request);
    }

    identity::PeopleOptions options;
    std::unique_ptr<identity::Identity> identity;
    std::unique_ptr<identity::WrappedKeys> keys;
    std::unique_ptr<identity::People> people;
    std::unique_ptr<identity::SecondFactors> factors;
};

}  // namespace sluice::testing
