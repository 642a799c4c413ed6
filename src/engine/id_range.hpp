#pragma once
// Times as bounds of ids: the ids of what is made from a time on are greater than its first one.

#include <algorithm>

#include "sluice/base/id.hpp"

namespace sluice::engine {

/// The first id that could be made at this time: an id's first six bytes are its time in milliseconds.
template <class IdType>
IdType first_id_of(Time time) {
    base::IdBytes bytes{};
    auto ms = static_cast<std::uint64_t>(std::max<std::int64_t>(0, base::to_us(time)) / 1000);
    for (int i = 5; i >= 0; --i, ms >>= 8) bytes[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(ms & 0xff);
    return IdType(bytes);
}

/// When an id was made, in whole milliseconds.
template <class IdType>
Time time_of_id(const IdType& id) {
    std::int64_t ms = 0;
    for (std::size_t i = 0; i < 6; ++i) ms = (ms << 8) | id.bytes()[i];
    return base::from_us(ms * 1000);
}

}  // namespace sluice::engine
