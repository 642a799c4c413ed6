#include "sluice/net/router.hpp"

#include <set>
#include <stdexcept>

#include "net/router_state.hpp"

namespace sluice::net {
namespace {

[[noreturn]] void refuse(std::string_view path, std::string_view why) {
    throw std::logic_error(fmt::format("the route {} cannot be registered: {}", path, why));
}

bool is_name(std::string_view text) {
    if (text.empty()) return false;
    return std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '_';
    });
}

bool is_integer(std::string_view text) {
    return !text.empty() && text.size() <= 18 &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// One attempt to match a path. The order of preference at each segment: fixed, integer, parameter,
/// rest.
class Matching {
  public:
    Matching(const std::vector<TrieNode>& nodes, std::string_view path)
        : nodes_(nodes), path_(path) {}

    const TrieNode* find() { return path_.starts_with('/') ? step(0, 1) : nullptr; }
    std::span<const std::string_view> values() const { return {values_.data(), count_}; }

  private:
    const TrieNode* step(std::size_t index, std::size_t from) {
        const auto& node = nodes_[index];
        const auto slash = path_.find('/', from);
        const auto segment =
            path_.substr(from, slash == std::string_view::npos ? slash : slash - from);
        const auto edge = std::lower_bound(
            node.fixed.begin(), node.fixed.end(), segment,
            [](const TrieNode::Edge& e, std::string_view text) { return e.text < text; });
        if (edge != node.fixed.end() && edge->text == segment)
            if (const auto* found = follow(edge->target, slash)) return found;
        if (node.integer && is_integer(segment))
            if (const auto* found = take(node.integer, segment, slash)) return found;
        if (node.parameter && !segment.empty())
            if (const auto* found = take(node.parameter, segment, slash)) return found;
        if (node.rest && count_ < values_.size()) {
            values_[count_++] = path_.substr(from);
            return &nodes_[node.rest];
        }
        return nullptr;
    }

    const TrieNode* follow(std::size_t target, std::size_t slash) {
        if (slash != std::string_view::npos) return step(target, slash + 1);
        return nodes_[target].entries.empty() ? nullptr : &nodes_[target];
    }

    const TrieNode* take(std::size_t target, std::string_view segment, std::size_t slash) {
        if (count_ == values_.size()) return nullptr;
        values_[count_++] = segment;
        if (const auto* found = follow(target, slash)) return found;
        --count_;
        return nullptr;
    }

    const std::vector<TrieNode>& nodes_;
    std::string_view path_;
    std::array<std::string_view, 8> values_;
    std::size_t count_ = 0;
};

const RouteEntry* entry_for(const TrieNode& node, Verb verb) {
    for (const auto* entry : node.entries)
        if (entry->verb == verb) return entry;
    return verb == Verb::head ? entry_for(node, Verb::get) : nullptr;
}

/// The collection and the parameter of the first object that an API path names.
void name_object(RouteEntry& entry) {
    if (!entry.path.starts_with("/api/v1/")) return;
    const auto segments = parse_pattern(entry.path);
    for (std::size_t i = 3; i < segments.size(); ++i) {
        if (segments[i].kind == Segment::Kind::fixed) continue;
        entry.collection = segments[2].text;
        entry.object = segments[i].text;
        return;
    }
}

}  // namespace

std::vector<Segment> parse_pattern(std::string_view path) {
    if (!path.starts_with('/')) refuse(path, "it must start with a slash");
    std::vector<Segment> segments;
    std::size_t parameters = 0;
    auto rest = path.substr(1);
    while (true) {
        const auto slash = rest.find('/');
        auto text = rest.substr(0, slash);
        Segment segment{Segment::Kind::fixed, text};
        if (text.starts_with('{')) {
            if (!text.ends_with('}')) refuse(path, "a parameter fills its whole segment");
            text = text.substr(1, text.size() - 2);
            segment.kind = Segment::Kind::parameter;
            if (text.ends_with("...")) {
                segment.kind = Segment::Kind::rest;
                text.remove_suffix(3);
            } else if (text.ends_with(":integer")) {
                segment.kind = Segment::Kind::integer;
                text.remove_suffix(8);
            }
            if (!is_name(text)) refuse(path, "a parameter needs a name of letters, digits and _");
            for (const auto& earlier : segments)
                if (earlier.kind != Segment::Kind::fixed && earlier.text == text)
                    refuse(path, "a parameter's name comes twice");
            if (++parameters > 8) refuse(path, "it has more than 8 parameters");
            segment.text = text;
        } else if (text.find_first_of("{}?#% ") != std::string_view::npos) {
            refuse(path, "a segment has a character that does not belong there");
        } else if (text.empty() && path != "/" && slash != std::string_view::npos) {
            refuse(path, "it has an empty segment");
        }
        segments.push_back(segment);
        if (slash == std::string_view::npos) break;
        if (segment.kind == Segment::Kind::rest)
            refuse(path, "only the last segment may take the rest");
        rest.remove_prefix(slash + 1);
    }
    return segments;
}

