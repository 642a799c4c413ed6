#include "cel/evaluation.hpp"

#include <re2/re2.h>

#include "cel/functions.hpp"

namespace sluice::cel {

namespace {
std::size_t memory_limit(const Limits& limits) { return std::max<std::size_t>(16 << 20, 2 * limits.output_bytes); }
}  // namespace

Evaluation::Evaluation(const Code& code, const Scope& scope)
    : code_(code), scope_(scope), steps_(code.limits.steps + 1), arena_(memory_limit(code.limits)) {
    if (code.slots > std::size(inline_slots_)) {
        slots_ = arena_.array<Value>(code.slots);
        std::fill_n(slots_, code.slots, Value::null());
    }
}

Evaluation::~Evaluation() = default;

Value Evaluation::no_overload(std::string_view function, const Value* args, std::size_t count) {
    std::string types;
    for (std::size_t i = 0; i < count; ++i) types += fmt::format("{}{}", i == 0 ? "" : ", ", type_name(args[i]));
    return error("no such overload: {}({})", function, types);
}

Value Evaluation::string(std::string_view text) {
    const std::string_view copy = arena_.copy(text);
    return copy.data() == nullptr ? out_of_memory : Value::of_string(copy);
}

Value Evaluation::bytes(std::string_view data) {
    const std::string_view copy = arena_.copy(data);
    return copy.data() == nullptr ? out_of_memory : Value::of_bytes(copy);
}

Value Evaluation::list(const Value* items, std::size_t count) {
    auto* list = arena_.array<List>(1);
    if (list == nullptr) return out_of_memory;
    *list = {items, count};
    return Value::of_list(list);
}

Value Evaluation::some(const Value& value) {
    if (value.is_error()) return value;
    auto* inner = arena_.array<Value>(1);
    if (inner == nullptr) return out_of_memory;
    *inner = value;
    return Value::of_optional(inner);
}

Value Evaluation::settle(const Value& value) {
    if (!value.is(Kind::map) || value.form != Form::lazy) return value;
    const auto keys = value.lazy->keys();
    auto* entries = arena_.array<Entry>(keys.size());
    if (entries == nullptr) return out_of_memory;
    std::size_t size = 0;
    for (const std::string& key : keys) {
        const Json* member = value.lazy->find(key);
        const Value name = string(key);
        if (name.is_error()) return name;
        if (member != nullptr) entries[size++] = {name, Value::of_json(*member)};
    }
    const Map* map = index_map(arena_, entries, size);
    return map == nullptr ? out_of_memory : Value::of_map(map);
}

const re2::RE2* Evaluation::pattern(std::string_view text, Value& problem) {
    if (pattern_ && pattern_->pattern() == text) return pattern_.get();
    if (!take(100 + text.size())) {
        problem = out_of_steps;
        return nullptr;
    }
    re2::RE2::Options options(re2::RE2::Quiet);
    options.set_max_mem(1 << 20);
    pattern_ = std::make_unique<re2::RE2>(re2::StringPiece(text.data(), text.size()), options);
    if (pattern_->ok()) return pattern_.get();
    problem = error("this pattern is no RE2 regular expression: {}", pattern_->error());
    pattern_.reset();
    return nullptr;
}

Value Evaluation::evaluate(const Node& node) {
    if (!take(1)) return out_of_steps;
    switch (node.op) {
        case Op::constant: return node.constant;
        case Op::local: return slots_[node.slot];
        case Op::variable: return variable(node);
        case Op::select: return select(node);
        case Op::both:
        case Op::either: return both_either(node);
        case Op::conditional: {
            const Value condition = evaluate(*node.args[0]);
            if (condition.is(Kind::boolean)) return evaluate(*node.args[condition.boolean ? 1 : 2]);
            if (condition.is_error()) return condition;
            return error("no such overload: the condition before '?' must be a bool, and is {}", describe(condition));
        }
        case Op::call: return call(node);
        default: return evaluate_rest(node);
    }
}

Value Evaluation::evaluate_rest(const Node& node) {
    switch (node.op) {
        case Op::has: return has(node);
        case Op::list: return make_list(node);
        case Op::map: return make_map(node);
        case Op::index: {
            const Value container = evaluate(*node.args[0]);
            if (container.is_error()) return container;
            const Value key = evaluate(*node.args[1]);
            return key.is_error() ? key : index(container, key, node.optional);
        }
        case Op::unknown: {
            for (std::uint32_t i = 0; i < node.count; ++i)
                if (const Value arg = evaluate(*node.args[i]); arg.is_error()) return arg;
            return error("no such overload: {}() with {} arguments", node.text, node.count);
        }
        case Op::negative: {
            Value v = evaluate(*node.args[0]);
            if (v.is(Kind::real)) {
                v.real = -v.real;
            } else if (v.is(Kind::integer) || v.is(Kind::duration)) {
                if (v.integer == INT64_MIN) return error("integer overflow: -({})", v.integer);
                v.integer = -v.integer;
            } else if (!v.is_error()) {
                return error("no such overload: -{}", type_name(v));
            }
            return v;
        }
        case Op::negation: {
            const Value v = evaluate(*node.args[0]);
            if (v.is(Kind::boolean)) return Value::of(!v.boolean);
            return v.is_error() ? v : error("no such overload: '!' needs a bool, not {}", describe(v));
        }
        case Op::bind: {
            slots_[node.slot] = evaluate(*node.args[0]);  // an error counts where the name is used
            return evaluate(*node.args[1]);
        }
        case Op::opt_map:
        case Op::opt_flat_map: return bind_optional(node);
        case Op::all:
        case Op::exists:
        case Op::exists_one:
        case Op::map_list:
        case Op::filter:
        case Op::transform_list:
        case Op::transform_map:
        case Op::transform_map_entry: return comprehension(node);
        default: return binary(node);
    }
}

bool Evaluation::lookup(std::string_view dotted, bool absolute, Value& to) {
    const auto try_name = [&](std::string_view name) {
        const Scope::Entry* entry = scope_.find(name);
        if (entry == nullptr) return false;
        switch (entry->kind) {
            case Scope::Kind::json: to = Value::of_json(*static_cast<const Json*>(entry->pointer)); break;
            case Scope::Kind::lazy: to = Value::of_lazy(static_cast<const LazyMap*>(entry->pointer)); break;
            case Scope::Kind::value: to = *static_cast<const Value*>(entry->pointer); break;
        }
        return true;
    };
    // Innermost container first: com.example.name, com.name, name (langdef, Name Resolution).
    for (std::string_view prefix = absolute ? std::string_view{} : std::string_view(code_.container); !prefix.empty();) {
        if (try_name(fmt::format("{}.{}", prefix, dotted))) return true;
        const auto dot = prefix.rfind('.');
        prefix = dot == std::string_view::npos ? std::string_view{} : prefix.substr(0, dot);
    }
    return try_name(dotted);
}

Value Evaluation::variable(const Node& node) {
    Value out;
    if (lookup(node.text, node.absolute, out)) return out;
    if (node.constant.is(Kind::type)) return node.constant;
    std::string known;
    for (const auto name : scope_.names()) known += fmt::format("{}{}", known.empty() ? "" : ", ", name);
    return error("undeclared reference to '{}'; {}{}", node.text, known.empty() ? "there are no variables here" : "in scope: ", known);
}

Value Evaluation::select(const Node& node) {
    if (scope_.dotted() && !node.dotted.empty()) {
        Value out;
        if (lookup(node.dotted, node.absolute, out)) return out;
    }
    const Value container = evaluate(*node.args[0]);
    if (container.is_error()) return container;
    if (container.is(Kind::map) && !node.optional) {
        if (container.form == Form::json) {
            if (const Json* found = find_json(*container.json, node.text)) return Value::of_json(*found);
        } else if (container.form == Form::lazy) {
            if (const Json* found = container.lazy->find(node.text)) return Value::of_json(*found);
        }
    }
    return member(container, node.text, node.optional);
}

Value Evaluation::member(const Value& container, std::string_view name, bool optional) {
    if (container.is(Kind::map) || container.is(Kind::optional)) return index(container, Value::of_string(name), optional);
    return error("no member '{}': the value is {}, not a map", name, describe(container));
}

Value Evaluation::has(const Node& node) {
    Value container = evaluate(*node.args[0]);
    if (container.is(Kind::optional)) {
        if (container.inner == nullptr) return Value::of(false);
        container = *container.inner;
    }
    if (container.is_error()) return container;
    if (!container.is(Kind::map)) return error("no member '{}': the value is {}, not a map", node.text, describe(container));
    const Value found = index(container, Value::of_string(node.text), true);
    return found.is_error() ? found : Value::of(found.inner != nullptr);
}

Value Evaluation::both_either(const Node& node) {
    const bool decides = node.op == Op::either;
    Value problem;
    for (std::uint32_t i = 0; i < node.count; ++i) {
        const Value v = evaluate(*node.args[i]);
        if (v.is(Kind::boolean)) {
            if (v.boolean == decides) return v;
        } else if (!problem.is_error()) {
            problem = v.is_error() ? v : error("no such overload: '{}' needs bools, not {}", decides ? "||" : "&&", describe(v));
        }
    }
    return problem.is_error() ? problem : Value::of(!decides);
}

Value Evaluation::call(const Node& node) {
    Value few[4];
    Value* args = few;
    if (node.count > std::size(few)) {
        args = arena_.array<Value>(node.count);
        if (args == nullptr) return out_of_memory;
    }
    bool loose = false;
    for (std::uint32_t i = 0; i < node.count; ++i) {
        args[i] = evaluate(*node.args[i]);
        if (args[i].form == Form::lazy) args[i] = settle(args[i]);
        if (args[i].is_error()) return args[i];
        loose = loose || args[i].loose || args[i].form == Form::json;
    }
    if (node.pattern != nullptr && args[0].is(Kind::string)) {
        const std::string_view text = args[0].view();
        if (!take_bytes(text.size())) return out_of_steps;
        return Value::of(re2::RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), *node.pattern));
    }
    Value result = node.builtin(*this, args, node.count);
    if (result.is_error() && result.failure == nullptr) return no_overload(node.text, args, node.count);
    if (loose && result.is_number()) result.loose = true;
    return result;
}

