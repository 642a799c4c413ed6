#pragma once
/// What the conformance suites of the wire formats ask of each format.

#include <functional>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "llm/formats/format.hpp"
#include "sluice/base/json.hpp"

namespace sluice::test {

using llm::Block;
using llm::Format;
using llm::ModelAnswer;
using llm::StopReason;

inline const Format* every_format() {
    return GENERATE(&llm::openai_chat(), &llm::openai_responses(), &llm::anthropic_messages(), &llm::gemini());
}

inline std::string told(const Block& block) {
    switch (block.kind) {
        case Block::Kind::text: return "text " + block.text;
        case Block::Kind::image: return fmt::format("image {} {}", block.media_type, block.data);
        case Block::Kind::thinking: return "thinking " + block.text;
        case Block::Kind::tool_use:
            return fmt::format("call {} {} {}", block.id, block.name, base::dump_json_canonical(Json::parse(block.arguments)));
        case Block::Kind::tool_result:
            return fmt::format("result {} {}", block.id, block.content.empty() ? "" : block.content.front().text);
        case Block::Kind::file:
        case Block::Kind::audio:
        case Block::Kind::redacted_thinking:
        case Block::Kind::refusal:
        case Block::Kind::native: break;
    }
    return "something else";
}

inline std::vector<std::string> told(const std::vector<Block>& blocks) {
    std::vector<std::string> out;
    for (const auto& block : blocks) out.push_back(told(block));
    return out;
}

inline ModelAnswer rich_answer() {
    ModelAnswer out;
    out.id = "id-1";
    out.model = "a-model";
    out.created_s = 1'700'000'000;
    out.blocks = {{.text = "I look. Grüße 😀"},
                  {.kind = Block::Kind::tool_use, .id = "call_1", .name = "look", .arguments = R"({"q":"a \"b\""})"},
                  {.kind = Block::Kind::tool_use, .id = "call_2", .name = "count", .arguments = "{}"}};
    out.stop = StopReason::tool_use;
    out.usage = llm::UsageRecord{.input_uncached = 40, .cache_read = 60, .output_visible = 30, .output_reasoning = 20};
    return out;
}

inline llm::AnswerContext context() { return {.id = "own", .model = "best", .created_s = 12, .stream_usage = true}; }

/// Calls `check` with the document once for each of its values replaced by each of a few others, and removed.
inline void with_each_value_broken(const Json& document, const std::function<void(const Json&)>& check) {
    const Json replacements[] = {Json(), 7, -1, "x", "", true, Json::array(), Json::object(), Json::array({7}), Json{{"x", 7}}};
    std::vector<std::string> pointers;
    const std::function<void(const Json&, const std::string&)> walk = [&](const Json& value, const std::string& pointer) {
        pointers.push_back(pointer);
        if (value.is_object())
            for (const auto& [key, inner] : value.items()) walk(inner, pointer + "/" + base::escape_pointer(key));
        else if (value.is_array())
            for (std::size_t i = 0; i < value.size(); ++i) walk(value[i], fmt::format("{}/{}", pointer, i));
    };
    walk(document, "");
    for (const auto& pointer : pointers) {
        for (const auto& replacement : replacements) {
            auto broken = document;
            broken[Json::json_pointer(pointer)] = replacement;
            INFO(pointer << " = " << replacement.dump());
            check(broken);
        }
    }
}

}  // namespace sluice::test
