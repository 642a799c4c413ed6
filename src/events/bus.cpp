#include <algorithm>

#include "bus_state.hpp"
#include "events_store.hpp"
#include "sluice/base/log.hpp"

namespace sluice::events {
namespace {

constexpr std::string_view run_start = "run/";

std::string process_key() {
    base::SystemRandom random;
    std::string key(32, '\0');
    random.fill({reinterpret_cast<std::uint8_t*>(key.data()), key.size()});
    return key;
}

void keep(Tail& tail, std::vector<Item> page) {
    if (!page.empty() && !tail.ring.empty() && page.front().number != tail.ring.back().number + 1) {
        tail.ring.clear();
        tail.bytes = 0;
    }
    for (auto& item : page) {
        tail.bytes += item.text->size();
        tail.head = item.number;
        tail.ring.push_back(std::move(item));
    }
    while (tail.ring.size() > ring_items || (tail.bytes > ring_bytes && tail.ring.size() > 1)) {
        tail.bytes -= tail.ring.front().text->size();
        tail.ring.pop_front();
    }
}

/// Reads what follows the head until nothing is new. Takes values: it outlives its starter.
Awaitable<void> pump(std::shared_ptr<BusState> bus, std::shared_ptr<Tail> tail) {
    do {
        tail->dirty = false;
        auto page = co_await bus->read_page(tail, *tail->head);
        if (!page) {  // the next hint tries again
            log::warn("events were not read", {{"error", page.error().message}});
            break;
        }
        const bool more = page->size() == static_cast<std::size_t>(page_size);
        keep(*tail, std::move(*page));
        for (auto* listener : tail->listeners) listener->signal.notify();
        if (more) tail->dirty = true;
    } while (tail->dirty && !tail->listeners.empty());
    tail->reading = false;
}

}  // namespace

Result<RunId> parse_topic(std::string_view topic) {
    if (topic == "events") return RunId();
    if (topic.starts_with(run_start))
        if (auto run = RunId::parse(topic.substr(run_start.size()))) return *run;
    return fail(ErrorCode::invalid_argument,
                "there is no topic {}; topics are events and run/<run id>", topic);
}

BusState::BusState(runtime::Loop& l, storage::Storage& s)
    : loop(l), storage(s), cursors(process_key()), tasks(l) {}

std::shared_ptr<Tail> BusState::tail(WorkspaceId workspace, RunId run) const {
    const auto found = tails.find({workspace, run});
    return found == tails.end() ? nullptr : found->second;
}

Awaitable<Result<std::vector<Item>>> BusState::read_page(std::shared_ptr<Tail> tail,
                                                         std::int64_t after) {
    std::vector<Item> page;
    if (tail->run) {
        if (!feed) co_return fail(ErrorCode::not_found, "there is no run {}", tail->run.str());
        auto read = co_await feed->run_events(tail->workspace, tail->run, after, page_size);
        if (!read) co_return fail(std::move(read.error()));
        for (const auto& event : *read) {
            const auto* seq = base::find_member(event, "seq");
            if (!seq || !seq->is_number_integer())
                co_return fail(ErrorCode::internal, "a run's event has no seq");
            page.push_back({seq->get<std::int64_t>(),
                            std::make_shared<const std::string>(base::dump_json(event))});
        }
        co_return page;
    }
    auto read = co_await store::read_after(storage, tail->workspace, after, page_size);
    if (!read) co_return fail(std::move(read.error()));
    for (const auto& event : *read)
        page.push_back({event.number,
                        std::make_shared<const std::string>(cloud_event(tail->workspace, event))});
    co_return page;
}

void BusState::hint(const std::shared_ptr<Tail>& tail) {
    tail->dirty = true;
    if (stopped || tail->reading || !tail->head || tail->listeners.empty()) return;
    tail->reading = true;
    tasks.spawn("event-tail", pump(shared_from_this(), tail));
}

Bus::Bus(runtime::Loop& loop, storage::Storage& storage)
    : state_(std::make_shared<BusState>(loop, storage)) {}
Bus::~Bus() = default;

void Bus::set_run_feed(RunFeed* feed) { state_->feed = feed; }
void Bus::set_cursor_key(std::string key) { state_->cursors = Cursors(std::move(key)); }
runtime::Loop& Bus::loop() const { return state_->loop; }
runtime::TaskGroup& Bus::tasks() { return state_->tasks; }

void Bus::committed(WorkspaceId workspace) {
    if (state_->tails.empty()) return;
    if (auto tail = state_->tail(workspace, RunId())) state_->hint(tail);
}

void Bus::run_changed(WorkspaceId workspace, RunId run) {
    if (state_->tails.empty()) return;
    if (auto tail = state_->tail(workspace, run)) state_->hint(tail);
}

bool Bus::has_listeners(WorkspaceId workspace, std::string_view topic) const {
    if (state_->tails.empty()) return false;
    const auto run = parse_topic(topic);
    return run && state_->tail(workspace, *run);
}

void Bus::publish_live(WorkspaceId workspace, std::string_view topic, const Json& message) {
    if (state_->tails.empty()) return;
    const auto run = parse_topic(topic);
    if (!run) return;
    const auto tail = state_->tail(workspace, *run);
    if (!tail) return;
    const auto text = std::make_shared<const std::string>(base::dump_json(message));
    for (auto* listener : tail->listeners) listener->push_live(std::string(topic), text);
}

std::string Bus::run_topic(RunId run) { return std::string(run_start) + run.str(); }

std::unique_ptr<Subscription> Bus::subscribe(WorkspaceId workspace) {
    auto state = std::make_shared<SubscriptionState>(state_, workspace, state_->loop);
    state_->subscriptions.push_back(state.get());
    return std::unique_ptr<Subscription>(new Subscription(std::move(state)));
}

Awaitable<Result<Bus::List>> Bus::list(WorkspaceId workspace, int limit, std::string cursor,
                                       std::function<bool(const Event&)> shows) {
    auto position = state_->cursors.read(workspace, "events", cursor);
    if (!position) co_return fail(std::move(position.error()));
    auto before = std::numeric_limits<std::int64_t>::max();
    if (!position->empty())
        std::from_chars(position->data(), position->data() + position->size(), before);
    const int piece = shows ? std::max(limit + 1, 500) : limit + 1;
    List list;
    while (true) {
        auto read = co_await store::read_before(state_->storage, workspace, before, piece);
        if (!read) co_return fail(std::move(read.error()));
        for (auto& event : *read) {
            before = event.number;
            if (shows && !shows(event)) continue;
            if (list.items.size() == static_cast<std::size_t>(limit)) {
                list.next_cursor = state_->cursors.make(workspace, "events", std::to_string(list.items.back().number));
                co_return list;
            }
            list.items.push_back(std::move(event));
        }
        if (read->size() < static_cast<std::size_t>(piece)) co_return list;
    }
}

Awaitable<Result<Event>> Bus::get(WorkspaceId workspace, std::int64_t number) {
    auto found = co_await store::find(state_->storage, workspace, number);
    if (!found) co_return fail(std::move(found.error()));
    if (!*found)
        co_return fail(ErrorCode::not_found,
                       "there is no event {}; events are kept for a time only", number);
    co_return std::move(**found);
}

Awaitable<Result<std::int64_t>> Bus::trim(Time before) {
    constexpr int batch = 500;
    std::int64_t total = 0;
    WorkspaceId workspace;
    for (;;) {
        auto next = co_await store::next_workspace(state_->storage, workspace);
        if (!next) co_return fail(std::move(next.error()));
        if (!*next) co_return total;
        workspace = **next;
        for (std::int64_t deleted = 1; deleted > 0; total += deleted) {
            auto done = co_await store::trim(state_->storage, workspace, before, batch);
            if (!done) co_return fail(std::move(done.error()));
            deleted = *done;
        }
    }
}

Awaitable<void> Bus::stop() {
    state_->stopped = true;
    for (auto* subscription : state_->subscriptions) subscription->signal.notify();
    co_await state_->tasks.cancel_and_join();
}

}  // namespace sluice::events
