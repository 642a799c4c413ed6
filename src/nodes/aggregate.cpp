#include <cmath>
#include <limits>
#include <set>
#include <unordered_map>

#include "nodes/node_parts.hpp"

namespace sluice::nodes {

namespace {

enum class Op { count, sum, avg, min, max, collect, first, last, distinct };

Op op_from(std::string_view name) {
    if (name == "sum") return Op::sum;
    if (name == "avg") return Op::avg;
    if (name == "min") return Op::min;
    if (name == "max") return Op::max;
    if (name == "collect") return Op::collect;
    if (name == "first") return Op::first;
    if (name == "last") return Op::last;
    if (name == "distinct") return Op::distinct;
    return Op::count;
}

/// A sum that stays an integer as long as it can.
struct Sum {
    std::int64_t whole = 0;
    double real = 0;
    bool exact = true;

    void add(const Json& value) {
        real += value.get<double>();
        if (!exact) return;
        std::int64_t next = 0;
        const bool fits =
            value.is_number_integer() &&
            (!value.is_number_unsigned() ||
             value.get<std::uint64_t>() <=
                 static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()));
        if (fits && !__builtin_add_overflow(whole, value.get<std::int64_t>(), &next))
            whole = next;
        else
            exact = false;
    }
    Json value() const { return exact ? Json(whole) : Json(real); }
};

/// One operation's running result over one group.
class Fold {
  public:
    explicit Fold(Op op) : op_(op) {}

    /// Errors: in words; the caller adds the place.
    Result<void> add(const Json& value) {
        switch (op_) {
            case Op::count:
                count_ += value.is_null() || value == Json(false) ? 0 : 1;
                return {};
            case Op::collect:
                list_.push_back(value);
                return {};
            case Op::first:
                if (count_++ == 0) best_ = value;
                return {};
            case Op::last:
                best_ = value;
                return {};
            case Op::distinct:
                if (seen_.insert(base::dump_json_canonical(value)).second) list_.push_back(value);
                return {};
            case Op::sum:
            case Op::avg:
                return add_number(value);
            case Op::min:
            case Op::max:
                return add_extreme(value);
        }
        return {};
    }

    Json value() const {
        switch (op_) {
            case Op::count:
                return count_;
            case Op::sum:
                return sum_.value();
            case Op::avg:
                return count_ == 0 ? Json() : Json(sum_.real / static_cast<double>(count_));
            case Op::collect:
            case Op::distinct:
                return list_;
            case Op::first:
            case Op::last:
            case Op::min:
            case Op::max:
                return best_;
        }
        return {};
    }

  private:
    Result<void> add_number(const Json& value) {
        if (value.is_null()) return {};
        if (!value.is_number())
            return fail(ErrorCode::invalid_argument, "needs numbers, and the value is {}",
                        kind_of(value));
        sum_.add(value);
        ++count_;
        return {};
    }
    Result<void> add_extreme(const Json& value) {
        if (value.is_null()) return {};
        if (!value.is_number() && !value.is_string())
            return fail(ErrorCode::invalid_argument,
                        "compares numbers or texts, and the value is {}", kind_of(value));
        if (best_.is_null()) {
            best_ = value;
        } else if (best_.is_string() != value.is_string()) {
            return fail(ErrorCode::invalid_argument, "cannot compare a number with a text");
        } else if (op_ == Op::min ? value < best_ : best_ < value) {
            best_ = value;
        }
        return {};
    }

