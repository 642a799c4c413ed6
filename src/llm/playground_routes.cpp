// Several models beside each other on one prompt: each asked through the same admission as at the doors, told as it comes.

#include <algorithm>
#include <deque>
#include <span>

#include "llm/gateway_state.hpp"
#include "sluice/net/server.hpp"
#include "sluice/runtime/sync.hpp"

namespace sluice::llm {
namespace {

using net::problem;
using net::Request;
using net::Response;
using net::Verb;

constexpr std::size_t most_waiting = 4 << 20;  ///< bytes that a slow reader may leave; then the models wait for it

constexpr std::string_view compare_schema = R"json({"type": "object", "required": ["models"], "additionalProperties": false, "properties": {
    "models": {"type": "array", "minItems": 1, "maxItems": 6, "items": {"type": "string", "minLength": 1, "maxLength": 300}},
    "prompt": {"type": "string", "description": "The last message of the user"},
    "system": {"type": "string"},
    "messages": {"type": "array", "maxItems": 1000, "items": {"type": "object"}, "description": "As OpenAI's chat format has them"},
    "parameters": {"type": "object", "description": "Further members of the request: temperature, max_completion_tokens, tools, response_format, …"}}})json";
constexpr std::string_view answer_schema = R"json({"type": "object", "required": ["results"], "properties": {
    "results": {"type": "array", "items": {"$ref": "#/components/schemas/ComparedModel"}}, "cost_usd": {"type": "string"}}})json";
constexpr std::string_view result_schema = R"json({"type": "object", "required": ["index", "model"], "properties": {
    "index": {"type": "integer"}, "model": {"type": "string"}, "answered_by": {"type": ["string", "null"]},
    "text": {"type": "string"}, "tool_calls": {"type": "array", "items": {"type": "object"}},
    "first_token_ms": {"type": ["integer", "null"]}, "duration_ms": {"type": "integer"},
    "usage": {"type": ["object", "null"]}, "cost_usd": {"type": ["string", "null"], "description": "Null: the price is not known"},
    "run_id": {"type": ["string", "null"], "description": "Of a flow"}, "error": {"type": ["object", "null"]}}})json";

/// One model's part.
struct Column {
    std::size_t index = 0;
    std::string model, answered_by, run_id, text;
    std::map<std::size_t, Block> calls;
    std::optional<UsageRecord> usage;
    std::optional<NanoUsd> cost;
    Duration began{};
    std::int64_t first_token_us = -1, duration_us = 0;
    Json error;
    Request request;
};

/// What all of them write on, and one caller reads.
struct Board {
    explicit Board(Gateway::State& the_state) : state(the_state), changed(the_state.parts.loop), read(the_state.parts.loop) {}
    Gateway::State& state;
    std::vector<std::unique_ptr<Column>> columns;
    std::string out;        ///< server-sent events that wait
    bool streams = true, gone = false;
    std::size_t open = 0;   ///< models that are not through
    runtime::Signal changed, read;

    Duration steady() const { return state.parts.loop.clock().steady(); }
    void tell(std::string_view event, const Json& data) {
        if (streams) out += net::format_sse(event, {}, base::dump_json(data));
        changed.notify();
    }
};

Json usage_json(const UsageRecord& usage) {
    return {{"input_tokens", usage.input()},
            {"cached_input_tokens", usage.cache_read},
            {"output_tokens", usage.output()},
            {"reasoning_tokens", usage.output_reasoning},
            {"estimated", usage.estimated}};
}

Json result_json(const Column& column) {
    Json calls = Json::array();
    for (const auto& [index, call] : column.calls) calls.push_back({{"id", call.id}, {"name", call.name}, {"arguments", call.arguments}});
    const auto text_or_null = [](const std::string& text) { return text.empty() ? Json() : Json(text); };
    return {{"index", column.index},
            {"model", column.model},
            {"answered_by", text_or_null(column.answered_by)},
            {"text", column.text},
            {"tool_calls", std::move(calls)},
            {"first_token_ms", column.first_token_us < 0 ? Json() : Json(column.first_token_us / 1000)},
            {"duration_ms", column.duration_us / 1000},
            {"usage", column.usage ? usage_json(*column.usage) : Json()},
            {"cost_usd", column.cost ? Json(base::format_usd(*column.cost)) : Json()},
            {"run_id", text_or_null(column.run_id)},
            {"error", column.error}};
}

/// Reads one model's stream and puts it on the board.
class ColumnWriter final : public net::BodyWriter {
  public:
    ColumnWriter(std::shared_ptr<Board> board, Column& column) : board_(std::move(board)), column_(column), reader_(openai_chat().stream_reader()) {}