Value Evaluation::make_list(const Node& node) {
    auto* items = arena_.array<Value>(node.count);
    if (items == nullptr) return out_of_memory;
    std::size_t size = 0;
    for (std::uint32_t i = 0; i < node.count; ++i) {
        Value v = evaluate(*node.args[i]);
        if (v.is_error()) return v;
        if (node.optionals != nullptr && node.optionals[i]) {
            if (!v.is(Kind::optional)) return error("'?' in a list needs an optional, not {}", describe(v));
            if (v.inner == nullptr) continue;
            v = *v.inner;
        }
        items[size++] = v;
    }
    return list(items, size);
}

Value Evaluation::make_map(const Node& node) {
    auto* entries = arena_.array<Entry>(node.count / 2);
    if (entries == nullptr) return out_of_memory;
    std::size_t size = 0;
    for (std::uint32_t i = 0; i < node.count; i += 2) {
        const Value key = evaluate(*node.args[i]);
        if (key.is_error()) return key;
        Value v = evaluate(*node.args[i + 1]);
        if (v.is_error()) return v;
        if (node.optionals != nullptr && node.optionals[i / 2]) {
            if (!v.is(Kind::optional)) return error("'?' in a map needs an optional, not {}", describe(v));
            if (v.inner == nullptr) continue;
            v = *v.inner;
        }
        entries[size++] = {key, v};
    }
    return finish_map(entries, size);
}

Value Evaluation::binary(const Node& node) {
    Value a = evaluate(*node.args[0]);
    if (a.is_error()) return a;
    Value b = evaluate(*node.args[1]);
    if (b.is_error()) return b;
    switch (node.op) {
        case Op::equal:
        case Op::not_equal: {
            const bool same = equal(a, b);
            return exhausted() ? out_of_steps : Value::of(same == (node.op == Op::equal));
        }
        case Op::less:
        case Op::less_equal:
        case Op::greater:
        case Op::greater_equal: {
            const int order = compare(a, b);
            if (order == 3) return error("no such overload: {} and {} have no order", describe(a), describe(b));
            switch (node.op) {
                case Op::less: return Value::of(order == -1);
                case Op::less_equal: return Value::of(order == -1 || order == 0);
                case Op::greater: return Value::of(order == 1);
                default: return Value::of(order == 1 || order == 0);
            }
        }
        case Op::in: return in(a, b);
        default: return arithmetic(node.op, a, b);
    }
}

}  // namespace sluice::cel
