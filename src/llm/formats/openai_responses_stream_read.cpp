#include <map>
#include <utility>

#include "llm/formats/openai_block_order.hpp"
#include "llm/formats/openai_responses.hpp"

namespace sluice::llm::openai {

namespace {

/// Reads the typed events. What came in no delta is taken from the item's last event, so that servers which send only
/// those lose nothing. Items of tools that OpenAI runs are passed over.
class ResponsesReader final : public StreamReader {
  public:
    Result<void> feed(const net::SseParser::Event& event, const EventSink& sink) override {
        if (over_ || event.data.empty() || event.data == "[DONE]") return {};
        const auto parsed = base::parse_json(event.data, answer_limits);
        if (!parsed) return fail(not_of_format(responses_name, parsed.error().message));
        if (!parsed->is_object()) return fail(not_of_format(responses_name, "an event is no object"));
        read(base::string_or(*parsed, "type", event.event), *parsed);
        auto out = std::exchange(out_, {});
        for (auto& one : out)
            if (auto sent = sink(std::move(one)); !sent) return sent;
        return {};
    }

    Result<void> finish(const EventSink&) override {
        if (over_) return {};
        return fail(Error{ErrorCode::upstream_failed,
                          "the model provider broke off in the middle of its answer; the request can be sent again", {}, true});
    }

    bool ended() const override { return over_; }

  private:
    using Key = std::pair<std::int64_t, std::int64_t>;  ///< output_index, content_index

    struct Part {
        std::size_t number = 0;
        bool told = false;  ///< some of its text or arguments went out
        bool ended = false;
    };

    static std::int64_t index_of(const Json& event, std::string_view key) {
        const auto* value = base::find_member(event, key);
        return value && value->is_number_integer() ? value->get<std::int64_t>() : 0;
    }

    void read(std::string_view type, const Json& event) {
        if (type == "error" || (!event.contains("type") && event.contains("error"))) {
            const auto* inner = base::find_member(event, "error");
            return fail_with(inner && inner->is_object() ? *inner : event);
        }
        static constexpr std::string_view prefix = "response.";
        if (!type.starts_with(prefix)) return;
        type.remove_prefix(prefix.size());
        start(event);
        const Key key{index_of(event, "output_index"), index_of(event, "content_index")};
        if (type == "output_item.added") item_added(key.first, event);
        else if (type == "output_item.done") item_done(key.first, event);
        else if (type == "output_text.delta") text_delta(key, Block::Kind::text, event);
        else if (type == "refusal.delta") text_delta(key, Block::Kind::refusal, event);
        else if (type == "reasoning_summary_text.delta") summary_delta(key.first, event);
        else if (type == "reasoning_text.delta") text_delta({key.first, 0}, Block::Kind::thinking, event);
        else if (type == "content_part.done") part_done(key);
        else if (type == "function_call_arguments.delta") arguments_delta(key.first, event);
        else if (type == "completed" || type == "incomplete") stop(event);
        else if (type == "failed") failed(event);
    }

    void start(const Json& event) {
        if (started_) return;
        started_ = true;
        StreamEvent out{.kind = StreamEvent::Kind::start};
        if (const auto* response = base::find_member(event, "response")) {
            out.id = base::string_or(*response, "id", "");
            out.model = base::string_or(*response, "model", "");
        }
        out_.push_back(std::move(out));
    }

    void emit(StreamEvent::Kind kind, std::size_t number, Block block = {}) {
        StreamEvent event{.kind = kind, .index = number};
        event.block = std::move(block);
        order_.add(event, out_);
    }

    Part& part_of(const Key& key, Block first) {
        const auto found = parts_.find(key);
        if (found != parts_.end()) return found->second;
        auto& part = parts_[key];
        part.number = next_++;
        if (first.kind == Block::Kind::tool_use) called_ = true;
        if (first.kind == Block::Kind::refusal) refused_ = true;
        emit(StreamEvent::Kind::block_begin, part.number, std::move(first));
        return part;
    }

    void item_added(std::int64_t output, const Json& event) {
        const auto* item = base::find_member(event, "item");
        if (!item) return;
        const auto type = base::string_or(*item, "type", "");
        if (type == "function_call" || type == "custom_tool_call") {
            Block first{.kind = Block::Kind::tool_use,
                        .id = base::string_or(*item, "call_id", base::string_or(*item, "id", "")),
                        .name = base::string_or(*item, "name", "")};
            if (!first.name.empty()) part_of({output, 0}, std::move(first));
        } else if (type == "reasoning") {
            reasoning_ids_[output] = base::string_or(*item, "id", "");
        }
    }

