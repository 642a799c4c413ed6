#include <charconv>
#include <istream>
#include <streambuf>

#include <yaml-cpp/anchor.h>
#include <yaml-cpp/emitterstyle.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include "sluice/flows/flows.hpp"

namespace sluice::flows {

namespace {

constexpr std::size_t most_bytes = 8 << 20;
constexpr std::size_t deepest = 64;

// ---- scalars: YAML 1.2's JSON-like core, so that `on`, `yes` and `007` stay text -------------------------------------

bool is_number(std::string_view text) {
    std::size_t i = 0;
    const auto digits = [&] {
        const auto begin = i;
        while (i < text.size() && text[i] >= '0' && text[i] <= '9') ++i;
        return i - begin;
    };
    if (i < text.size() && text[i] == '-') ++i;
    const auto first = i;
    if (digits() == 0 || (text[first] == '0' && i - first > 1)) return false;
    if (i < text.size() && text[i] == '.') {
        ++i;
        if (digits() == 0) return false;
    }
    if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
        ++i;
        if (i < text.size() && (text[i] == '+' || text[i] == '-')) ++i;
        if (digits() == 0) return false;
    }
    return i == text.size();
}

Json plain_scalar(const std::string& text) {
    if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL") return nullptr;
    if (text == "true" || text == "True" || text == "TRUE") return true;
    if (text == "false" || text == "False" || text == "FALSE") return false;
    if (is_number(text)) {
        auto number = base::parse_json(text);
        if (number) return std::move(*number);
    }
    return text;
}

/// A mistake at a place of the text. Thrown inside this file only: the parser calls us back through its own frames.
struct BadYaml {
    YAML::Mark mark;
    std::string message;
};

bool is_utf8(std::string_view text) {
    try {
        static_cast<void>(Json(std::string(text)).dump());  // strict by default
        return true;
    } catch (const Json::type_error&) {
        return false;
    }
}

// ---- reading ------------------------------------------------------------------------------------------------------

class Reader : public YAML::EventHandler {
  public:
    Json take() { return std::move(root_); }

    void OnDocumentStart(const YAML::Mark&) override {}
    void OnDocumentEnd() override {}
    void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        refuse_anchor(mark, anchor);
        put(mark, nullptr, false);
    }
    void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
        throw BadYaml{mark, "aliases (*name) are not accepted; write the value out"};
    }
    void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, const std::string& value) override {
        refuse_anchor(mark, anchor);
        refuse_bytes(mark, value);
        if (tag == "!" || tag == "tag:yaml.org,2002:str") return put(mark, value, true);
        if (!tag.empty() && tag != "?") throw BadYaml{mark, fmt::format("the tag {} is not accepted", tag)};
        auto scalar = plain_scalar(value);
        const bool text = scalar.is_string();
        put(mark, std::move(scalar), text);
    }
    void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, YAML::EmitterStyle::value) override {
        open(mark, tag, anchor, Json::array());
    }
    void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, YAML::EmitterStyle::value) override {
        open(mark, tag, anchor, Json::object());
    }
    void OnSequenceEnd() override { close(); }
    void OnMapEnd() override { close(); }

  private:
    struct Level {
        Json value;
        std::string key;
        bool has_key = false;
        YAML::Mark mark;
    };

    static void refuse_anchor(const YAML::Mark& mark, YAML::anchor_t anchor) {
        if (anchor != YAML::NullAnchor) throw BadYaml{mark, "anchors (&name) are not accepted; write the value out where it is used"};
    }

    /// The parser reads \N and \_ as one byte each, which is no UTF-8 and could not be written as JSON.
    static void refuse_bytes(const YAML::Mark& mark, const std::string& value) {
        if (value.find_first_of("\x85\xa0") != value.npos && !is_utf8(value))
            throw BadYaml{mark, "the escapes \\N and \\_ are not accepted; write \\u0085 or \\u00a0"};
    }

    void open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, Json value) {
        refuse_anchor(mark, anchor);
        if (!tag.empty() && tag != "?" && tag != "!" && tag != "tag:yaml.org,2002:map" && tag != "tag:yaml.org,2002:seq")
            throw BadYaml{mark, fmt::format("the tag {} is not accepted", tag)};
        if (!levels_.empty() && levels_.back().value.is_object() && !levels_.back().has_key)
            throw BadYaml{mark, "a key must be a string"};
        if (levels_.size() >= deepest) throw BadYaml{mark, fmt::format("nested deeper than {}", deepest)};
        levels_.push_back({std::move(value), {}, false, mark});
    }

    void close() {
        auto done = std::move(levels_.back());
        levels_.pop_back();
        put(done.mark, std::move(done.value), false);
    }

    void put(const YAML::Mark& mark, Json value, bool text) {
        if (levels_.empty()) {
            root_ = std::move(value);
            return;
        }
        auto& level = levels_.back();
        if (level.value.is_array()) {
            level.value.push_back(std::move(value));
        } else if (level.has_key) {
            level.value[level.key] = std::move(value);
            level.has_key = false;
        } else {
            if (!text) throw BadYaml{mark, "a key must be a string; put it in quotes"};
            level.key = value.get<std::string>();
            if (level.value.contains(level.key)) throw BadYaml{mark, fmt::format("the key \"{}\" is there twice", level.key)};
            level.has_key = true;
        }
    }

    std::vector<Level> levels_;
    Json root_;
};

struct TextBuffer : std::streambuf {
    explicit TextBuffer(std::string_view text) {
        auto* begin = const_cast<char*>(text.data());  // the get area is only read
        setg(begin, begin, begin + text.size());
    }
};

// ---- writing ------------------------------------------------------------------------------------------------------

