// Files of the repository, as bytes in the binary.
#pragma once
#include "COpenAPI.h"
#include <stddef.h>

typedef struct {
    /// The file's name, for example "0001_initial.sql".
    const char *name;
    const unsigned char *bytes;
    size_t length;
} embedded_file;

/// The migrations in their order.
size_t embedded_migration_count(void);
/// `index` < embedded_migration_count().
embedded_file embedded_migration(size_t index);
