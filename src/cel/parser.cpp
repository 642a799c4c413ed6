#include "cel/parser.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>

#include "cel/functions.hpp"

namespace sluice::cel {

namespace {
/// A chain like a + b + c is as deep as it is long; evaluation recurses, so its length has a limit of its own.
constexpr std::uint32_t max_height = 400;

constexpr std::array<std::string_view, 18> reserved = {
    "as", "break", "const", "continue", "else", "for", "function", "if", "import", "in", "let",
    "loop", "namespace", "package", "return", "var", "void", "while"};

bool is_reserved(std::string_view name) { return std::find(reserved.begin(), reserved.end(), name) != reserved.end(); }
}  // namespace

Result<void> Parser::read_tokens(std::size_t begin, std::size_t* end_of_template) {
    Lexer lexer(text_, begin);
    std::size_t braces = 0;
    for (;;) {
        auto token = lexer.next();
        if (!token) return fail(std::move(token.error()));
        if (token->is("{")) ++braces;
        if (token->is("}")) {
            if (end_of_template != nullptr && braces == 0 && text_.substr(token->offset, 2) == "}}") {
                *end_of_template = token->offset;
                token->kind = TokenKind::end;
            } else if (braces > 0) {
                --braces;
            }
        }
        const bool end = token->kind == TokenKind::end;
        tokens_.push_back(std::move(*token));
        if (!end) continue;
        if (end_of_template != nullptr && *end_of_template == std::string_view::npos)
            return fail(ErrorCode::invalid_argument, "{}: '{{{{' has no closing '}}}}'; a literal '{{{{' is written {{{{ '{{{{' }}}}",
                        place_of(text_, begin < 2 ? 0 : begin - 2));
        return {};
    }
}

Result<const Node*> Parser::parse() {
    NodePtr root = peek().kind == TokenKind::end ? error_at(peek().offset, "the expression is empty") : expression();
    if (root != nullptr && peek().kind != TokenKind::end) root = unexpected("an operator or the end");
    if (root == nullptr) return fail(std::move(*error_));
    collect_references(*root, nullptr);
    return root;
}

bool Parser::expect(std::string_view symbol) {
    if (accept(symbol)) return true;
    unexpected(fmt::format("'{}'", symbol));
    return false;
}

std::nullptr_t Parser::unexpected(std::string_view expected) {
    const Token& token = peek();
    if (token.kind == TokenKind::end) return error_at(token.offset, "expected {}, but the expression ends here", expected);
    const std::string_view written = text_.substr(token.offset, token.length);
    if (token.kind == TokenKind::name && (written == "and" || written == "or" || written == "not"))
        return error_at(token.offset, "expected {}, found '{}'; write '{}'", expected, written,
                        written == "and" ? "&&" : written == "or" ? "||" : "!");
    return error_at(token.offset, "expected {}, found '{}'", expected, written);
}

std::nullptr_t Parser::too_large(std::size_t offset, std::string_view what) {
    if (!error_) error_ = Error{ErrorCode::too_large, fmt::format("{}: {}", place_of(text_, offset), what), {}, false};
    return nullptr;
}

std::string_view Parser::keep(std::string_view text) {
    const std::string_view copy = code_.arena.copy(text);
    if (copy.data() == nullptr) too_large(peek().offset, "the expression is too large");
    return copy;
}

Parser::NodePtr Parser::make(Op op, std::size_t offset, const std::vector<NodePtr>& args) {
    auto* node = code_.arena.array<Node>(1);
    auto** list = code_.arena.array<const Node*>(args.size());
    if (node == nullptr || list == nullptr) return too_large(offset, "the expression is too large");
    *node = Node{};
    node->op = op;
    node->offset = static_cast<std::uint32_t>(offset);
    node->count = static_cast<std::uint32_t>(args.size());
    node->args = list;
    for (std::size_t i = 0; i < args.size(); ++i) {
        if (args[i] == nullptr) return nullptr;
        list[i] = args[i];
        node->height = std::max(node->height, args[i]->height + 1);
    }
    if (node->height > max_height)
        return too_large(offset, fmt::format("the expression is more than {} operations deep; split it", max_height));
    return node;
}

Parser::NodePtr Parser::constant(const Value& value, std::size_t offset) {
    NodePtr node = make(Op::constant, offset, {});
    if (node != nullptr) node->constant = value;
    return node;
}

Parser::NodePtr Parser::expression() {
    if (depth_ >= options_.limits.depth)
        return too_large(peek().offset, fmt::format("the expression is nested more than {} deep; split it", options_.limits.depth));
    ++depth_;
    NodePtr node = conditional();
    --depth_;
    return node;
}

Parser::NodePtr Parser::conditional() {
    NodePtr condition = logical("||");
    if (condition == nullptr || !peek().is("?")) return condition;
    const std::size_t offset = take().offset;
    NodePtr yes = logical("||");
    if (yes == nullptr || !expect(":")) return nullptr;
    NodePtr no = expression();
    if (no == nullptr) return nullptr;
    return make(Op::conditional, offset, {condition, yes, no});
}

Parser::NodePtr Parser::logical(std::string_view symbol) {
    const bool either = symbol == "||";
    NodePtr first = either ? logical("&&") : relation();
    if (first == nullptr || !peek().is(symbol)) return first;
    std::vector<NodePtr> args = {first};
    const std::size_t offset = peek().offset;
    while (accept(symbol)) {
        args.push_back(either ? logical("&&") : relation());
        if (args.back() == nullptr) return nullptr;
    }
    return make(either ? Op::either : Op::both, offset, args);
}

Parser::NodePtr Parser::relation() {
    struct Row {
        std::string_view symbol;
        Op op;
    };
    static constexpr std::array rows = {Row{"==", Op::equal},   Row{"!=", Op::not_equal},     Row{"<", Op::less},
                                        Row{"<=", Op::less_equal}, Row{">", Op::greater}, Row{">=", Op::greater_equal}};
    NodePtr left = sum();
    while (left != nullptr) {
        const Token& token = peek();
        Op op = Op::constant;
        if (token.kind == TokenKind::name && token.text == "in") op = Op::in;
        for (const Row& row : rows)
            if (token.is(row.symbol)) op = row.op;
        if (op == Op::constant) break;
        const std::size_t offset = take().offset;
        left = binary(op, left, sum(), offset);
    }
    return left;
}

Parser::NodePtr Parser::binary(Op op, NodePtr left, NodePtr right, std::size_t offset) {
    return right == nullptr ? nullptr : make(op, offset, {left, right});
}

Parser::NodePtr Parser::sum() {
    NodePtr left = product();
    while (left != nullptr && (peek().is("+") || peek().is("-"))) {
        const Token& token = take();
        left = binary(token.is("+") ? Op::add : Op::subtract, left, product(), token.offset);
    }
    return left;
}

Parser::NodePtr Parser::product() {
    NodePtr left = unary();
    while (left != nullptr && (peek().is("*") || peek().is("/") || peek().is("%"))) {
        const Token& token = take();
        left = binary(token.is("*") ? Op::multiply : token.is("/") ? Op::divide : Op::modulo, left, unary(), token.offset);
    }
    return left;
}

Parser::NodePtr Parser::unary() {
    if (!peek().is("!") && !peek().is("-")) return member();
    const bool negation = peek().is("!");
    std::vector<std::size_t> signs;
    while (peek().is(negation ? "!" : "-")) {
        const auto kind = peek(1).kind;
        if (!negation && (kind == TokenKind::integer || kind == TokenKind::real)) break;  // the sign of a literal
        signs.push_back(take().offset);
    }
    NodePtr node = member();
    for (auto sign = signs.rbegin(); sign != signs.rend() && node != nullptr; ++sign)
        node = make(negation ? Op::negation : Op::negative, *sign, {node});
    return node;
}

Parser::NodePtr Parser::member() {
    NodePtr node = primary();
    while (node != nullptr) {
        if (peek().is(".")) {
            take();
            const bool optional = accept("?");
            node = select(node, optional);
        } else if (peek().is("[")) {
            node = subscript(node);
        } else if (peek().is("{") && !node->dotted.empty()) {
            return error_at(peek().offset, "there are no message types here; a map is written {{'name': value}}");
        } else {
            break;
        }
    }
    return node;
}

Parser::NodePtr Parser::subscript(NodePtr operand) {
    const std::size_t offset = take().offset;
    const bool optional = accept("?");
    NodePtr key = expression();
    if (key == nullptr || !expect("]")) return nullptr;
    NodePtr node = make(Op::index, offset, {operand, key});
    if (node != nullptr) node->optional = optional;
    return node;
}

Parser::NodePtr Parser::select(NodePtr operand, bool optional) {
    if (peek().kind != TokenKind::name && peek().kind != TokenKind::quoted_name) return unexpected("a member's name");
    const Token name = take();
    if (!optional && name.kind == TokenKind::name && peek().is("(")) return call_method(operand, name);
    NodePtr node = make(Op::select, name.offset, {operand});
    if (node == nullptr) return nullptr;
    node->text = keep(name.text);
    node->optional = optional;
    if (!optional && !operand->dotted.empty() && name.kind == TokenKind::name) {
        node->dotted = keep(fmt::format("{}.{}", operand->dotted, name.text));
        node->absolute = operand->absolute;
        if (const auto type = type_constant(node->dotted)) return constant(*type, node->offset);
    }
    return error_ ? nullptr : node;
}

bool Parser::arguments(std::vector<NodePtr>& args) {
    if (accept(")")) return true;
    do {
        args.push_back(expression());
        if (args.back() == nullptr) return false;
    } while (accept(","));
    return expect(")");
}

Parser::NodePtr Parser::call_method(NodePtr receiver, const Token& method) {
    take();  // "("
    if (!receiver->dotted.empty()) {
        const std::string full = fmt::format("{}.{}", receiver->dotted, method.text);
        if (full == "cel.bind") return macro_bind(method.offset);
        if (find_function(full, false) != nullptr || (!options_.late_functions && is_function_namespace(receiver->dotted))) {
            std::vector<NodePtr> args;
            if (!arguments(args)) return nullptr;
            return finish_call(full, false, receiver->offset, std::move(args));
        }
    }
    if (is_macro(method.text)) return macro(receiver, method);
    std::vector<NodePtr> args = {receiver};
    if (!arguments(args)) return nullptr;
    return finish_call(method.text, true, method.offset, std::move(args));
}

Parser::NodePtr Parser::call_global(std::string_view function, std::size_t offset) {
    take();  // "("
    if (function == "has") return macro_has(offset);
    std::vector<NodePtr> args;
    if (!arguments(args)) return nullptr;
    return finish_call(function, false, offset, std::move(args));
}

Parser::NodePtr Parser::finish_call(std::string_view function, bool method, std::size_t offset, std::vector<NodePtr> args) {
    const Function* row = find_function(function, method);
    const bool fits = row != nullptr && args.size() >= row->min_args && args.size() <= row->max_args;
    if (!fits && !options_.late_functions) {
        if (row == nullptr) {
            const Function* other = find_function(function, !method);
            if (other != nullptr && method) return error_at(offset, "{0}() is no method; write {0}(…)", function);
            if (other != nullptr) return error_at(offset, "{0}() is a method; write value.{0}(…)", function);
            const std::string_view similar = similar_function(function, method);
            return error_at(offset, "there is no function '{}'{}{}{}", function, similar.empty() ? "" : "; did you mean '", similar,
                            similar.empty() ? "" : "'?");
        }
        const unsigned self = method ? 1 : 0;
        const std::string wanted = row->min_args == row->max_args ? fmt::format("{}", row->min_args - self)
                                   : row->max_args == 255 ? fmt::format("at least {}", row->min_args - self)
                                                          : fmt::format("{} to {}", row->min_args - self, row->max_args - self);
        return error_at(offset, "{}() takes {} argument{}, not {}", function, wanted, wanted == "1" ? "" : "s", args.size() - self);
    }
    NodePtr node = make(fits ? Op::call : Op::unknown, offset, args);
    if (node == nullptr) return nullptr;
    node->text = keep(function);
    if (fits) node->builtin = row->builtin;
    if (error_ || (node->builtin == string_matches && !prepare_matches(*node))) return nullptr;
    return node;
}

Parser::NodePtr Parser::primary() {
    const Token& token = peek();
    switch (token.kind) {
        case TokenKind::name: return name(false);
        case TokenKind::integer:
        case TokenKind::uinteger:
        case TokenKind::real: return number(false);
        case TokenKind::string:
        case TokenKind::bytes: {
            const std::size_t offset = token.offset;
            const bool bytes = token.kind == TokenKind::bytes;
            const std::string_view text = keep(take().decoded);
            return error_ ? nullptr : constant(bytes ? Value::of_bytes(text) : Value::of_string(text), offset);
        }
        case TokenKind::quoted_name: return error_at(token.offset, "a name in backquotes stands only after a dot: a.`b-c`");
        case TokenKind::end: return unexpected("a value");
        case TokenKind::symbol: break;
    }
    if (token.is("-")) {
        take();
        return number(true);
    }
    if (accept("(")) {
        NodePtr inside = expression();
        if (inside == nullptr || !expect(")")) return nullptr;
        if (inside->dotted.empty()) return inside;
        inside->dotted = {};  // (a).b selects from a, it is not the name a.b
        return inside;
    }
    if (token.is("[")) return list_literal();
    if (token.is("{")) return map_literal();
    if (token.is(".") && peek(1).kind == TokenKind::name) {
        take();
        return name(true);
    }
    return unexpected("a value");
}

Parser::NodePtr Parser::name(bool absolute) {
    const Token& token = peek();
    const std::string_view text = token.text;
    const std::size_t offset = token.offset;
    if (!absolute) {
        if (text == "true" || text == "false") return take(), constant(Value::of(text == "true"), offset);
        if (text == "null") return take(), constant(Value::null(), offset);
    }
    if (text == "in") return unexpected("a value");
    if (is_reserved(text)) return error_at(offset, "'{}' is a reserved word and no name", text);
    take();
    if (peek().is("(")) return call_global(text, offset);
    if (!absolute)
        for (std::size_t i = locals_.size(); i-- > 0;)
            if (locals_[i] == text) {
                NodePtr node = make(Op::local, offset, {});
                if (node != nullptr) node->slot = static_cast<std::uint16_t>(i);
                return node;
            }
    NodePtr node = make(Op::variable, offset, {});
    if (node == nullptr) return nullptr;
    node->text = node->dotted = keep(text);
    node->absolute = absolute;
    if (const auto type = type_constant(text)) node->constant = *type;
    return error_ ? nullptr : node;
}

Parser::NodePtr Parser::number(bool negative) {
    const Token& token = take();
    const std::size_t offset = token.offset;
    std::string_view digits = token.text;
    if (token.kind == TokenKind::real) {
        // strtod, because from_chars does not tell underflow (which is 0) from overflow; the program never leaves the C locale.
        const double value = std::strtod(std::string(digits).c_str(), nullptr);
        if (std::isinf(value)) return error_at(offset, "{} is too large for a double", digits);
        return constant(Value::of_real(negative ? -value : value), offset);
    }
    const bool is_unsigned = token.kind == TokenKind::uinteger;
    if (is_unsigned) digits.remove_suffix(1);
    const bool hex = digits.size() > 2 && (digits[1] == 'x' || digits[1] == 'X');
    if (hex) digits.remove_prefix(2);
    std::uint64_t value = 0;
    const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), value, hex ? 16 : 10);
    const std::uint64_t limit = is_unsigned ? UINT64_MAX : negative ? (1ULL << 63) : INT64_MAX;
    if (read.ec != std::errc{} || value > limit)
        return error_at(offset, "{}{} does not fit a 64-bit {}", negative ? "-" : "", token.text, is_unsigned ? "uint" : "int");
    if (is_unsigned) return constant(Value::of_uint(value), offset);
    return constant(Value::of_int(static_cast<std::int64_t>(negative ? 0 - value : value)), offset);
}