    Awaitable<Result<void>> write(std::string piece) override {
        while (board_->streams && !board_->gone && board_->out.size() > most_waiting) co_await board_->read.wait();
        if (board_->gone) co_return fail(ErrorCode::cancelled, "the caller has gone");
        EventSink sink = [this](StreamEvent event) -> Result<void> {
            take(event);
            return {};
        };
        std::function<Result<void>(const net::SseParser::Event&)> on_event = [&](const net::SseParser::Event& event) {
            return reader_->feed(event, sink);
        };
        co_return parser_.feed(piece, on_event);
    }
    bool closing() const override { return board_->gone; }
    void on_closing(std::function<void()>) override {}  // the task is cancelled then

  private:
    void take(const StreamEvent& event) {
        if (event.usage) column_.usage = event.usage;
        if (event.kind == StreamEvent::Kind::error) {
            column_.error = {{"code", event.error_type}, {"message", event.error_message}};
            return;
        }
        if (event.kind != StreamEvent::Kind::block_begin && event.kind != StreamEvent::Kind::block_delta) return;
        const auto& block = event.block;
        if (event.kind == StreamEvent::Kind::block_begin) kinds_[event.index] = block.kind;
        const auto kind = kinds_[event.index];
        const bool anything = !block.text.empty() || !block.arguments.empty() || !block.name.empty();
        if (anything && column_.first_token_us < 0) column_.first_token_us = (board_->steady() - column_.began).count();
        if (event.kind == StreamEvent::Kind::block_begin && kind == Block::Kind::tool_use) {
            column_.calls[event.index].id = block.id;
            column_.calls[event.index].name = block.name;
        }
        if (!block.arguments.empty()) column_.calls[event.index].arguments += block.arguments;
        const bool said = kind == Block::Kind::text || kind == Block::Kind::refusal;
        if (!said || block.text.empty()) return;
        column_.text += block.text;
        board_->tell("delta", {{"index", column_.index}, {"text", block.text}});
    }

    std::shared_ptr<Board> board_;
    Column& column_;
    std::unique_ptr<StreamReader> reader_;
    net::SseParser parser_;
    std::map<std::size_t, Block::Kind> kinds_;
};

Awaitable<void> ask_one(std::shared_ptr<Board> board, std::size_t index) {
    auto& column = *board->columns[index];
    column.began = board->steady();
    Door door{&openai_chat(), "playground", Operation::chat, {}, false};
    SettledCall settled = [&column](const budget::Spend& call, bool priced) {
        if (priced) column.cost = NanoUsd{column.cost.value_or(NanoUsd{}).value + call.cost.value};
    };
    try {
        auto response = co_await handle_chat(board->state, column.request, std::move(door), std::move(settled));
        column.answered_by = std::string(response.headers.get("x-sluice-provider"));
        if (const auto by = response.headers.get("x-sluice-model"); !by.empty()) column.answered_by += "/" + std::string(by);
        column.run_id = std::string(response.headers.get("sluice-run-id"));
        if (response.status != 200) {
            const auto error = openai_chat().read_error(response.status, response.headers, response.text);
            column.error = {{"status", response.status}, {"code", error.code.empty() ? error.type : error.code}, {"message", error.message}};
        } else if (response.stream) {
            ColumnWriter writer(board, column);
            co_await response.stream(writer);
        }
    } catch (const std::bad_alloc&) {
        throw;
    } catch (const std::exception&) {
        if (board->gone) throw;  // cancelled with its caller
        column.error = {{"status", 500}, {"code", "internal"}, {"message", "the call failed in a way it should not; the server's log has the detail"}};
    }
    column.duration_us = (board->steady() - column.began).count();
    --board->open;
    board->tell("result", result_json(column));
}

/// Ends what is under way when the caller's answer is over or given up.
struct Asked {
    Asked(std::shared_ptr<Board> the_board) : board(std::move(the_board)) {}
    ~Asked() {
        board->gone = true;
        for (const auto task : tasks) board->state.tasks.cancel(task);
    }
    Asked(const Asked&) = delete;
    Asked& operator=(const Asked&) = delete;
    std::shared_ptr<Board> board;
    std::vector<runtime::TaskGroup::TaskId> tasks;
};

Json end_json(const Board& board) {
    std::int64_t cost = 0;
    for (const auto& column : board.columns) cost += column->cost.value_or(NanoUsd{}).value;
    return {{"cost_usd", base::format_usd(NanoUsd{cost})}};
}

