#include "nodes/markdown_text.hpp"

#include <algorithm>
#include <cstdlib>
#include <vector>

#include <cmark.h>

#include "nodes/node_parts.hpp"

namespace sluice::nodes {

namespace {

struct Column {
    std::string key, title, align;
};

/// The cells of a table as texts, whether its rows are objects or lists.
Result<std::vector<std::vector<std::string>>> cells_of(const Json& rows,
                                                       std::vector<Column>& columns) {
    std::vector<std::vector<std::string>> cells;
    const bool named = !columns.empty();
    for (const auto& row : rows)
        if (row.is_object() && !named)
            for (const auto& [key, value] : row.items())
                if (std::none_of(columns.begin(), columns.end(),
                                 [&](const auto& c) { return c.key == key; }))
                    columns.push_back({key, key, ""});
    for (const auto& row : rows) {
        std::vector<std::string> line;
        if (row.is_object()) {
            for (const auto& column : columns) {
                const auto* value = base::find_member(row, column.key);
                line.push_back(value ? text_of(*value) : std::string());
            }
        } else if (row.is_array()) {
            for (const auto& value : row) line.push_back(text_of(value));
            while (columns.size() < line.size()) columns.push_back({"", "", ""});
        } else {
            return fail(ErrorCode::invalid_argument,
                        "a table's rows are objects or lists; one is {}", kind_of(row));
        }
        cells.push_back(std::move(line));
    }
    for (auto& line : cells) line.resize(columns.size());
    return cells;
}

Result<Rendered> table(const Json& block) {
    const Json& rows = field(block, "rows");
    if (!rows.is_array())
        return fail(ErrorCode::invalid_argument, "a table's rows must be a list, not {}",
                    kind_of(rows));
    std::vector<Column> columns;
    if (const auto& named = field(block, "columns"); named.is_array())
        for (const auto& each : named) {
            const std::string key =
                each.is_string() ? each.get<std::string>() : base::string_or(each, "key", "");
            columns.push_back({key, each.is_string() ? key : base::string_or(each, "title", key),
                               base::string_or(each, "align", "")});
        }
    auto cells = cells_of(rows, columns);
    if (!cells) return fail(std::move(cells.error()));
    if (columns.empty()) return Rendered{"*(no rows)*\n", "<p><em>(no rows)</em></p>\n"};
    Rendered out;
    out.markdown = "|";
    out.html = "<table>\n<thead>\n<tr>";
    std::string rule = "|";
    for (const auto& column : columns) {
        out.markdown += " " + escape_markdown(column.title) + " |";
        rule += column.align == "right"    ? " ---: |"
                : column.align == "center" ? " :---: |"
                                           : " --- |";
        out.html += "<th>" + escape_html(column.title) + "</th>";
    }
    out.markdown += "\n" + rule + "\n";
    out.html += "</tr>\n</thead>\n<tbody>\n";
    for (const auto& line : *cells) {
        out.markdown += "|";
        out.html += "<tr>";
        for (std::size_t i = 0; i < line.size(); ++i) {
            out.markdown += " " + escape_markdown(line[i]) + " |";
            const std::string align =
                columns[i].align.empty() ? "" : " style=\"text-align: " + columns[i].align + "\"";
            out.html += "<td" + align + ">" + escape_html(line[i]) + "</td>";
        }
        out.markdown += "\n";
        out.html += "</tr>\n";
    }
    out.html += "</tbody>\n</table>\n";
    return out;
}

Rendered code(const std::string& text, const std::string& language) {
    std::size_t longest = 0, current = 0;  // the fence must be longer than any inside
    for (const char c : text) {
        current = c == '`' ? current + 1 : 0;
        longest = std::max(longest, current);
    }
    const std::string fence(std::max<std::size_t>(3, longest + 1), '`');
    Rendered out;
    out.markdown =
        fence + language + "\n" + text + (text.ends_with('\n') ? "" : "\n") + fence + "\n";
    out.html = html_of_markdown(out.markdown);
    return out;
}

Rendered from_markdown(std::string markdown) {
    if (!markdown.ends_with('\n')) markdown += '\n';
    std::string html = html_of_markdown(markdown);
    return {std::move(markdown), std::move(html)};
}

}  // namespace

std::string escape_markdown(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (c == '\r' && i + 1 < text.size() && text[i + 1] == '\n') continue;
        if (c == '\n' || c == '\r' || c == '\t') {
            out += ' ';
        } else if (c == '<') {
            out += "&lt;";
        } else if (c == '&') {
            out += "&amp;";
        } else if (std::string_view("\\`*_[]|~").find(c) != std::string_view::npos ||
                   (i == 0 && std::string_view("#>+-=").find(c) != std::string_view::npos)) {
            out += '\\';
            out += c;
        } else {
            out += c;
        }
    }
    return out;
}

std::string escape_html(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '&')
            out += "&amp;";
        else if (c == '<')
            out += "&lt;";
        else if (c == '>')
            out += "&gt;";
        else if (c == '"')
            out += "&quot;";
        else if (c == '\n')
            out += "<br>";
        else
            out += c;
    }
    return out;
}

std::string html_of_markdown(std::string_view markdown) {
    char* html = cmark_markdown_to_html(markdown.data(), markdown.size(), CMARK_OPT_VALIDATE_UTF8);
    std::string out(html);
    std::free(html);
    return out;
}

Result<Rendered> render_block(const Json& block) {
    if (const auto& heading = field(block, "heading"); !heading.is_null())
        return from_markdown(std::string(static_cast<std::size_t>(std::clamp<std::int64_t>(
                                             integer(block, "level", 2), 1, 6)),
                                         '#') +
                             " " + escape_markdown(text_of(heading)));
    if (const auto& text = field(block, "text"); !text.is_null())
        return from_markdown(text_of(text));
    if (const auto& inner = field(block, "table"); !inner.is_null()) return table(inner);
    if (const auto& items = field(block, "list"); !items.is_null()) {
        if (!items.is_array())
            return fail(ErrorCode::invalid_argument, "list must be a list, not {}", kind_of(items));
        std::string markdown;
        for (std::size_t i = 0; i < items.size(); ++i)
            markdown +=
                (flag(block, "ordered", false) ? fmt::format("{}. ", i + 1) : std::string("- ")) +
                escape_markdown(text_of(items[i])) + "\n";
        return from_markdown(markdown.empty() ? "*(nothing)*" : std::move(markdown));
    }
    if (const auto& text = field(block, "code"); !text.is_null())
        return code(text.is_string() ? text.get<std::string>() : base::dump_json_pretty(text),
                    base::string_or(block, "language", text.is_string() ? "" : "json"));
    if (const auto& quote = field(block, "quote"); !quote.is_null()) {
        std::string markdown, line;
        for (const char c : text_of(quote) + "\n") {
            if (c != '\n') {
                line += c;
                continue;
            }
            markdown += line.empty() ? ">\n" : "> " + escape_markdown(line) + "\n";
            line.clear();
        }
        return from_markdown(std::move(markdown));
    }
    if (flag(block, "rule", false)) return Rendered{"---\n", "<hr />\n"};
    return fail(ErrorCode::invalid_argument,
                "a block is one of heading, text, table, list, code, quote and rule");
}

}  // namespace sluice::nodes
