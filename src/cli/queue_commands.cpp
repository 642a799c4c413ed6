// The workspace's queue of runs from the command line.

#include "cli/follow.hpp"
#include "cli/table.hpp"

namespace sluice::cli {

namespace {

std::string state_of(const Json& queue) {
    const bool paused = queue.value("paused", false), draining = queue.value("draining", false);
    if (paused) return draining ? "paused, draining" : "paused";
    return draining ? "draining" : "open";
}

Outcome<int> switch_queue(Context& context, const std::string& verb) {
    auto server = context.connect();
    if (!server) return stop(std::move(server.error()));
    const std::string name = context.arguments.text("NAME", "default");
    auto queue = (*server)->post("/api/v1/queues/" + encode(name) + "/" + verb, Json::object());
    if (!queue) return stop(std::move(queue.error()));
    if (context.json()) context.print_json(*queue);
    else context.print(fmt::format("{} is {}: {} queued, {} running\n", cell(*queue, "name"), state_of(*queue), cell(*queue, "queued"),
                                   cell(*queue, "running")));
    return exit_ok;
}

}  // namespace

Outcome<int> list_queues(Context& context) {
    auto server = context.connect();
    if (!server) return stop(std::move(server.error()));
    auto queues = (*server)->get("/api/v1/queues");
    if (!queues) return stop(std::move(queues.error()));
    if (context.json()) {
        context.print_json(*queues);
        return exit_ok;
    }
    Table table({{"NAME"}, {"STATE"}, {"QUEUED", true}, {"DELAYED", true}, {"RUNNING", true}, {"WAITING", true}, {"WEIGHT", true}, {"OLDEST"}});
    for (const Json& queue : (*queues)["items"])
        table.add({cell(queue, "name"), state_of(queue), cell(queue, "queued"), cell(queue, "delayed"), cell(queue, "running"),
                   cell(queue, "waiting"), cell(queue, "weight"), human_time(queue["oldest_ready_at"])});
    context.print(table.render());
    return exit_ok;
}

Outcome<int> weigh_queue(Context& context) {
    auto weight = whole_number(context, "N", 1);
    if (!weight) return stop(std::move(weight.error()));
    auto server = context.connect();
    if (!server) return stop(std::move(server.error()));
    auto queue = (*server)->json({"PATCH", "/api/v1/queues/default", {}, base::dump_json({{"weight", *weight}})});
    if (!queue) return stop(std::move(queue.error()));
    if (context.json()) context.print_json(*queue);
    else context.print(fmt::format("{} starts {} runs in its turn\n", cell(*queue, "name"), cell(*queue, "weight")));
    return exit_ok;
}

Outcome<int> pause_queue(Context& context) { return switch_queue(context, "pause"); }
Outcome<int> resume_queue(Context& context) { return switch_queue(context, "resume"); }
Outcome<int> drain_queue(Context& context) { return switch_queue(context, "drain"); }

}  // namespace sluice::cli
