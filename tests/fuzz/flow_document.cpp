// Documents of flows as they are imported: YAML or JSON text, through the reader, the validator and back into text. The
// schema that a document brings for its input judges the document's own constants.

#include "flows/types.hpp"
#include "fuzz/check.hpp"

using namespace sluice;
using fuzz::check;

namespace {

void check_schema(const flows::CompiledFlow& flow) {
    if (!flow.input_schema) return;
    const auto mistakes = flow.input_schema->validate(flow.vars);
    check(mistakes.size() <= 20, "at most twenty mistakes of a value are told");
    for (const auto& mistake : mistakes) {
        check(!mistake.message.empty(), "a mistake of a value is named", mistake.pointer);
        check(flow.vars.contains(Json::json_pointer(mistake.pointer)), "a mistake stands in the value", mistake.pointer);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto text = fuzz::text_of(data, size);
    const auto document = text.starts_with('{') ? base::parse_json(text) : flows::parse_yaml(text);
    if (!document) {
        check(!document.error().message.empty(), "a refusal says why");
        return 0;
    }
    const auto& types = flows::test::types();
    const auto publish = flows::compile_flow(*document, types);
    check(static_cast<bool>(publish.flow) == publish.errors.empty(), "a document without mistakes is a flow");
    for (const auto& mistake : publish.errors) check(!mistake.message.empty(), "a mistake is named", mistake.pointer);
    const auto stored = flows::compile_flow(*document, types, flows::Strictness::stored);
    if (publish.flow) {
        check(stored.flow != nullptr, "what can be published can be loaded");
        check_schema(*publish.flow);
    }
    if (!document->is_object()) return 0;

    const auto canonical = flows::canonical_document(*document);
    check(flows::canonical_document(canonical) == canonical, "the canonical form is its own", base::dump_json(canonical));
    const auto written = flows::to_yaml(*document);
    const auto again = flows::parse_yaml(written);
    check(again.has_value(), "what was exported can be imported", again ? "" : again.error().message + "\n" + written);
    check(*again == canonical, "an import is what was exported", written);
    return 0;
}
