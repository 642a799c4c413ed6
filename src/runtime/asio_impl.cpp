// The one place where Asio itself is compiled (BOOST_ASIO_SEPARATE_COMPILATION); its TLS part is
// compiled in net.
#include <boost/asio/impl/src.hpp>
