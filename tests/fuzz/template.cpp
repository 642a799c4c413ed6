// Templates: text with {{ expressions }} in it, alone and inside a document. Text without one stays as it is.

#include "fuzz/check.hpp"
#include "fuzz/run_scope.hpp"
#include "sluice/cel/template.hpp"

using namespace sluice;
using fuzz::check;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    constexpr cel::Limits limits{.steps = 20'000, .output_bytes = 64 << 10, .expression_bytes = 2'048};
    const std::string text(fuzz::text_of(data, size));
    const Json document{{"kept", text}, {"list", {text, 1, nullptr}}, {text, "{{ index }}"}};
    const auto made = cel::Template::compile(document, {"/kept"}, limits);
    if (!made) {
        check(!made.error().details.empty(), "a refusal names the place", made.error().message);
        for (const auto& detail : made.error().details) check(detail.pointer == "/list/0", "the place is where the text stands", detail.pointer);
        return 0;
    }
    const bool plain = text.find("{{") == text.npos;
    const auto value = made->render(fuzz::run_scope());
    if (!value) {
        check(!plain, "only an expression can fail", value.error().message);
        return 0;
    }
    check(value->at("kept") == document["kept"], "what is to be kept is kept");
    check(value->size() == document.size(), "keys stay as they are");
    check(value->at("list").size() == 3, "lists keep their length");
    if (plain) check(value->at("list") == document["list"], "text without an expression stays as it is");
    const auto again = made->render(fuzz::run_scope());
    check(again && base::dump_json(*again) == base::dump_json(*value), "a template has one value");
    return 0;
}
