#include "llm/call_content.hpp"

#include "sluice/base/json.hpp"

namespace sluice::llm {
namespace {

constexpr std::size_t most_bytes = 8 << 20;

}  // namespace

CallContent::CallContent(std::string_view door, std::string_view request) : door_(door) {
    if (takes(request.size())) request_ = request;
}

bool CallContent::takes(std::size_t bytes) {
    bytes_ += bytes;
    if (bytes_ <= most_bytes) return true;
    bytes_ -= bytes;
    cut_ = true;
    return false;
}

void CallContent::set_answer(std::string_view body) {
    if (takes(body.size())) answer_ = body;
}

void CallContent::add(const StreamEvent& event) {
    if (event.kind != StreamEvent::Kind::block_begin && event.kind != StreamEvent::Kind::block_delta) return;
    if (!takes(event.block.text.size() + event.block.arguments.size() + event.block.name.size())) return;
    auto& block = blocks_[event.index];
    if (event.kind == StreamEvent::Kind::block_begin) {
        block.kind = event.block.kind;
        block.id = event.block.id;
        block.name = event.block.name;
    }
    block.text += event.block.text;
    block.arguments += event.block.arguments;
}

std::string CallContent::json() const {
    // The bodies were checked as JSON on their way: they are not read again.
    std::string out = "{\"door\":" + base::dump_json(Json(door_)) + ",\"request\":" + (request_.empty() ? "null" : request_) +
                      ",\"answer\":" + (answer_.empty() ? "null" : answer_);
    Json text, calls;
    for (const auto& [index, block] : blocks_) {
        if (block.kind == Block::Kind::text || block.kind == Block::Kind::refusal)
            text = (text.is_string() ? text.get<std::string>() : std::string()) + block.text;
        if (block.kind == Block::Kind::tool_use) calls.push_back({{"id", block.id}, {"name", block.name}, {"arguments", block.arguments}});
    }
    out += ",\"text\":" + base::dump_json(text) + ",\"tool_calls\":" + base::dump_json(calls) + ",\"cut\":" + (cut_ ? "true}" : "false}");
    return out;
}

}  // namespace sluice::llm
