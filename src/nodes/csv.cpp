#include "nodes/csv.hpp"

namespace sluice::nodes {

namespace {

class Reader {
  public:
    Reader(std::string_view text, char delimiter,
           const std::function<Result<void>(CsvRecord&)>& on_record)
        : text_(text), delimiter_(delimiter), on_record_(on_record) {}

    Result<void> run() {
        if (text_.starts_with("\xef\xbb\xbf")) at_ = 3;
        while (at_ < text_.size())
            if (auto read = record(); !read) return read;
        return {};
    }

  private:
    bool at_line_end() const {
        return at_ >= text_.size() || text_[at_] == '\n' || text_[at_] == '\r';
    }
    void skip_line_end() {
        if (at_ >= text_.size()) return;
        if (text_[at_] == '\r' && at_ + 1 < text_.size() && text_[at_ + 1] == '\n') ++at_;
        ++at_;
        ++line_;
    }

    Result<void> record() {
        CsvRecord made;
        made.line = line_;
        while (true) {
            if (at_ < text_.size() && text_[at_] == '"') {
                if (auto read = quoted(made); !read) return read;
            } else {
                const std::size_t begin = at_;
                while (!at_line_end() && text_[at_] != delimiter_) ++at_;
                made.fields.emplace_back(text_.substr(begin, at_ - begin));
                made.quoted.push_back(false);
            }
            if (at_line_end()) break;
            ++at_;  // the delimiter
        }
        skip_line_end();
        const bool blank = made.fields.size() == 1 && made.fields[0].empty() && !made.quoted[0];
        return blank ? Result<void>{} : on_record_(made);
    }

    Result<void> quoted(CsvRecord& made) {
        const std::size_t opened = line_;
        std::string value;
        for (++at_; at_ < text_.size(); ++at_) {
            const char c = text_[at_];
            if (c == '"') {
                if (at_ + 1 >= text_.size() || text_[at_ + 1] != '"') break;
                ++at_;
            } else if (c == '\n' ||
                       (c == '\r' && (at_ + 1 >= text_.size() || text_[at_ + 1] != '\n'))) {
                ++line_;
            }
            value += c;
        }
        if (at_ >= text_.size())
            return fail(ErrorCode::invalid_argument,
                        "line {}: a quote that opens here is never closed", opened);
        ++at_;
        if (!at_line_end() && text_[at_] != delimiter_)
            return fail(
                ErrorCode::invalid_argument,
                "line {}: text follows a closing quote; double a quote that belongs to the text",
                line_);
        made.fields.push_back(std::move(value));
        made.quoted.push_back(true);
        return {};
    }

    std::string_view text_;
    char delimiter_;
    const std::function<Result<void>(CsvRecord&)>& on_record_;
    std::size_t at_ = 0, line_ = 1;
};

}  // namespace

Result<void> read_csv(std::string_view text, char delimiter,
                      const std::function<Result<void>(CsvRecord&)>& on_record) {
    return Reader(text, delimiter, on_record).run();
}

std::string csv_field(std::string_view text, char delimiter) {
    const bool plain = text.find_first_of("\"\r\n") == std::string_view::npos &&
                       text.find(delimiter) == std::string_view::npos &&
                       (text.empty() || (text.front() != ' ' && text.back() != ' '));
    if (plain) return std::string(text);
    std::string quoted = "\"";
    for (const char c : text) {
        if (c == '"') quoted += '"';
        quoted += c;
    }
    return quoted + '"';
}

}  // namespace sluice::nodes