    void text_delta(const Key& key, Block::Kind kind, const Json& event) {
        auto piece = base::string_or(event, "delta", "");
        if (piece.empty()) return;
        Block first{.kind = kind};
        if (kind == Block::Kind::thinking) first.id = reasoning_ids_[key.first];
        auto& part = part_of(key, std::move(first));
        part.told = true;
        emit(StreamEvent::Kind::block_delta, part.number, {.kind = kind, .text = std::move(piece)});
    }

    /// Parts of a summary are joined as a whole answer's are: by an empty line.
    void summary_delta(std::int64_t output, const Json& event) {
        const auto summary = index_of(event, "summary_index");
        const auto [last, first] = summaries_.try_emplace(output, summary);
        if (!first && last->second != summary && !base::string_or(event, "delta", "").empty()) {
            last->second = summary;
            text_delta({output, 0}, Block::Kind::thinking, Json{{"delta", "\n\n"}});
        }
        text_delta({output, 0}, Block::Kind::thinking, event);
    }

    void arguments_delta(std::int64_t output, const Json& event) {
        const auto found = parts_.find({output, 0});
        auto piece = base::string_or(event, "delta", "");
        if (found == parts_.end() || piece.empty()) return;
        found->second.told = true;
        emit(StreamEvent::Kind::block_delta, found->second.number, {.kind = Block::Kind::tool_use, .arguments = std::move(piece)});
    }

    void part_done(const Key& key) {
        const auto found = parts_.find(key);
        if (found != parts_.end()) end(found->second);
    }

    void end(Part& part) {
        if (part.ended) return;
        part.ended = true;
        emit(StreamEvent::Kind::block_end, part.number);
    }

    void item_done(std::int64_t output, const Json& event) {
        const auto* item = base::find_member(event, "item");
        if (!item) return;
        std::int64_t content = 0;
        for (auto& block : read_output_item(*item)) {
            Block first{.kind = block.kind, .id = block.id, .name = block.name};
            auto& part = part_of({output, content++}, std::move(first));
            if (part.ended) continue;
            Block rest{.kind = block.kind, .data = block.data, .signature = block.signature, .signed_by = block.signed_by};
            if (!part.told) {
                rest.text = block.text;
                rest.arguments = block.arguments;
            }
            if (!rest.text.empty() || !rest.arguments.empty() || !rest.signature.empty() || !rest.data.empty())
                emit(StreamEvent::Kind::block_delta, part.number, std::move(rest));
            end(part);
        }
    }

    void stop(const Json& event) {
        over_ = true;
        order_.end_all(out_);
        static const Json nothing = Json::object();
        const auto* found = base::find_member(event, "response");
        const auto& response = found ? *found : nothing;
        if (auto usage = read_responses_usage(response)) {
            StreamEvent told{.kind = StreamEvent::Kind::usage};
            told.usage = std::move(usage);
            out_.push_back(std::move(told));
        }
        StreamEvent out{.kind = StreamEvent::Kind::stop};
        out.stop = read_response_stop(response, called_, refused_);
        out_.push_back(std::move(out));
    }

    void failed(const Json& event) {
        const auto* response = base::find_member(event, "response");
        const auto* error = response ? base::find_member(*response, "error") : nullptr;
        if (response)
            if (auto usage = read_responses_usage(*response)) {
                StreamEvent told{.kind = StreamEvent::Kind::usage};
                told.usage = std::move(usage);
                out_.push_back(std::move(told));
            }
        fail_with(error && !error->is_null() ? *error : Json::object());
    }

    void fail_with(const Json& error) {
        over_ = true;
        out_.push_back(error_event(error));
    }

    BlockOrder order_;
    std::map<Key, Part> parts_;
    std::map<std::int64_t, std::string> reasoning_ids_;
    std::map<std::int64_t, std::int64_t> summaries_;  ///< the last summary part of each reasoning item
    std::size_t next_ = 0;
    std::vector<StreamEvent> out_;
    bool started_ = false, over_ = false, called_ = false, refused_ = false;
};

}  // namespace

std::unique_ptr<StreamReader> make_responses_reader() { return std::make_unique<ResponsesReader>(); }

}  // namespace sluice::llm::openai
