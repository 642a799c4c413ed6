#pragma once
// The bodies of signing in and of people, as JSON Schema.

#include <span>
#include <string_view>

namespace sluice::net {
class Router;
}

namespace sluice::identity {

class People;

struct NamedSchema {
    std::string_view name, json;
};
std::span<const NamedSchema> sign_in_schemas();
std::span<const NamedSchema> people_schemas();

/// The half of add_routes that is in sign_in_routes.cpp.
void add_sign_in_routes(net::Router& router, People& people);

}  // namespace sluice::identity
