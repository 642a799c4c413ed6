#pragma once
/// `Awaitable<T>`: what every function that waits returns. Coroutines run on the loop and nowhere else.

#include <boost/asio/awaitable.hpp>

namespace sluice {
template <class T = void>
using Awaitable = boost::asio::awaitable<T>;
}
