#include "nodes/markdown_text.hpp"
#include "nodes/node_parts.hpp"

namespace sluice::nodes {

namespace {

constexpr std::string_view kinds[] = {"heading", "text", "table", "list", "code", "quote", "rule"};

Result<Json> render(const Json& title, const Json& blocks, bool want_html) {
    std::string markdown, html;
    const auto add = [&](Rendered part) {
        if (!markdown.empty()) markdown += "\n";
        markdown += part.markdown;
        html += part.html;
    };
    if (!title.is_null()) {
        auto heading = render_block(Json{{"heading", title}, {"level", 1}});
        if (!heading) return fail(std::move(heading.error()));
        add(std::move(*heading));
    }
    for (std::size_t i = 0; i < blocks.size(); ++i) {
        auto part = render_block(blocks[i]);
        if (!part) return fail(mistake_at(fmt::format("/blocks/{}", i), part.error().message));
        add(std::move(*part));
    }
    Json out = Json::object();
    out["markdown"] = std::move(markdown);
    if (want_html) out["html"] = std::move(html);
    return out;
}

Awaitable<Result<StepOutput>> run(Services services, StepContext& context) {
    const Json& config = context.input().config;
    const std::size_t size = base::approximate_size(config);
    auto job = [title = field(config, "title"), blocks = field(config, "blocks"),
                html = flag(config, "html", false)] { return render(title, blocks, html); };
    auto rendered = co_await run_heavy(services, size, std::move(job));
    if (!rendered) co_return fail(std::move(rendered.error()));
    StepOutput result{std::move(*rendered)};
    co_return result;
}

}  // namespace

NodeType make_markdown_render(const Services& services) {
    NodeType type;
    type.name = "markdown.render";
    type.title = "Render Markdown";
    type.category = "Data";
    type.doc =
        "Makes a Markdown document, and with `html` its HTML, out of blocks: `{heading, level?}`, "
        "`{text}` (Markdown itself, with templates), "
        "`{table: {rows, columns?}}`, `{list, ordered?}`, `{code, language?}`, `{quote}`, `{rule: "
        "true}`. What comes from data in headings, tables, "
        "lists and quotes is escaped, so that it is shown as it is. In HTML, raw HTML and "
        "dangerous links of `text` are left out.\n\n"
        "**Output:** `{\"markdown\": text, \"html\"?: text}`.\n\n"
        "**Errors:** `invalid_argument` with the block's pointer: no known kind, rows that are no "
        "list.";
    type.kind = NodeKind::task;
    type.config_schema = json(R"json({
        "type": "object", "additionalProperties": false, "required": ["blocks"],
        "properties": {
            "title": {"type": "string", "title": "Title", "description": "The document's first heading."},
            "blocks": {"type": "array", "title": "Blocks", "description": "The parts of the document, in order.", "items": {"type": "object", "additionalProperties": false, "minProperties": 1, "properties": {
                "heading": {"type": ["string", "number", "boolean"], "title": "Heading"},
                "level": {"type": "integer", "minimum": 1, "maximum": 6, "title": "Level", "default": 2},
                "text": {"title": "Text", "description": "Markdown."},
                "table": {"type": "object", "additionalProperties": false, "required": ["rows"], "title": "Table", "properties": {
                    "rows": {"type": "array", "title": "Rows", "description": "Objects by column, or lists of values."},
                    "columns": {"type": "array", "title": "Columns", "items": {"anyOf": [{"type": "string"}, {"type": "object", "additionalProperties": false, "required": ["key"], "properties": {
                        "key": {"type": "string"}, "title": {"type": "string"}, "align": {"type": "string", "enum": ["left", "center", "right"]}}}]}}
                }},
                "list": {"type": "array", "title": "List"},
                "ordered": {"type": "boolean", "title": "Numbered", "default": false},
                "code": {"title": "Code"},
                "language": {"type": "string", "pattern": "^[A-Za-z0-9_+-]*$", "title": "Language", "description": "Of the code."},
                "quote": {"title": "Quote"},
                "rule": {"type": "boolean", "title": "Rule", "description": "A horizontal line."}
            }}},
            "html": {"type": "boolean", "title": "HTML too", "default": false, "description": "Give the document as HTML as well."}
        }})json");
    type.example = json(
        R"json({"config": {"title": "Orders", "blocks": [{"text": "There are **{{ size(input.orders) }}**."},
                                    {"table": {"rows": "{{ input.orders }}", "columns": [{"key": "id", "title": "Order"}, {"key": "total", "align": "right"}]}}]},
                                "input": {"orders": [{"id": "A|1", "total": 12.5}]},
                                "output": {"markdown": "# Orders\n\nThere are **1**.\n\n| Order | total |\n| --- | ---: |\n| A\\|1 | 12.5 |\n"}})json");
    type.check = [](const Json& config) {
        std::vector<base::ErrorDetail> mistakes;
        const auto& blocks = field(config, "blocks");
        for (std::size_t i = 0; blocks.is_array() && i < blocks.size(); ++i) {
            if (!blocks[i].is_object()) continue;
            const auto found = std::count_if(std::begin(kinds), std::end(kinds),
                                             [&](auto kind) { return blocks[i].contains(kind); });
            if (found != 1)
                mistakes.push_back(
                    {fmt::format("/blocks/{}", i),
                     fmt::format("a block is exactly one of {}", fmt::join(kinds, ", "))});
        }
        return mistakes;
    };
    type.run = [services](StepContext& context) { return run(services, context); };
    return type;
}

}  // namespace sluice::nodes
