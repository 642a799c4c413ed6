#include "llm/catalogue_lines.hpp"

#include "sluice/base/json.hpp"

namespace sluice::llm {

namespace {

/// Walks a text that was read before, so that nothing in it has to be judged; its nesting was limited then.
class Walk {
  public:
    explicit Walk(std::string_view text) : text_(text) {}

    std::unordered_map<std::string, int> run() {
        value("", 0);
        return std::move(lines_);
    }

  private:
    char look() {
        while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\r' || text_[at_] == '\n')) {
            if (text_[at_] == '\n') ++line_;
            ++at_;
        }
        return at_ < text_.size() ? text_[at_] : '\0';
    }

    /// The string at the present place, as JSON text.
    std::string_view string() {
        const std::size_t begin = at_++;
        while (at_ < text_.size() && text_[at_] != '"') at_ += text_[at_] == '\\' ? 2 : 1;
        return text_.substr(begin, ++at_ - begin);
    }

    void value(const std::string& pointer, int named_at) {
        const char first = look();
        lines_.emplace(pointer, named_at != 0 ? named_at : line_);
        if (first == '"') {
            string();
        } else if (first == '{' || first == '[') {
            ++at_;
            for (std::size_t index = 0; at_ < text_.size(); ++index) {
                const char next = look();
                if (next == '}' || next == ']') break;
                if (next == ',') ++at_, look();
                if (first == '[') {
                    value(pointer + "/" + std::to_string(index), 0);
                } else {
                    const int line = line_;
                    const auto name = Json::parse(string(), nullptr, false);
                    look();
                    ++at_;  // the colon
                    value(pointer + "/" + base::escape_pointer(name.is_string() ? name.get<std::string>() : std::string()), line);
                }
            }
            ++at_;
        } else {
            while (at_ < text_.size() && std::string_view(",]} \t\r\n").find(text_[at_]) == std::string_view::npos) ++at_;
        }
    }

    std::string_view text_;
    std::size_t at_ = 0;
    int line_ = 1;
    std::unordered_map<std::string, int> lines_;
};

}  // namespace

std::unordered_map<std::string, int> lines_of(std::string_view text) { return Walk(text).run(); }

}  // namespace sluice::llm
