#include "sluice/cel/template.hpp"

#include "cel/node.hpp"

namespace sluice::cel {

/// A constant, one expression, text with expressions, or a list or object of such.
struct TemplatePart {
    enum class Kind : std::uint8_t { constant, expression, text, list, object };
    Kind kind = Kind::constant;
    Json constant;
    std::vector<Program> programs;
    std::vector<std::string> literals;          ///< of text: one before each program, and one after the last
    std::vector<std::string> keys;              ///< of object
    std::vector<TemplatePart> parts;            ///< of list and object
    std::string pointer;                        ///< of expression and text
};

struct Template::Body {
    TemplatePart root;
    std::vector<TemplateReference> references;
    Limits limits;
};

namespace {
constexpr std::size_t deepest = 200;

/// Reads a document; collects every mistake.
class Reader {
  public:
    Reader(const std::vector<std::string>& verbatim, const Limits& limits) : verbatim_(verbatim), limits_(limits) {}

    TemplatePart read(const Json& value, const std::string& pointer, std::size_t depth) {
        if (depth > deepest) {
            mistakes.push_back({pointer, fmt::format("a template is nested at most {} deep", deepest)});
            return {};
        }
        if (is_verbatim(pointer)) return constant(value);
        if (const auto* text = value.get_ptr<const std::string*>()) return read_text(*text, pointer);
        if (!value.is_structured()) return constant(value);
        TemplatePart part;
        part.kind = value.is_array() ? TemplatePart::Kind::list : TemplatePart::Kind::object;
        bool all_constant = true;
        std::size_t index = 0;
        for (const auto& [key, member] : value.items()) {
            const std::string token = value.is_array() ? std::to_string(index++) : key;
            part.parts.push_back(read(member, pointer + "/" + base::escape_pointer(token), depth + 1));
            if (value.is_object()) part.keys.push_back(key);
            all_constant = all_constant && part.parts.back().kind == TemplatePart::Kind::constant;
        }
        return all_constant ? constant(value) : part;
    }

    std::vector<base::ErrorDetail> mistakes;
    std::vector<TemplateReference> references;

  private:
    static TemplatePart constant(const Json& value) {
        TemplatePart part;
        part.constant = value;
        return part;
    }

    bool is_verbatim(const std::string& pointer) const {
        return std::any_of(verbatim_.begin(), verbatim_.end(), [&](const std::string& place) {
            return pointer.starts_with(place) && (pointer.size() == place.size() || pointer[place.size()] == '/');
        });
    }

    TemplatePart read_text(const std::string& text, const std::string& pointer) {
        TemplatePart part;
        part.pointer = pointer;
        std::size_t at = 0;
        for (;;) {
            const std::size_t open = text.find("{{", at);
            part.literals.push_back(text.substr(at, open == std::string::npos ? open : open - at));
            if (open == std::string::npos) break;
            std::size_t end = std::string_view::npos;
            auto code = compile_code(text, open + 2, {limits_, {}, false}, &end);
            if (!code) {
                mistakes.push_back({pointer, code.error().message});
                return {};
            }
            for (const Reference& reference : (*code)->references) references.push_back({reference, pointer});
            part.programs.emplace_back(std::move(*code));
            at = end + 2;
        }
        if (part.programs.empty()) return constant(text);
        const bool alone = part.programs.size() == 1 && part.literals[0].empty() && part.literals[1].empty();
        part.kind = alone ? TemplatePart::Kind::expression : TemplatePart::Kind::text;
        return part;
    }

    const std::vector<std::string>& verbatim_;
    const Limits& limits_;
};

std::size_t rough_size(const Json& value) {
    if (const auto* text = value.get_ptr<const std::string*>()) return text->size() + 2;
    std::size_t size = 4;
    if (const auto* items = value.get_ptr<const Json::array_t*>())
        for (const Json& item : *items) size += rough_size(item) + 1;
    if (const auto* members = value.get_ptr<const Json::object_t*>())
        for (const auto& member : *members) size += member.first.size() + 4 + rough_size(member.second);
    return size;
}

Result<Json> render_part(const TemplatePart& part, const Scope& scope, std::size_t& left, std::size_t limit) {
    const auto at_place = [&](Error error) {
        if (error.details.empty()) error.details.push_back({part.pointer, error.message});
        return fail(std::move(error));
    };
    const auto spend = [&](std::size_t size) {
        if (size > left) return false;
        left -= size;
        return true;
    };
    const auto too_large = [&] { return Error{ErrorCode::too_large, fmt::format("the rendered document is larger than {} bytes", limit), {}, false}; };
    switch (part.kind) {
        case TemplatePart::Kind::constant: return part.constant;
        case TemplatePart::Kind::expression: {
            auto value = part.programs[0].evaluate(scope);
            if (!value) return at_place(std::move(value.error()));
            if (!spend(rough_size(*value))) return at_place(too_large());
            return value;
        }
        case TemplatePart::Kind::text: {
            std::string out;
            for (std::size_t i = 0; i < part.programs.size(); ++i) {
                out += part.literals[i];
                if (auto done = part.programs[i].evaluate_text(scope, out); !done) return at_place(std::move(done.error()));
            }
            out += part.literals.back();
            if (!spend(out.size())) return at_place(too_large());
            return Json(std::move(out));
        }
        case TemplatePart::Kind::list: {
            Json out = Json::array();
            for (const TemplatePart& inner : part.parts) {
                auto value = render_part(inner, scope, left, limit);
                if (!value) return value;
                out.push_back(std::move(*value));
            }
            return out;
        }
        case TemplatePart::Kind::object: {
            Json out = Json::object();
            for (std::size_t i = 0; i < part.parts.size(); ++i) {
                auto value = render_part(part.parts[i], scope, left, limit);
                if (!value) return value;
                out[part.keys[i]] = std::move(*value);
            }
            return out;
        }
    }
    return Json(nullptr);
}
}  // namespace

Result<Template> Template::compile(const Json& value, const std::vector<std::string>& verbatim, const Limits& limits) {
    Reader reader(verbatim, limits);
    auto body = std::make_shared<Body>();
    body->root = reader.read(value, "", 0);
    if (!reader.mistakes.empty()) {
        const auto& first = reader.mistakes.front();
        std::string message = first.pointer.empty() ? first.message : fmt::format("{}: {}", first.pointer, first.message);
        if (reader.mistakes.size() > 1) message += fmt::format(" (and {} more)", reader.mistakes.size() - 1);
        return fail(Error{ErrorCode::invalid_argument, std::move(message), std::move(reader.mistakes), false});
    }
    body->references = std::move(reader.references);
    body->limits = limits;
    Template out;
    out.body_ = std::move(body);
    return out;
}

Result<Template> Template::compile(const Json& value, const Limits& limits) { return compile(value, {}, limits); }

Result<Json> Template::render(const Scope& scope) const {
    if (!body_) return Json(nullptr);
    std::size_t left = body_->limits.output_bytes;
    return render_part(body_->root, scope, left, body_->limits.output_bytes);
}

bool Template::constant() const { return !body_ || body_->root.kind == TemplatePart::Kind::constant; }

const std::vector<TemplateReference>& Template::references() const {
    static const std::vector<TemplateReference> none;
    return body_ ? body_->references : none;
}

}  // namespace sluice::cel
