// The macros of the language: calls whose arguments are not evaluated first but bind variables.

#include <array>

#include <re2/re2.h>

#include "cel/functions.hpp"
#include "cel/parser.hpp"

namespace sluice::cel {

namespace {
struct Macro {
    std::string_view name;
    Op op;
    bool two_variables;   ///< always
    bool maybe_two;       ///< when two names are given
    std::uint8_t min_expressions, max_expressions;
    std::string_view form;
};
constexpr std::array macros = {
    Macro{"all", Op::all, false, true, 1, 1, "list.all(x, condition)"},
    Macro{"exists", Op::exists, false, true, 1, 1, "list.exists(x, condition)"},
    Macro{"existsOne", Op::exists_one, false, true, 1, 1, "list.existsOne(x, condition)"},
    Macro{"exists_one", Op::exists_one, false, true, 1, 1, "list.exists_one(x, condition)"},
    Macro{"filter", Op::filter, false, false, 1, 1, "list.filter(x, condition)"},
    Macro{"map", Op::map_list, false, false, 1, 2, "list.map(x, value) or list.map(x, condition, value)"},
    Macro{"optFlatMap", Op::opt_flat_map, false, false, 1, 1, "optional.optFlatMap(x, optional)"},
    Macro{"optMap", Op::opt_map, false, false, 1, 1, "optional.optMap(x, value)"},
    Macro{"transformList", Op::transform_list, true, false, 1, 2, "list.transformList(i, x, value)"},
    Macro{"transformMap", Op::transform_map, true, false, 1, 2, "map.transformMap(k, v, value)"},
    Macro{"transformMapEntry", Op::transform_map_entry, true, false, 1, 2, "map.transformMapEntry(k, v, {key: value})"},
};

const Macro* find_macro(std::string_view name) {
    for (const Macro& macro : macros)
        if (macro.name == name) return &macro;
    return nullptr;
}
}  // namespace

bool Parser::is_macro(std::string_view method) const { return find_macro(method) != nullptr; }

bool Parser::macro_variable(std::string_view form) {
    const Token& token = peek();
    if (token.kind != TokenKind::name || !peek(1).is(",")) {
        error_at(token.offset, "expected a variable's name and ',', as in {}", form);
        return false;
    }
    if (token.text == "true" || token.text == "false" || token.text == "null" || token.text == "in") {
        error_at(token.offset, "'{}' is a reserved word and no name", token.text);
        return false;
    }
    locals_.push_back(token.text);
    code_.slots = std::max(code_.slots, static_cast<std::uint16_t>(locals_.size()));
    take();
    take();
    return true;
}

Parser::NodePtr Parser::macro(NodePtr receiver, const Token& method) {
    const Macro& row = *find_macro(method.text);
    const bool two = row.two_variables || (row.maybe_two && peek(1).is(",") && peek(2).kind == TokenKind::name && peek(3).is(","));
    const auto slot = static_cast<std::uint16_t>(locals_.size());
    for (int i = 0; i < (two ? 2 : 1); ++i)
        if (!macro_variable(row.form)) return nullptr;
    if (two && locals_[slot] == locals_[slot + 1U])
        return error_at(method.offset, "the two variables of {}() need different names", row.name);
    std::vector<NodePtr> args = {receiver};
    do {
        args.push_back(expression());
        if (args.back() == nullptr) return nullptr;
    } while (accept(","));
    if (!expect(")")) return nullptr;
    leave(two ? 2 : 1);
    if (args.size() - 1 > row.max_expressions) return error_at(method.offset, "{}() is written {}", row.name, row.form);
    NodePtr node = make(row.op, method.offset, args);
    if (node == nullptr) return nullptr;
    node->slot = slot;
    node->two_variables = two;
    node->text = row.name;
    return node;
}

Parser::NodePtr Parser::macro_has(std::size_t offset) {
    NodePtr inside = peek().is(")") ? nullptr : expression();
    if (error_) return nullptr;
    if (inside == nullptr || inside->op != Op::select || !peek().is(")"))
        return error_at(offset, "has() takes one member, as in has(input.name); for other keys write 'key' in map");
    take();
    inside->op = Op::has;
    inside->dotted = {};
    return inside;
}

Parser::NodePtr Parser::macro_bind(std::size_t offset) {
    constexpr std::string_view form = "cel.bind(name, value, expression)";
    if (!macro_variable(form)) return nullptr;
    const std::string_view name = locals_.back();
    leave(1);  // the value does not see the name
    NodePtr value = expression();
    if (value == nullptr || !expect(",")) return nullptr;
    locals_.push_back(name);
    NodePtr body = expression();
    if (body == nullptr || !expect(")")) return nullptr;
    leave(1);
    NodePtr node = make(Op::bind, offset, {value, body});
    if (node != nullptr) node->slot = static_cast<std::uint16_t>(locals_.size());
    return node;
}

bool Parser::prepare_matches(Node& node) {
    const Node& pattern = *node.args[node.count - 1];
    if (pattern.op != Op::constant || !pattern.constant.is(Kind::string)) return true;
    re2::RE2::Options options(re2::RE2::Quiet);
    options.set_max_mem(1 << 20);
    const std::string_view text = pattern.constant.view();
    auto compiled = std::make_unique<re2::RE2>(re2::StringPiece(text.data(), text.size()), options);
    if (!compiled->ok()) {
        if (options_.late_functions) return true;
        error_at(pattern.offset, "this pattern is no RE2 regular expression: {}", compiled->error());
        return false;
    }
    node.pattern = compiled.get();
    code_.patterns.push_back(std::move(compiled));
    return true;
}

}  // namespace sluice::cel
