#include "sluice/storage/storage.hpp"

namespace sluice::storage {
namespace {

using base::SettingType;

constexpr base::Setting rows[] = {
    {.name = "storage.min_free_bytes",
     .type = SettingType::bytes,
     .default_value = "64MiB",
     .doc =
         "Kept free on the disk: below it new work is refused, below a quarter of it every write",
     .min = 0},
    {.name = "storage.ballast_bytes",
     .type = SettingType::bytes,
     .default_value = "64MiB",
     .doc =
         "Size of a file that is given up when the disk is full, so that running steps can record "
         "their results; 0: none",
     .min = 0,
     .max = 1LL << 34},
    {.name = "storage.max_bytes",
     .type = SettingType::bytes,
     .default_value = "0",
     .doc = "Most that database and blobs may take together: above it new work is refused; 0: no "
            "limit",
     .min = 0},
    {.name = "storage.max_wal_bytes",
     .type = SettingType::bytes,
     .default_value = "1GiB",
     .doc =
         "Most that the write-ahead log may hold: above it new work is refused until readers let "
         "it go",
     .min = 16LL << 20},
};

}  // namespace

base::SettingRows settings() { return rows; }

}  // namespace sluice::storage
