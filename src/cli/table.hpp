#pragma once
// Tables for people: columns as wide as their widest cell, numbers to the right.

#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/json.hpp"
#include "sluice/base/money.hpp"
#include "sluice/base/time.hpp"

namespace sluice::cli {

struct Column {
    std::string title;
    bool right = false;
};

class Table {
  public:
    explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}
    /// Missing cells are empty. Line ends and control characters in cells become spaces.
    void add(std::vector<std::string> cells);
    bool empty() const { return rows_.empty(); }
    /// A heading line and the rows, without spaces at line ends.
    std::string render() const;

  private:
    std::vector<Column> columns_;
    std::vector<std::vector<std::string>> rows_;
};

/// How many places the text takes on a terminal: UTF-8 characters, combining marks not counted,
/// wide ones twice.
std::size_t display_width(std::string_view text);

/// "1,234,567".
std::string grouped(std::int64_t number);
/// "3.2 s", "340 ms", "2m 05s", for people.
std::string human_duration(Duration duration);
/// "$0.0123"; "-" for nothing.
std::string human_cost(NanoUsd cost);
/// "12.3 KiB".
std::string human_bytes(std::int64_t bytes);
/// "2026-11-21 05:12:33", UTC; "-" for null or what is no time.
std::string human_time(const Json& rfc3339);
/// The member as text for a table: strings as they are, numbers as JSON, null and absent as "-".
std::string cell(const Json& object, std::string_view member);

}  // namespace sluice::cli
