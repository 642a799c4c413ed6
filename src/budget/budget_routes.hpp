#pragma once
// What the routes of this module share.

#include "sluice/base/json.hpp"
#include "sluice/budget/budget.hpp"
#include "sluice/net/http.hpp"

namespace sluice::budget {

/// An amount of a body: a decimal text, or a number without an exponent. Errors: invalid_argument with the pointer.
Result<NanoUsd> amount_of(const Json& body, std::string_view member);
/// Instance budgets are the machine owner's alone.
bool sees_instance(const net::Request& request);

/// `/api/v1/spend`.
void add_spend_routes(net::Router& router, Budgets& budgets);

}  // namespace sluice::budget