std::string action_of(Verb verb, std::string_view path) {
    std::vector<std::string_view> words;
    bool ends_fixed = true;
    for (const auto& segment : parse_pattern(path)) {
        ends_fixed = segment.kind == Segment::Kind::fixed;
        if (ends_fixed && !segment.text.empty()) words.push_back(segment.text);
    }
    if (words.size() > 1 && words[0] == "api") words.erase(words.begin(), words.begin() + std::min<std::ptrdiff_t>(2, std::ssize(words) - 1));
    auto out = fmt::format("{}", fmt::join(words, "."));
    switch (verb) {
        case Verb::post: return ends_fixed && words.size() > 1 ? out : out + ".create";
        case Verb::put:
        case Verb::patch: return out + ".update";
        case Verb::del: return out + ".delete";
        case Verb::get:
        case Verb::head:
        case Verb::options: return out + ".read";
    }
    return out;
}

Router::Router() : state_(std::make_unique<State>()) {}
Router::~Router() = default;

void Router::add(RouteEntry entry) {
    auto& nodes = state_->nodes;
    auto& stored = state_->routes.emplace_back(std::move(entry));
    // Where credentials can be guessed: no row can forget it.
    const std::string_view path = stored.path;
    const bool signs_in = path.starts_with("/auth/") || path.starts_with("/api/v1/auth/");
    if (signs_in && stored.access.is_open()) stored.info.rate = RateClass::sign_in;
    std::size_t at = 0;
    const auto child = [&nodes](std::size_t parent, std::size_t TrieNode::* slot) {
        if (nodes[parent].*slot == 0) {
            nodes.emplace_back();
            nodes[parent].*slot = nodes.size() - 1;
        }
        return nodes[parent].*slot;
    };
    try {
        if (!stored.handler) refuse(stored.path, "it has no handler");
        stored.action = stored.info.action.empty() ? action_of(stored.verb, stored.path) : std::string(stored.info.action);
        for (const auto& segment : parse_pattern(stored.path)) {
            switch (segment.kind) {
                case Segment::Kind::parameter:
                    at = child(at, &TrieNode::parameter);
                    break;
                case Segment::Kind::integer:
                    at = child(at, &TrieNode::integer);
                    break;
                case Segment::Kind::rest:
                    at = child(at, &TrieNode::rest);
                    break;
                case Segment::Kind::fixed: {
                    const auto less = [](const TrieNode::Edge& e, std::string_view text) {
                        return e.text < text;
                    };
                    auto& edges = nodes[at].fixed;
                    auto place = std::lower_bound(edges.begin(), edges.end(), segment.text, less);
                    if (place != edges.end() && place->text == segment.text) {
                        at = place->target;
                    } else {
                        edges.insert(place, {segment.text, nodes.size()});
                        at = nodes.size();
                        nodes.emplace_back();
                    }
                    break;
                }
            }
        }
        name_object(stored);
        for (const auto* other : nodes[at].entries)
            if (other->verb == stored.verb)
                refuse(stored.path,
                       fmt::format("{} {} is there already", to_string(other->verb), other->path));
    } catch (...) {
        state_->routes.pop_back();
        throw;
    }
    nodes[at].entries.push_back(&stored);
}

void Router::add_schema(std::string_view name, std::string_view schema_json) {
    const auto [place, added] = state_->schema_texts.emplace(name, schema_json);
    if (!added && place->second != schema_json)
        throw std::logic_error(
            fmt::format("the schema {} is added twice, with different content", name));
}

