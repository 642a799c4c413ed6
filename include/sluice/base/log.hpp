#pragma once
/// Structured logs: a level, a message and named fields, as text or one JSON object a line. Behind it stands an
/// asynchronous sink, so a call never blocks the loop. Values registered as secrets are replaced by `[redacted]`.
/// Thread: any.

#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

namespace sluice::base::log {

enum class Level { debug, info, warn, error, off };
enum class Format { text, json };

/// One named value of a line.
struct Field {
    std::string key;
    std::string value;
    template <class T>
    Field(std::string_view name, const T& v) : key(name), value(fmt::format("{}", v)) {}
};

/// Where lines go: standard error, or the file (appended). Called once by the composition root, before other threads.
void init(Level level, Format format, const std::string& file = {});
void set_level(Level level);
Level level();
bool enabled(Level level);
/// Flushes what is queued and stops the sink; the program's last line of work.
void shutdown();

/// From now on `value` (8 bytes or more) never appears in a line.
void hide_secret(std::string_view value);

/// From now on the text of every line goes through `filter`, which takes values out that must not be written down (the
/// vault's). It is called by any thread; null: none.
using Filter = std::function<std::string(std::string_view)>;
void set_filter(std::shared_ptr<const Filter> filter);

void write(Level level, std::string_view message, std::initializer_list<Field> fields);
void write(Level level, std::string_view message, const std::vector<Field>& context,
           std::initializer_list<Field> fields);

inline void debug(std::string_view message, std::initializer_list<Field> fields = {}) {
    if (enabled(Level::debug)) write(Level::debug, message, fields);
}
inline void info(std::string_view message, std::initializer_list<Field> fields = {}) {
    write(Level::info, message, fields);
}
inline void warn(std::string_view message, std::initializer_list<Field> fields = {}) {
    write(Level::warn, message, fields);
}
inline void error(std::string_view message, std::initializer_list<Field> fields = {}) {
    write(Level::error, message, fields);
}

/// A logger with fields on every line (request, run and step ids): `log::Logger{{"run", id}}.info("step failed")`.
class Logger {
  public:
    Logger() = default;
    Logger(std::initializer_list<Field> context) : context_(context) {}
    Logger with(std::string_view key, std::string_view value) const {
        Logger copy = *this;
        copy.context_.emplace_back(key, value);
        return copy;
    }
    void debug(std::string_view m, std::initializer_list<Field> f = {}) const { if (enabled(Level::debug)) write(Level::debug, m, context_, f); }
    void info(std::string_view m, std::initializer_list<Field> f = {}) const { write(Level::info, m, context_, f); }
    void warn(std::string_view m, std::initializer_list<Field> f = {}) const { write(Level::warn, m, context_, f); }
    void error(std::string_view m, std::initializer_list<Field> f = {}) const { write(Level::error, m, context_, f); }

  private:
    std::vector<Field> context_;
};

}  // namespace sluice::base::log

namespace sluice {
namespace log = base::log;
}