Parser::NodePtr Parser::list_literal() {
    const std::size_t offset = take().offset;
    std::vector<NodePtr> items;
    std::vector<bool> marks;
    bool any = false;
    bool constants = true;
    while (!peek().is("]")) {
        marks.push_back(accept("?"));
        any = any || marks.back();
        items.push_back(expression());
        if (items.back() == nullptr) return nullptr;
        constants = constants && items.back()->op == Op::constant;
        if (!accept(",")) break;
    }
    if (!expect("]")) return nullptr;
    if (constants && !any) {  // built once here, not at every evaluation
        auto* values = code_.arena.array<Value>(items.size());
        auto* list = code_.arena.array<List>(1);
        if (values == nullptr || list == nullptr) return too_large(offset, "the expression is too large");
        for (std::size_t i = 0; i < items.size(); ++i) values[i] = items[i]->constant;
        *list = {values, items.size()};
        return constant(Value::of_list(list), offset);
    }
    NodePtr node = make(Op::list, offset, items);
    if (node == nullptr || !any) return node;
    auto* optionals = code_.arena.array<bool>(marks.size());
    if (optionals == nullptr) return too_large(offset, "the expression is too large");
    std::copy(marks.begin(), marks.end(), optionals);
    node->optionals = optionals;
    return node;
}

