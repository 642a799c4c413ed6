#include <re2/re2.h>

#include "cel/evaluation.hpp"
#include "cel/functions.hpp"
#include "cel/parser.hpp"
#include "cel/unicode.hpp"
#include "sluice/cel/cel.hpp"

namespace sluice::cel {

LazyMap::~LazyMap() = default;

Code::Code(std::size_t arena_bytes) : arena(arena_bytes) {}
Code::~Code() = default;

void Scope::put(Entry entry) {
    dotted_ = dotted_ || entry.name.find('.') != std::string_view::npos;
    for (std::size_t i = 0; i < std::min(size_, inline_size); ++i)
        if (inline_[i].name == entry.name) {
            inline_[i] = entry;
            return;
        }
    for (Entry& other : more_)
        if (other.name == entry.name) {
            other = entry;
            return;
        }
    if (size_ < inline_size) inline_[size_] = entry;
    else more_.push_back(entry);
    ++size_;
}

std::vector<std::string_view> Scope::names() const {
    std::vector<std::string_view> out;
    for (std::size_t i = 0; i < std::min(size_, inline_size); ++i) out.push_back(inline_[i].name);
    for (const Entry& entry : more_) out.push_back(entry.name);
    return out;
}

Result<std::shared_ptr<const Code>> compile_code(std::string_view text, std::size_t begin, const CompileOptions& options,
                                                 std::size_t* end_of_template) {
    const bool whole = end_of_template == nullptr;
    if (whole && text.size() - begin > options.limits.expression_bytes)
        return fail(ErrorCode::too_large, "the expression has {} bytes; at most {} are allowed", text.size() - begin, options.limits.expression_bytes);
    const std::size_t most = std::min<std::size_t>(text.size() - begin, options.limits.expression_bytes);
    // A node takes some 150 bytes and stands for at least one byte of text.
    auto code = std::make_shared<Code>(4096 + most * 512);
    code->container = options.container;
    code->limits = options.limits;
    Parser parser(text, *code, options);
    if (auto read = parser.read_tokens(begin, end_of_template); !read) return fail(std::move(read.error()));
    const std::size_t end = whole ? text.size() : *end_of_template;
    if (end - begin > options.limits.expression_bytes)
        return fail(ErrorCode::too_large, "an expression has {} bytes; at most {} are allowed", end - begin, options.limits.expression_bytes);
    // Else a string of it would be no text, and two names that differ could be written alike.
    if (!valid_utf8(text.substr(begin, end - begin))) return fail(ErrorCode::invalid_argument, "the expression is not UTF-8 text; write other bytes as b'\\xff'");
    auto root = parser.parse();
    if (!root) return fail(std::move(root.error()));
    code->root = *root;
    code->text = text.substr(begin, end - begin);
    return std::shared_ptr<const Code>(std::move(code));
}

Result<Program> Program::compile(std::string_view expression, const Limits& limits) {
    auto code = compile_code(expression, 0, {limits, {}, false});
    if (!code) return fail(std::move(code.error()));
    return Program(std::move(*code));
}

Result<Json> Program::evaluate(const Scope& scope) const {
    if (!code_) return Json(nullptr);
    Evaluation evaluation(*code_, scope);
    const Value value = evaluation.run();
    if (value.is_error()) return fail(to_error(value));
    return to_json(value, code_->limits.output_bytes);
}

Result<bool> Program::evaluate_bool(const Scope& scope) const {
    if (!code_) return fail(ErrorCode::unprocessable, "there is no condition");
    Evaluation evaluation(*code_, scope);
    const Value value = evaluation.run();
    if (value.is(Kind::boolean)) return value.boolean;
    if (value.is_error()) return fail(to_error(value));
    return fail(ErrorCode::unprocessable, "a condition gives true or false; this one gave {}", describe(value));
}

Result<void> Program::evaluate_text(const Scope& scope, std::string& out) const {
    if (!code_) return {};
    Evaluation evaluation(*code_, scope);
    const std::size_t limit = code_->limits.output_bytes;
    const Value value = evaluation.run();
    return append_text(value, out, limit > out.size() ? limit - out.size() : 0);
}

const std::vector<Reference>& Program::references() const {
    static const std::vector<Reference> none;
    return code_ ? code_->references : none;
}

const std::string& Program::text() const {
    static const std::string none;
    return code_ ? code_->text : none;
}

Result<Program> ProgramCache::get(std::string_view expression) {
    if (const auto found = index_.find(expression); found != index_.end()) {
        order_.splice(order_.begin(), order_, found->second);
        return found->second->second;
    }
    auto program = Program::compile(expression);
    if (!program) return program;
    if (capacity_ == 0) return program;
    if (order_.size() >= capacity_) {
        index_.erase(order_.back().first);
        order_.pop_back();
    }
    order_.emplace_front(std::string(expression), *program);
    index_.emplace(order_.front().first, order_.begin());
    return program;
}

}  // namespace sluice::cel