/// True for text that every YAML reader, 1.1 or 1.2, takes as the same string without quotes.
bool is_plain(std::string_view text) {
    static constexpr std::string_view reserved[] = {"true", "false", "yes", "no", "on", "off", "null", "y", "n"};
    if (text.empty() || text.size() > 200 || text.back() == ' ') return false;
    const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
    if (!letter(text[0])) return false;
    std::string lower;
    for (const char c : text) {
        if (!letter(c) && !(c >= '0' && c <= '9') && c != ' ' && c != '-' && c != '.' && c != '/') return false;
        lower += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
    for (const auto word : reserved)
        if (lower == word) return false;
    return true;
}

/// Text of several lines that a literal block keeps exactly.
bool is_block(std::string_view text) {
    if (text.find('\n') == text.npos || text.front() == '\n' || text.front() == ' ' || text.size() > most_bytes) return false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto c = static_cast<unsigned char>(text[i]);
        if ((c < 0x20 && c != '\n') || c == 0x7f || c >= 0x80) return false;  // other scripts go quoted: some are line breaks
        if (c == ' ' && (i + 1 == text.size() || text[i + 1] == '\n')) return false;
    }
    return true;
}

class Writer {
  public:
    std::string take() { return std::move(out_); }

    void value(const Json& json, int indent) {
        if (json.is_object() && !json.empty()) {
            for (const auto& [name, member] : json.get_ref<const Json::object_t&>()) {
                line(indent);
                key(name, indent);
                nested(member, indent);
            }
        } else if (json.is_array() && !json.empty()) {
            for (const auto& item : json) {
                line(indent);
                out_ += '-';
                if (item.is_object() && !item.empty()) {
                    // The first member stands on the line of the dash, as people write it.
                    out_ += ' ';
                    inline_first_ = true;
                    value(item, indent + 1);
                } else {
                    nested(item, indent);
                }
            }
        } else {
            scalar(json, indent);
        }
    }

  private:
    void line(int indent) {
        if (inline_first_) {
            inline_first_ = false;
            return;
        }
        if (!out_.empty()) out_ += '\n';
        out_.append(static_cast<std::size_t>(indent) * 2, ' ');
    }

    void key(const std::string& name, int indent) {
        if (is_plain(name)) {
            out_ += name;
        } else if (const auto quoted = base::dump_json(name); quoted.size() <= 1000) {
            out_ += quoted;
        } else {  // a key before its colon ends at 1024 characters as it is written
            out_ += "? " + quoted + '\n';
            out_.append(static_cast<std::size_t>(indent) * 2, ' ');
        }
        out_ += ':';
    }

    void nested(const Json& json, int indent) {
        if (json.is_structured() && !json.empty()) {
            value(json, indent + 1);
        } else {
            out_ += ' ';
            scalar(json, indent + 1);
        }
    }

    void scalar(const Json& json, int indent) {
        if (!json.is_string()) {
            out_ += base::dump_json(json);
            return;
        }
        const auto& text = json.get_ref<const std::string&>();
        if (is_plain(text)) {
            out_ += text;
        } else if (indent > 0 && is_block(text)) {
            block(text, indent);
        } else {
            out_ += base::dump_json(text);
        }
    }

    void block(const std::string& text, int indent) {
        std::string_view rest = text;
        // One line end at the end is the block's own; more are kept by "+", none by "-".
        if (!rest.ends_with('\n')) out_ += "|-";
        else if (rest.ends_with("\n\n")) out_ += "|+";
        else out_ += "|";
        if (rest.ends_with('\n')) rest.remove_suffix(1);
        while (true) {
            const auto end = rest.find('\n');
            const auto part = rest.substr(0, end);
            out_ += '\n';
            if (!part.empty()) {
                out_.append(static_cast<std::size_t>(indent) * 2, ' ');
                out_ += part;
            }
            if (end == rest.npos) break;
            rest.remove_prefix(end + 1);
        }
    }

    std::string out_;
    bool inline_first_ = false;
};

}  // namespace

std::string to_yaml(const Json& document) {
    Writer writer;
    writer.value(canonical_document(document), 0);
    return writer.take() + "\n";
}

Result<Json> parse_yaml(std::string_view text) {
    if (text.size() > most_bytes) return fail(ErrorCode::too_large, "the YAML text is larger than {} MiB", most_bytes >> 20);
    const auto at = [](const YAML::Mark& mark) {
        return mark.line < 0 ? std::string() : fmt::format("line {}, column {}: ", mark.line + 1, mark.column + 1);
    };
    if (!is_utf8(text)) return fail(ErrorCode::invalid_argument, "the YAML text is not valid UTF-8");
    // The parser takes a NUL outside of quotes for the begin of an escape.
    if (text.find('\0') != text.npos) return fail(ErrorCode::invalid_argument, "the YAML text has a NUL character; remove it");
    TextBuffer buffer(text);
    std::istream in(&buffer);
    Reader reader;
    try {
        YAML::Parser parser(in);
        if (!parser.HandleNextDocument(reader)) return fail(ErrorCode::invalid_argument, "there is no YAML document in the text");
        Reader second;
        if (parser.HandleNextDocument(second))
            return fail(ErrorCode::invalid_argument, "there is more than one YAML document; send one at a time");
    } catch (const BadYaml& bad) {
        return fail(ErrorCode::invalid_argument, "{}{}", at(bad.mark), bad.message);
    } catch (const YAML::Exception& bad) {
        return fail(ErrorCode::invalid_argument, "{}{}", at(bad.mark), bad.msg);
    }
    return reader.take();
}

}  // namespace sluice::flows