    Op op_;
    std::int64_t count_ = 0;
    Sum sum_;
    Json best_, list_ = Json::array();
    std::set<std::string> seen_;
};

struct Operation {
    std::string name, op, pointer;
    bool has_value = false;
};

struct Group {
    Json key;
    std::vector<Fold> folds;
};

Json render(const Group& group, const std::vector<Operation>& operations, bool keyed) {
    Json result = Json::object();
    if (keyed) result["key"] = group.key;
    for (std::size_t i = 0; i < operations.size(); ++i)
        result[operations[i].name] = group.folds[i].value();
    return result;
}

Result<StepOutput> compute(const StepInput& input) {
    auto items = list(input.config, "items");
    if (!items) return fail(std::move(items.error()));
    std::vector<Operation> operations;
    for (const auto& [name, operation] : field(input.config, "operations").items()) {
        const std::string pointer = "/operations/" + base::escape_pointer(name) + "/value";
        operations.push_back({name, base::string_or(operation, "op", "count"), pointer,
                              has_expression(input, pointer)});
    }
    const bool keyed = has_expression(input, "/group_by");
    std::vector<Group> groups;
    std::unordered_map<std::string, std::size_t> places;
    const auto open = [&](Json key) {
        Group group{std::move(key), {}};
        for (const auto& operation : operations) group.folds.emplace_back(op_from(operation.op));
        groups.push_back(std::move(group));
    };
    if (!keyed) open({});
    for (std::size_t i = 0; i < (*items)->size(); ++i) {
        const Json& item = (**items)[i];
        std::size_t place = 0;
        if (keyed) {
            auto key = evaluate_item(input, "/group_by", item, i);
            if (!key) return fail(std::move(key.error()));
            const auto [found, fresh] =
                places.emplace(base::dump_json_canonical(*key), groups.size());
            place = found->second;
            if (fresh) open(std::move(*key));
        }
        for (std::size_t k = 0; k < operations.size(); ++k) {
            Result<void> added;
            if (operations[k].has_value) {
                auto value = evaluate_item(input, operations[k].pointer, item, i);
                if (!value) return fail(std::move(value.error()));
                added = groups[place].folds[k].add(*value);
            } else {
                added = operations[k].op == "count" ? groups[place].folds[k].add(true)
                                                    : groups[place].folds[k].add(item);
            }
            if (!added)
                return fail(mistake_at(
                    operations[k].pointer,
                    fmt::format("{} {} (item {})", operations[k].op, added.error().message, i)));
        }
    }
    if (!keyed) return StepOutput{render(groups.front(), operations, false)};
    Json result = Json::array();
    for (const auto& group : groups) result.push_back(render(group, operations, true));
    return StepOutput{std::move(result)};
}

}  // namespace

NodeType make_aggregate(const Services&) {
    NodeType type;
    type.name = "aggregate";
    type.title = "Aggregate";
    type.category = "Data";
    type.doc =
        "Counts, adds up and collects over the items of a list, in one piece or per group. In "
        "`group_by` and in the operations' `value`, "
        "`item` is the item and `index` its place; without a `value` the item itself is taken.\n\n"
        "Operations: `count` (of items; with a `value`, of those where it is neither null nor "
        "false), `sum`, `avg`, `min`, `max` (nulls are "
        "passed over; `avg`, `min` and `max` of nothing are null), `collect` (all values), "
        "`distinct` (each once), `first`, `last`.\n\n"
        "**Output:** one object `{name: result, …}`; with `group_by` the list of groups `{\"key\": "
        "…, name: result, …}` in the order in "
        "which their keys first appear.\n\n"
        "**Errors:** `invalid_argument` when `items` is no list, an expression fails, or a value "
        "does not fit the operation (named by the item's index).";
    type.config_schema = json(R"json({
        "type": "object", "additionalProperties": false, "required": ["items", "operations"],
        "properties": {
            "items": {"type": "array", "title": "Items", "description": "The list, usually a template such as {{ nodes.load.output.rows }}."},
            "group_by": {"type": "string", "title": "Group by", "description": "A CEL expression whose value names the group.", "x-expression": true, "x-scope": ["item", "index"]},
            "operations": {"type": "object", "minProperties": 1, "maxProperties": 100, "title": "Operations", "description": "The results by name.",
                "additionalProperties": {"type": "object", "additionalProperties": false, "required": ["op"], "properties": {
                    "op": {"type": "string", "enum": ["count", "sum", "avg", "min", "max", "collect", "first", "last", "distinct"], "title": "Operation"},
                    "value": {"type": "string", "title": "Value", "description": "A CEL expression; without one the item.", "x-expression": true, "x-scope": ["item", "index"]}
                }}}
        }})json");
    type.example =
        json(R"json({"config": {"items": "{{ input.orders }}", "group_by": "item.country",
                                    "operations": {"orders": {"op": "count"}, "total": {"op": "sum", "value": "item.total"}}},
                                "input": {"orders": [{"country": "DE", "total": 10}, {"country": "FR", "total": 5}, {"country": "DE", "total": 7}]},
                                "output": [{"key": "DE", "orders": 2, "total": 17}, {"key": "FR", "orders": 1, "total": 5}]})json");
    type.check = [](const Json& config) {
        std::vector<base::ErrorDetail> mistakes;
        if (config.contains("group_by") && field(config, "operations").contains("key"))
            mistakes.push_back(
                {"/operations/key", "a group's key is named key; give the operation another name"});
        return mistakes;
    };
    type.compute = compute;
    return type;
}

}  // namespace sluice::nodes
