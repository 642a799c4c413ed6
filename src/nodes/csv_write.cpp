#include <algorithm>

#include "nodes/csv.hpp"
#include "nodes/node_parts.hpp"

namespace sluice::nodes {

namespace {

struct Column {
    std::string key, title;
};

struct Plan {
    Json rows;
    std::vector<Column> columns;
    char delimiter = ',';
    bool header = true, guard = true;
    std::string line_end = "\r\n";
};

/// A spreadsheet takes a text that begins so for a formula (OWASP: CSV injection); an apostrophe in
/// front keeps it a text. A signed number such as -5 is none.
std::string guarded(std::string text) {
    if (text.size() > 1 && text.find_first_not_of("0123456789.", 1) == std::string::npos)
        return text;
    if (!text.empty() && std::string_view("=+-@\t\r").find(text.front()) != std::string_view::npos)
        text.insert(text.begin(), '\'');
    return text;
}

void write_line(std::string& out, const Plan& plan, const std::vector<std::string>& cells) {
    for (std::size_t i = 0; i < cells.size(); ++i) {
        if (i > 0) out += plan.delimiter;
        // A lone empty field would read back as a blank line.
        out += cells.size() == 1 && cells[i].empty() ? "\"\"" : csv_field(cells[i], plan.delimiter);
    }
    out += plan.line_end;
}

std::string cell(const Plan& plan, const Json& value) {
    return value.is_string() && plan.guard ? guarded(value.get<std::string>()) : text_of(value);
}

Result<Json> write(Plan& plan) {
    bool lists = !plan.rows.empty() && plan.rows.front().is_array();
    if (plan.columns.empty() && !lists)
        for (const auto& row : plan.rows)
            if (row.is_object())
                for (const auto& [key, value] : row.items())
                    if (std::none_of(plan.columns.begin(), plan.columns.end(),
                                     [&](const auto& c) { return c.key == key; }))
                        plan.columns.push_back({key, key});
    std::string out;
    std::vector<std::string> cells;
    if (plan.header && !plan.columns.empty()) {
        for (const auto& column : plan.columns)
            cells.push_back(plan.guard ? guarded(column.title) : column.title);
        write_line(out, plan, cells);
    }
    for (std::size_t i = 0; i < plan.rows.size(); ++i) {
        const Json& row = plan.rows[i];
        cells.clear();
        if (row.is_array() && lists) {
            for (const auto& value : row) cells.push_back(cell(plan, value));
            if (!plan.columns.empty() && cells.size() != plan.columns.size())
                return fail(
                    mistake_at(fmt::format("/rows/{}", i),
                               fmt::format("the row has {} values, and there are {} columns",
                                           cells.size(), plan.columns.size())));
        } else if (row.is_object() && !lists) {
            for (const auto& column : plan.columns) {
                const auto* value = base::find_member(row, column.key);
                cells.push_back(value ? cell(plan, *value) : std::string());
            }
        } else {
            return fail(mistake_at(
                fmt::format("/rows/{}", i),
                fmt::format("the rows must all be objects or all be lists; this one is {}",
                            kind_of(row))));
        }
        write_line(out, plan, cells);
    }
    return Json{{"text", std::move(out)}, {"rows", plan.rows.size()}};
}

Awaitable<Result<StepOutput>> run(Services services, StepContext& context) {
    const Json& config = context.input().config;
    auto rows = list(config, "rows");
    if (!rows) co_return fail(std::move(rows.error()));
    Plan plan;
    plan.rows = **rows;
    plan.delimiter = base::string_or(config, "delimiter", ",").front();
    plan.header = flag(config, "header", true);
    plan.guard = flag(config, "guard_formulas", true);
    if (base::string_or(config, "line_end", "crlf") == "lf") plan.line_end = "\n";
    if (const auto& columns = field(config, "columns"); columns.is_array())
        for (const auto& each : columns) {
            const std::string key =
                each.is_string() ? each.get<std::string>() : base::string_or(each, "key", "");
            plan.columns.push_back(
                {key, each.is_string() ? key : base::string_or(each, "title", key)});
        }
    const std::size_t size = base::approximate_size(plan.rows);
    auto job = [plan = std::move(plan)]() mutable { return write(plan); };
    auto written = co_await run_heavy(services, size, std::move(job));
    if (!written) co_return fail(std::move(written.error()));
    StepOutput result{std::move(*written)};
    co_return result;
}

}  // namespace

NodeType make_csv_write(const Services& services) {
    NodeType type;
    type.name = "csv.write";
    type.title = "Write CSV";
    type.category = "Data";
    type.doc =
        "Makes comma-separated values after RFC 4180 out of a list of objects (or of lists). "
        "Numbers and booleans are written as JSON, null as nothing, "
        "lists and objects as JSON text. Texts that a spreadsheet would take for a formula get an "
        "apostrophe in front, unless `guard_formulas` is off.\n\n"
        "**Output:** `{\"text\": the file's content, \"rows\": their number}`.\n\n"
        "**Errors:** `invalid_argument` when `rows` is no list, mixes objects and lists, or a "
        "list's length differs from the columns'.";
    type.kind = NodeKind::task;
    type.config_schema = json(R"json({
        "type": "object", "additionalProperties": false, "required": ["rows"],
        "properties": {
            "rows": {"type": "array", "title": "Rows", "description": "Objects by column, or lists of values."},
            "columns": {"type": "array", "title": "Columns", "description": "Which members, in which order; without it all, in the order in which they appear. A column with a title of its own is {key, title}.",
                "items": {"anyOf": [{"type": "string"}, {"type": "object", "additionalProperties": false, "required": ["key"],
                    "properties": {"key": {"type": "string"}, "title": {"type": "string"}}}]}},
            "delimiter": {"type": "string", "minLength": 1, "maxLength": 1, "pattern": "^[^\"\\r\\n]$", "title": "Delimiter", "description": "One character.", "default": ","},
            "header": {"type": "boolean", "title": "Header", "description": "Whether the first line names the columns.", "default": true},
            "line_end": {"type": "string", "enum": ["crlf", "lf"], "title": "Line end", "description": "RFC 4180 asks for crlf.", "default": "crlf"},
            "guard_formulas": {"type": "boolean", "title": "Guard formulas", "description": "Put an apostrophe before texts that begin with = + - @ or a tab.", "default": true}
        }})json");
    type.example = json(
        R"json({"config": {"rows": "{{ input.people }}", "columns": ["name", {"key": "age", "title": "Age"}], "line_end": "lf"},
                                "input": {"people": [{"name": "Ada, Countess", "age": 36}, {"name": "=1+1", "age": null}]},
                                "output": {"text": "name,Age\n\"Ada, Countess\",36\n'=1+1,\n", "rows": 2}})json");
    type.run = [services](StepContext& context) { return run(services, context); };
    return type;
}

}  // namespace sluice::nodes