Router::Match Router::match(Verb verb, std::string_view path) const {
    Match match;
    Matching matching(state_->nodes, path);
    const auto* node = matching.find();
    if (!node) return match;
    match.entry = entry_for(*node, verb);
    if (!match.entry) {
        for (const auto* entry : node->entries) match.allowed.push_back(entry->verb);
        if (entry_for(*node, Verb::get))
            match.allowed.push_back(Verb::head);  // answered by the GET route
        std::sort(match.allowed.begin(), match.allowed.end());
        match.allowed.erase(std::unique(match.allowed.begin(), match.allowed.end()),
                            match.allowed.end());
        return match;
    }
    const auto values = matching.values();
    if (values.empty()) return match;
    std::size_t next = 0;
    match.parameters.reserve(values.size());
    // The pattern was judged when it was added: names stand between the braces, in order.
    std::string_view pattern = match.entry->path;
    for (auto open = pattern.find('{'); open != std::string_view::npos && next < values.size();
         open = pattern.find('{')) {
        pattern.remove_prefix(open + 1);
        const auto name = pattern.substr(0, pattern.find_first_of("}:."));
        const auto raw = values[next++];
        if (raw.find('%') == std::string_view::npos) {
            match.parameters.emplace_back(name, std::string(raw));
        } else if (auto decoded = decode_component(raw, false)) {
            match.parameters.emplace_back(name, std::move(*decoded));
        } else {
            return {};  // the server has refused such an address before
        }
    }
    return match;
}

Places& Router::places() { return state_->places; }
const Places& Router::places() const { return state_->places; }

const std::deque<RouteEntry>& Router::routes() const { return state_->routes; }

namespace {

Json parsed_schema(std::string_view name, std::string_view text) {
    auto schema = base::parse_json(text);
    if (!schema) throw std::logic_error(fmt::format("the schema {} is not JSON: {}", name, schema.error().message));
    return std::move(*schema);
}

/// The schemas that `name` refers to, itself among them, as a document that its references point into. Small: all of them
/// at once would leave a large hole in memory at every start.
Json with_references(const std::map<std::string, std::string, std::less<>>& texts, const std::string& name) {
    constexpr std::string_view mark = "#/components/schemas/";
    Json schemas = Json::object();
    std::vector<std::string> waiting{name};
    while (!waiting.empty()) {
        const auto next = std::move(waiting.back());
        waiting.pop_back();
        const auto found = texts.find(next);
        if (schemas.contains(next) || found == texts.end()) continue;
        const std::string_view text = found->second;
        schemas[next] = parsed_schema(next, text);
        for (auto at = text.find(mark); at != text.npos; at = text.find(mark, at + 1)) {
            const auto begin = at + mark.size();
            waiting.emplace_back(text.substr(begin, text.find('"', begin) - begin));
        }
    }
    return Json{{"components", {{"schemas", std::move(schemas)}}}};
}

}  // namespace

std::vector<base::ErrorDetail> Router::check(std::string_view schema, const Json& body) const {
    if (const auto found = state_->schemas.find(schema); found != state_->schemas.end()) return found->second.validate(body);
    // Of answers: nothing but tests asks.
    const std::string name(schema);
    if (state_->version.empty() || !state_->schema_texts.contains(name))
        throw std::logic_error(fmt::format("there is no schema {}, or the router is not sealed", schema));
    const Json root = with_references(state_->schema_texts, name);
    return base::JsonSchema::compile(root["components"]["schemas"][name], root)->validate(body);
}

void Router::seal(std::string_view version) {
    state_->version = version;
    // All must compile; kept are those that bodies are checked against.
    std::set<std::string_view> checked;
    for (const auto& route : state_->routes)
        if (route.info.check_body) checked.insert(route.info.request);
    for (const auto& [name, text] : state_->schema_texts) {
        const Json root = with_references(state_->schema_texts, name);
        auto compiled = base::JsonSchema::compile(root["components"]["schemas"][name], root);
        if (!compiled) {
            const auto& error = compiled.error();
            throw std::logic_error(
                fmt::format("the schema {} is not valid: {}{}{}", name, error.message,
                            error.details.empty() ? "" : " at ",
                            error.details.empty() ? "" : error.details.front().pointer));
        }
        if (checked.contains(name)) state_->schemas.insert_or_assign(name, std::move(*compiled));
    }
    for (const auto& route : state_->routes)
        for (const auto name : {route.info.request, route.info.response})
            if (!name.empty() && !state_->schema_texts.contains(name))
                refuse(route.path, fmt::format("nobody has added its schema {}", name));
    for (const auto& route : state_->routes)
        if (!route.access.is_open() && !route.collection.empty() && !state_->places.knows(route.collection))
            refuse(route.path, fmt::format("nobody has said where the objects of {} belong (Router::places)", route.collection));
}

std::string Router::make_openapi() const {
    Json schemas = Json::object();
    for (const auto& [name, text] : state_->schema_texts) schemas[name] = parsed_schema(name, text);
    return base::dump_json(openapi_document(state_->routes, schemas, state_->version));
}

}  // namespace sluice::net
