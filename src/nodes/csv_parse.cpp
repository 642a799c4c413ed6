#include <charconv>

#include "nodes/csv.hpp"
#include "nodes/node_parts.hpp"

namespace sluice::nodes {

namespace {

/// What a cell becomes; owned by the job, which may run on another thread.
struct Plan {
    std::string text;
    char delimiter = ',';
    bool header = true, guess = false;
    std::vector<std::string> columns;
    std::vector<std::pair<std::string, std::string>> types;
};

std::optional<Json> number_of(std::string_view text, bool integer_only) {
    const char* const end = text.data() + text.size();
    std::int64_t whole = 0;
    if (const auto [stop, bad] = std::from_chars(text.data(), end, whole);
        bad == std::errc{} && stop == end)
        return Json(whole);
    if (integer_only || text.empty()) return std::nullopt;
    const char first = text.front() == '-' && text.size() > 1 ? text[1] : text.front();
    if (first < '0' || first > '9') return std::nullopt;  // no inf, nan or .5
    double real = 0;
    if (const auto [stop, bad] = std::from_chars(text.data(), end, real);
        bad == std::errc{} && stop == end)
        return Json(real);
    return std::nullopt;
}

std::optional<Json> boolean_of(std::string_view text) {
    if (text == "true" || text == "TRUE" || text == "True") return Json(true);
    if (text == "false" || text == "FALSE" || text == "False") return Json(false);
    return std::nullopt;
}

/// "007" and "+49…" stay texts: they are codes, not numbers.
Json guessed(const std::string& text) {
    if (text.empty()) return Json();
    if (auto value = boolean_of(text)) return *value;
    const std::string_view digits =
        text.front() == '-' ? std::string_view(text).substr(1) : std::string_view(text);
    const bool code = digits.size() > 1 && digits[0] == '0' && digits[1] != '.';
    if (!code)
        if (auto value = number_of(text, false)) return *value;
    return text;
}

Result<Json> cell(const Plan& plan, const std::string& type, const std::string& column,
                  const CsvRecord& record, std::size_t place) {
    const std::string& text = record.fields[place];
    if (type.empty()) return plan.guess && !record.quoted[place] ? guessed(text) : Json(text);
    if (type == "string") return Json(text);
    if (text.empty()) return Json();
    std::optional<Json> value =
        type == "boolean" ? boolean_of(text) : number_of(text, type == "integer");
    if (value) return std::move(*value);
    return fail(ErrorCode::invalid_argument, "line {}: column {} must be {}, not \"{}\"",
                record.line, column,
                type == "boolean"   ? "true or false"
                : type == "integer" ? "an integer"
                                    : "a number",
                text.substr(0, 40));
}

Result<Json> parse(const Plan& plan) {
    std::vector<std::string> columns = plan.columns, types;
    bool header_left = plan.header;
    Json rows = Json::array();
    const auto settle = [&]() -> Result<void> {
        for (const auto& [name, type] : plan.types)
            if (std::find(columns.begin(), columns.end(), name) == columns.end())
                return fail(ErrorCode::invalid_argument,
                            "types names the column {}, which the file does not have; it has {}",
                            name, fmt::join(columns, ", "));
        for (const auto& column : columns) {
            const auto found = std::find_if(plan.types.begin(), plan.types.end(),
                                            [&](const auto& each) { return each.first == column; });
            types.push_back(found == plan.types.end() ? "" : found->second);
        }
        return {};
    };
    const auto on_record = [&](CsvRecord& record) -> Result<void> {
        if (header_left) {
            header_left = false;
            if (columns.empty()) columns = record.fields;
            for (std::size_t i = 0; i < columns.size(); ++i) {
                if (columns[i].empty()) columns[i] = fmt::format("column_{}", i + 1);
                if (std::find(columns.begin(), columns.begin() + static_cast<std::ptrdiff_t>(i),
                              columns[i]) != columns.begin() + static_cast<std::ptrdiff_t>(i))
                    return fail(ErrorCode::invalid_argument,
                                "the column {} is there twice; name the columns with columns",
                                columns[i]);
            }
            return settle();
        }
        if (columns.empty())
            for (std::size_t i = 0; i < record.fields.size(); ++i)
                columns.push_back(fmt::format("column_{}", i + 1));
        if (types.empty())
            if (auto settled = settle(); !settled) return settled;
        if (record.fields.size() > columns.size())
            return fail(ErrorCode::invalid_argument,
                        "line {}: has {} fields, and there are {} columns", record.line,
                        record.fields.size(), columns.size());
        Json row = Json::object();
        for (std::size_t i = 0; i < columns.size(); ++i) {
            if (i >= record.fields.size()) {  // a short row: the rest is missing, not empty
                row[columns[i]] = nullptr;
                continue;
            }
            auto value = cell(plan, types[i], columns[i], record, i);
            if (!value) return fail(std::move(value.error()));
            row[columns[i]] = std::move(*value);
        }
        rows.push_back(std::move(row));
        return {};
    };
    if (auto read = read_csv(plan.text, plan.delimiter, on_record); !read)
        return fail(std::move(read.error()));
    return Json{{"columns", columns}, {"rows", std::move(rows)}};
}

Awaitable<Result<StepOutput>> run(Services services, StepContext& context) {
    const Json& config = context.input().config;
    Plan plan;
    plan.text = base::string_or(config, "text", "");
    plan.delimiter = base::string_or(config, "delimiter", ",").front();
    plan.header = flag(config, "header", true);
    if (const auto& columns = field(config, "columns"); columns.is_array())
        plan.columns = columns.get<std::vector<std::string>>();
    if (const auto& types = field(config, "types"); types.is_object())
        for (const auto& [name, each] : types.items())
            plan.types.emplace_back(name, each.get<std::string>());
    plan.guess = flag(config, "guess_types", false);
    const std::size_t size = plan.text.size();
    auto job = [plan = std::move(plan)] { return parse(plan); };
    auto parsed = co_await run_heavy(services, size, std::move(job));
    if (!parsed) co_return fail(std::move(parsed.error()));
    StepOutput result{std::move(*parsed)};
    co_return result;
}

}  // namespace

NodeType make_csv_parse(const Services& services) {
    NodeType type;
    type.name = "csv.parse";
    type.title = "Parse CSV";
    type.category = "Data";
    type.doc =
        "Reads comma-separated values after RFC 4180 (quoted fields may hold delimiters and line "
        "ends) into objects by column. Values are texts "
        "unless `types` names a column's type; an empty field of a typed column is null. With "
        "`guess_types`, unquoted numbers, `true` and "
        "`false` become such, and empty fields null; `007` stays a text.\n\n"
        "**Output:** `{\"columns\": [names], \"rows\": [{column: value}]}`. A row with fewer "
        "fields has null in the rest.\n\n"
        "**Errors:** `invalid_argument` with the line: an open quote, more fields than columns, a "
        "value that is not of its column's type, a column twice.";
    type.kind = NodeKind::task;
    type.config_schema = json(R"json({
        "type": "object", "additionalProperties": false, "required": ["text"],
        "properties": {
            "text": {"type": "string", "title": "Text", "description": "The file's content."},
            "delimiter": {"type": "string", "minLength": 1, "maxLength": 1, "pattern": "^[^\"\\r\\n]$", "title": "Delimiter", "description": "One character: a comma, a semicolon, a tab.", "default": ","},
            "header": {"type": "boolean", "title": "Header", "description": "Whether the first line names the columns.", "default": true},
            "columns": {"type": "array", "items": {"type": "string", "minLength": 1}, "minItems": 1, "uniqueItems": true, "title": "Columns", "description": "Names to use instead of the header's."},
            "types": {"type": "object", "title": "Types", "description": "The type by column.", "additionalProperties": {"type": "string", "enum": ["string", "number", "integer", "boolean"]}, "default": {}},
            "guess_types": {"type": "boolean", "title": "Guess types", "description": "Turn what looks like a number or boolean into one.", "default": false}
        }})json");
    type.example = json(
        R"json({"config": {"text": "{{ input.file }}", "types": {"total": "number"}}, "input": {"file": "name,total\nAda,12.5\n\"Hopper, Grace\",7\n"},
                                "output": {"columns": ["name", "total"], "rows": [{"name": "Ada", "total": 12.5}, {"name": "Hopper, Grace", "total": 7}]}})json");
    type.run = [services](StepContext& context) { return run(services, context); };
    return type;
}

}  // namespace sluice::nodes
