#include "llm/formats/openai_block_order.hpp"

#include <algorithm>
#include <utility>

namespace sluice::llm::openai {

namespace {

StreamEvent event_of(StreamEvent::Kind kind, std::size_t index, Block block = {}) {
    StreamEvent event;
    event.kind = kind;
    event.index = index;
    event.block = std::move(block);
    return event;
}

}  // namespace

void BlockOrder::add(const StreamEvent& event, std::vector<StreamEvent>& out) {
    const auto source = event.index;
    if (event.kind == StreamEvent::Kind::block_begin) {
        kinds_[source] = event.block.kind;
        const bool must_wait = !waiting_.empty() || (open_ && kinds_[*open_] == Block::Kind::tool_use);
        if (must_wait) waiting_.push_back({.source = source, .block = event.block});
        else begin(source, event.block, out);
    } else if (event.kind == StreamEvent::Kind::block_delta) {
        if (open_ == source) return out.push_back(event_of(event.kind, next_ - 1, event.block));
        if (auto* waiting = find_waiting(source)) return waiting->pieces.push_back(event.block);
        const auto kind = kinds_.find(source);
        if (kind == kinds_.end() || kind->second == Block::Kind::tool_use) return;  // of no block that began
        auto again = event_of(StreamEvent::Kind::block_begin, source, {.kind = kind->second});
        add(again, out);
        add(event, out);
    } else if (event.kind == StreamEvent::Kind::block_end) {
        if (open_ == source) {
            end_open(out);
            drain(out);
        } else if (auto* waiting = find_waiting(source)) {
            waiting->ended = true;
        }
    }
}

void BlockOrder::end_all(std::vector<StreamEvent>& out) {
    end_open(out);
    for (auto& waiting : waiting_) waiting.ended = true;
    drain(out);
}

void BlockOrder::begin(std::size_t source, const Block& block, std::vector<StreamEvent>& out) {
    end_open(out);
    open_ = source;
    out.push_back(event_of(StreamEvent::Kind::block_begin, next_++, block));
}

void BlockOrder::end_open(std::vector<StreamEvent>& out) {
    if (open_) out.push_back(event_of(StreamEvent::Kind::block_end, next_ - 1));
    open_.reset();
}

void BlockOrder::drain(std::vector<StreamEvent>& out) {
    while (!open_ && !waiting_.empty()) {
        auto first = std::move(waiting_.front());
        waiting_.erase(waiting_.begin());
        begin(first.source, first.block, out);
        for (auto& piece : first.pieces) out.push_back(event_of(StreamEvent::Kind::block_delta, next_ - 1, std::move(piece)));
        if (first.ended) end_open(out);
    }
}

BlockOrder::Waiting* BlockOrder::find_waiting(std::size_t source) {
    const auto it = std::find_if(waiting_.rbegin(), waiting_.rend(), [&](const Waiting& w) { return w.source == source; });
    return it == waiting_.rend() ? nullptr : &*it;
}

}  // namespace sluice::llm::openai
