#pragma once
// What of runs is data, and for whom it is shown. Data are what flows were given and gave, and what quotes it: messages of
// errors, keys of signals, journal entries. Names, statuses, times, counts and codes are not.

#include <string>

#include "sluice/base/json.hpp"
#include "sluice/net/http.hpp"
#include "sluice/runtime/awaitable.hpp"

namespace sluice::engine {

struct Run;

/// Whether the caller may read the data of a run of that project and flow.
bool reads_data(const net::Request& request, const std::string& project, const std::string& flow);
/// The same for a run by its id.
Awaitable<bool> reads_data_of(const net::Request& request, std::string run);

// Each takes the data out of what is about to be shown, puts null in their place and says `"masked": true`.
void mask_run(Json& run);
void mask_step(Json& step);
void mask_step_value(Json& value);
void mask_why(Json& why);
void mask_diff(Json& diff);
void mask_replay(Json& report);
void mask_letter(Json& letter);
void mask_bulk(Json& action);
void mask_bulk_item(Json& item);

}  // namespace sluice::engine
