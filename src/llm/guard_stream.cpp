// An answer judged while it is streamed.

#include <algorithm>

#include <fmt/format.h>

#include "llm/guard.hpp"

namespace sluice::llm {
namespace {

constexpr std::size_t context_bytes = 64;          ///< of what has gone on: whether a word begins is seen by what stands before
constexpr std::size_t longest_held = 16 << 10;     ///< of one thing that has been found and does not end
constexpr std::size_t longest_arguments = 4 << 20;

bool is_words(Block::Kind kind) {
    return kind == Block::Kind::text || kind == Block::Kind::refusal || kind == Block::Kind::thinking;
}

/// The place at or before `at` where a character begins.
std::size_t at_character(std::string_view text, std::size_t at) {
    while (at > 0 && at < text.size() && (static_cast<unsigned char>(text[at]) & 0xc0) == 0x80) --at;
    return at;
}

}  // namespace

StreamJudge::StreamJudge(std::shared_ptr<const Guard> guard, GuardReport& report)
    : guard_(std::move(guard)), judge_(guard_->output, "output", report) {
    for (const auto& rule : guard_->output) window_ = std::max(window_, rule->window);
}

void StreamJudge::flush(std::size_t index, Open& open, bool last, std::vector<StreamEvent>& out) {
    if (open.held.empty()) return;
    const std::string text = open.seen + open.held;
    const auto from = open.seen.size();
    const auto found = find_all(guard_->output, text, from);
    for (const auto& each : found)
        if (const auto& rule = guard_->output[each.rule]; !rule->redacts)
            return judge_.refuse(rule, each.kind, fmt::format("it finds {} in the answer", each.kind == "pattern" ? "its pattern" : each.kind));
    auto cut = text.size();
    if (!last) cut = text.size() - from <= window_ ? from : at_character(text, text.size() - window_);
    if (!last) cut = std::max(from, std::min(cut, may_go_on(guard_->output, text, from)));
    for (const auto& each : found) {
        if (each.begin >= cut || each.end <= cut) continue;
        // It may go on with what comes next, unless it is too long to wait for.
        const bool may_grow = each.end == text.size() && text.size() - each.begin < longest_held;
        cut = may_grow ? each.begin : each.end;
    }
    if (cut <= from) return;
    StreamEvent event;
    event.kind = StreamEvent::Kind::block_delta;
    event.index = index;
    event.block.kind = open.kind;
    auto at = from;
    for (const auto& each : found) {
        if (each.end > cut) break;
        const auto& rule = *guard_->output[each.rule];
        judge_.redacted(rule, each.kind);
        event.block.text.append(text, at, each.begin - at);
        event.block.text += replacement_of(rule, each.kind);
        at = each.end;
    }
    event.block.text.append(text, at, cut - at);
    open.held = text.substr(cut);
    const auto begin = at_character(text, cut - std::min(cut, context_bytes));
    open.seen = text.substr(begin, cut - begin);
    out.push_back(std::move(event));
}

std::vector<StreamEvent> StreamJudge::feed(StreamEvent event) {
    std::vector<StreamEvent> out;
    if (judge_.refused()) return out;
    using Kind = StreamEvent::Kind;
    const auto index = event.index;
    if (event.kind == Kind::block_begin) {
        auto& open = open_[index];
        open = Open{event.block.kind, {}, {}};
        if (event.block.kind == Block::Kind::tool_use) judge_.tool(event.block.name);
        auto first = std::exchange(event.block.text, {});
        auto arguments = std::exchange(event.block.arguments, {});
        out.push_back(std::move(event));
        if (first.empty() && arguments.empty()) return judge_.refused() ? std::vector<StreamEvent>() : out;
        open.held = first.empty() ? std::move(arguments) : std::move(first);
    } else if (event.kind == Kind::block_delta) {
        auto& open = open_[index];
        if (is_words(open.kind)) {
            open.held += std::exchange(event.block.text, {});
            flush(index, open, false, out);
            if (!event.block.signature.empty() || !event.block.data.empty()) {
                flush(index, open, true, out);  // it signs what stands before it
                out.push_back(std::move(event));
            }
        } else if (open.kind == Block::Kind::tool_use) {
            open.held += event.block.arguments;
            event.block.arguments.clear();
            if (open.held.size() > longest_arguments)
                judge_.refuse(guard_->output.front(), "size", "the arguments of a tool's call are larger than it can hold");
            if (!event.block.signature.empty() || !event.block.data.empty()) out.push_back(std::move(event));
        } else {
            out.push_back(std::move(event));
        }
    } else if (event.kind == Kind::block_end || event.kind == Kind::stop) {
        for (auto at = open_.begin(); at != open_.end();) {
            if (event.kind == Kind::block_end && at->first != index) {
                ++at;
                continue;
            }
            auto& open = at->second;
            if (is_words(open.kind)) {
                flush(at->first, open, true, out);
            } else if (!open.held.empty()) {
                Json arguments{{"arguments", std::move(open.held)}};
                judge_.part(arguments);
                StreamEvent whole;
                whole.kind = Kind::block_delta;
                whole.index = at->first;
                whole.block.kind = open.kind;
                whole.block.arguments = arguments["arguments"].get<std::string>();
                out.push_back(std::move(whole));
            }
            at = open_.erase(at);
        }
        out.push_back(std::move(event));
    } else {
        out.push_back(std::move(event));
    }
    for (const auto& each : out)
        if (each.kind == Kind::block_delta && is_words(each.block.kind)) judge_.count(each.block.text);
    judge_.finish(0);
    if (judge_.refused()) out.clear();
    return out;
}

}  // namespace sluice::llm
