// Random flow documents of the simulation.

#include "engine/simulation.hpp"

namespace sluice::engine::test {

namespace {

bool one_in(base::Random& random, std::uint64_t n) { return random.below(n) == 0; }

/// Some conditions and bodies read what did not come just before them.
void read_far_outputs(base::Random& random, Json& nodes, Json& edges) {
    for (const Json& edge : edges) {
        const std::string from = edge["from"], to = edge["to"];
        for (Json& later : edges)
            if (later["from"] == to && !later.contains("on") && !later.contains("condition") && one_in(random, 4))
                later["condition"] = "!has(nodes." + from + ") || size(nodes." + from + ".output) < 3";
        if (!one_in(random, 2)) continue;
        for (Json& node : nodes) {
            if (node["id"] != to || !node["config"].contains("body")) continue;
            for (Json& inner : node["config"]["body"]["nodes"])
                if (inner["type"] == "pure") inner["config"]["n"] = "{{ has(nodes." + from + ") ? size(nodes." + from + ".output) : 5 }}";
        }
    }
}

Json random_graph(base::Random& random, const std::string& prefix, int depth) {
    const int count = 1 + static_cast<int>(random.below(depth == 0 ? 12 : 4));
    Json nodes = Json::array(), edges = Json::array();
    std::vector<std::string> ids, types, undone;
    for (int i = 0; i < count; ++i) {
        static constexpr const char* kinds[] = {"pure", "pure", "safe", "keyed", "unsafe", "wait", "ports", "signal", "each", "again"};
        std::string type = kinds[random.below(depth < 2 ? 10 : 7)];
        if (type == "signal" && !one_in(random, 3)) type = "keyed";
        const std::string id = prefix + std::to_string(i);
        Json config = Json::object();
        if (type == "wait") config["for"] = std::to_string(1 + random.below(20)) + "s";
        else if (type == "signal") {
            config["name"] = one_in(random, 2) ? "go" : "stop";
            if (one_in(random, 2)) config["key"] = one_in(random, 2) ? "a" : "b";
        } else if (type == "again") {
            config["while"] = one_in(random, 2) ? "index < " + std::to_string(random.below(4)) : "item == null || index < 2";
            if (one_in(random, 4)) config["max_turns"] = 1 + random.below(2);
            config["body"] = random_graph(random, id + "_", depth + 1);
        } else if (type != "each") config["n"] = random.below(10);
        if ((type == "pure" || type == "ports") && one_in(random, 2)) config["large"] = one_in(random, 4) ? 3000 : 60;
        if (type == "pure" && one_in(random, 12)) config["fail"] = "as told";
        if (type == "ports") {
            config["ports"] = Json::array();
            if (!one_in(random, 3)) config["ports"].push_back("left");
            if (!one_in(random, 3)) config["ports"].push_back("right");
        }
        if (type == "each") {
            config["items"] = Json::array();
            for (std::uint64_t n = random.below(6); n > 0; --n) config["items"].push_back(n);
            if (one_in(random, 4)) config["items"] = {{"$artifact", ArtifactId::make(Time{}, random).str()}};
            if (one_in(random, 4)) config["chunk"] = 1 + random.below(3);
            config["concurrency"] = 1 + random.below(3);
            config["on_item_error"] = one_in(random, 2) ? "collect" : "fail";
            config["body"] = random_graph(random, id + "_", depth + 1);
        }
        Json node = {{"id", id}, {"type", type}, {"config", std::move(config)}};
        if (type == "safe" || type == "keyed" || type == "unsafe") {
            node["retry"] = {{"max_attempts", 1 + random.below(4)}, {"backoff", "1s"}};
            if (one_in(random, 3)) node["on_unknown"] = one_in(random, 2) ? "retry" : "stop";
            if (one_in(random, 6)) node["retry"]["retry_if"] = "error.code != 'timeout' || attempt < 2";
            if (one_in(random, 6)) node["retry"]["max_elapsed"] = "3s";
            if (one_in(random, 3)) undone.push_back(id);
        } else if (type == "each" || type == "again" || type == "signal") {
            if (one_in(random, 4)) node["timeout"] = std::to_string(5 + random.below(40)) + "s";
        }
        if (one_in(random, 5)) node["on_error"] = "continue";
        ids.push_back(id);
        types.push_back(type);
        nodes.push_back(std::move(node));
    }
    std::vector<int> incoming(static_cast<std::size_t>(count), 0);
    for (int to = 1; to < count; ++to)
        for (int from = std::max(0, to - 4); from < to; ++from) {
            if (!one_in(random, 2)) continue;
            const auto source = static_cast<std::size_t>(from);
            Json edge = {{"from", ids[source]}, {"to", ids[static_cast<std::size_t>(to)]}};
            if (one_in(random, 5)) edge["on"] = "error";
            else if (types[source] == "ports" && !one_in(random, 4)) edge["from_port"] = one_in(random, 2) ? "left" : "right";
            if (!edge.contains("on") && one_in(random, 4) && types[source] != "wait" && types[source] != "each" &&
                types[source] != "again" && types[source] != "signal")
                edge["condition"] = "nodes." + ids[source] + ".output.n % 2 == 0";
            if (edge.value("on", "") == "error" && one_in(random, 3)) edge["condition"] = "error.code != 'timeout'";
            edges.push_back(std::move(edge));
            ++incoming[static_cast<std::size_t>(to)];
        }
    // A node may look at any node before it: here at the source of its last incoming edge.
    for (const Json& edge : edges) {
        if (!one_in(random, 4)) continue;
        const std::string from = edge["from"], to = edge["to"];
        for (Json& node : nodes)
            if (node["id"] == to && node["type"] == "pure")
                node["config"]["n"] = "{{ has(nodes." + from + ") ? size(nodes." + from + ".output) : 7 }}";
    }
    read_far_outputs(random, nodes, edges);
    for (int i = 0; i < count; ++i) {
        const int in = incoming[static_cast<std::size_t>(i)];
        if (in < 2 || !one_in(random, 2)) continue;
        const auto pick = random.below(3);
        if (pick == 0) nodes[static_cast<std::size_t>(i)]["join"] = "any";
        else if (pick == 1) nodes[static_cast<std::size_t>(i)]["join"] = "first";
        else nodes[static_cast<std::size_t>(i)]["join"] = {{"n", 1 + random.below(static_cast<std::uint64_t>(in))}};
    }
    for (const std::string& id : undone) {
        nodes.push_back({{"id", id + "_undo"}, {"type", one_in(random, 5) ? "pure" : "keyed"}, {"config", {{"n", "{{ has(nodes." + id + ") ? size(nodes." + id + ".output) : 1 }}"}}},
                         {"retry", {{"max_attempts", 2}, {"backoff", "1s"}}}});
        edges.push_back({{"from", id}, {"to", id + "_undo"}, {"on", "rollback"}});
    }
    Json graph = {{"nodes", std::move(nodes)}, {"edges", std::move(edges)}};
    if (one_in(random, 3)) {
        const std::string& some = ids[random.below(ids.size())];
        if (one_in(random, 6)) graph["output"] = "{{ nodes }}";
        else graph["output"] = {{"some", "{{ has(nodes." + some + ") ? nodes." + some + ".output : null }}"}};
    }
    return graph;
}

}  // namespace

Json random_flow(base::Random& random) {
    Json document = {{"name", "simulated"}};
    document.update(random_graph(random, "n", 0));
    if (one_in(random, 10)) document["settings"] = {{"timeout", std::to_string(1 + random.below(60)) + "s"}};
    else if (one_in(random, 8)) document["settings"] = {{"max_attempts", 2 + random.below(6)}};
    return document;
}

bool undoes(const flows::CompiledFlow& flow, std::string_view path) {
    const flows::CompiledGraph* graph = &flow.graph;
    while (true) {
        const std::size_t slash = path.find('/');
        const auto& node = graph->nodes[graph->index.find(path.substr(0, std::min(slash, path.find('['))))->second];
        if (slash == std::string_view::npos) return node.compensates;
        graph = node.body.get();
        path = path.substr(slash + 1);
    }
}

}  // namespace sluice::engine::test