Parser::NodePtr Parser::map_literal() {
    const std::size_t offset = take().offset;
    std::vector<NodePtr> parts;
    std::vector<bool> marks;
    while (!peek().is("}")) {
        marks.push_back(accept("?"));
        parts.push_back(expression());
        if (parts.back() == nullptr || !expect(":")) return nullptr;
        parts.push_back(expression());
        if (parts.back() == nullptr) return nullptr;
        if (!accept(",")) break;
    }
    if (!expect("}")) return nullptr;
    NodePtr node = make(Op::map, offset, parts);
    if (node == nullptr || std::find(marks.begin(), marks.end(), true) == marks.end()) return node;
    auto* optionals = code_.arena.array<bool>(marks.size());
    if (optionals == nullptr) return too_large(offset, "the expression is too large");
    std::copy(marks.begin(), marks.end(), optionals);
    node->optionals = optionals;
    return node;
}

void Parser::collect_references(const Node& node, const Node* parent) {
    if (node.op == Op::variable && !node.constant.is(Kind::type)) {
        Reference reference{std::string(node.text), {}, node.offset};
        if (parent != nullptr && (parent->op == Op::select || parent->op == Op::has)) reference.member = parent->text;
        if (parent != nullptr && parent->op == Op::index && parent->args[0] == &node && parent->args[1]->op == Op::constant &&
            parent->args[1]->constant.is(Kind::string))
            reference.member = parent->args[1]->constant.view();
        code_.references.push_back(std::move(reference));
    }
    for (std::uint32_t i = 0; i < node.count; ++i) collect_references(*node.args[i], &node);
}

}  // namespace sluice::cel
