#include "sluice/base/log.hpp"

#include <atomic>
#include <cstring>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <stdexcept>

#include <unistd.h>

#include <spdlog/async.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include "base/utf8.hpp"
#include "sluice/base/clock.hpp"
#include "sluice/base/json.hpp"

namespace sluice::base::log {

namespace {

constexpr std::size_t queue_lines = 1024;  ///< each takes 400 bytes from the start
constexpr std::size_t shortest_secret = 8;

/// Everything the facade keeps; never destroyed, so that late lines of other statics are safe.
struct Backend {
    std::atomic<Level> level{Level::info};
    std::atomic<Format> format{Format::text};
    std::shared_mutex mutex;  // guards what follows
    std::vector<std::string> secrets;
    std::shared_ptr<const Filter> filter;
    std::shared_ptr<spdlog::details::thread_pool> threads;
    std::shared_ptr<spdlog::async_logger> logger;
};

Backend& backend() {
    static auto* const instance = new Backend;
    return *instance;
}

std::string_view name_of(Level level) {
    switch (level) {
        case Level::debug: return "debug";
        case Level::info: return "info";
        case Level::warn: return "warn";
        case Level::error: return "error";
        case Level::off: return "off";
    }
    return "info";
}

/// `text` without any secret. Replaced before escaping, which could make a secret look different.
/// The caller holds the mutex.
std::string redact(std::string_view text, const Backend& from) {
    std::string out = from.filter ? (*from.filter)(text) : std::string(text);
    for (const auto& secret : from.secrets)
        for (auto at = out.find(secret); at != out.npos; at = out.find(secret, at + 10))
            out.replace(at, secret.size(), "[redacted]");
    return out;
}

/// Control characters and broken UTF-8 cannot forge a line or confuse a terminal.
void append_plain(std::string& out, std::string_view text) {
    const char* at = text.data();
    const char* const end = at + text.size();
    while (at != end) {
        const auto c = static_cast<unsigned char>(*at);
        const auto length = utf8_length(at, end);
        if (length == 0 || c == 0x7f || (c < 0x20 && c != '\n' && c != '\r' && c != '\t'))
            out += fmt::format("\\x{:02x}", c);
        else if (c == '\n') out += "\\n";
        else if (c == '\r') out += "\\r";
        else if (c == '\t') out += "\\t";
        else out.append(at, length);
        at += std::max<std::size_t>(length, 1);
    }
}

void append_value(std::string& out, std::string_view value) {
    const bool quoted = value.empty() || value.find_first_of(" =\"\t\r\n") != value.npos;
    if (!quoted) return append_plain(out, value);
    out += '"';
    std::string escaped;
    for (const char c : value) {
        if (c == '"' || c == '\\') escaped += '\\';
        escaped += c;
    }
    append_plain(out, escaped);
    out += '"';
}

/// With exactly three decimals, so that lines align.
std::string line_time(Time now) {
    auto text = format_time(std::chrono::floor<std::chrono::milliseconds>(now));
    if (text.find('.') == text.npos) text.insert(text.size() - 1, ".000");
    return text;
}

std::string render(Level level, std::string_view message, const std::vector<Field>* context,
                   std::initializer_list<Field> fields, const Backend& secrets) {
    const auto time = line_time(SystemClock().now());
    const auto each = [&](auto&& use) {
        if (context)
            for (const auto& field : *context) use(field);
        for (const auto& field : fields) use(field);
    };
    if (backend().format == Format::json) {
        Json line = {{"time", time}, {"level", name_of(level)}, {"msg", redact(message, secrets)}};
        each([&](const Field& field) { line[field.key] = redact(field.value, secrets); });
        return dump_json(line);
    }
    std::string out = fmt::format("{} {:<5} ", time, name_of(level));
    append_plain(out, redact(message, secrets));
    each([&](const Field& field) {
        out += ' ';
        append_plain(out, field.key);
        out += '=';
        append_value(out, redact(field.value, secrets));
    });
    return out;
}

void emit(Level level, std::string_view message, const std::vector<Field>* context,
          std::initializer_list<Field> fields) {
    auto& to = backend();
    if (level < to.level.load(std::memory_order_relaxed) || level == Level::off) return;
    std::shared_lock lock(to.mutex);
    auto line = render(level, message, context, fields, to);
    if (to.logger) {
        to.logger->log(spdlog::level::info, spdlog::string_view_t(line.data(), line.size()));
        return;
    }
    line += '\n';  // before init and after shutdown: one write, so that lines of threads do not mix
    [[maybe_unused]] const auto written = ::write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace

void init(Level level, Format format, const std::string& file) {
    auto& to = backend();
    std::shared_ptr<spdlog::sinks::sink> sink;
    if (file.empty()) {
        sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
    } else {
        try {
            sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(file);
        } catch (const spdlog::spdlog_ex& e) {
            throw std::runtime_error(fmt::format("cannot write the log to {}: {}", file, e.what()));
        }
    }
    sink->set_pattern("%v");
    shutdown();
    std::unique_lock lock(to.mutex);
    to.level = level;
    to.format = format;
    to.threads = std::make_shared<spdlog::details::thread_pool>(
        queue_lines, 1, [] { ::pthread_setname_np(::pthread_self(), "log"); });
    // A full queue drops its oldest lines: a slow disk must not stop the loop.
    to.logger = std::make_shared<spdlog::async_logger>(
        "sluice", std::move(sink), to.threads, spdlog::async_overflow_policy::overrun_oldest);
    to.logger->flush_on(spdlog::level::trace);
}

void set_level(Level level) { backend().level = level; }
Level level() { return backend().level; }
bool enabled(Level level) {
    return level >= backend().level.load(std::memory_order_relaxed) && level != Level::off;
}

void shutdown() {
    auto& to = backend();
    std::unique_lock lock(to.mutex);
    if (!to.logger) return;
    const auto lost = to.threads->overrun_counter();
    to.logger.reset();
    to.threads.reset();  // works off the queue, then joins
    lock.unlock();
    if (lost > 0)
        warn("lines of the log were dropped because its target was too slow", {{"lines", lost}});
}

void hide_secret(std::string_view value) {
    if (value.size() < shortest_secret) return;
    auto& to = backend();
    std::unique_lock lock(to.mutex);
    if (std::find(to.secrets.begin(), to.secrets.end(), value) == to.secrets.end())
        to.secrets.emplace_back(value);
}

void set_filter(std::shared_ptr<const Filter> filter) {
    auto& to = backend();
    std::unique_lock lock(to.mutex);
    to.filter = std::move(filter);
}

void write(Level level, std::string_view message, std::initializer_list<Field> fields) {
    emit(level, message, nullptr, fields);
}

void write(Level level, std::string_view message, const std::vector<Field>& context,
           std::initializer_list<Field> fields) {
    emit(level, message, &context, fields);
}

}  // namespace sluice::base::log
