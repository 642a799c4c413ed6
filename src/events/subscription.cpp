#include <algorithm>

#include "bus_state.hpp"
#include "events_store.hpp"
#include "sluice/base/metrics.hpp"

namespace sluice::events {

Follow* SubscriptionState::find(std::string_view topic) {
    for (auto& follow : follows)
        if (follow.topic == topic) return &follow;
    return nullptr;
}

void SubscriptionState::push_live(const std::string& topic,
                                  std::shared_ptr<const std::string> text) {
    if (too_slow) return;
    live_bytes += text->size();
    live.push_back({topic, {}, std::move(text), false});
    if (live.size() > max_live || live_bytes > max_live_bytes) {
        too_slow = true;
        live.clear();
    }
    signal.notify();
}

std::vector<Delivery> SubscriptionState::take() {
    std::vector<Delivery> out(std::make_move_iterator(live.begin()),
                              std::make_move_iterator(live.end()));
    live.clear();
    live_bytes = 0;
    for (auto& follow : follows) {
        if (!follow.ready) continue;
        if (std::exchange(follow.resync, false))
            out.push_back({follow.topic, follow.cursor, nullptr, true});
        const auto& ring = follow.tail->ring;
        if (ring.empty() || follow.cursor >= ring.back().number ||
            follow.cursor + 1 < ring.front().number)
            continue;
        auto index = static_cast<std::size_t>(follow.cursor + 1 - ring.front().number);
        for (int taken = 0; index < ring.size() && taken < page_size; ++index, ++taken) {
            out.push_back({follow.topic, ring[index].number, ring[index].text, false});
            follow.cursor = ring[index].number;
        }
    }
    return out;
}

Follow* SubscriptionState::behind() {
    for (auto& follow : follows) {
        const auto& tail = *follow.tail;
        if (!follow.ready) continue;
        if (!tail.head) return &follow;
        if (follow.cursor >= *tail.head) continue;
        if (tail.ring.empty() || follow.cursor + 1 < tail.ring.front().number) return &follow;
    }
    return nullptr;
}

void SubscriptionState::apply(const std::string& topic, std::uint64_t generation,
                              std::vector<Item> page, std::vector<Delivery>& out) {
    auto* follow = find(topic);
    if (!follow || follow->generation != generation) return;
    auto& tail = *follow->tail;
    const bool gone = page.empty() ? tail.head && follow->cursor < *tail.head
                                   : page.front().number != follow->cursor + 1;
    if (gone) {  // trimmed since: the listener reloads and goes on from the newest
        follow->cursor =
            page.empty() ? *tail.head : std::max(page.back().number, tail.head.value_or(0));
        out.push_back({topic, follow->cursor, nullptr, true});
        return;
    }
    const bool at_end = page.size() < static_cast<std::size_t>(page_size);
    for (auto& item : page) {
        follow->cursor = item.number;
        out.push_back({topic, item.number, std::move(item.text), false});
    }
    if (!tail.head && at_end) {
        tail.head = follow->cursor;
        if (tail.dirty) bus->hint(follow->tail);
    }
}

void SubscriptionState::leave(const Follow& follow) {
    auto& tail = follow.tail;
    std::erase(tail->listeners, this);
    if (tail->listeners.empty()) bus->tails.erase({tail->workspace, tail->run});
}

namespace {
base::metrics::Gauge subscriptions("sluice_live_subscriptions", "Live streams that are open");
}  // namespace

Subscription::Subscription(std::shared_ptr<SubscriptionState> state) : state_(std::move(state)) { subscriptions.add(1); }

Subscription::~Subscription() {
    subscriptions.add(-1);
    for (const auto& follow : state_->follows) state_->leave(follow);
    state_->follows.clear();
    std::erase(state_->bus->subscriptions, state_.get());
}

bool Subscription::follows(std::string_view topic) const { return state_->find(topic) != nullptr; }

void Subscription::remove(std::string_view topic) {
    auto* follow = state_->find(topic);
    if (!follow) return;
    state_->leave(*follow);
    std::erase_if(state_->follows, [&](const Follow& one) { return one.topic == topic; });
}

void Subscription::end() {
    state_->ended = true;
    state_->signal.notify();
}

Awaitable<Result<void>> Subscription::add(std::string topic, std::optional<std::int64_t> after) {
    const auto state = state_;  // the subscription may end during the waits below
    const auto run = parse_topic(topic);
    if (!run) co_return fail(run.error());
    if (after && *after < 0)
        co_return fail(ErrorCode::invalid_argument, "the number to resume after is negative");
    remove(topic);
    if (state->follows.size() >= max_topics)
        co_return fail(ErrorCode::invalid_argument, "one stream follows at most {} topics",
                       max_topics);

    // It listens first and reads then, so that nothing falls between.
    auto& bus = *state->bus;
    auto tail = bus.tail(state->workspace, *run);
    if (!tail) {
        tail = std::make_shared<Tail>();
        tail->workspace = state->workspace;
        tail->run = *run;
        bus.tails[{state->workspace, *run}] = tail;
    }
    tail->listeners.push_back(state.get());
    const auto generation = ++state->generations;
    state->follows.push_back({topic, tail, 0, false, false, generation});

    Result<void> outcome;
    std::int64_t cursor = after.value_or(0);
    bool resync = false;
    if (!*run) {
        auto newest = co_await store::newest(bus.storage, state->workspace);
        if (!newest) outcome = fail(std::move(newest.error()));
        if (newest) {
            if (!tail->head) tail->head = *newest;
            const auto head = std::max(*newest, *tail->head);
            resync = cursor > head;  // a number of another history (a database that was restored)
            if (!after || resync) cursor = head;
        }
    } else if (!bus.feed) {
        outcome = fail(ErrorCode::not_found, "there is no run {}", run->str());
    } else {
        auto page = co_await bus.feed->run_events(state->workspace, *run,
                                                  std::max<std::int64_t>(cursor - 1, 0), 1);
        if (!page) outcome = fail(std::move(page.error()));
        if (page && cursor > 0 &&
            page->empty()) {  // beyond the journal's end: told from the start again
            resync = true;
            cursor = 0;
        }
    }
    auto* follow = state->find(topic);
    if (!follow || follow->generation != generation)
        co_return Result<void>{};  // removed or added again meanwhile
    if (!outcome) {
        state->leave(*follow);
        std::erase_if(state->follows, [&](const Follow& one) { return one.topic == topic; });
        co_return outcome;
    }
    follow->cursor = cursor;
    follow->resync = resync;
    follow->ready = true;
    if (tail->head && tail->dirty) bus.hint(tail);
    state->signal.notify();
    co_return outcome;
}

Awaitable<Result<std::vector<Delivery>>> Subscription::next(Time deadline) {
    const auto state = state_;
    for (;;) {
        if (state->bus->stopped || state->ended)
            co_return fail(ErrorCode::cancelled, "the stream has ended");
        if (state->too_slow)
            co_return fail(ErrorCode::unavailable,
                           "this listener is too slow; connect again and resume");
        auto out = state->take();
        if (!out.empty()) co_return out;
        if (auto* follow = state->behind()) {
            const auto topic = follow->topic;
            const auto generation = follow->generation;
            auto tail = follow->tail;
            auto page = co_await state->bus->read_page(std::move(tail), follow->cursor);
            if (!page) co_return fail(std::move(page.error()));
            state->apply(topic, generation, std::move(*page), out);
            if (!out.empty()) co_return out;
            continue;
        }
        if (state->bus->loop.now() >= deadline) co_return out;
        co_await state->signal.wait_until(deadline);
    }
}

}  // namespace sluice::events