Awaitable<void> send_board(std::shared_ptr<Asked> asked, net::BodyWriter& to) {
    auto& board = *asked->board;
    while (true) {
        if (!board.out.empty()) {
            auto sent = co_await to.write(std::exchange(board.out, {}));
            if (!sent) co_return;
            board.read.notify();
            continue;
        }
        if (board.open == 0) break;
        co_await board.changed.wait();
    }
    auto sent = co_await to.write(net::format_sse("end", {}, base::dump_json(end_json(board))));
    (void)sent;
}

Result<std::string> body_for(const Json& asked, const std::string& model) {
    Json body{{"model", model}};
    Json messages = Json::array();
    if (const auto* system = base::find_member(asked, "system")) messages.push_back({{"role", "system"}, {"content", *system}});
    if (const auto* given = base::find_member(asked, "messages"))
        for (const auto& message : *given) messages.push_back(message);
    if (const auto* prompt = base::find_member(asked, "prompt")) messages.push_back({{"role", "user"}, {"content", *prompt}});
    if (messages.empty())
        return fail(Error{ErrorCode::invalid_argument, "there is nothing to ask: give prompt or messages", {{"/prompt", "is missing"}}, false});
    body["messages"] = std::move(messages);
    if (const auto* parameters = base::find_member(asked, "parameters"))
        for (const auto& [name, value] : parameters->items()) {
            if (name == "model" || name == "messages" || name == "stream" || name == "stream_options" || name == "n")
                return fail(Error{ErrorCode::invalid_argument, fmt::format("{} is no parameter here", name), {{"/parameters/" + base::escape_pointer(name), "is set here"}}, false});
            body[name] = value;
        }
    body["stream"] = true;
    body["stream_options"] = {{"include_usage", true}};
    return base::dump_json(body);
}

Awaitable<Response> compare(Request& request, Gateway& gateway) {
    auto asked_for = request.json();
    if (!asked_for) co_return problem(asked_for.error());
    auto board = std::make_shared<Board>(gateway.state());
    const auto accept = request.headers.get("accept");
    board->streams = accept.find("application/json") == std::string_view::npos;
    for (const auto& model : asked_for->at("models")) {
        auto column = std::make_unique<Column>();
        column->index = board->columns.size();
        column->model = model.get<std::string>();
        auto body = body_for(*asked_for, column->model);
        if (!body) co_return problem(body.error());
        auto& each = column->request;
        each.verb = Verb::post;
        each.path = "/v1/chat/completions";
        for (const auto* name : {"sluice-project", "x-sluice-tags", "x-sluice-session"})
            if (const auto value = request.headers.find(name)) each.headers.set(name, *value);
        each.headers.set("x-sluice-cache", "no-store");
        each.body = std::move(*body);
        each.principal = request.principal;
        each.id = fmt::format("{}-{}", request.id, column->index);
        each.remote_address = request.remote_address;
        board->columns.push_back(std::move(column));
    }
    board->open = board->columns.size();
    auto asked = std::make_shared<Asked>(board);
    board->tell("start", {{"models", asked_for->at("models")}});
    for (std::size_t i = 0; i < board->columns.size(); ++i)
        asked->tasks.push_back(gateway.state().tasks.spawn("playground", ask_one(board, i)));
    if (board->streams) {
        std::function<Awaitable<void>(net::BodyWriter&)> stream = [asked](net::BodyWriter& to) { return send_board(asked, to); };
        co_return net::event_stream(std::move(stream));
    }
    while (board->open > 0) co_await board->changed.wait();
    auto answer = end_json(*board);
    Json results = Json::array();
    for (const auto& column : board->columns) results.push_back(result_json(*column));
    answer["results"] = std::move(results);
    co_return net::json_response(200, answer);
}

const net::Route<Gateway> routes[] = {
    {Verb::post, "/api/v1/playground/compare", Permission::models_call, compare,
     {.summary = "Ask up to six models the same, and see them answer beside each other",
      .request = "CompareModels",
      .response = "ComparedModels",
      .description = "Server-sent events start, delta {index, text}, result (one a model) and end; with Accept: application/json one answer. "
                     "Each model is asked through the same admission as at the doors: limits, budgets, guardrails.",
      .max_body = 32 << 20,
      .audited = net::Audited::never,
      .ends_with_client = true}},
};

}  // namespace

void add_playground_routes(net::Router& router, Gateway& gateway) {
    router.add_schema("CompareModels", compare_schema);
    router.add_schema("ComparedModel", result_schema);
    router.add_schema("ComparedModels", answer_schema);
    router.add(std::span<const net::Route<Gateway>>(routes), gateway);
}

}  // namespace sluice::llm
