#include "engine/run_masks.hpp"

#include "sluice/engine/engine.hpp"
#include "sluice/engine/overview.hpp"
#include "sluice/events/events.hpp"
#include "sluice/net/places.hpp"

namespace sluice::engine {
namespace {

void blank(Json& object, const char* member) {
    if (object.contains(member)) object[member] = nullptr;
}

void blank_error(Json& object, const char* member = "error") {
    if (object.is_object() && object.contains(member)) events::mask_error(object[member]);
}

}  // namespace

bool reads_data(const net::Request& request, const std::string& project, const std::string& flow) {
    return request.principal.may_in(Permission::runs_data, project, flow);
}

void mask_unread(const net::Request& request, const Run& run, Json& shown) {
    if (!reads_data(request, run.project, run.flow_name)) mask_run(shown);
}

Awaitable<bool> reads_data_of(const net::Request& request, std::string run) {
    if (!request.principal.may(Permission::runs_data)) co_return false;
    if (!request.principal.scope) co_return true;
    auto reads = co_await request.places->check(request.principal, Permission::runs_data, "runs", std::move(run));
    co_return reads.has_value();
}

void mask_run(Json& run) {
    blank(run, "output");
    blank_error(run);
    run["masked"] = true;
}

void mask_step(Json& step) {
    blank_error(step);
    if (step.contains("waiting_for")) blank(step["waiting_for"], "key");
    step["masked"] = true;
}

void mask_step_value(Json& value) {
    blank(value, "output");
    blank_error(value);
    value["masked"] = true;
}

void mask_why(Json& why) {
    // A text quotes the error or the key that stands beside it.
    bool quotes = why.contains("error");
    blank_error(why);
    if (why.contains("queue") && why["queue"].contains("key")) {
        blank(why["queue"], "key");
        quotes = true;
    }
    if (why.contains("steps"))
        for (std::size_t i = 0; i < why["steps"].size(); ++i) {
            Json& step = why["steps"][i];
            if (!step.contains("error") && !step.contains("key")) continue;
            blank_error(step);
            blank(step, "key");
            blank(step, "text");
            quotes = quotes || i == 0;  // the run's text begins with that of its first step
        }
    if (quotes) blank(why, "text");
    why["masked"] = true;
}

void mask_diff(Json& diff) {
    blank(diff, "input");
    if (diff.contains("runs"))
        for (Json& run : diff["runs"]) mask_run(run);
    if (diff.contains("steps"))
        for (Json& step : diff["steps"]) blank(step, "output");
    diff["masked"] = true;
}

void mask_replay(Json& report) {
    if (report.contains("divergence") && report["divergence"].is_object())
        for (const char* member : {"message", "recorded", "computed"}) blank(report["divergence"], member);
    report["masked"] = true;
}

void mask_letter(Json& letter) {
    blank_error(letter);
    blank(letter, "input");
    if (letter.contains("history"))
        for (Json& entry : letter["history"]) blank_error(entry);
    letter["masked"] = true;
}

void mask_bulk(Json& action) {
    if (action.contains("options")) blank(action["options"], "input");
    // An action that a canary stopped says why that one failed.
    if (action.contains("reason") && !action["reason"].is_null()) action["reason"] = nullptr;
    if (action.contains("failures"))
        for (Json& item : action["failures"]) blank_error(item);
    action["masked"] = true;
}

void mask_bulk_item(Json& item) {
    blank_error(item);
    item["masked"] = true;
}

}  // namespace sluice::engine
