#include "pch.hpp"

#include <catch2/catch.hpp>
