#include "sluice/config/config.hpp"

#include <fstream>
#include <sstream>
#include <stdexcept>

#include <unistd.h>

#include "config/reader.hpp"
#include "config/values.hpp"
#include "sluice/base/log.hpp"

namespace sluice::config {

using base::Setting;
using base::SettingRows;
using base::SettingType;

std::map<std::string, std::string> sluice_environment() {
    std::map<std::string, std::string> found;
    for (char** entry = ::environ; entry && *entry; ++entry) {
        const std::string_view text(*entry);
        const auto equals = text.find('=');
        if (text.starts_with("SLUICE_") && equals != text.npos)
            found.emplace(text.substr(0, equals), text.substr(equals + 1));
    }
    return found;
}

std::string variable_of(const Setting& row) {
    if (!row.env.empty()) return std::string(row.env);
    std::string out = "SLUICE_";
    for (const char c : row.name)
        out += c == '.' ? '_' : static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
    return out;
}

std::string flag_of(const Setting& row) {
    std::string out(row.flag.empty() ? row.name : row.flag);
    if (row.flag.empty())
        for (auto& c : out)
            if (c == '.' || c == '_') c = '-';
    return row.secret ? out + "-file" : out;
}

Reader::Reader(std::vector<SettingRows> rows, Sources sources) {
    config_.rows_ = std::move(rows);
    config_.sources_ = std::move(sources);
    for (const auto& module_rows : config_.rows_)
        for (const auto& row : module_rows) {
            auto value = parse_value(row, row.default_value);
            const bool unset = row.default_value.empty() &&
                               row.type == SettingType::text;  // choices bind what is set
            if (!value || (!unset && !check_value(row, *value)))
                throw std::logic_error(
                    fmt::format("the default of the setting {} breaks its own row", row.name));
            if (!config_.index_.emplace(row.name, config_.entries_.size()).second)
                throw std::logic_error(fmt::format("the setting {} is declared twice", row.name));
            config_.entries_.push_back({&row, std::move(*value), "default"});
        }
}

void Reader::mistake(const std::string& place, std::string message) {
    mistakes_.push_back({place, std::move(message)});
}

void Reader::set(std::size_t index, Value value, const std::string& place,
                 const std::string& called, const std::string& source) {
    auto& entry = config_.entries_[index];
    if (auto good = check_value(*entry.row, value); !good)
        return mistake(place, fmt::format("{} {}", called, good.error().message));
    if (entry.row->secret)
        if (const auto* text = std::get_if<std::string>(&value)) log::hide_secret(*text);
    entry.value = std::move(value);
    entry.source = source;
}

void Reader::take_text(std::size_t index, std::string_view text, const std::string& place,
                       const std::string& called) {
    auto value = parse_value(*config_.entries_[index].row, text);
    if (!value) return mistake(place, fmt::format("{}: {}", called, value.error().message));
    set(index, std::move(*value), place, called, place);
}

void Reader::take_secret_file(std::size_t index, const std::string& path, const std::string& place,
                              const std::string& called) {
    std::ifstream in(path, std::ios::binary);
    std::ostringstream content;
    if (!in || !(content << in.rdbuf()))
        return mistake(place,
                       fmt::format("{} names {}, which cannot be read or is empty", called, path));
    auto text = content.str();
    while (text.ends_with('\n') || text.ends_with('\r')) text.pop_back();  // editors add them
    set(index, std::move(text), place, called, place);
}

void Reader::take_from_file(const FileValue& found) {
    const auto it = config_.index_.find(found.name);
    if (it == config_.index_.end()) {
        std::vector<std::string> known;
        for (const auto& [name, index] : config_.index_) {
            const bool secret = config_.entries_[index].row->secret;
            if (secret && found.name == name + "_file") {
                const auto* path = std::get_if<std::string>(&found.value);
                if (!path)
                    return mistake(found.place, fmt::format("{} must be text in quotes, not {}",
                                                            found.name, found.type));
                return take_secret_file(index, *path, found.place, found.name);
            }
            known.push_back(secret ? name + "_file" : name);
        }
        const auto meant = nearest(found.name, known);
        return mistake(
            found.place,
            meant.empty()
                ? fmt::format("unknown setting {}; `sluice config show` lists all", found.name)
                : fmt::format("unknown setting {}; did you mean {}?", found.name, meant));
    }
    const auto index = it->second;
    const auto& row = *config_.entries_[index].row;
    if (row.secret)
        return mistake(found.place, fmt::format("{} is a secret and does not belong into this "
                                                "file; set {} or name a file with {}_file",
                                                found.name, variable_of(row), found.name));
    const auto* text = std::get_if<std::string>(&found.value);
    const auto* integer = std::get_if<std::int64_t>(&found.value);
    const auto* flag = std::get_if<bool>(&found.value);
    const auto* list = std::get_if<std::vector<std::string>>(&found.value);
    const bool by_text = row.type == SettingType::duration || row.type == SettingType::bytes ||
                         row.type == SettingType::text;
    if (text && by_text) return take_text(index, *text, found.place, found.name);
    if (integer && (row.type == SettingType::integer || row.type == SettingType::bytes))
        return set(index, *integer, found.place, found.name, found.place);
    if (flag && row.type == SettingType::boolean)
        return set(index, *flag, found.place, found.name, found.place);
    if (list && row.type == SettingType::text_list)
        return set(index, *list, found.place, found.name, found.place);
    mistake(found.place,
            fmt::format("{} must be {}, not {}", found.name, describe(row.type), found.type));
}

void Reader::read_file() {
    if (config_.sources_.file.empty()) return;
    const auto values = read_toml(config_.sources_.file);
    if (!values) {
        file_failure_ = values.error().code;
        return mistake(config_.sources_.file, values.error().message);
    }
    for (const auto& value : *values) take_from_file(value);
}

void Reader::read_environment() {
    std::map<std::string, std::size_t> variables;
    std::vector<std::string> known;
    for (std::size_t i = 0; i < config_.entries_.size(); ++i) {
        variables.emplace(variable_of(*config_.entries_[i].row), i);
        known.push_back(variable_of(*config_.entries_[i].row));
    }
    const auto& others = config_.sources_.other_variables;
    for (const auto& [name, text] : config_.sources_.environment) {
        const auto place = fmt::format("variable {}", name);
        if (const auto found = variables.find(name); found != variables.end()) {
            take_text(found->second, text, place, name);
            continue;
        }
        if (name.ends_with("_FILE")) {
            const auto found = variables.find(name.substr(0, name.size() - 5));
            if (found != variables.end() && config_.entries_[found->second].row->secret) {
                take_secret_file(found->second, text, place, name);
                continue;
            }
        }
        if (!name.starts_with("SLUICE_") ||
            std::find(others.begin(), others.end(), name) != others.end())
            continue;
        const auto meant = nearest(name, known);
        mistake(place, meant.empty()
                           ? fmt::format("{} is no setting; unset it", name)
                           : fmt::format("{} is no setting; did you mean {}?", name, meant));
    }
}

void Reader::read_flags() {
    for (const auto& [name, text] : config_.sources_.flags) {
        const auto place = fmt::format("flag --{}", name);
        std::vector<std::string> known;
        bool taken = false;
        for (std::size_t i = 0; i < config_.entries_.size() && !taken; ++i) {
            const auto& row = *config_.entries_[i].row;
            known.push_back(flag_of(row));
            if (known.back() != name) continue;
            taken = true;
            if (row.secret) take_secret_file(i, text, place, "--" + name);
            else
                take_text(i, row.type == SettingType::boolean && text.empty() ? "true" : text,
                          place, "--" + name);
        }
        if (taken) continue;
        const auto meant = nearest(name, known);
        mistake(place, meant.empty()
                           ? fmt::format("--{} is no setting", name)
                           : fmt::format("--{} is no setting; did you mean --{}?", name, meant));
    }
}

Result<Config> Reader::read() {
    read_file();
    read_environment();
    read_flags();
    if (mistakes_.empty()) return std::move(config_);

    std::vector<std::string> lines;
    for (const auto& [place, message] : mistakes_) {
        // A variable and a flag name themselves in their message, an unreadable file too.
        const bool in_file =
            place.starts_with(config_.sources_.file + ":") && !config_.sources_.file.empty();
        lines.push_back(in_file ? fmt::format("{}: {}", place, message) : message);
    }
    const auto code = mistakes_.size() == 1 ? file_failure_.value_or(ErrorCode::invalid_argument)
                                            : ErrorCode::invalid_argument;
    return fail(
        Error{code, fmt::format("{}", fmt::join(lines, "\n")), std::move(mistakes_), false});
}

Result<Config> Config::load(std::vector<SettingRows> rows, Sources sources) {
    return Reader(std::move(rows), std::move(sources)).read();
}

const Config::Entry& Config::entry(std::string_view name, SettingType type) const {
    const auto found = index_.find(name);
    if (found == index_.end()) throw std::logic_error(fmt::format("no setting is named {}", name));
    const auto& entry = entries_[found->second];
    if (entry.row->type != type)
        throw std::logic_error(fmt::format("the setting {} is of another type", name));
    return entry;
}

bool Config::boolean(std::string_view name) const {
    return std::get<bool>(entry(name, SettingType::boolean).value);
}
std::int64_t Config::integer(std::string_view name) const {
    return std::get<std::int64_t>(entry(name, SettingType::integer).value);
}
const std::string& Config::text(std::string_view name) const {
    return std::get<std::string>(entry(name, SettingType::text).value);
}
Duration Config::duration(std::string_view name) const {
    return std::get<Duration>(entry(name, SettingType::duration).value);
}
std::int64_t Config::bytes(std::string_view name) const {
    return std::get<std::int64_t>(entry(name, SettingType::bytes).value);
}
const std::vector<std::string>& Config::text_list(std::string_view name) const {
    return std::get<std::vector<std::string>>(entry(name, SettingType::text_list).value);
}

const std::string& Config::source_of(std::string_view name) const {
    const auto found = index_.find(name);
    if (found == index_.end()) throw std::logic_error(fmt::format("no setting is named {}", name));
    return entries_[found->second].source;
}

std::vector<Shown> Config::show() const {
    std::vector<Shown> out;
    for (const auto& [row, value, source] : entries_) {
        const auto shown = format_value(*row, value);
        const auto by_default =
            row->secret ? std::string()
                        : format_value(*row, parse_value(*row, row->default_value).value());
        out.push_back({std::string(row->name),
                       row->secret ? (shown.empty() ? "(not set)" : "(set)") : shown, source,
                       by_default, std::string(row->doc), row->reload});
    }
    return out;
}

Result<Reloaded> Config::reload() {
    auto fresh = load(rows_, sources_);
    if (!fresh) return fail(std::move(fresh.error()));
    Reloaded done;
    for (std::size_t i = 0; i < entries_.size(); ++i) {
        auto& entry = entries_[i];
        auto& other = fresh->entries_[i];
        if (entry.value == other.value) {
            entry.source = std::move(other.source);
        } else if (entry.row->reload) {
            done.applied.emplace_back(entry.row->name);
            entry = std::move(other);
        } else {
            done.needs_restart.emplace_back(entry.row->name);
        }
    }
    return done;
}

}  // namespace sluice::config
