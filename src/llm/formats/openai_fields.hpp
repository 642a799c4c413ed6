#pragma once
/// What OpenAI's two formats of model calls share: reading members with pointers to what is wrong, content, usage, errors.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "llm/formats/format.hpp"
#include "llm/formats/wire_json.hpp"

namespace sluice::llm::openai {

inline constexpr std::string_view chat_name = "openai.chat";
inline constexpr std::string_view responses_name = "openai.responses";

/// Limits for what a vendor sends: an answer may be long.
inline constexpr base::JsonLimits answer_limits{
    .size_bytes = 64 << 20, .depth = 128, .keys = 100'000, .string_bytes = 64 << 20};

/// Both of OpenAI's formats; their requests share some members of `extra`.
inline bool is_openai(std::string_view format) { return format == chat_name || format == responses_name; }

using wire::Mistakes;
using wire::not_of_format;

/// The members of one object of a request. A null member counts as absent; a wrong type is added to the mistakes.
class Fields {
  public:
    /// `object` and `mistakes` outlive it. Something that is no object has no members, and is a mistake.
    Fields(const Json& object, std::string pointer, Mistakes& mistakes);

    const Json* find(std::string_view key);                       ///< of any type
    const Json* object(std::string_view key);
    const Json* array(std::string_view key);
    std::optional<std::string> text(std::string_view key);
    std::string required_text(std::string_view key);              ///< also not empty
    std::optional<double> number(std::string_view key);
    std::optional<bool> flag(std::string_view key);
    std::optional<std::int64_t> integer(std::string_view key, std::int64_t least, std::int64_t most);
    /// An object of texts. Other values are mistakes.
    std::map<std::string, std::string> texts(std::string_view key);

    std::string at(std::string_view key) const { return pointer_ + "/" + base::escape_pointer(key); }
    const std::string& pointer() const { return pointer_; }
    void wrong(std::string_view key, std::string message) { mistakes_.add(at(key), std::move(message)); }
    Mistakes& mistakes() { return mistakes_; }
    /// The members that nobody asked for, in order; those that are null too.
    Json rest() const;

  private:
    const Json& object_;
    std::string pointer_;
    Mistakes& mistakes_;
    std::vector<std::string_view> asked_;
};

/// Fills `media_type` and `data`, or `url`, of an image or file. Errors: what is wrong with `url`, for a person.
std::optional<std::string> read_url(std::string_view url, Block& block);
/// The same of a block: its link, or its bytes as a data URL.
std::string write_url(const Block& block);
/// The bytes of a file, as base64 or as a data URL, in the member `file_data`.
void read_file_data(Fields& fields, const std::string& data, Block& block);
/// An `input_audio` part.
void read_audio(Fields& fields, Block& block);
/// "wav", "mp3" and the media type of each; empty for others.
std::string audio_media_type(std::string_view format);
std::string audio_format(std::string_view media_type);
/// Marks the block when the part says that the prompt may be cached up to it (`prompt_cache_breakpoint`, or
/// `cache_control` as clients of several vendors write it).
void read_cache_point(const Json& part, Block& block);
/// A file's media type by its name; "application/octet-stream" when it says nothing.
std::string media_type_of(std::string_view file_name);

/// True when `name` is a tool with free text instead of JSON arguments; such calls are kept as `{"input": text}`.
bool is_custom_tool(const ModelRequest* request, std::string_view name);
/// `{"input": text}`, and the text in it (the whole text when it is no such object).
std::string custom_arguments(std::string_view input);
std::string custom_input(std::string_view arguments);
/// A level of reasoning for a budget of thinking tokens; empty: none is asked for.
std::string effort_of(const ModelRequest& request);
/// The text of a tool's result; one that failed says so, since OpenAI's formats have no flag for it.
std::string result_text(const Block& result);
/// "call_…": for a call whose vendor gave it no id.
std::string made_call_id(std::string_view answer_id, std::size_t index);

/// The Gemini signature of a call, where Google's own OpenAI-compatible API has it (`extra_content`).
void write_call_signature(const Block& call, Json& out);
void read_call_signature(const Json& call, Block& block);

/// Usage of either format: `usage` is the vendor's object. Nothing when it is absurd.
std::optional<UsageRecord> read_usage_object(const Json& usage);
Json write_chat_usage(const UsageRecord& usage);
Json write_responses_usage(const UsageRecord& usage);

CallError read_error(int status, const net::Headers& headers, std::string_view body);
/// `{"message", "type", "param", "code"}`; the four keys always.
Json error_object(const CallError& error);
/// Fills the error event of a stream from the vendor's error object (or text).
StreamEvent error_event(const Json& error);
/// The error of a whole answer, with the status 200, that holds an error instead.
Error failed_answer(const Json& error);

/// One server-sent event without a name.
inline std::string frame(const Json& data) { return wire::event({}, data); }

}  // namespace sluice::llm::openai
