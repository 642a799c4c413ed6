// Macros that go through a list or map, and those that bind an optional's value.

#include <vector>

#include "cel/evaluation.hpp"

namespace sluice::cel {

void Evaluation::set_variables(const Node& node, const Value& range, std::size_t i) {
    if (range.is(Kind::list)) {
        if (node.two_variables) slots_[node.slot] = Value::of_int(static_cast<std::int64_t>(i));
        slots_[node.slot + (node.two_variables ? 1 : 0)] = element(range, i);
        return;
    }
    const Entry at = entry(range, i);
    slots_[node.slot] = at.key;
    if (node.two_variables) slots_[node.slot + 1] = at.value;
}

Value Evaluation::comprehension(const Node& node) {
    const Value range = settle(evaluate(*node.args[0]));
    if (range.is_error()) return range;
    if (!range.is(Kind::list) && !range.is(Kind::map))
        return error("no such overload: {}() goes through a list or a map, not {}", node.text, describe(range));
    const std::size_t size = count(range);
    if (node.op == Op::transform_map || node.op == Op::transform_map_entry) return comprehension_map(node, range, size);

    const Node& body = *node.args[node.count - 1];
    if (node.op == Op::all || node.op == Op::exists) {
        const bool decides = node.op == Op::exists;
        Value problem;
        for (std::size_t i = 0; i < size; ++i) {
            set_variables(node, range, i);
            const Value v = evaluate(body);
            if (v.is(Kind::boolean)) {
                if (v.boolean == decides) return v;
            } else if (!problem.is_error()) {
                problem = v.is_error() ? v : error("no such overload: the condition of {}() must be a bool, not {}", node.text, describe(v));
            }
            if (exhausted()) return out_of_steps;
        }
        return problem.is_error() ? problem : Value::of(!decides);
    }

    const bool collects = node.op != Op::exists_one;
    const Node* condition = node.op == Op::exists_one || node.op == Op::filter ? &body : node.count == 3 ? node.args[1] : nullptr;
    Value* items = collects ? arena_.array<Value>(size) : nullptr;
    if (collects && items == nullptr) return out_of_memory;
    std::size_t found = 0;
    for (std::size_t i = 0; i < size; ++i) {
        set_variables(node, range, i);
        const Value item = slots_[node.slot];
        if (condition != nullptr) {
            const Value v = evaluate(*condition);
            if (v.is_error()) return v;
            if (!v.is(Kind::boolean))
                return error("no such overload: the condition of {}() must be a bool, not {}", node.text, describe(v));
            if (!v.boolean) continue;
        }
        if (node.op == Op::filter) {
            items[found] = item;
        } else if (collects) {
            items[found] = evaluate(body);
            if (items[found].is_error()) return items[found];
        }
        ++found;
    }
    return collects ? list(items, found) : Value::of(found == 1);
}

Value Evaluation::comprehension_map(const Node& node, const Value& range, std::size_t size) {
    const Node* condition = node.count == 3 ? node.args[1] : nullptr;
    std::vector<Entry> entries;
    for (std::size_t i = 0; i < size; ++i) {
        set_variables(node, range, i);
        const Value key = slots_[node.slot];
        if (condition != nullptr) {
            const Value v = evaluate(*condition);
            if (v.is_error()) return v;
            if (!v.is(Kind::boolean))
                return error("no such overload: the condition of {}() must be a bool, not {}", node.text, describe(v));
            if (!v.boolean) continue;
        }
        const Value v = settle(evaluate(*node.args[node.count - 1]));
        if (v.is_error()) return v;
        if (node.op == Op::transform_map) {
            entries.push_back({key, v});
        } else {
            if (!v.is(Kind::map)) return error("no such overload: transformMapEntry() needs a map of one entry, not {}", describe(v));
            for (std::size_t j = 0; j < count(v); ++j) entries.push_back(entry(v, j));
            if (!take(count(v))) return out_of_steps;
        }
    }
    auto* kept = arena_.array<Entry>(entries.size());
    if (kept == nullptr) return out_of_memory;
    std::copy(entries.begin(), entries.end(), kept);
    return finish_map(kept, entries.size());
}

Value Evaluation::finish_map(Entry* entries, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i)
        if (!is_key(entries[i].key)) return error("unsupported key type: a map's key cannot be {}", describe(entries[i].key));
    const Map* map = index_map(arena_, entries, size);
    if (map == nullptr) return out_of_memory;
    for (std::size_t i = 0; i < size; ++i)  // of two equal keys the index finds the first
        if (find_key(*map, entries[i].key) != &entries[i].value) return error("a map's literal repeats a key");
    return Value::of_map(map);
}

Value Evaluation::bind_optional(const Node& node) {
    const Value target = evaluate(*node.args[0]);
    if (target.is_error()) return target;
    if (!target.is(Kind::optional)) return error("no such overload: {}() needs an optional, not {}", node.text, describe(target));
    if (target.inner == nullptr) return target;
    slots_[node.slot] = *target.inner;
    const Value v = evaluate(*node.args[1]);
    if (v.is_error()) return v;
    if (node.op == Op::opt_map) return some(v);
    return v.is(Kind::optional) ? v : error("no such overload: optFlatMap() needs an expression that gives an optional, not {}", describe(v));
}

}  // namespace sluice::cel
